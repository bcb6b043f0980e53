"""What is written on and beside an interface (VNI, MTU, 4 addresses at most), a bridge and a room, and its size."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.configured import is_random_mac
from netkit.model.facts import Facts, natural, odd_mtu, own_addresses, vni
from netkit.pictures.network.measure import ASCENT, text_width
from netkit.pictures.network.scene import Text
from netkit.visible import in_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netkit.model import End, Interface
    from netkit.pictures.network.scene import Anchor, Box, Scene

MOST_ADDRESSES = 4
STEM_GAP = 6.0


@dataclass(frozen=True)
class Sizes:
    """Font sizes and heights, in pixels."""

    title: float = 13.0
    name: float = 11.0
    label: float = 10.5
    chip: float = 20.0
    pad: float = 10.0

    @property
    def pitch(self) -> float:
        """From one line of labels to the next."""
        return self.label * 1.28


NORMAL = Sizes()
COMPACT = Sizes(title=10.5, name=9.0, label=9.0, chip=15.0, pad=6.0)


@dataclass(frozen=True)
class Words:
    """A text with what it means, before it has a place; `indent` is the space to its left, in pixels."""

    text: str
    role: str = "label"
    bold: bool = False
    indent: float = 0.0

    def width(self, size: float) -> float:
        """How wide it is at this size."""
        return text_width(self.text, size, bold=self.bold)


@dataclass(eq=False)
class Slot:
    """An interface on a wall: its chip and the labels that belong to it.

    Attributes:
        end: which interface.
        kind: the kind of chip.
        up: whether it is up.
        lines: the labels.
        sizes: of its letters.
        stem: whether a line leads from it into the room, to a bridge.
        tiny: drawn without its name.
        x: its centre, from the left of the room.
        left, right: how far it reaches from its centre.
    """

    end: End
    kind: str
    up: bool
    lines: list[Words]
    sizes: Sizes
    stem: bool = False
    tiny: bool = False
    x: float = 0.0
    left: float = 0.0
    right: float = 0.0
    width: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        name = text_width(in_line(self.end[1]), self.sizes.name, bold=True)
        self.width = 6.0 if self.tiny else max(name + self.sizes.chip * 0.7, self.sizes.chip * 1.6)
        labels = 0.0 if self.tiny else self.label_width
        self.left = self.width / 2 if self.stem else max(self.width, labels) / 2
        self.right = max(self.width / 2, STEM_GAP + labels) if self.stem else self.left

    @property
    def label_width(self) -> float:
        """The width of its widest label."""
        return max((words.width(self.sizes.label) for words in self.lines), default=0.0)

    @property
    def label_height(self) -> float:
        """The height of all its labels."""
        return 0.0 if self.tiny else len(self.lines) * self.sizes.pitch

    def write_name(self, scene: Scene, x: float, y: float) -> None:
        """Write the interface's name into the middle of its chip."""
        if not self.tiny:
            role = "hollow" if not self.up else "dark chip" if self.kind in {"vxlan", "other"} else "chip"
            base = y + 0.36 * self.sizes.name
            scene.texts.append(Text(x, base, in_line(self.end[1]), self.sizes.name, "middle", role, bold=True))

    def write(self, scene: Scene, x: float, y: float, anchor: Anchor) -> None:
        """Write the labels below one another, the first one's upper side at y."""
        for number, words in enumerate([] if self.tiny else self.lines):
            base = y + number * self.sizes.pitch + ASCENT * self.sizes.label
            scene.texts.append(Text(x, base, words.text, self.sizes.label, anchor, words.role, words.bold))


def slot(facts: Facts, end: End, sizes: Sizes = NORMAL, *, mac: bool = False, tiny: bool = False) -> Slot:
    """The slot of an interface.

    Args:
        end: which interface.
        sizes: of its letters.
        mac: whether to tell MACs (only those that are not random).
        tiny: draw a small square without a name; the other end of its cable then tells it (see `peer_words`).
    """
    link = facts.link(end)
    kind = link.kind if link.kind in {"veth", "ethernet", "vxlan"} else "other"
    stem = link.master in facts.spaces[end[0]].interfaces
    return Slot(end, kind, link.up, _labels(facts, end, mac=mac), sizes, stem=stem, tiny=tiny)


def _labels(facts: Facts, end: End, *, mac: bool) -> list[Words]:
    link = facts.link(end)
    addresses = own_addresses(link)
    words = [Words(in_line(a), "address") for a in addresses[:MOST_ADDRESSES]]
    if len(addresses) > MOST_ADDRESSES:
        words.append(Words(f"+ {len(addresses) - MOST_ADDRESSES} more", "quiet"))
    if mac and link.mac and not is_random_mac(link.mac):
        words.append(Words(in_line(link.mac), "quiet"))
    return words + [Words(in_line(w), "quiet") for w in _kind_words(link) if w] + _troubles(facts, end)


def _kind_words(link: Interface) -> list[str]:
    if link.kind == "vxlan":
        return [f"VNI {vni(link)}", odd_mtu(link)]
    on = f" on {link.parent[1]}" if link.parent else ""
    return ["" if link.kind in {"veth", "ethernet"} else f"{link.kind}{on}", odd_mtu(link)]


def _troubles(facts: Facts, end: End) -> list[Words]:
    """In words, why nothing can pass here."""
    if not facts.link(end).up:
        return [Words("down", "warning", bold=True)]
    return [] if facts.carries(end) else [Words("no carrier", "warning", bold=True)]


def peer_words(facts: Facts, peer: End) -> list[Words]:
    """What an interface tells about the other end of its cable when that one is drawn without its name.

    Args:
        peer: the other end.
    """
    name = in_line(peer[1])
    down = [] if facts.link(peer).up else [Words(f"{name} down", "warning", bold=True)]
    return [Words(f"↔ {name}", "quiet"), *down]


@dataclass
class BarPlan:
    """A bridge before it has a place: its words in lines, and the slots that are its ports."""

    end: End
    up: bool
    rows: list[list[Words]]
    ports: list[Slot] = field(default_factory=list)
    left: float = 0.0
    right: float = 0.0
    level: int = 0

    GAP, PAD, PITCH, CLEAR = 9.0, 12.0, 16.0, 5.0

    @property
    def width(self) -> float:
        """The least width that its words need."""
        return max(self.row_width(row) for row in self.rows) + 2 * self.PAD

    @property
    def height(self) -> float:
        """How high it is."""
        return len(self.rows) * self.PITCH + 8

    def row_width(self, row: list[Words]) -> float:
        """The width of one line of words."""
        return sum(w.width(NORMAL.label) for w in row) + self.GAP * (len(row) - 1)

    def write(self, scene: Scene, box: Box, crossed: Sequence[float] = ()) -> None:
        """Write the words into the middle of the bar, or beside the lines that pass it.

        Args:
            scene: to write into.
            box: the bar's.
            crossed: the x of each line that passes it on the way to another bridge.
        """
        for number, row in enumerate(self.rows):
            y = box.y + 4 + number * self.PITCH + self.PITCH / 2 + 0.36 * NORMAL.label
            middle = _in_a_row(row, box.cx - self.row_width(row) / 2, self.GAP)
            places = self._places(row, box.x, box.right, crossed) or middle
            for words, x in zip(row, places, strict=True):
                scene.texts.append(Text(x, y, words.text, NORMAL.label, "start", words.role, words.bold))

    def lacking(self, crossed: Sequence[float]) -> float:
        """How much longer it had to be at its right end for its words to stand beside the lines that pass it."""
        last = self.right - max([self.left, *(x for x in crossed if x < self.right)]) - 2 * self.CLEAR
        wanted = sorted({0.0, *(self.row_width(row[n:]) - last for row in self.rows for n in range(len(row)))})
        for more in (more for more in wanted if more >= 0):
            if all(self._places(row, self.left, self.right + more, crossed) for row in self.rows):
                return more
        return 0.0

    def _places(self, row: list[Words], left: float, right: float, crossed: Sequence[float]) -> list[float]:
        """Where each of the words begins: all in the free stretch next to the middle, else one by one, if they fit."""
        edges = [left, *sorted(x for x in crossed if left < x < right), right]
        free = [(a + self.CLEAR, b - self.CLEAR) for a, b in itertools.pairwise(edges)]
        total, middle = self.row_width(row), (left + right - self.row_width(row)) / 2
        starts = [min(max(middle, start), end - total) for start, end in free if end - start >= total]
        if starts:
            return _in_a_row(row, min(starts, key=lambda x: abs(x - middle)), self.GAP)
        places: list[float] = []
        for start, end in free:
            at = start
            while len(places) < len(row) and at + (width := row[len(places)].width(NORMAL.label)) <= end:
                places.append(at)
                at += width + self.GAP
        return places if len(places) == len(row) else []


def _in_a_row(row: list[Words], at: float, gap: float) -> list[float]:
    """Where each of the words begins if they stand one beside the other."""
    return list(itertools.accumulate((words.width(NORMAL.label) + gap for words in row[:-1]), initial=at))


def bar_plans(facts: Facts, namespace: str, *, mac: bool, really: Mapping[End, End]) -> list[BarPlan]:
    """The bridges of a namespace.

    Args:
        namespace: where to look.
        mac: whether to tell MACs (only those that are not random).
        really: what the bridges are that belong to a room inside this one, which they name.
    """
    plans = []
    for link in facts.links(namespace):
        if link.kind == "bridge":
            end = (namespace, link.name)
            words = [Words(in_line(link.name), "bridge", bold=True)]
            words += [Words(in_line(f"in {really[end][0]}"), "quiet")] if end in really else []
            words += [w for w in _labels(facts, end, mac=mac) if w.text != "bridge"]
            plans.append(BarPlan(end, link.up, [words[i : i + 3] for i in range(0, len(words), 3)]))
    return plans


def in_order(slots: list[Slot]) -> list[Slot]:
    """Slots by the names of their interfaces."""
    return sorted(slots, key=lambda s: natural(s.end[1]))
