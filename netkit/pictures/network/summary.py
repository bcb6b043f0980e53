"""How a network is drawn that is too large for a picture (2400 pixels): a summary in rows of tiles, 150 at most.

Each namespace is a tile; one with several bridges is a frame that holds a tile for each.  Tiles stand in the order in
which cables lead from one to the next, to and fro, so that most neighbours stand side by side.  A cable is a line where
its two ends do; every other one is named in words: so a full mesh stays legible.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.model.facts import listed, own_addresses
from netkit.pictures.network.badges import badges
from netkit.pictures.network.measure import ASCENT, text_width
from netkit.pictures.network.neighbours import Neighbours
from netkit.pictures.network.parts import COMPACT, Words, slot
from netkit.pictures.network.room import chip
from netkit.pictures.network.scene import Bar, Box, Line, Room, Scene, Text
from netkit.pictures.network.sheet import wrapped
from netkit.visible import in_line

if TYPE_CHECKING:
    from netkit.model import End
    from netkit.model.facts import Facts
    from netkit.pictures.network.neighbours import Pair

LARGEST = 2400.0
"""The pixels, in either direction, from which on a picture of everything gives way to a summary."""
WIDEST, LONGEST_WORDS = 1500.0, 150.0
MOST = 150
"""How many tiles are drawn in one place; further namespaces or bridges are counted."""
MOST_PARALLEL = 3
"""How many cables between two neighbours are drawn; more are told in words."""
MARGIN, PAD, PITCH, APART, LENGTH = 20.0, 10.0, 12.0, 14.0, 20.0
"""Pixels: around everything, within tiles, from line to line, between tiles without cables, of a cable at least."""
SIZE = COMPACT.label
_NOTE = "Too large to be drawn whole: cables between neighbours are lines, all others are named."

Cell = tuple[int, int]


@dataclass(eq=False)
class _Tile:
    """A part of the network, its row and column, its words and its place."""

    part: End
    cell: Cell
    words: list[Words] = field(default_factory=list)
    box: Box = field(default_factory=lambda: Box(0, 0, 0, 0))


def summary(facts: Facts, title: str = "") -> Scene:
    """The summary of a network.

    Args:
        facts: of the snapshot.
        title: a line above it.
    """
    world, scene, top = _Summary(facts), Scene(), MARGIN
    if title:
        top = _lines_of_text(scene, Words(in_line(title), "title", bold=True), 15.0, top)
    for note in world.notes():
        top = _lines_of_text(scene, Words(in_line(note), "quiet"), SIZE, top)
    world.draw(scene, top + PAD)
    return scene


def _lines_of_text(scene: Scene, words: Words, size: float, top: float) -> float:
    for line in wrapped(words.text, size, WIDEST, bold=words.bold):
        scene.texts.append(Text(MARGIN, top + ASCENT * size, line, size, role=words.role, bold=words.bold))
        top += size * 1.35
    return top


class _Summary:
    """Puts tiles into rows, and what is between them into lines or words."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._world = facts, Neighbours(facts)

    def notes(self) -> list[str]:
        """What is said above the tiles."""
        bridges = sum(link.kind == "bridge" for name in self._facts.spaces for link in self._facts.links(name))
        cables = sum(map(len, self._world.cables.values()))
        counted = [f"{len(self._facts.spaces)} namespaces", *([f"{bridges} bridges"] if bridges else [])]
        mesh = self._world.mesh
        whole = (
            [f"Each of {mesh[0]} … {mesh[-1]} ({len(mesh)}) has a cable to each other: a full mesh."] if mesh else []
        )
        return [f"{listed([*counted, f'{cables} cables and tunnels'])}. {_NOTE}", *whole]

    def draw(self, scene: Scene, top: float) -> None:
        """Put frames and tiles into the scene, from `top` on."""
        parts = self._world.spaces()
        for name in (name for name, _ in parts if self._world.bridges[name]):
            top = self._frame(scene, name, top) + 2 * APART
        plain = [part for part in parts if not self._world.bridges[part[0]]]
        bottom = self._tiles(scene, plain[:MOST], MARGIN, top)
        if more := [in_line(name) for name, _ in plain[MOST:]]:
            _lines_of_text(scene, Words(f"and {len(more)} more namespaces: {_few(more)}", "quiet"), SIZE, bottom)

    def _frame(self, scene: Scene, name: str, top: float) -> float:
        """A namespace with its bridges; returns where it ends."""
        place, bottom = len(scene.rooms), top + PAD
        head, bridges = Words(in_line(self._facts.called(name)), "title", bold=True), self._world.inside(name)
        scene.rooms.append(Room(name, Box(0, 0, 0, 0), "host" if name == HOST else "namespace"))
        more = [in_line(bridge) for _, bridge in bridges[MOST:]]
        others = [Words(f"and {len(more)} more bridges: {_few(more)}", "quiet")] if more else []
        who = [Words(in_line(text), "quiet") for text in self._facts.lived_in(name)]
        for words in [head, *who, *self._rules(name), *self._others((name, ""), set()), *others]:
            size = COMPACT.title if words is head else SIZE
            base = bottom + ASCENT * size
            scene.texts.append(
                Text(MARGIN + PAD, base, _cut(words, size, WIDEST), size, role=words.role, bold=words.bold)
            )
            bottom += PITCH
        bars = len(scene.bars)
        bottom = self._tiles(scene, bridges[:MOST], MARGIN + PAD, bottom + PAD)
        right = max(bar.box.right for bar in scene.bars[bars:])
        box = Box(MARGIN, top, right + PAD - MARGIN, bottom - top)
        scene.rooms[place] = Room(name, box, scene.rooms[place].kind)
        return bottom

    def _tiles(self, scene: Scene, parts: list[End], left: float, top: float) -> float:
        """Tiles in rows, with the lines between neighbours; returns where they end."""
        if not parts:
            return top
        among = {part for part in parts if self._world.near[part].intersection(parts)}
        chips = max((self._widest_chip(part) for part in among), default=0.0)
        across = LONGEST_WORDS + 2 * PAD + (chips if not parts[0][1] else 0.0)
        gap = (chips * (2 if parts[0][1] else 1) + LENGTH) if among else APART
        columns = max(1, int((WIDEST - left + gap) // (across + gap)))
        rows = ceil(len(parts) / columns)
        columns = ceil(len(parts) / rows)
        cells: dict[Cell, _Tile] = {}
        for number, part in enumerate(parts):
            row, column = divmod(number, columns)
            to_and_fro = columns - 1 - column if row % 2 and among else column
            cells[row, to_and_fro] = _Tile(part, (row, to_and_fro))
        drawn = self._drawn(cells)
        for row in range(rows):
            beside = [tile for tile in cells.values() if tile.cell[0] == row]
            for tile in beside:
                tile.words = self._words(tile.part, drawn)
            height = self._height(beside, drawn)
            for tile in beside:
                tile.box = Box(left + tile.cell[1] * (across + gap), top, across, height)
                self._write(scene, tile)
            top += height + (2 * COMPACT.chip + LENGTH if among else APART)
        for (a, b), pairs in drawn.items():
            self._lines(scene, cells[a], cells[b], pairs)
        return max(tile.box.bottom for tile in cells.values()) + APART

    def _widest_chip(self, part: End) -> float:
        names = [one[1] for other in self._world.near[part] for one, _ in self._world.between(part, other)]
        return max(text_width(in_line(name), COMPACT.name, bold=True) + 12 for name in names)

    def _drawn(self, cells: dict[Cell, _Tile]) -> dict[tuple[Cell, Cell], list[Pair]]:
        """By pairs of neighbouring cells, the cables that are drawn between them."""
        found = {}
        for (row, column), tile in sorted(cells.items()):
            for cell, most in (((row, column + 1), MOST_PARALLEL), ((row + 1, column), 1)):
                pairs = self._world.between(tile.part, cells[cell].part) if cell in cells else []
                if 0 < len(pairs) <= most:
                    found[(row, column), cell] = pairs
        return found

    @staticmethod
    def _height(beside: list[_Tile], drawn: dict[tuple[Cell, Cell], list[Pair]]) -> float:
        """Of a row: as high as its words and its chips need."""
        row = beside[0].cell[0]
        cables = max((len(pairs) for (a, b), pairs in drawn.items() if a[0] == b[0] == row), default=0)
        words = max(len(tile.words) for tile in beside) + 1.2
        return max(words * PITCH + COMPACT.chip, cables * (COMPACT.chip + 4)) + 2 * PAD

    def _words(self, part: End, drawn: dict[tuple[Cell, Cell], list[Pair]]) -> list[Words]:
        """What a tile says below its name."""
        name, bridge = part
        links = [self._facts.link(part)] if bridge else self._facts.links(name)
        own = [address for link in links for address in own_addresses(link)]
        words = [] if bridge else [Words(in_line(text), "quiet") for text in self._facts.lived_in(name)]
        words += [Words(in_line(own[0]) + (f" + {len(own) - 1}" if own[1:] else ""), "address")] if own else []
        for link in links if not bridge else []:
            if link.kind == "bridge":
                ports = len(self._facts.ports(name, link.name))
                words.append(Words(f"{in_line(link.name)}: {ports} port{'s' * (ports != 1)}", "bridge"))
        words += [] if bridge else self._rules(name)
        lines = ({self._world.part_of(end) for end in pair} for pairs in drawn.values() for pair in pairs)
        seen = {other for ends in lines if part in ends for other in ends}
        return words + ([] if self._world.mesh else self._others(part, seen)) + self._troubles(part)

    def _rules(self, name: str) -> list[Words]:
        told = [text for text, _ in badges(self._facts.spaces[name].rules)]
        return [Words(in_line(", ".join(told)), "quiet")] if told else []

    def _others(self, part: End, drawn: set[End]) -> list[Words]:
        """The parts to which cables lead that are not drawn."""
        far = self._world.far(part, drawn)
        names = [in_line(bridge or name if name == part[0] else f"{name}:{bridge}".rstrip(":")) for name, bridge in far]
        return [Words(f"to {_few(names)}", "quiet")] if names else []

    def _troubles(self, part: End) -> list[Words]:
        """In words, where nothing can pass."""
        ends = [(part[0], link.name) for link in self._facts.links(part[0]) if link.kind != "loopback"]
        mine = [end for end in ends if self._world.part_of(end) == part]
        down = [end for end in mine if not self._facts.link(end).up]
        dead = [end for end in mine if end not in down and not self._facts.carries(end)]
        told = [(what, [in_line(name) for _, name in ends]) for what, ends in (("down", down), ("no carrier", dead))]
        return [Words(f"{_few(names)} {what}", "warning", bold=True) for what, names in told if names]

    def _write(self, scene: Scene, tile: _Tile) -> None:
        name, bridge = tile.part
        if bridge:
            scene.bars.append(Bar(tile.part, tile.box, self._facts.link(tile.part).up))
        else:
            scene.rooms.append(Room(name, tile.box, "host" if name == HOST else "namespace"))
        y = tile.box.y + PAD + COMPACT.chip / 2
        title = Words(in_line(bridge or self._facts.called(name)), "bridge" if bridge else "title", bold=True)
        for words in [title, *tile.words]:
            size = COMPACT.title if words is title else SIZE
            text = _cut(words, size, LONGEST_WORDS)
            scene.texts.append(Text(tile.box.cx, y + ASCENT * size, text, size, "middle", words.role, words.bold))
            y += PITCH * (1.2 if words is title else 1.0)

    def _lines(self, scene: Scene, a: _Tile, b: _Tile, pairs: list[Pair]) -> None:
        """The cables between two neighbours, each from chip to chip: on a room's wall, beside a bridge."""
        for number, (one, other) in enumerate(pairs):
            slots = [replace(slot(self._facts, end, COMPACT), lines=[], stem=False) for end in (one, other)]
            if a.cell[0] == b.cell[0]:
                y = a.box.y + PAD + (number + 0.5) * (COMPACT.chip + 4)
                out = [s.width / 2 if a.part[1] else 0.0 for s in slots]
                first, last = chip(scene, slots[0], a.box.right + out[0], y), chip(scene, slots[1], b.box.x - out[1], y)
                points = ((first.right, y), (last.x, y))
            else:
                x, out_ = a.box.cx, COMPACT.chip / 2 if a.part[1] else 0.0
                first, last = chip(scene, slots[0], x, a.box.bottom + out_), chip(scene, slots[1], x, b.box.y - out_)
                points = ((x, first.bottom), (x, last.y))
            alive = self._facts.carries(one) and self._facts.carries(other)
            stacked = (one, other) in self._facts.stacked or (other, one) in self._facts.stacked
            kind = "cable" if self._facts.peers.get(one) == other else "stack" if stacked else "tunnel"
            scene.lines.append(Line((one, other), points, kind, alive))


def _few(names: list[str]) -> str:
    """Names as far as there is room: "a, b", "a … z (9)"."""
    return ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]} ({len(names)})"


def _cut(words: Words, size: float, longest: float) -> str:
    """A text that is no wider than there is room for."""
    text = words.text
    while text and text_width(f"{text}…", size, bold=words.bold) > longest:
        text = text[:-1]
    return words.text if words.width(size) <= longest else f"{text}…"
