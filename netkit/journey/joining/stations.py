"""Frames and hooks as one tree for each packet, and the tree as a list of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.frames import NONE, Frames
from netkit.journey.values import ROUTING, Step

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent


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
    mark: TraceEvent | None = None


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
        self.fates: dict[int, tuple[str, TraceEvent | None]] = {}
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
        packets: dict[int, list[tuple[float, int, int]]] = {}
        for node, root in enumerate(roots):
            packets.setdefault(root, []).append((places[node], depths[node], node))
        firsts = sorted(packets, key=lambda root: (places[root], root))
        return [self._steps([node for _, _, node in sorted(packets[root])]) for root in firsts]

    def _ranked(self) -> tuple[list[float], list[int], list[int]]:
        """Of each node: its place in time, not before what it follows; its depth; its packet's first node."""
        size, frames = len(self.after), len(self.frames.all)
        places: list[float] = [*range(frames), *(station.place for station in self._stations)]
        depths, roots = [0] * size, [NONE] * size
        for node in range(size):
            line, above = [], node
            while above != NONE and roots[above] == NONE:
                line.append(above)
                above = self.after[above]
            for below in reversed(line):
                if above == NONE:
                    roots[below] = below
                else:
                    places[below] = max(below, places[above]) if below < frames else places[above]
                    depths[below], roots[below] = depths[above] + 1, roots[above]
                above = below
        return places, depths, roots

    def _steps(self, nodes: list[int]) -> list[Step]:
        """Those of one packet, in order."""
        numbers = {node: number for number, node in enumerate(nodes)}
        return [self._step(node, numbers.get(self.after[node])) for node in nodes]

    def _step(self, node: int, after: int | None) -> Step:
        if node < len(self.frames.all):
            frame = self.frames.all[node]
            fate = self.fates.get(node, ("", None))
            return Step(after, frame.namespace, frame.interface, None, frame.direction, frame, (), *fate)
        station = self._stations[node - len(self.frames.all)]
        return Step(after, station.namespace, None, station.hook, None, None, station.events, "", station.mark)
