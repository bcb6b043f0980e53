"""How the blocks of a network are built: which columns and rows stand below each room; tiles for more than 60 rooms."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.model.facts import natural
from netkit.pictures.network.blocks import LANE, Block, Column, align_sides
from netkit.pictures.network.grid import grid
from netkit.pictures.network.header import header
from netkit.pictures.network.parts import COMPACT, NORMAL, Sizes, Slot, bar_plans, in_order, peer_words, slot
from netkit.pictures.network.room import BETWEEN, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netkit.model import End
    from netkit.model.facts import Facts
    from netkit.pictures.network.scene import Stations
    from netkit.pictures.network.tree import Tree

APART, APART_COMPACT = 18.0, 12.0
"""Pixels between two rooms of a row with nothing between them."""
APART_WITH = {"cable": 44.0, "tunnel": 62.0, "stack": 44.0}
"""Pixels between two chips that face one another, and so the length of the cable or tunnel."""
WIDEST, WIDEST_OF_MANY, MANY = 940.0, 1240.0, 20
MOST = 60
"""How many simple rooms are drawn one by one; more are drawn as tiles."""
"""How wide a row of rooms may be, where there are at most or more than MANY."""


class Builder:
    """Builds blocks.

    Args:
        tree: who stands below whom.
        mac: whether to tell MACs.
        really: what the ends are that are drawn in another room, see `inside`.
        stations: of packets, see `lay_out`.
    """

    def __init__(
        self, facts: Facts, tree: Tree, *, mac: bool, really: Mapping[End, End], stations: Stations | None = None
    ) -> None:
        self.facts, self.tree, self.mac, self.stations, self.really = facts, tree, mac, stations, really
        self._leaves: dict[tuple[str, Sizes], Block] = {}
        self._hidden: set[End] = set()
        self._bundled: dict[End, str | None] = {}

    def build(self, name: str, sizes: Sizes = NORMAL) -> Block:
        """The block of a namespace.

        Args:
            name: of the namespace.
            sizes: of its letters; COMPACT labels tell the names of the ports above as well.
        """
        columns = self._columns(name)
        walls = self._walls(name, sizes)
        align_sides([column.blocks[0] for column in columns])
        ports = [port for column in columns for port, _ in column.ports]
        ends = {port.end for port in ports}
        free = self._pairs_together([s for s in walls["lower"] if s.end not in ends])
        bars = bar_plans(self.facts, name, mac=self.mac, really=self.really)
        centred = name != HOST and not (bars or ports)
        plan = Plan(header(self.facts, name, sizes, centred=centred, stations=self.stations), bars, sizes=sizes)
        plan.upper, plan.left, plan.right, plan.lower = walls["upper"], walls["left"], walls["right"], [*ports, *free]
        slots = [*plan.upper, *plan.left, *plan.right, *plan.lower]
        for bar in bars:
            bar.ports = [s for s in slots if self._master(s) == bar.end[1]]
        block = Block(plan, columns, free, under_below=self._under(self.tree.children[name]))
        block.settle()
        return block

    def _pairs_together(self, slots: list[Slot]) -> list[Slot]:
        """The two ends of a cable within one room beside one another, so that such cables do not cross."""
        of = {one.end: one for one in slots}
        order: dict[End, None] = {}
        for end in of:
            order.setdefault(end)
            if (peer := self.facts.peers.get(end)) in of:
                order.setdefault(peer)
        return [of[end] for end in order]

    def row(self, names: list[str]) -> list[tuple[float, Block]]:
        """The blocks of a row on top, each with the space to its left."""
        blocks = [self.build(name) for name in names]
        align_sides(blocks)
        for block in blocks:
            block.under = self._under(names)
        return list(zip(self.gaps(names), blocks, strict=True))

    def gaps(self, names: list[str]) -> list[float]:
        """The space to the left of each room of a row: room for the cables between neighbours and their chips."""
        return [0.0, *(self._gap(*pair) for pair in pairwise(names))][: len(names)]

    def _gap(self, left: str, right: str) -> float:
        between = [x for x in self.tree.of(left) if x.way == "side" and right in (x.ends[0][0], x.ends[1][0])]
        chips = [sum(slot(self.facts, end).width / 2 for end in x.ends) + APART_WITH[x.kind] for x in between]
        return max(chips, default=APART)

    def _under(self, row: list[str]) -> int:
        return sum(x.way == "under" and x.ends[0][0] == name for name in row for x in self.tree.of(name))

    def _walls(self, name: str, sizes: Sizes) -> dict[str, list[Slot]]:
        walls: dict[str, list[Slot]] = {"upper": [], "lower": [], "left": [], "right": []}
        for link in self.facts.links(name):
            if link.kind not in {"bridge", "loopback"} and (name, link.name) not in self._hidden:
                end = (name, link.name)
                card = link.kind == "ethernet" and name not in self.tree.parent
                wall = self.tree.walls.get(end, "upper" if card else "lower")
                walls[wall].append(self._slot(end, sizes, wall))
        walls = {wall: in_order(slots) for wall, slots in walls.items()}
        facing = {x.ends[1]: natural(x.ends[0][1]) for x in self.tree.of(name) if x.way == "side"}
        walls["left"].sort(key=lambda one: facing[one.end])  # as they stand opposite, so that no cables cross
        return walls

    def _slot(self, end: End, sizes: Sizes, wall: str) -> Slot:
        one = slot(self.facts, end, sizes, mac=self.mac)
        above = {below: above for above, below in self.tree.between(self.tree.parent.get(end[0], ""), end[0])}
        if wall == "upper" and end in above:
            if sizes is COMPACT:
                one = Slot(end, one.kind, one.up, [*one.lines, *peer_words(self.facts, above[end])], sizes, one.stem)
            else:  # the port above gets the same place, so that the cable is straight
                peer = slot(self.facts, above[end], mac=self.mac)
                one.left, one.right = max(one.left, peer.left), max(one.right, peer.right)
        return one

    def _master(self, one: Slot) -> str | None:
        return self._bundled[one.end] if one.end in self._bundled else self.facts.link(one.end).master

    def _columns(self, name: str) -> list[Column]:
        names = self.tree.children[name]
        simple = [child for child in names if self._is_simple(child)]
        if len(simple) > MOST:
            return self._grids(name, names, simple)
        widest = WIDEST if len(simple) <= MANY else WIDEST_OF_MANY
        rows, columns = 1, self._one_row(name, names)
        while simple and sum(c.gap + c.width for c in columns) > widest and rows < len(simple):
            rows += 1
            columns = self._rows(name, names, simple, rows)
        return columns

    def _is_simple(self, name: str) -> bool:
        """Whether a room has nothing below or beside it."""
        return not self.tree.children.get(name) and all(link.way == "down" for link in self.tree.of(name))

    def _one_row(self, name: str, names: list[str]) -> list[Column]:
        blocks = [self._leaf(child, NORMAL) if self._is_simple(child) else self.build(child) for child in names]
        columns = [Column([block], gap) for block, gap in zip(blocks, self.gaps(names), strict=True)]
        for column in columns:
            column.blocks[0].under = self._under(names)
            self._ports(name, column, tiny=False)
        return columns

    def _grids(self, name: str, names: list[str], simple: list[str]) -> list[Column]:
        """One column for each room that is not simple, and one grid for the simple rooms of each bridge."""
        rest = [child for child in names if child not in set(simple)]
        columns = self._one_row(name, rest)
        for bridge, group in self._by_bridge(name, simple).items():
            self._hidden.update(port for child in group for port, _ in self.tree.between(name, child))
            tiles = grid(self.facts, self.tree, name, group)
            column = Column([tiles], APART if columns else 0.0)
            if tiles.port:
                self._bundled[tiles.port.end] = bridge or None
                tiles.port.stem = bool(bridge)
                column.ports.append((tiles.port, tiles.width / 2))
            columns.append(column)
        return columns

    def _by_bridge(self, name: str, simple: list[str]) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for child in simple:
            masters = [self.facts.link(above).master or "" for above, _ in self.tree.between(name, child)]
            groups.setdefault(masters[0] if masters else "", []).append(child)
        return groups

    def _rows(self, name: str, names: list[str], simple: list[str], rows: int) -> list[Column]:
        """Columns of up to `rows` simple rooms, those of one bridge together, and one for each other room."""
        sizes = NORMAL if rows < 3 else COMPACT
        rest = [child for child in names if child not in simple]
        columns = [Column([self.build(child)], gap) for child, gap in zip(rest, self.gaps(rest), strict=True)]
        for group in self._by_bridge(name, simple).values():
            blocks = [self._leaf(child, sizes) for child in group]
            number = ceil(len(blocks) / rows)
            columns += [Column(blocks[i::number], APART if rows < 3 else APART_COMPACT) for i in range(number)]
        widest = max(b.plan.width for c in columns for b in c.blocks if b.plan.name in simple)
        for column in columns:
            for block in column.blocks:
                block.settle(widest if block.plan.name in simple else 0.0)
            self._ports(name, column, tiny=rows > 2)
        columns[0].gap = 0.0
        return columns

    def _leaf(self, name: str, sizes: Sizes) -> Block:
        """The block of a simple room, which is the same however many rows there are."""
        if (name, sizes) not in self._leaves:
            self._leaves[name, sizes] = self.build(name, sizes)
        return self._leaves[name, sizes]

    def _ports(self, name: str, column: Column, *, tiny: bool) -> None:
        """Put the other ends of a column's cables on the wall above it.

        Those of the first room stand straight above it, to their left those whose cables run down a lane.
        """
        first, *others = column.blocks
        straight = self._ends_above(name, first, tiny=tiny)
        lower = [pair for block in reversed(others) for pair in self._ends_above(name, block, tiny=tiny)]
        at = {s.end: s.x for s in first.plan.upper}
        leftmost = min((at[end] - port.left for port, end in straight), default=first.plan.width)
        spread = sum(port.left + port.right + (2 if tiny else BETWEEN) for port, _ in lower)
        column.lane = max(LANE * len(lower) + 2, spread - leftmost) if lower else 0.0
        x = column.lane + leftmost - spread
        column.ports, column.lanes = [], {}
        for number, (port, end) in enumerate(lower):
            free = column.lane - 5 - (len(lower) - 1 - number) * LANE
            place = free if tiny else x + port.left
            x += port.left + port.right + BETWEEN
            column.ports.append((port, place))
            column.lanes[end] = min(place, free)
        column.ports += [(port, column.lane + at[end]) for port, end in straight]

    def _ends_above(self, name: str, block: Block, *, tiny: bool) -> list[tuple[Slot, End]]:
        pairs = self.tree.between(name, block.plan.name)
        slots = [(slot(self.facts, above, mac=self.mac, tiny=tiny), below) for above, below in pairs]
        order = {s.end: number for number, s in enumerate(block.plan.upper)}
        return sorted(slots, key=lambda pair: order[pair[1]])
