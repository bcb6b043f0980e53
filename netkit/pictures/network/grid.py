"""Knows how very many simple rooms are drawn: as tiles in one frame, with one thick cable for all of theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import TYPE_CHECKING

from netkit.model.facts import own_addresses
from netkit.pictures.network.measure import ASCENT
from netkit.pictures.network.parts import NORMAL, Slot, Words
from netkit.pictures.network.room import chip
from netkit.pictures.network.scene import Box, Room, Text
from netkit.visible import in_line

if TYPE_CHECKING:
    from netkit.model import End
    from netkit.model.facts import Facts
    from netkit.pictures.network.scene import Lanes, Scene
    from netkit.pictures.network.tree import Tree

NAME, LINE = 9.0, 7.5
"""Font sizes of a tile's name and of its other lines."""
GAP, PAD, TOP = 4.0, 12.0, 48.0
SHAPE = 2.2
"""How much wider than high the frame should be."""


@dataclass(eq=False)
class Grid:
    """A frame with a tile for each namespace; it stands where a block stands.

    Attributes:
        name: what it is called.
        tiles: namespaces with their lines.
        upper: the slot that stands for the lower ends of all their cables; none if there are no cables.
        port: the slot that stands for the upper ends.
    """

    name: str
    tiles: list[tuple[str, list[Words]]]
    upper: list[Slot] = field(default_factory=list)
    port: Slot | None = None
    columns: tuple[()] = ()
    under: int = 0

    def __post_init__(self) -> None:
        lines = max(len(words) for _, words in self.tiles)
        widths = (w.width(NAME if w.role == "title" else LINE) for _, words in self.tiles for w in words)
        self._tile = (max(widths) + 8, NAME * 1.3 + (lines - 1) * LINE * 1.3 + 6)
        across, down = self._tile[0] + GAP, self._tile[1] + GAP
        self._across = max(1, ceil(sqrt(len(self.tiles) * SHAPE * down / across)))
        title = Words(self.name, "title", bold=True).width(NORMAL.title)
        self.width = max(self._across * across - GAP, title) + 2 * PAD
        self.height = TOP + ceil(len(self.tiles) / self._across) * down + PAD - GAP
        for one in self.upper:
            one.x = self.width / 2

    @property
    def plan(self) -> Grid:
        """Itself: it is its own room."""
        return self

    def settle(self, _width: float = 0.0) -> None:
        """Nothing to do: a grid has its width."""

    def write(self, scene: Scene, x: float, y: float, lanes: Lanes) -> None:
        """Put the frame and its tiles into the scene: upper left corner at (x, y)."""
        scene.rooms.append(Room(self.name, Box(x, y, self.width, self.height), "group"))
        scene.texts.append(Text(x + PAD, y + 26, self.name, NORMAL.title, role="title", bold=True))
        for one in self.upper:
            chip(scene, one, x + one.x, y)
            if self.port:
                lanes.bundles.append((self.port.end, one.end))
        width, height = self._tile
        for number, (name, words) in enumerate(self.tiles):
            left = x + PAD + (number % self._across) * (width + GAP)
            top = y + TOP + (number // self._across) * (height + GAP)
            scene.rooms.append(Room(name, Box(left, top, width, height), "namespace"))
            _write(scene, words, left + width / 2, top + 3)


def _write(scene: Scene, lines: list[Words], x: float, y: float) -> None:
    for words in lines:
        size = NAME if words.role == "title" else LINE
        scene.texts.append(Text(x, y + ASCENT * size, words.text, size, "middle", words.role, words.bold))
        y += size * 1.3


def grid(facts: Facts, tree: Tree, above: str, names: list[str]) -> Grid:
    """The grid of many simple rooms.

    Args:
        tree: who stands below whom.
        above: the namespace that all their cables lead to.
        names: of the namespaces, those of one bridge or with no cable at all.
    """
    pairs = [pair for name in names for pair in tree.between(above, name)]
    tiles = [(name, _lines(facts, name)) for name in names]
    if not pairs:
        return Grid(f"{len(names)} namespaces", tiles)
    masters = {facts.link(port).master for port, _ in pairs}
    where = f" on {in_line(masters.pop() or above)}" if len(masters) == 1 else ""
    title = f"{len(names)} namespaces{where}"
    return Grid(
        title, tiles, [_bundle((title, _all([e for _, e in pairs])))], _bundle((above, _all([p for p, _ in pairs])))
    )


def _bundle(end: End) -> Slot:
    return Slot(end, "bundle", True, [], NORMAL, stem=True)  # noqa: FBT003


def _all(ends: list[End]) -> str:
    """Many interfaces in few words: "eth0 (500)", "veth1 … veth500 (500)"."""
    names = list(dict.fromkeys(name for _, name in ends))
    return f"{names[0]}{f' … {names[-1]}' if len(names) > 1 else ''} ({len(ends)})"


def _lines(facts: Facts, name: str) -> list[Words]:
    """A tile's lines: the namespace, its first address, and in words what is wrong."""
    links = [link for link in facts.links(name) if link.kind != "loopback"]
    addresses = [address for link in links for address in own_addresses(link)]
    lines = [Words(in_line(facts.called(name)), "title", bold=True)]
    lines += [Words(in_line(text), "quiet") for text in facts.lived_in(name)]
    lines += [Words(address.split("/")[0], "address") for address in addresses[:1]]
    if any(not link.up for link in links):
        return [*lines, Words("down", "warning", bold=True)]
    dead = any(not facts.carries((name, link.name)) for link in links)
    return [*lines, *([Words("no carrier", "warning", bold=True)] if dead else [])]
