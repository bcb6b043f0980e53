"""Which recorded frames the hooks belong to that netfilter reported: by headers, interfaces and order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from netkit.journey.frames import NONE, ROUTED, UNWRAPPED, Frames
from netkit.journey.heads import Heads

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from netkit.journey.keys import Flow, Packet
    from netkit.journey.passages import Visit


class Hooks:
    """The hooks beside the frames.

    Args:
        frames: the recorded ones, each with the one that it follows.
        passages: what netfilter reported.

    Attributes:
        arriving: PREROUTING, by the received frame behind which it lies.
        leading: what lies between the routing decision, or a bridge's port, and a frame that was sent; by that frame.
        ending: what a received frame passed behind the routing decision, or behind a bridge's port, and no frame
            that was sent shows.
        alone: what no frame shows.
    """

    def __init__(self, frames: Frames, passages: list[list[Visit]]) -> None:
        self.frames = frames
        self.arriving: dict[int, Visit] = {}
        self.leading: dict[int, list[Visit]] = {}
        self.ending: dict[int, list[list[Visit]]] = {}
        self.alone: list[list[Visit]] = []
        self._heads = Heads(frames)
        self._index: dict[Hashable, deque[int]] = {}
        for number in self._of({visits[0].namespace for visits in passages}):
            for key in self._keys(number):
                self._index.setdefault(key, deque()).append(number)
        for visits in passages:
            self._place(visits)

    def _of(self, namespaces: set[str]) -> Iterator[int]:
        """The packets, in these namespaces, that netfilter may have seen."""
        for number, role in enumerate(self.frames.roles):
            if role.place[0] in namespaces and self._heads.counts(number):
                yield number

    def _keys(self, number: int) -> Iterator[Hashable]:
        """Under what netfilter may report the packet that a frame shows."""
        frames, role = self.frames, self.frames.roles[number]
        head = self._heads.of(number)
        bridged = role.bridge is not None
        space, interface = role.bridge or role.place
        if bridged and not frames.wiring.bridged_packets_are_filtered(space):
            return
        if frames.all[number].direction == "out":
            if bridged and frames.follows[number] != NONE and frames.roles[frames.follows[number]].is_bridge:
                return  # the hooks lie before the bridge's own interface
            for flow in self._sent_flows(number, head):
                yield "out", space, interface, head.lasting, head.ttl, flow
            return
        if bridged or not frames.wiring.bridged_packets_are_filtered(space) or not role.is_bridge:
            yield "in", space, interface, head.lasting, head.ttl, head.flow
        for flow in _between(head.flow, self._translated(space, head.flow)):
            if not bridged:
                yield "input", space, interface, head.lasting, head.ttl, flow
            yield "forward", space, interface, head.lasting, head.ttl - (not bridged), flow

    def _sent_flows(self, number: int, head: Packet) -> set[Flow]:
        """How a packet that was sent may have looked at the hooks before: from as it came to as it went."""
        space, followed = self.frames.roles[number].place[0], self.frames.follows[number]
        if followed != NONE and self.frames.ways.get(number, ROUTED) == ROUTED:
            came = self._heads.of(followed).flow
        else:
            came = self.frames.wiring.origins.get(space, {}).get(head.flow, head.flow)
        return {came, *_between(came, head.flow)}

    def _translated(self, namespace: str, flow: Flow) -> Flow:
        return self.frames.wiring.translations.get(namespace, {}).get(flow, flow)

    def _place(self, visits: list[Visit]) -> None:
        came = None
        if visits[0].hook == "prerouting":
            came = self._found("in", visits[0], visits[0].iif, taken=self.arriving)
            if came is None:
                self.alone.append(visits)
                return
            self.arriving[came] = visits[0]
            visits = visits[1:]
        if not visits:
            return
        if visits[0].hook != "input" and not visits[-1].ends:
            went = self._found("out", visits[-1], visits[-1].oif, came, taken=self.leading)
            if went is not None:
                self.leading[went] = visits
                return
        self._end(visits, came)

    def _end(self, visits: list[Visit], came: int | None) -> None:
        """Hooks behind which no frame was sent."""
        kind = "input" if visits[0].hook == "input" else "forward"
        if visits[0].iif is not None:
            found = self._found(kind, visits[0], visits[0].iif, came, taken=self.ending)
            came = found if found is not None else came
        if came is None:
            self.alone.append(visits)
        else:
            self.ending.setdefault(came, []).append(visits)

    def _found(
        self, kind: str, visit: Visit, interface: str | None, came: int | None = None, *, taken: dict[int, object]
    ) -> int | None:
        """The first frame that fits and that no other hooks were found for; best one that comes from `came`."""
        packet = visit.packet
        queue = self._index.get((kind, visit.namespace, interface, packet.lasting, packet.ttl, packet.flow), deque())
        while queue and queue[0] in taken:
            queue.popleft()
        if came is not None:
            near = next((number for number in queue if number not in taken and came in self._line(number)), None)
            if near is not None or kind != "out":
                return near
        return queue[0] if queue else None

    def _line(self, number: int) -> Iterator[int]:
        """A frame and those that it follows within its namespace."""
        space = self.frames.roles[number].place[0]
        while number != NONE and self.frames.roles[number].place[0] == space:
            yield number
            if self.frames.ways.get(number) == UNWRAPPED:
                return
            number = self.frames.follows[number]


def _between(came: Flow, went: Flow) -> set[Flow]:
    """How a flow may look between two translations: its destination is rewritten first, its source at last.

    ICMP's identifier, which stands for both ports, is rewritten with either.
    """
    protocol, source, _, port, _ = came
    _, _, destination, identifier, other = went
    return {(protocol, source, destination, port, other), (protocol, source, destination, identifier, other)}
