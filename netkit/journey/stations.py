"""Frames and hooks as one tree for each packet, and the tree as a list of steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.journey.frames import NONE, Frames
from netkit.journey.values import Step

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent


@dataclass(eq=False)
class Station:
    """A hook, or the routing decision, that a packet passed.

    Attributes:
        namespace: where.
        hook: one of netfilter.HOOKS, or ROUTING.
        after: the frame (its number) or station that it follows; None for a packet's first.
        events: what netfilter reported there.
        place: for a packet's first station: where, among the frames, the packet was first seen.
    """

    namespace: str
    hook: str
    after: int | Station | None = None
    events: list[TraceEvent] = field(default_factory=list)
    place: float = 0


class Tree:
    """What follows what.

    Args:
        frames: the recorded frames, each with the one that it follows.
    """

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.stations: list[Station] = []
        self.between: dict[int, Station] = {}
        """The last station before a frame."""

    def add(self, station: Station) -> Station:
        """A station more."""
        self.stations.append(station)
        return station

    def before(self, number: int) -> int | Station | None:
        """What a frame follows at once."""
        if number in self.between:
            return self.between[number]
        followed = self.frames.follows[number]
        return None if followed == NONE else followed

    def steps(self) -> list[list[Step]]:
        """The journeys, in the order in which they were first seen; each in causal order."""
        order: dict[int | Station, tuple[float, int]] = {}
        roots: dict[int | Station, int | Station] = {}
        for node in [*range(len(self.frames.all)), *self.stations]:
            self._rank(node, order, roots)
        journeys: dict[int | Station, list[int | Station]] = {}
        for node in sorted(order, key=order.__getitem__):
            journeys.setdefault(roots[node], []).append(node)
        return [self._written(nodes) for nodes in journeys.values()]

    def _rank(
        self,
        node: int | Station,
        order: dict[int | Station, tuple[float, int]],
        roots: dict[int | Station, int | Station],
    ) -> None:
        """Give a node its place in time, not before what it follows, and its packet's first node."""
        line = []
        above: int | Station | None = node
        while above is not None and above not in order:
            line.append(above)
            above = self.before(above) if isinstance(above, int) else above.after
        for below in reversed(line):
            own = below if isinstance(below, int) else below.place
            place, depth = order[above] if above is not None else (own, 0)
            order[below] = (max(own, place) if isinstance(below, int) else place, depth + 1)
            roots[below] = roots[above] if above is not None else below
            above = below

    def _written(self, nodes: list[int | Station]) -> list[Step]:
        numbers = {node: number for number, node in enumerate(nodes)}
        return [self._step(node, numbers) for node in nodes]

    def _step(self, node: int | Station, numbers: dict[int | Station, int]) -> Step:
        if isinstance(node, Station):
            after = None if node.after is None else numbers[node.after]
            return Step(after, node.namespace, hook=node.hook, events=tuple(node.events))
        frame, before = self.frames.all[node], self.before(node)
        after = None if before is None else numbers[before]
        return Step(after, frame.namespace, frame.interface, None, frame.direction, frame)
