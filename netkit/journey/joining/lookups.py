"""Where hooks and routing decisions lie between the frames of a packet."""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, UNWRAPPED, Frames
from netkit.journey.joining.stations import Station, Tree
from netkit.journey.values import ENTERED, OUTSIDE, ROUTING, TAKEN
from netkit.packets.ip import UDP

if TYPE_CHECKING:
    from netkit.journey.joining.hooks import Hooks
    from netkit.journey.joining.passages import Visit

_VXLAN = 16  # bytes of the headers of UDP and VXLAN (RFC 7348)


class Between:
    """Puts stations between the frames of a tree.

    A routing decision is put where a namespace must have looked the way of a packet up: it sent, forwarded or took
    it. What comes in over loopback keeps the decision with which it was sent.

    Args:
        tree: the frames; it gets the stations.
        hooks: those that netfilter reported, beside the frames.
        traced: the namespaces in which every packet that came to a hook was reported.
    """

    def __init__(self, tree: Tree, hooks: Hooks, traced: frozenset[str] = frozenset()) -> None:
        self._tree, self._frames, self._hooks, self._traced = tree, tree.frames, hooks, traced
        arrived = ((number, visit) for number, visit in hooks.arriving.items() if visit.shown)
        self._arrived = {number: self._visits([visit], number) for number, visit in arrived}
        self.alone: dict[tuple[str, object], int] = {}
        """The last station of each packet that no frame shows, by namespace and what lasts of it."""
        bridges = self._frames.at(lambda role: role.is_bridge)
        self._waiting = {self._frames.follows[n]: n for n in bridges if self._frames.waits(n)}
        self._shared: dict[tuple[int, int], int] = {}
        self._ended: set[int] = set()
        bundles, cuts, ways = self._frames.bundles, self._frames.cuts, self._frames.ways
        for number, followed in enumerate(self._frames.follows):
            if cuts or number in bundles:
                self._lead_all(number)
            elif followed == NONE or number in ways or followed in self._arrived or number in hooks.leading:
                tree.after[number] = self._way_to(number)
        for number in self._frames.received:
            if number not in self._ended and (number in hooks.ending or number not in self._frames.used):
                self._end(number)
        self._lonely()

    def _lead_all(self, number: int) -> None:
        """The pieces of a packet share what lies before them."""
        pieces = self._frames.follows[number], self._frames.pieces(number)[0]
        if pieces not in self._shared:
            self._shared[pieces] = self._way_to(number)
        self._tree.after[number] = self._shared[pieces]

    def _visits(self, visits: list[Visit], after: int, place: float = 0) -> int:
        """The last one of a row of hooks."""
        for visit in visits:
            if visit.shown:
                after = self._tree.add(Station(visit.namespace, visit.hook, tuple(visit.shown), place), after)
        return after

    def _sent(self, visits: list[Visit], after: int, place: float) -> int:
        """The same of a packet that no frame shows: where it began to be sent is shown in any case."""
        first = visits[0]
        if first.hook == "output" and not first.shown:
            after = self._tree.add(Station(first.namespace, first.hook, (), place, first.events[0]), after)
        return self._visits(visits, after, place)

    def _way_to(self, number: int) -> int:
        """The last station before a frame, or the frame before it."""
        frames, followed = self._frames, self._frames.follows[number]
        way = frames.ways.get(number)
        if way == UNWRAPPED:
            self._ended.add(followed)
            return self._end(followed, always=True)
        after = self._arrived.get(followed, followed)
        if way or (followed == NONE and self._is_sent_here(number)):
            after = self._tree.add(Station(frames.all[number].namespace, ROUTING, place=number), after)
        leading = self._hooks.leading.get(number)
        return self._visits(leading, after, number) if leading else after

    def _is_sent_here(self, number: int) -> bool:
        frames = self._frames
        is_packet = frames.packets[number].lasting is not None
        return not frames.came[number] and is_packet and frames.roles[number].bridge is None

    def _end(self, number: int, *, always: bool = False) -> int:
        """What a received frame passes that is not sent on; its last station."""
        visits = self._hooks.ending.get(number, [])
        after = self._waiting.get(number, self._arrived.get(number, number))
        routed = always or bool(visits) or (number not in self._frames.used and self._is_taken(number))
        self._note(number, visits)
        if routed and self._frames.roles[number].bridge is None and not self._keeps_decision(number):
            after = self._tree.add(Station(self._frames.all[number].namespace, ROUTING), after)
        last = after
        for row in visits:
            last = self._visits(row, after)
        return last

    def _note(self, number: int, rows: list[list[Visit]]) -> None:
        """What became of a received packet, where every packet that came to a hook was reported."""
        role, packet = self._frames.roles[number], self._frames.packets[number]
        if role.place[0] not in self._traced or packet.lasting is None:
            return
        entered = self._hooks.has_arrived(number)
        if role.bridge is not None and not entered:
            return  # it need not, on a bridge
        taken = next((visit for row in rows for visit in row if visit.is_taken), None) if rows else None
        fate = TAKEN if taken is not None else ENTERED if entered else OUTSIDE
        self._tree.fates[number] = fate, taken.events[-1] if taken is not None else None

    def _is_taken(self, number: int) -> bool:
        if self._frames.roles[number].place[0] in self._traced:
            return False  # else INPUT was reported
        arrived = self._hooks.arriving.get(number)
        return not (arrived and arrived.ends) and is_taken(self._frames, number) and _is_complete(self._frames, number)

    def _keeps_decision(self, number: int) -> bool:
        role = self._frames.roles[number]
        return role.peer == role.place

    def _wrapped(self, visit: Visit) -> int:
        """The frame in a tunnel whose outer packet is known of by netfilter's report only; NONE of all else."""
        frames, head = self._frames, visit.events[0].transport
        if not (visit.packet.flow[0] == UDP and visit.packet.flow[4] in frames.tunnels and len(head) >= _VXLAN):
            return NONE
        vni, length = int.from_bytes(head[12:15]), int.from_bytes(head[4:6]) - _VXLAN
        for number in frames.sent:
            role = frames.roles[number]
            home = frames.wiring.homes.get(role.place, role.place[0])
            same = role.is_tunnel and home == visit.namespace and role.vni in (vni, None)
            if same and number not in frames.used and frames.all[number].length == length:
                frames.used.add(number)
                return number
        return NONE

    def _lonely(self) -> None:
        """Packets that no frame shows: they come after what was seen when netfilter reported them."""
        for visits in self._hooks.alone:
            first = visits[0]
            place, after = bisect(self._frames.times, first.events[0].time) - 0.5, NONE
            if first.iif is None and first.hook != "prerouting":
                after = self._tree.add(Station(first.namespace, ROUTING, place=place), self._wrapped(first))
            self.alone[first.namespace, first.packet.lasting] = self._sent(visits, after, place)


def is_taken(frames: Frames, number: int) -> bool:
    """Whether a received packet is for its namespace itself: for the interface's MAC and an own address.

    Args:
        frames: the recorded ones.
        number: of a received frame.
    """
    role, packet = frames.roles[number], frames.packets[number]
    if packet.lasting is None or role.bridge is not None:
        return False
    link = frames.wiring.interfaces.get(role.place)
    if link and link.mac and not packet.macs[0] & 1 and packet.macs[:6].hex(":") != link.mac:
        return False
    space = role.place[0]
    flow = frames.wiring.translations.get(space, {}).get(packet.flow, packet.flow)
    return frames.wiring.is_local(space, flow[2])


def _is_complete(frames: Frames, number: int) -> bool:
    """Whether a packet is there with this frame: a whole one, or all fragments of it."""
    bundle = frames.bundles.get(number, [number])
    parts = [frames.packets[other].part for other in bundle]
    return parts == [None] or (number == bundle[-1] and (0, True) in parts and any(not more for _, more in parts))
