"""Frames and hooks as one tree for each packet, and the tree as a list of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.frames import NONE, Frames
from netkit.journey.values import Step

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent


class Station(NamedTuple):
    """A hook, or the routing decision, that a packet passed.

    Attributes:
        namespace: where.
        hook: one of netfilter.HOOKS, or ROUTING.
        events: what netfilter reported there.
        place: for a packet's first station: where, among the frames, the packet was first seen.
    """

    namespace: str
    hook: str
    events: tuple[TraceEvent, ...] = ()
    place: float = 0


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

    def steps(self) -> list[list[Step]]:
        """The journeys, in the order in which they were first seen; each in causal order."""
        places, depths, roots = self._ranked()
        journeys: dict[int, list[Step]] = {root: [] for root in sorted(set(roots), key=lambda n: (places[n], n))}
        numbers = [0] * len(roots)
        for _, _, node in sorted(zip(places, depths, range(len(roots)), strict=True)):
            steps, after = journeys[roots[node]], self.after[node]
            numbers[node] = len(steps)
            steps.append(self._step(node, None if after == NONE else numbers[after]))
        return list(journeys.values())

    def _ranked(self) -> tuple[list[float], list[int], list[int]]:
        """Of each node: its place in time, not before what it follows; its depth; its packet's first node."""
        size = len(self.after)
        places: list[float] = [0.0] * size
        depths, roots = [0] * size, [NONE] * size
        for node in range(size):
            line = [node]
            while (after := self.after[line[-1]]) != NONE and roots[after] == NONE and roots[node] == NONE:
                line.append(after)
            for below in reversed(line):
                self._rank(below, places, depths, roots)
        return places, depths, roots

    def _rank(self, node: int, places: list[float], depths: list[int], roots: list[int]) -> None:
        after, frames = self.after[node], len(self.frames.all)
        if after == NONE:
            places[node] = node if node < frames else self._stations[node - frames].place
            roots[node] = node
            return
        places[node] = max(node, places[after]) if node < frames else places[after]
        depths[node] = depths[after] + 1
        roots[node] = roots[after]

    def _step(self, node: int, after: int | None) -> Step:
        if node < len(self.frames.all):
            frame = self.frames.all[node]
            return Step(after, frame.namespace, frame.interface, None, frame.direction, frame)
        station = self._stations[node - len(self.frames.all)]
        return Step(after, station.namespace, None, station.hook, None, None, station.events)
