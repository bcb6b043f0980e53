"""Knows which parts of a large network are joined by cables, and in which order they stand in its summary.

A part is a namespace, (name, ""), or one bridge of a namespace that has several, (name, bridge).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.model.facts import natural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import End
    from netkit.model.facts import Facts

Pair = tuple["End", "End"]


class Neighbours:
    """The parts of a network.

    Args:
        facts: of the snapshot.

    Attributes:
        bridges: of each namespace that has several; none for any other.
        cables: the cables and tunnels between two parts.
        near: the parts to which cables lead from each part.
        mesh: the namespaces, if there are some, of which each is cabled to each other.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.bridges = {name: self._several(name) for name in facts.spaces}
        self.cables: dict[Pair, list[Pair]] = defaultdict(list)
        self.near: dict[End, set[End]] = defaultdict(set)
        for a, b in sorted({tuple(sorted(pair)) for pair in [*facts.peers.items(), *facts.tunnels, *facts.stacked]}):
            one, other = self.part_of(a), self.part_of(b)
            if one != other:
                self.cables[one, other].append((a, b))
                self.near[one].add(other)
                self.near[other].add(one)
        self.mesh = self._full_mesh()

    def _several(self, name: str) -> list[str]:
        found = [link.name for link in self.facts.links(name) if link.kind == "bridge"]
        return found if len(found) > 1 else []

    def part_of(self, end: End) -> End:
        """The part that an interface belongs to."""
        name, interface = end
        bridge = interface if interface in self.bridges[name] else self.facts.link(end).master or ""
        return name, bridge if bridge in self.bridges[name] else ""

    def between(self, a: End, b: End) -> list[Pair]:
        """The cables from one part to another, each with the first one's end first."""
        return [*self.cables.get((a, b), ()), *((two, one) for one, two in self.cables.get((b, a), ()))]

    def far(self, part: End, drawn: set[End]) -> list[End]:
        """The parts to which cables lead from a part, without those to which they are drawn, by name."""
        return sorted(self.near[part] - drawn, key=_by_name)

    def spaces(self) -> list[End]:
        """The namespaces in their order."""
        near: dict[End, set[End]] = defaultdict(set)
        for (one, _), (other, _) in self.cables:
            if one != other:
                near[one, ""].add((other, ""))
                near[other, ""].add((one, ""))
        return _walk([(name, "") for name in self.facts.spaces], near)

    def inside(self, name: str) -> list[End]:
        """The bridges of a namespace in their order."""
        return _walk([(name, bridge) for bridge in self.bridges[name]], self.near)

    def _full_mesh(self) -> list[str]:
        names = sorted((name for name in self.facts.spaces if self.near[name, ""]), key=natural)
        whole = all(len(self.near[name, ""]) == len(names) - 1 for name in names)
        return names if len(names) > 3 and whole and not any(self.bridges.values()) else []


def _by_name(part: End) -> tuple[object, object]:
    return natural(part[0]), natural(part[1])


def _walk(parts: Iterable[End], near: dict[End, set[End]]) -> list[End]:
    """In the order in which cables lead from one to the next, beginning at an end of a row; loners come last."""
    known = set(parts)
    starts = sorted(known, key=lambda p: (not near[p], p != (HOST, ""), len(near[p] & known), _by_name(p)))
    found: dict[End, None] = {}
    for start in starts:
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found[here] = None
                waiting += sorted((near[here] & known) - found.keys(), key=_by_name, reverse=True)
    return list(found)
