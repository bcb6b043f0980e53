"""Follow a packet and its answer from hop to hop through the values of a world, up to the end or the first fault."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import (
    addressing,
    conntrack,
    gateways,
    groups,
    ipsec,
    nat,
    policy,
    rejections,
    routers,
    routes,
    services,
    strays,
    translations,
    vrfs,
)
from netkit.diagnosis.carrying import Carrying
from netkit.diagnosis.findings import Decision, Finding, Found, World
from netkit.diagnosis.hooks import moved
from netkit.diagnosis.matching import Place
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.packet import Packet

_MOST_HOPS = 30


class Walk(Carrying):
    """The way of a packet and of the answer to it.

    Attributes:
        sure: how many of the hooks' doubts are about the first packet and its answer; None where no other followed.
        relay: the namespace of a docker-proxy that took the packet, and what that sends on; None where none did.
    """

    def __init__(self, world: World, keep: str = "") -> None:
        super().__init__(world, keep)
        self._suspicion: Finding | None = None
        self.sure: int | None = None
        self.relay: tuple[str, Packet] | None = None

    def there_and_back(self, namespace: str, packet: Packet) -> None:
        """Follow a packet, look whether somebody takes it, and follow the answer.

        Args:
            namespace: who sends.
            packet: the first of a connection.

        Raises:
            Found: with the first fault.
        """
        try:
            if groups.several(self.world, namespace, packet):
                self.stop(groups.unheard(self.world, namespace, packet))
                return
            place, arrived = self.send(namespace, packet)
            self._suspicion = self._suspicion or strays.taken_in(self.world, place, arrived)
            if arrived.untracked and (missing := conntrack.untracked(self.world, self.hooks.untracking)):
                self.stop(replace(missing, lasting=services.reserved(self.world, place, arrived)))
            self.stop(services.taken(self.world, place, packet, arrived))
            if arrived.protocol != "icmp":
                self.ok("service", f"somebody in {place} listens at {arrived.protocol} port {arrived.destination_port}")
            self.first, self.source = next(iter(self.decisions), None), arrived.source
            self.ways = {each.namespace: str(each.answer.device) for each in self.decisions}
            further = services.relayed(self.world, place, arrived)
            self.relay = (place, further) if further is not None else None
            self.back, self.decisions = True, []
            home, answer = self.send(place, services.answer(self.world, place, arrived))
            self.stop(conntrack.zoned(self.world, self.hooks.flows, self.hooks.zoning))
            if kept := conntrack.kept(self.world, self.hooks.untracking, (namespace, home), answer):
                self.stop(translations.led_astray(self.world, self.hooks.flows, kept) or kept)
            self.stop(services.answered(self.world, self.hooks.flows, packet, answer))
            self.ok("return path", f"{place} → {home}")
            for told in conntrack.older(self.world, self.hooks.flows):
                self.ok("conntrack", told)
            if answer.protocol == "tcp":
                self._follow_up(home, answer)
        except Found as found:
            told = found.finding.layer == "conntrack"
            forgotten = None if told else conntrack.forgotten(self.world, self.hooks.flows, found.finding.where)
            raise Found(forgotten or self._suspicion or found.finding) from None

    def _follow_up(self, namespace: str, answer: Packet) -> None:
        """What follows when a connection is there: a filter may let its first packet pass, and nothing else."""
        self.back, self.decisions, self.sure = False, [], len(self.hooks.doubts)
        try:
            self._later(namespace, replace(answer.reversed(), answer=False, kind="later"))
        except Found as found:
            forgotten = conntrack.forgotten(self.world, self.hooks.flows, found.finding.where)
            if forgotten or found.finding.layer == "filter":
                raise Found(replace(forgotten or found.finding, lasting=True)) from None

    def _later(self, namespace: str, packet: Packet) -> None:
        """A packet of a connection that is there; the answer to it as well, where a namespace may have forgotten it."""
        place, taken = self.send(namespace, packet)
        if not any(conntrack.forgets(self.world, each, packet) for each in self.hooks.flows.known):
            return
        home, answer = self.send(place, replace(taken.reversed(), kind="later"))
        asked = namespace, packet.destination, packet.destination_port
        if (home, answer.source, answer.source_port) != asked:
            missed = (conntrack.forgotten(self.world, self.hooks.flows, each) for each in self.hooks.flows.missed)
            self.stop(next(missed, None))

    def send(self, namespace: str, packet: Packet) -> tuple[str, Packet]:
        """Follow a packet that a namespace sends.

        Returns:
            The namespace that takes it, and the packet as it arrives.
        """
        self.hooks.setting = None
        question, answer = self._way_out(namespace, packet)
        ttl = routers.start_ttl(self.world, namespace, packet.version, answer)
        packet = replace(packet, source=packet.source or answer.source or "", ttl=packet.ttl or ttl)
        changed = self._hook(namespace, "OUTPUT", packet, oif=answer.device or "")
        if changed.aim != packet.aim:
            self.stop(self.aimed(namespace, packet, changed))
        if (changed.destination, changed.mark) != (packet.destination, packet.mark):
            question, answer = self._way_out(namespace, changed)
            self.stop(routers.confined(self.world, namespace, changed, answer.device or ""))
        packet = changed
        if answer.kind == "local":
            return namespace, self._within(namespace, packet)
        self.stop(ipsec.refused(self.world, namespace, "out", packet, answer.device or ""))
        return self._out(question, answer, packet, "")

    def _way_out(self, namespace: str, packet: Packet) -> tuple[RouteQuestion, RouteAnswer]:
        """What the kernel is asked, and its choice, for a packet of the namespace's own."""
        bound = packet.bound or vrfs.answering(self.world, namespace, packet)
        asked = RouteQuestion(namespace, packet.destination, packet.source or None, oif=bound)
        question = policy.question(self.world, asked, packet)
        answer = self.world.route(question)
        if answer.error and packet.source:
            free = replace(question, source=None)
            way = self.world.route(free)
            if not way.error:
                self.stop(policy.refused(self.world, question, answer))
            question, answer = free, way
        if answer.error:
            self.stop(routes.none(self.world, question, answer))
        if not packet.bound:
            self._suspect(namespace, packet.destination, answer)
        if not packet.source:
            self.stop(addressing.unnumbered(self.world, namespace, answer, packet.destination))
        if answer.kind != "local":
            self.ok("route", f"{namespace}: {packet.destination} {_words(answer)}")
        return question, answer

    def _suspect(self, namespace: str, address: str, answer: RouteAnswer) -> None:
        """Remember what is wrong with the interface that leads to an address straight, should the walk fail later."""
        near = gateways.towards(self.world, namespace, address)
        straight = near is not None and near[1] == answer.device and not answer.via
        if near is None or straight or answer.kind == "local" or self._suspicion:
            return
        found = None if self.world.link(near).up else routes.down(self.world, near, address=address)
        self._suspicion = self.named(found or addressing.mask(self.world, near, address))

    def _within(self, namespace: str, packet: Packet) -> Packet:
        """A packet to the namespace itself: by lo."""
        if not self.world.link((namespace, "lo")).up:
            self.stop(routes.down(self.world, (namespace, "lo")))
        self.ok("link", f"lo in {namespace}")
        packet = self._hook(namespace, "POSTROUTING", packet, oif="lo")
        return self._hook(namespace, "INPUT", packet, iif="lo")

    def _out(self, question: RouteQuestion, answer: RouteAnswer, packet: Packet, iif: str) -> tuple[str, Packet]:
        """A packet leaves a namespace, and comes to the next one, and so on."""
        namespace = question.namespace
        for _ in range(_MOST_HOPS):
            self.decisions.append(Decision(namespace, answer, packet, iif, question))
            packet = self._hook(namespace, "POSTROUTING", packet, iif=iif, oif=answer.device or "")
            end, packet = self.carried(packet)
            packet = moved(packet, elsewhere=end[0] != namespace)
            namespace, iif = end
            before = packet = replace(packet, scope=iif)
            packet = self._hook(namespace, "PREROUTING", packet, iif=iif)
            if packet.aim != before.aim:
                self.stop(self.aimed(namespace, before, packet))
            question, answer = self._way_in(namespace, iif, packet)
            if answer.kind in ("local", "broadcast"):
                self.stop(ipsec.refused(self.world, namespace, "in", packet, iif))
                return namespace, self._hook(namespace, "INPUT", packet, iif=iif)
            self.stop(ipsec.refused(self.world, namespace, "fwd", packet, iif))
            if self.port is not None:
                self.stop(strays.sent_back(self.world, self.decisions[-1], packet, answer, self.port))
            self.stop(self._used_up(namespace, packet))
            packet = replace(packet, ttl=packet.ttl - 1)
            packet = self._hook(namespace, "FORWARD", packet, iif=iif, oif=answer.device or "")
            self.stop(ipsec.refused(self.world, namespace, "out", packet, answer.device or ""))
            self.ok("route", f"{namespace}: {packet.destination} {_words(answer)}")
        self.stop(routes.circle(self.world, self.decisions))
        return namespace, packet

    def _used_up(self, namespace: str, packet: Packet) -> Finding | None:
        """Whether a packet's TTL has come to its end: a rule has seen to that, or its sender."""
        found = routers.ttl(self.world, self.decisions[0], namespace, packet)
        setting = self.hooks.setting
        return rejections.short_lived(self.world, setting, namespace) if found and setting else found

    def _way_in(self, namespace: str, iif: str, packet: Packet) -> tuple[RouteQuestion, RouteAnswer]:
        """What the kernel is asked, and its choice, for a packet that came in."""
        asked = RouteQuestion(namespace, packet.destination, packet.source, iif)
        question = policy.question(self.world, asked, packet)
        answer = self.world.route(question)
        if answer.kind == "local" and not answer.error:
            return question, answer
        self.stop(strays.misread(self.world, question, answer))
        self.stop(groups.directed(self.world, namespace, packet, answer))
        if found := routers.refused(self.world, question, answer, self.decisions):
            self.stop(translations.forged(self.world, self.hooks.flows, question, found) or found)
        self.ok("sysctl", f"{namespace} forwards")
        self._suspect(namespace, packet.destination, answer)
        return question, answer

    def _hook(self, namespace: str, hook: str, packet: Packet, *, iif: str = "", oif: str = "") -> Packet:
        """A packet passes a hook of a namespace's packet filter."""
        after = self.hooks.at(Place(namespace, hook, iif, oif), packet)
        self.ok("filter", f"{hook} of {namespace}" if self.world.space(namespace).rules else f"no rules in {namespace}")
        translated = nat.told(packet, after) if not packet.answer and packet.kind != "later" else ""
        if translated:
            self.ok("nat", f"{hook} of {namespace}: {translated}")
        return after


def _words(answer: RouteAnswer) -> str:
    return (f"via {answer.via} " if answer.via else "") + f"dev {answer.device}"
