"""Follow a packet from hop to hop through the values of a world, up to its end or the first fault."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from netkit.diagnosis import (
    aims,
    conntrack,
    l2,
    nat,
    rejections,
    routers,
    routes,
    services,
    translations,
    tunnels,
    unanswered,
)
from netkit.diagnosis.findings import Decision, Finding, Found, RouteQuestion
from netkit.diagnosis.hooks import Hooks, moved
from netkit.diagnosis.matching import Place
from netkit.diagnosis.packet import Packet

if TYPE_CHECKING:
    from netkit.diagnosis.findings import RouteAnswer, World
    from netkit.model import End

_MOST_HOPS = 30
VXLAN_PORT = 4789
"""Of UDP; RFC 7348 gives it to VXLAN."""


class Walk:
    """The way of a packet and of the answer to it.

    Args:
        keep: the namespace that the destination is meant to be in; "" where nobody said.

    Attributes:
        passed: what was found in order, by layer.
        mtu: a bottleneck that drops large packets without a word, if there is one.
        outdated: a neighbour entry that was learned and is wrong by now, if there is one.
        hooks: the packet filters that were passed, and where nobody knows what they did.
    """

    def __init__(self, world: World, keep: str = "") -> None:
        self.world, self.keep = world, keep
        self.passed: dict[str, dict[str, None]] = {}
        self.mtu: Finding | None = None
        self.outdated: Finding | None = None
        self.decisions: list[Decision] = []
        self.hooks = Hooks(world)
        self._suspicion: Finding | None = None
        self._back = False
        self._ways: dict[str, str] = {}

    def ok(self, layer: str, *what: str) -> None:
        """Note that something was found in order."""
        self.passed.setdefault(layer, {}).update(dict.fromkeys(what))

    def there_and_back(self, namespace: str, packet: Packet) -> None:
        """Follow a packet, look whether somebody takes it, and follow the answer.

        Args:
            namespace: who sends.
            packet: the first of a connection.

        Raises:
            Found: with the first fault.
        """
        try:
            place, arrived = self.send(namespace, packet)
            self._stop(conntrack.untracked(self.world, self.hooks.untracking) if arrived.untracked else None)
            self._stop(services.taken(self.world, place, packet, arrived))
            if arrived.protocol != "icmp":
                self.ok("service", f"somebody in {place} listens at {arrived.protocol} port {arrived.destination_port}")
            self._ways = {each.namespace: str(each.answer.device) for each in self.decisions}
            self._back, self.decisions = True, []
            home, answer = self.send(place, arrived.reversed())
            self._stop(conntrack.kept(self.world, self.hooks.untracking, (namespace, home), answer))
            self._stop(services.answered(self.world, self.hooks.flows, packet, answer))
            self.ok("return path", f"{place} → {home}")
            if answer.protocol == "tcp":
                self._follow_up(home, answer)
        except Found as found:
            raise Found(self._suspicion or found.finding) from None

    def _follow_up(self, namespace: str, answer: Packet) -> None:
        """What follows when a connection is there: a filter may let its first packet pass, and nothing else."""
        self._back, self.decisions = False, []
        try:
            self.send(namespace, replace(answer.reversed(), answer=False, kind="later"))
        except Found as found:
            if found.finding.layer == "filter":
                raise Found(replace(found.finding, lasting=True)) from None

    def send(self, namespace: str, packet: Packet) -> tuple[str, Packet]:
        """Follow a packet that a namespace sends.

        Returns:
            The namespace that takes it, and the packet as it arrives.
        """
        self.hooks.setting = None
        answer = self._way_out(namespace, packet)
        ttl = routers.start_ttl(self.world, namespace, packet.version)
        packet = replace(packet, source=packet.source or answer.source or "", ttl=ttl)
        changed = self._hook(namespace, "OUTPUT", packet, oif=answer.device or "")
        if changed.destination != packet.destination:
            self._stop(self._aimed(namespace, packet, changed))
            answer = self._way_out(namespace, changed)
            self._stop(translations.confined(self.world, namespace, changed, answer.device or ""))
        packet = changed
        if answer.kind == "local":
            return namespace, self._within(namespace, packet)
        return self._out(namespace, answer, packet, "")

    def _way_out(self, namespace: str, packet: Packet) -> RouteAnswer:
        """The kernel's choice for a packet of the namespace's own."""
        question = RouteQuestion(namespace, packet.destination, packet.source or None, oif=packet.bound)
        answer = self.world.route(question)
        if answer.error and packet.source:
            answer = self.world.route(replace(question, source=None))
        if answer.error:
            self._stop(routes.none(self.world, namespace, packet.destination, answer, packet.bound))
        if not packet.bound:
            self._suspect(namespace, packet.destination, answer)
        if answer.kind != "local":
            self.ok("route", f"{namespace}: {packet.destination} {_words(answer)}")
        return answer

    def _suspect(self, namespace: str, address: str, answer: RouteAnswer) -> None:
        """Remember what is wrong with the interface that leads to an address straight, should the walk fail later."""
        near = routes.towards(self.world, namespace, address)
        if near is None or near[1] == answer.device or answer.kind == "local" or self._suspicion:
            return
        found = None if self.world.link(near).up else routes.down(self.world, near, address=address)
        self._suspicion = self._named(found or routes.mask(self.world, near, address))

    def _within(self, namespace: str, packet: Packet) -> Packet:
        """A packet to the namespace itself: by lo."""
        if not self.world.link((namespace, "lo")).up:
            self._stop(routes.down(self.world, (namespace, "lo")))
        self.ok("link", f"lo in {namespace}")
        packet = self._hook(namespace, "POSTROUTING", packet, oif="lo")
        return self._hook(namespace, "INPUT", packet, iif="lo")

    def _out(self, namespace: str, answer: RouteAnswer, packet: Packet, iif: str) -> tuple[str, Packet]:
        """A packet leaves a namespace, and comes to the next one, and so on."""
        for _ in range(_MOST_HOPS):
            self.decisions.append(Decision(namespace, answer, packet, iif))
            packet = self._hook(namespace, "POSTROUTING", packet, oif=answer.device or "")
            end, packet = self._carried(namespace, answer, packet)
            packet = moved(packet, elsewhere=end[0] != namespace)
            namespace, iif = end
            before = packet = replace(packet, scope=iif)
            packet = self._hook(namespace, "PREROUTING", packet, iif=iif)
            if packet.destination != before.destination:
                self._stop(self._aimed(namespace, before, packet))
            answer = self._way_in(namespace, iif, packet)
            if answer.kind == "local":
                return namespace, self._hook(namespace, "INPUT", packet, iif=iif)
            self._stop(self._used_up(namespace, packet))
            packet = replace(packet, ttl=packet.ttl - 1)
            packet = self._hook(namespace, "FORWARD", packet, iif=iif, oif=answer.device or "")
            self.ok("route", f"{namespace}: {packet.destination} {_words(answer)}")
        self._stop(Finding("route", f"packets for {packet.destination} go round in circles", where=namespace))
        return namespace, packet

    def _used_up(self, namespace: str, packet: Packet) -> Finding | None:
        """Whether a packet's TTL has come to its end: a rule has seen to that, or its sender."""
        found = routers.ttl(self.world, self.decisions[0], namespace, packet)
        setting = self.hooks.setting
        return rejections.short_lived(self.world, setting, namespace) if found and setting else found

    def _way_in(self, namespace: str, iif: str, packet: Packet) -> RouteAnswer:
        """The kernel's choice for a packet that came in."""
        question = RouteQuestion(namespace, packet.destination, packet.source, iif)
        answer = self.world.route(question)
        if answer.kind == "local" and not answer.error:
            return answer
        self._stop(routers.refused(self.world, question, answer, self.decisions))
        self.ok("sysctl", f"{namespace} forwards")
        self._suspect(namespace, packet.destination, answer)
        return answer

    def _carried(self, namespace: str, answer: RouteAnswer, packet: Packet) -> tuple[End, Packet]:
        """A frame travels over cables, bridges and tunnels; returns the interface that takes it in."""
        start, hop = (namespace, str(answer.device)), answer.via or packet.destination
        if not self.world.link(start).up:
            self._stop(routes.down(self.world, start, address=packet.destination))
        reached = self.world.topology.reach(start)
        holders = [end for end in self.world.topology.bearers(hop) if end in reached and end != start]
        if not holders:
            alone = l2.link(self.world, [start, *list(reached)[1:2]], packet.destination)
            self._stop(alone or unanswered.there(self.world, start, hop, packet.destination, answer))
        keep = self.keep if hop == packet.destination and not self._back else ""
        self._stop(l2.duplicate_address(self.world, holders, hop, keep))
        way = self.world.topology.way(reached, holders[0])
        over = self._over(way, hop, replace(packet, size=packet.size or self.world.link(start).mtu))
        return self._led_away(reached, way, packet, over), over

    def _led_away(self, reached: dict[End, End | None], way: list[End], before: Packet, after: Packet) -> End:
        """Where a frame ends: a bridge that shows it to the filter of IP may lead it to another destination."""
        if before.answer or after.destination == before.destination:
            return way[-1]
        bridge = next(end for end in way if self.world.link(end).kind == "bridge")
        self._stop(self._aimed(bridge[0], before, after))
        return next((end for end in self.world.topology.bearers(after.destination) if end in reached), bridge)

    def _over(self, way: list[End], hop: str, packet: Packet) -> Packet:
        """A frame travels a way of interfaces."""
        world, start, target = self.world, way[0], way[-1]
        self._stop(l2.link(world, way, packet.destination))
        self.ok("link", *(f"{name} in {place}" for place, name in way))
        self.ok("carrier", f"{start[1]} in {start[0]}")
        self.ok("address", f"{hop} on {target[1]} in {target[0]}")
        self._stop(l2.duplicate_mac(world, start, target))
        self._stop(l2.neighbour(world, start, target, hop, way))
        self.outdated = self.outdated or l2.outdated(world, start, target, hop)
        if not l2.known(world, start, target, hop) and not any(world.link(end).has("proxy") for end in way):
            self.hooks.question(way, hop)
        self.hooks.sent(start, target)
        self.hooks.devices(way, packet)
        self.ok("neighbour", f"{start[0]} can ask {target[0]}")
        mac = world.link(target).mac
        for place, end in enumerate(way):
            before = way[place - 1] if place else None
            after = way[place + 1] if place + 1 < len(way) else None
            if world.link(end).kind == "bridge":
                self._stop(l2.bridge(world, before, end, after, mac))
                self.ok("bridge", f"{end[1]} in {end[0]}")
                packet = self.hooks.bridge(before, end, after, packet) if len(way) > 1 else packet
                if before and after and world.space(end[0]).rules and self.hooks.shows(end[0], packet):
                    self.ok("filter", f"FORWARD of {end[0]}")
            if world.link(end).kind == "vxlan" and after is not None and world.link(after).kind == "vxlan":
                self._tunnelled(end, after, mac, asks=not l2.known(world, start, target, hop))
        self.mtu = self.mtu or self._named(l2.mtu(world, way, packet.size))
        return packet

    def _tunnelled(self, one: End, other: End, mac: str | None, *, asks: bool) -> None:
        """A VXLAN device sends a frame to another one, in a UDP packet that has a way of its own."""
        self._stop(tunnels.ends(self.world, one, other))
        link = self.world.link(one)
        remote, found = tunnels.remote(self.world, one, other, mac, asks=asks and not link.has("proxy"))
        self._stop(found)
        if remote:
            outer = Packet(link.detail("local") or "", remote, "udp", None, int(link.detail("port") or VXLAN_PORT))
            inner = Walk(self.world)
            inner.hooks.doubts = self.hooks.doubts
            try:
                inner.send(self.world.topology.home(one), outer)
            except Found as found_below:
                below = found_below.finding
                words = f"the tunnel of {one[1]} in {one[0]} cannot reach {remote}: {below.explanation}"
                self._stop(replace(below, explanation=words))
        self.ok("tunnel", f"{one[1]} in {one[0]} → {other[1]} in {other[0]}")

    def _hook(self, namespace: str, hook: str, packet: Packet, *, iif: str = "", oif: str = "") -> Packet:
        """A packet passes a hook of a namespace's packet filter."""
        after = self.hooks.at(Place(namespace, hook, iif, oif), packet)
        self.ok("filter", f"{hook} of {namespace}" if self.world.space(namespace).rules else f"no rules in {namespace}")
        translated = nat.told(packet, after) if not packet.answer and packet.kind != "later" else ""
        if translated:
            self.ok("nat", f"{hook} of {namespace}: {translated}")
        return after

    def _aimed(self, namespace: str, before: Packet, after: Packet) -> Finding | None:
        """Whether a translation leads to somebody."""
        return aims.translated(self.world, namespace, before, after, self.hooks.leading.get(namespace))

    def _stop(self, finding: Finding | None) -> None:
        """End the walk at a fault, if there is one."""
        if finding is not None:
            self._end(finding)

    def _end(self, finding: Finding) -> NoReturn:
        raise Found(self._named(finding) or finding)

    def _named(self, finding: Finding | None) -> Finding | None:
        """On the way back, a missing or wrong route is the return path's, or that of a translation which is missing."""
        if finding is None or not self._back or finding.layer != "route":
            return finding
        missing = conntrack.untracked(self.world, self.hooks.untracking)
        missing = missing or translations.missing(self.world, self.hooks.flows, finding, self._ways)
        return missing or replace(finding, layer="return path")


def _words(answer: RouteAnswer) -> str:
    return (f"via {answer.via} " if answer.via else "") + f"dev {answer.device}"
