"""Knows which namespace stands above, below or beside which, and on which wall each interface is.

The host is on top; what is cabled to it stands below it, and so on down.  A group without the host has its
routers on top, side by side; a plain chain of namespaces stands in one row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.model.facts import host_first, natural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import End
    from netkit.model.facts import Facts

LONGEST_ROW_OF_ROUTERS = 5


@dataclass(frozen=True)
class Link:
    """A cable or a tunnel and the way it takes.

    Attributes:
        ends: upper end first for "down", left end first for "side" and "under".
        kind: "cable", "tunnel", or "stack": a macvlan, say, and the interface that it lies on.
        way: "down" from parent to child, "side" between neighbours of a row, "under" beneath a row, "loop" within
            one namespace, "free" behind everything else.
    """

    ends: tuple[End, End]
    kind: str
    way: str


@dataclass
class Tree:
    """The order of the namespaces.

    Attributes:
        rows: the rows on top, each a list of namespaces side by side; the host's row first.
        children: what stands below each namespace, from left to right.
        parent: the namespace above.
        links: all cables and tunnels.
        walls: the wall that each connected interface is on: "upper", "lower", "left" or "right".
    """

    rows: list[list[str]] = field(default_factory=list)
    children: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    parent: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    walls: dict[End, str] = field(default_factory=dict)
    _of: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))

    def add(self, link: Link) -> None:
        """Add a cable or a tunnel."""
        self.links.append(link)
        for name in {link.ends[0][0], link.ends[1][0]}:
            self._of[name].append(link)

    def of(self, name: str) -> list[Link]:
        """The cables and tunnels of a namespace."""
        return self._of[name]

    def between(self, upper: str, lower: str) -> list[tuple[End, End]]:
        """The cables from a namespace down to its child."""
        return [x.ends for x in self._of[lower] if x.way == "down" and (x.ends[0][0], x.ends[1][0]) == (upper, lower)]


def order(facts: Facts) -> Tree:
    """The tree of a network."""
    tree, near = Tree(), _neighbours(facts)
    seen: set[str] = set()
    loners = [name for name in facts.spaces if name != HOST and not near[name]]
    for name in facts.spaces:
        if name in seen or name in loners:
            continue
        group = _reach(name, near)
        row = _top_row(group, near, facts)
        _hang(tree, row, near, facts)
        tree.rows.append(row)
        seen |= group
    if HOST in facts.spaces:
        tree.children[HOST] += loners
        tree.parent.update(dict.fromkeys(loners, HOST))
    elif loners:
        tree.rows.append(loners)
    for name, below in tree.children.items():
        tree.children[name] = _sorted_below(name, below, facts)
    _connect(tree, facts)
    return tree


def _neighbours(facts: Facts) -> dict[str, list[str]]:
    """Which namespaces a cable (or, failing that, a tunnel) leads to."""
    near: dict[str, set[str]] = {name: set() for name in facts.spaces}
    for a, b in [*facts.peers.items(), *facts.tunnels, *facts.stacked]:
        if a[0] != b[0]:
            near[a[0]].add(b[0])
            near[b[0]].add(a[0])
    return {name: sorted(names, key=host_first) for name, names in near.items()}


def _reach(start: str, near: dict[str, list[str]]) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = [name for name in near[waiting.pop()] if name not in reached]
        reached.update(new)
        waiting += new
    return reached


def _top_row(group: set[str], near: dict[str, list[str]], facts: Facts) -> list[str]:
    """Who stands on top of a group that hangs together."""
    if HOST in group:
        return [HOST]
    bridged = {name for name in group if _has_bridge(name, facts)}
    path = _as_path(group, near)
    if path and not bridged:
        return path
    core = {name for name in group if len(near[name]) > 1} or bridged
    path = _as_path(core, near)
    if path and len(path) <= LONGEST_ROW_OF_ROUTERS:
        return path
    return [min(group, key=lambda name: (name not in bridged, -len(near[name]), natural(name)))]


def _as_path(names: set[str], near: dict[str, list[str]]) -> list[str]:
    """The namespaces in the order of the chain that they form; empty when they form none."""
    inner = {name: [other for other in near[name] if other in names] for name in names}
    tips = sorted((name for name in names if len(inner[name]) <= 1), key=natural)
    if not tips or any(len(others) > 2 for others in inner.values()):
        return []
    path = [tips[0]]
    while following := [other for other in inner[path[-1]] if other not in path]:
        path.append(following[0])
    return path if len(path) == len(names) else []


def _hang(tree: Tree, row: list[str], near: dict[str, list[str]], facts: Facts) -> None:
    """Hang everything that the row leads to below it, breadth first, rather below a bridge than below a cable."""
    seen, level = set(row), list(row)
    while level:
        below = []
        for name in sorted(level, key=lambda name: not _has_bridge(name, facts)):
            new = [other for other in near[name] if other not in seen]
            seen.update(new)
            tree.children[name] += new
            tree.parent.update(dict.fromkeys(new, name))
            below += new
        level = below


def _has_bridge(name: str, facts: Facts) -> bool:
    return any(link.kind == "bridge" for link in facts.spaces[name].interfaces.values())


def _sorted_below(name: str, below: Iterable[str], facts: Facts) -> list[str]:
    """Children by name; those on the same bridge together where there are several bridges."""
    group: dict[str, str] = {}
    for child in below:
        ports = [facts.peers[child, x.name] for x in facts.links(child) if (child, x.name) in facts.peers]
        bridges = sorted(facts.link(p).master or "" for p in ports if p[0] == name)
        group[child] = bridges[0] if bridges else ""
    if len(set(group.values()) - {""}) < 2:
        return sorted(group, key=natural)
    first = {bridge: min(natural(c) for c in group if group[c] == bridge) for bridge in set(group.values())}
    return sorted(group, key=lambda child: (first[group[child]], group[child], natural(child)))


def _connect(tree: Tree, facts: Facts) -> None:
    """Choose the way of every cable and tunnel, and with it the walls of its ends."""
    rows = [*tree.rows, *tree.children.values()]
    place = {name: (number, x) for number, row in enumerate(rows) for x, name in enumerate(row)}
    cables = [(a, b) for a, b in facts.peers.items() if (place[a[0]], a) < (place[b[0]], b)]
    for kind, pairs in (("cable", cables), ("tunnel", facts.tunnels), ("stack", facts.stacked)):
        for pair in sorted(pairs, key=lambda ends: [(host_first(ns), natural(name)) for ns, name in ends]):
            a, b = sorted(pair, key=lambda end: (_depth(tree, end[0]), place[end[0]], natural(end[1])))
            way = _way(tree, a[0], b[0], place)
            deeper = _depth(tree, b[0]) > _depth(tree, a[0])
            walls = _walls(way, deeper=deeper)
            if {a, b} & tree.walls.keys() and (way != "side" or not _agree(tree, (a, b), walls)):
                way = "free"  # a VXLAN device has one place though many tunnels start at it
                walls = _walls(way, deeper=deeper)
            tree.walls.setdefault(a, walls[0])
            tree.walls.setdefault(b, walls[1])
            tree.add(Link((a, b), kind, way))


def _agree(tree: Tree, ends: tuple[End, End], walls: tuple[str, str]) -> bool:
    return all(tree.walls.get(end, wall) == wall for end, wall in zip(ends, walls, strict=True))


def _way(tree: Tree, above: str, below: str, place: dict[str, tuple[int, int]]) -> str:
    if above == below:
        return "loop"
    if tree.parent.get(below) == above:
        return "down"
    (row, x), (other_row, other_x) = place[above], place[below]
    if row != other_row:
        return "free"
    return "side" if other_x - x == 1 else "under"


def _walls(way: str, *, deeper: bool) -> tuple[str, str]:
    if way == "side":
        return "right", "left"
    return "lower", "upper" if way == "down" or deeper else "lower"


def _depth(tree: Tree, name: str) -> int:
    depth = 0
    while name in tree.parent:
        name, depth = tree.parent[name], depth + 1
    return depth
