"""Follow a frame from the interface that sends it to the one that it is for: over cables, bridges and tunnels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from netkit.diagnosis import (
    aims,
    bottlenecks,
    choosing,
    conntrack,
    doubles,
    enslaved,
    l2,
    resolution,
    routes,
    translations,
    tunnels,
    unanswered,
    vlans,
)
from netkit.diagnosis.findings import Decision, Finding, Found, World
from netkit.diagnosis.hooks import Hooks
from netkit.diagnosis.packet import Packet
from netkit.model.topology import TUNNELS

if TYPE_CHECKING:
    from netkit.model import End


class Carrying(ABC):
    """What a walk knows of frames.

    Args:
        keep: the namespace that the destination is meant to be in; "" where nobody said.

    Attributes:
        passed: what was found in order, by layer.
        hops: the interfaces that packets left by, each with the address that was looked for behind it.
        crossed: the interfaces that frames pass, those of switches too.
        mtu: a bottleneck that drops large packets without a word, if there is one.
        outdated: a neighbour entry that was learned and is wrong by now, if there is one.
        hooks: the packet filters that were passed, and where nobody knows what they did.
    """

    def __init__(self, world: World, keep: str = "") -> None:
        self.world, self.keep = world, keep
        self.passed: dict[str, dict[str, None]] = {}
        self.hops: dict[tuple[End, str], None] = {}
        self.crossed: dict[End, None] = {}
        self.mtu: Finding | None = None
        self.outdated: Finding | None = None
        self.decisions: list[Decision] = []
        self.hooks = Hooks(world)
        self.port: End | None = None
        self.back = False
        self.ways: dict[str, str] = {}
        self.first: Decision | None = None
        self.source = ""

    def ok(self, layer: str, *what: str) -> None:
        """Note that something was found in order."""
        self.passed.setdefault(layer, {}).update(dict.fromkeys(what))

    def stop(self, finding: Finding | None) -> None:
        """End the walk at a fault, if there is one."""
        if finding is not None:
            self._end(finding)

    def _end(self, finding: Finding) -> NoReturn:
        raise Found(self.named(finding) or finding)

    def named(self, finding: Finding | None) -> Finding | None:
        """On the way back, a missing or wrong route is the return path's, or that of a translation which is missing."""
        if finding is None or not self.back or finding.layer not in ("route", "address"):
            return finding
        if finding.layer == "address":
            return translations.led_astray(self.world, self.hooks.flows, finding) or finding
        missing = conntrack.untracked(self.world, self.hooks.untracking)
        missing = missing or conntrack.zoned(self.world, self.hooks.flows, self.hooks.zoning)
        missing = missing or translations.missing(self.world, self.hooks.flows, finding, self.ways)
        if missing is None and self.first is not None and self._chose(self.first):
            missing = choosing.better(self.world, self.first, self.source, finding)
        return missing or replace(finding, layer="return path")

    def _chose(self, first: Decision) -> bool:
        """Whether the source that arrived is that which the sender's route chose: for whom the packet was sent to."""
        led = "DNAT" in self.hooks.flows.translated(first.namespace, first.packet)
        return first.packet.source == self.source and not led

    def aimed(self, namespace: str, before: Packet, after: Packet) -> Finding | None:
        """Whether a translation leads to somebody.

        Args:
            namespace: whose translation.
            before: the packet as it came.
            after: as it goes on.
        """
        return aims.translated(self.world, namespace, before, after, self.hooks.leading.get(namespace))

    @abstractmethod
    def send(self, namespace: str, packet: Packet) -> tuple[str, Packet]:
        """Follow a packet that a namespace sends; a walk knows how."""

    def carried(self, packet: Packet) -> tuple[End, Packet]:
        """A frame travels over cables, bridges and tunnels; returns the interface that takes it in."""
        decision = self.decisions[-1]
        start, hop = (decision.namespace, str(decision.answer.device)), decision.answer.via or packet.destination
        if not self.world.link(start).up:
            self.stop(routes.down(self.world, start, address=packet.destination))
        self.hops[start, hop] = None
        reached = self.world.topology.reach(start)
        holders = [end for end in self.world.topology.bearers(hop) if end in reached and end != start]
        if not holders:
            who = resolution.of_lo(self.world, start, hop) or resolution.proxy(self.world, start, hop)
            holders = [who] if who is not None else []
        if not holders:
            alone = l2.link(self.world, [start, *list(reached)[1:2]], packet.destination)
            self.stop(alone or unanswered.there(self.world, start, hop, decision))
        keep = self.keep if hop == packet.destination and not self.back else ""
        answering = self._answering(reached, holders, hop)
        several = [end for end in holders if end in answering or end[0] == keep]
        self.stop(doubles.duplicate_address(self.world, several, hop, keep))
        holders = answering or holders
        self.stop(enslaved.deaf(self.world, start, hop))
        self.stop(resolution.failed(self.world, holders[0], hop))
        way = self.world.topology.way(reached, holders[0])
        self.crossed |= dict.fromkeys(way)
        self.port = way[-2] if len(way) > 1 and self.world.link(way[-2]).master else None
        room = bottlenecks.room(self.world, start, decision.answer, packet.version)
        if packet.size > room:
            told = type(self)(self.world).send
            self.mtu = self.mtu or bottlenecks.untold(self.world, told, decision, packet, self.decisions[0].namespace)
        over = self._over(way, hop, replace(packet, size=min(packet.size or room, room)))
        return self._led_away(reached, way, packet, over), over

    def _answering(self, reached: dict[End, End | None], holders: list[End], hop: str) -> list[End]:
        """Those of several bearers of an address who answer who has it: the others are in nobody's way."""
        ways = [self.world.topology.way(reached, end) for end in holders]
        return [way[-1] for way in ways if len(ways) == 1 or self._answers(way, hop)]

    def _answers(self, way: list[End], hop: str) -> bool:
        """Whether the question who has an address passes a way, and the answer to it."""
        if not doubles.audible(self.world, way[-1]) or resolution.mute(self.world, way[0], way[-1], hop) is not None:
            return False
        if any(self._stopped(way, place, Packet("", hop, "arp"), asks=True) for place in range(len(way))):
            return False
        back = (self._crossing(way[::-1], place, Packet("", hop), asks=False) for place in range(len(way)))
        if any(l2.locked(self.world, each) for each in back if each is not None):
            return False
        try:
            type(self)(self.world).hooks.question(way, hop)
        except Found:
            return False
        return True

    def _stopped(self, way: list[End], place: int, packet: Packet, *, asks: bool) -> Finding | None:
        """What keeps a frame from passing an interface of its way, be it a bridge or any other."""
        found = l2.at(self.world, way, place, packet.destination)
        crossing = None if found else self._crossing(way, place, packet, asks=asks)
        if crossing is None:
            return found
        ports = crossing.before, crossing.bridge, crossing.after
        return l2.bridge(self.world, crossing) or vlans.between(self.world, (way[0], way[-1]), ports)

    def _crossing(self, way: list[End], place: int, packet: Packet, *, asks: bool) -> l2.Crossing | None:
        """A frame at a bridge of its way; None at any other interface. A question for a MAC is for everybody."""
        if self.world.link(way[place]).kind != "bridge":
            return None
        before, after = way[place - 1] if place else None, way[place + 1] if place + 1 < len(way) else None
        sender, receiver = (self.world.link(end).mac for end in (way[0], way[-1]))
        whom = None if packet.protocol == "arp" else receiver
        return l2.Crossing(before, way[place], after, sender, whom, asks, packet.version)

    def _led_away(self, reached: dict[End, End | None], way: list[End], before: Packet, after: Packet) -> End:
        """Where a frame ends: a bridge that shows it to the filter of IP may lead it to another destination."""
        if before.answer or after.destination == before.destination:
            return way[-1]
        bridge = next(end for end in way if self.world.link(end).kind == "bridge")
        self.stop(self.aimed(bridge[0], before, after))
        return next((end for end in self.world.topology.bearers(after.destination) if end in reached), bridge)

    def _over(self, way: list[End], hop: str, packet: Packet) -> Packet:
        """A frame travels a way of interfaces."""
        world, start, target = self.world, way[0], way[-1]
        self.stop(l2.at(world, way, 0, packet.destination) or doubles.duplicate_mac(world, start, target))
        asks = not resolution.known(world, start, target, hop)
        for place, end in enumerate(way):
            self.stop(self._stopped(way, place, packet, asks=asks))
            after = way[place + 1] if place + 1 < len(way) else None
            if world.link(end).kind == "bridge":
                self.ok("bridge", f"{end[1]} in {end[0]}")
                if place and after and world.space(end[0]).rules and self.hooks.shows(end, packet):
                    self.ok("filter", f"FORWARD of {end[0]}")
            if world.link(end).kind in TUNNELS and after is not None and world.link(after).kind in TUNNELS:
                self._tunnelled(end, after, world.link(target).mac, asks=asks)
        self.ok("link", *(f"{name} in {place}" for place, name in way))
        self.ok("carrier", f"{start[1]} in {start[0]}")
        bears = hop in world.link(target).bare_addresses
        self.ok("address", f"{hop} on {target[1]} in {target[0]}" if bears else f"{target[0]} answers for {hop}")
        self.stop(resolution.neighbour(world, start, target, hop, way, packet.source))
        self.outdated = self.outdated or resolution.outdated(world, start, target, hop)
        if asks and not any(world.link(end).has("proxy") for end in way):
            self.hooks.question(way, hop)
        self.ok("neighbour", f"{start[0]} can ask {target[0]}")
        self.hooks.sent(start, target)
        packet = self.hooks.frame(way, packet)
        self.mtu = self.mtu or self.named(l2.mtu(world, way, packet.size))
        return packet

    def _tunnelled(self, one: End, other: End, mac: str | None, *, asks: bool) -> None:
        """A tunnel's device sends a frame to another one, in a packet that has a way of its own."""
        self.stop(tunnels.itself(self.world, one, self.decisions[-1]) or tunnels.ends(self.world, one, other))
        self.stop(tunnels.led_by_routes(self.world, one))
        outer, found = tunnels.outer(self.world, one, other, mac, asks=asks)
        self.stop(found)
        if outer is not None:
            inner = type(self)(replace(self.world, avoided=self.world.avoided | {one, other}))
            inner.hooks.doubts = self.hooks.doubts
            try:
                _, arrived = inner.send(self.world.topology.home(one), outer)
                self.stop(tunnels.hidden(self.world, (one, other), outer, arrived))
            except Found as found_below:
                below = found_below.finding
                self.stop(tunnels.short_lived(self.world, one, below))
                words = f"the tunnel of {one[1]} in {one[0]} cannot reach {outer.destination}: {below.explanation}"
                raise Found(replace(below, explanation=words)) from None  # in its own layer, there and back
            finally:
                self.hops.update(inner.hops)
        self.ok("tunnel", f"{one[1]} in {one[0]} → {other[1]} in {other[0]}")
