"""Where filters below IP (nft's families bridge, arp, netdev) dropped packets: behind which frame, or behind none."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, paired
from netkit.journey.joining.stations import Station, Tree
from netkit.journey.values import ROUTING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from netkit.journey.joining.headers import Heads
    from netkit.journey.joining.passages import Visit

_MESSAGE = 28  # bytes of an ARP message between IPv4 addresses
_ARP = b"\x08\x06"


class Below:
    """Puts the hooks below IP at which packets were dropped into a tree that has all else.

    Args:
        tree: the frames and the stations between them.
        heads: the packets as netfilter reports them.
        alone: the last station of each packet that no frame shows, by namespace and what lasts of it.
    """

    def __init__(self, tree: Tree, heads: Heads, alone: dict[tuple[str, object], int]) -> None:
        self._tree, self._heads, self._alone = tree, heads, alone
        self._frames = tree.frames
        self._stations: dict[int, int] = {}
        for number in range(len(self._frames.all), len(tree.after)):
            self._stations[tree.after[number]] = number
        self._known: dict[Hashable, list[int]] = defaultdict(list)
        for number, role in enumerate(self._frames.roles):
            key = self._key_of(number)
            if key is not None:
                self._known[role.place[0], key].append(number)

    def place(self, visits: Iterable[Visit]) -> None:
        """Put each behind the frame that it ended; equal packets in their order.

        Args:
            visits: in the order in which they were reported.
        """
        groups: dict[Hashable, list[Visit]] = defaultdict(list)
        for visit in visits:
            groups[visit.namespace, visit.hook, visit.iif, visit.oif, _key(visit)].append(visit)
        for same in groups.values():
            frames = self._before(same[0])
            times = {number: self._frames.times[number] for number in frames}
            times |= {~number: visit.events[0].time for number, visit in enumerate(same)}
            found = dict(paired(frames, [~number for number in range(len(same))], times.__getitem__))
            for number, visit in enumerate(same):
                self._add(visit, found.get(~number, NONE))

    def _key_of(self, number: int) -> Hashable:
        """What is the same of a packet in a frame and in a report; None where nothing is."""
        data = self._frames.all[number].data
        if self._frames.packets[number].lasting is not None:
            return self._heads.of(number).lasting
        return data[14 : 14 + _MESSAGE] if data[12:14] == _ARP else None

    def _before(self, visit: Visit) -> list[int]:
        """The frames that may have ended there: those that nothing followed, if there are some."""
        frames = [n for n in self._known.get((visit.namespace, _key(visit)), ()) if self._leads_to(n, visit)]
        return [n for n in frames if n not in self._frames.used] or frames

    def _leads_to(self, number: int, visit: Visit) -> bool:
        role, direction = self._frames.roles[number], self._frames.all[number].direction
        if visit.iif is not None:
            return direction == "in" and role.place[1] == visit.iif
        out = self._frames.role_at((visit.namespace, visit.oif or ""))
        if visit.hook == "output" or (direction == "out" and role.is_bridge):
            return direction == "out" and out.bridge == role.place
        return direction == "in" and (role.bridge == out.bridge or visit.hook == "egress")

    def _add(self, visit: Visit, frame: int) -> None:
        """One more station, behind a frame and what followed it, or behind what was sent and no frame shows."""
        station = Station(visit.namespace, visit.hook, tuple(visit.events), self._seen(visit))
        after = frame if frame != NONE else self._alone.get((visit.namespace, _key(visit)), NONE)
        while after != NONE and after in self._stations:
            after = self._stations[after]
        routed = frame != NONE and visit.hook == "egress" and self._is_routed(frame, visit)
        if routed and not self._tree.is_routing(after):
            after = self._tree.add(Station(visit.namespace, ROUTING), after)
        self._tree.add(station, after)

    def _seen(self, visit: Visit) -> float:
        """The place among the frames at which the report was read."""
        return bisect(self._frames.times, visit.events[0].time) - 0.5

    def _is_routed(self, frame: int, visit: Visit) -> bool:
        role = self._frames.roles[frame]
        return role.bridge is None or role.bridge != self._frames.role_at((visit.namespace, visit.oif or "")).bridge


def _key(visit: Visit) -> Hashable:
    first = visit.events[0]
    return visit.packet.lasting if visit.packet.lasting is not None else first.network[:_MESSAGE]
