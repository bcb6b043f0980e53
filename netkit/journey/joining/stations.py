"""Frames and hooks as one tree for each packet, and the tree as a list of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.frames import NONE, Frames
from netkit.journey.values import ROUTING, Step

if TYPE_CHECKING:
    from netkit.netfilter import Mark, TraceEvent

_new = tuple.__new__  # what Step(…) calls, after a function written in Python
_UNKNOWN = "", None
"""The fate of a frame of which nobody knows more."""


class Station(NamedTuple):
    """A hook, or the routing decision, that a packet passed.

    Attributes:
        namespace: where.
        hook: one of netfilter's, or ROUTING.
        events: what netfilter reported there.
        place: for a packet's first station: where, among the frames, the packet was first seen.
        mark: what the x-ray's own table saw there of a packet that nothing else shows.
    """

    namespace: str
    hook: str
    events: tuple[TraceEvent, ...] = ()
    place: float = 0
    mark: Mark | TraceEvent | None = None


class Tree:
    """What follows what: frames by their numbers, and stations, which are numbered behind them.

    Args:
        frames: the recorded frames, each with the one that it follows.
    """

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.after: list[int] = list(frames.follows)
        """What each frame and each station follows at once."""
        self._stations: list[Station] = []
        self.fates: dict[int, tuple[str, Mark | TraceEvent | None]] = {}
        """What became of frames that came in, and the marks of those that were taken; see `values.Step`."""

    def add(self, station: Station, after: int = NONE) -> int:
        """Add a station.

        Args:
            station: what was passed.
            after: the number of the frame or station that it follows.

        Returns:
            Its number.
        """
        self._stations.append(station)
        self.after.append(after)
        return len(self.after) - 1

    def is_routing(self, number: int) -> bool:
        """Whether a station is the routing decision, or one behind it; not a frame."""
        while number >= len(self.frames.all):
            if self._stations[number - len(self.frames.all)].hook == ROUTING:
                return True
            number = self.after[number]
        return False

    def steps(self) -> list[list[Step]]:
        """The journeys, in the order in which they were first seen; each in causal order."""
        places, depths, roots = self._ranked()
        ranks = list(zip(places, depths, strict=True))
        journeys: dict[int, list[Step]] = {}
        numbers = [0] * len(ranks)
        for node in sorted(range(len(ranks)), key=ranks.__getitem__):
            before = self.after[node]
            if before == NONE:
                journeys[node] = [self._step(node, None)]
                continue
            journey = journeys[roots[node]]
            numbers[node] = len(journey)
            journey.append(self._step(node, numbers[before]))
        return list(journeys.values())

    def _ranked(self) -> tuple[list[float], list[int], list[int]]:
        """Of each node: its place in time, not before what it follows; its depth; its packet's first node."""
        size, frames, after = len(self.after), len(self.frames.all), self.after
        places: list[float] = [*range(frames), *[station.place for station in self._stations]]
        depths, roots = [0] * size, [NONE] * size
        for node in range(size):
            line, above = [], node
            while roots[above] == NONE and after[above] != NONE:
                line.append(above)
                above = after[above]
            if roots[above] == NONE:
                roots[above] = above
            for below in reversed(line):
                places[below] = max(below, places[above]) if below < frames else places[above]
                depths[below], roots[below] = depths[above] + 1, roots[above]
                above = below
        return places, depths, roots

    def _step(self, node: int, after: int | None) -> Step:
        if node < len(self.frames.all):
            frame = self.frames.all[node]
            fate = self.fates.get(node, _UNKNOWN)
            return _new(Step, (after, frame.namespace, frame.interface, None, frame.direction, frame, (), *fate))
        station = self._stations[node - len(self.frames.all)]
        return _new(Step, (after, station.namespace, None, station.hook, None, None, station.events, "", station.mark))
