"""Knows how one room is furnished: chips on its walls, its name, its bridges, and how high that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.pictures.network.parts import NORMAL, STEM_GAP, BarPlan, Sizes, Slot
from netkit.pictures.network.scene import Bar, Box, Chip, Line, Room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.pictures.network.header import Header
    from netkit.pictures.network.scene import Scene

BETWEEN = 10.0
"""Pixels between two slots, and between two bars."""
STEM = 14.0
"""The least length of the line from a port to its bridge."""
LEAST, LEAST_HOST = 84.0, 260.0
"""The least widths of rooms."""


@dataclass
class Plan:
    """A room before it has a place.

    Attributes:
        header: what it says about itself.
        bars: its bridges.
        upper, lower, left, right: the slots on its walls; those of `lower` know their x.
        sizes: of its letters.
        width, height: of the room, once settled.
        sides_from: the least y of the chips on its side walls.
    """

    header: Header
    bars: list[BarPlan]
    upper: list[Slot] = field(default_factory=list)
    lower: list[Slot] = field(default_factory=list)
    left: list[Slot] = field(default_factory=list)
    right: list[Slot] = field(default_factory=list)
    sizes: Sizes = NORMAL
    width: float = 0.0
    height: float = 0.0
    sides_from: float = 0.0

    @property
    def name(self) -> str:
        """The namespace."""
        return self.header.namespace

    @property
    def beside(self) -> bool:
        """Whether the header stands beside the upper slots, because lines lead from them down to a bridge."""
        return any(s.stem for s in self.upper)

    @property
    def header_column(self) -> float:
        """The width of a header that stands beside the upper slots."""
        return max(self.header.width, 130.0)

    def margin(self, wall: list[Slot]) -> float:
        """How far the slots of a side wall reach into the room."""
        return max((max(s.width / 2 + 14, s.label_width + 12) for s in wall), default=0.0)

    def inner_left(self) -> float:
        """The x from which slots on the lower wall may stand."""
        return max(self.margin(self.left), self.sizes.pad)

    def inner_right(self) -> float:
        """How far from the right wall the slots on the lower wall must end."""
        return max(self.margin(self.right), self.sizes.pad)

    def need(self, lower_width: float = 0.0) -> float:
        """The least width.

        Args:
            lower_width: what the slots on the lower wall (and what stands below them) need.
        """
        pad = self.sizes.pad
        upper = self._upper_left() + self._across() + (self.inner_right() if self.beside else pad)
        head = self.header_column if self.beside else self.header.width
        middle = max([lower_width, *(bar.width for bar in self.bars)])
        sides = self.inner_left() + self.inner_right() + middle + (16 if self.left and self.right else 0)
        return max(upper, head + 2 * pad, sides, LEAST_HOST if self.name == HOST else LEAST)

    def settle(self, width: float) -> None:
        """Take this width, put everything that has no place yet to its x, and take the least height."""
        self.width = width
        self._place_upper()
        self._span_bars()
        self.height = self._height()

    def _upper_height(self) -> float:
        labels = max((s.label_height for s in self.upper), default=0.0)
        return self.sizes.chip / 2 + 7 + labels if self.upper else self.sizes.pad * 0.8

    def _header_width(self) -> float:
        return self.header_column if self.beside else self.width - 2 * self.sizes.pad

    def _bars_top(self) -> float:
        head = self.header.height(self._header_width()) + (7 if self.bars else 3)
        if self.beside:
            return max(self._upper_height(), self.sizes.pad * 0.8 + head)
        return self._upper_height() + head

    def _levels(self) -> list[float]:
        """The height of each level of bars, the lowest level first."""
        levels = 1 + max((bar.level for bar in self.bars), default=-1)
        return [max(bar.height for bar in self.bars if bar.level == level) for level in range(levels)]

    def _height(self) -> float:
        bottom = self._bars_top() + sum(h + BETWEEN for h in self._levels())
        if self.lower:
            labels = max(s.label_height for s in self.lower)
            stem = STEM if any(s.stem for s in self.lower) else 0
            bottom += max(labels + 5, stem) + self.sizes.chip / 2
        sides = [self._side_places(wall)[1] for wall in (self.left, self.right) if wall]
        return max([bottom + (0 if self.lower else self.sizes.pad * 0.4), *(side + 4 for side in sides)])

    def _span_bars(self) -> None:
        """Give each bridge the stretch over its ports, on the lowest level that is free there."""
        left, right = self.inner_left(), self.width - self.inner_right()
        placed: list[BarPlan] = []
        for bar in sorted(self.bars, key=lambda b: (not b.ports, min((s.x for s in b.ports), default=0.0))):
            on_floor = [s for s in bar.ports if s in self.lower or s in self.upper]
            start = min((s.x - s.width / 2 for s in on_floor), default=left)
            end = max((s.x + s.width / 2 for s in on_floor), default=start)
            missing = max(bar.width - (end - start), 0.0)
            bar.left = max(left, min(start - missing / 2, right - bar.width))
            bar.right = max(end, bar.left + bar.width)
            if not bar.ports:
                self._without_ports(bar, placed, right)
            bar.level = next(n for n in range(len(placed) + 1) if not any(_clash(bar, b, n) for b in placed))
            placed.append(bar)
        for bar in placed:
            self._lengthen(bar, right)

    def _lengthen(self, bar: BarPlan, right: float) -> None:
        """Make a bar as long as its words need beside the lines that pass it, where nothing is in the way."""
        passing = [one.x for one in self._passing(bar)]
        end = bar.right + bar.lacking(passing)
        beside = (b.left - BETWEEN for b in self.bars if b.level == bar.level and b.left > bar.left)
        if end <= min([right, *beside]) and not any(bar.right <= x < end for x in passing):
            bar.right = end

    def _without_ports(self, bar: BarPlan, placed: list[BarPlan], right: float) -> None:
        """Put a bridge without ports into the middle, or to the right of the others if there is space."""
        start = max((b.right + BETWEEN for b in placed), default=(bar.left + right - bar.width) / 2)
        if start + bar.width <= right:
            bar.left, bar.right = start, start + bar.width

    def _across(self) -> float:
        """What the slots on the upper wall need."""
        return sum(s.left + s.right for s in self.upper) + BETWEEN * max(len(self.upper) - 1, 0)

    def _upper_left(self) -> float:
        """The x from which slots on the upper wall may stand."""
        if not self.beside:
            return self.sizes.pad
        return max(self.sizes.pad + self.header_column + 2 * BETWEEN, self.inner_left())

    def _place_upper(self) -> None:
        start, end = self._upper_left(), self.width - (self.inner_right() if self.beside else self.sizes.pad)
        x = start + max(0.0, (end - start - self._across()) / 2)
        for one in self.upper:
            one.x = x + one.left
            x += one.left + one.right + BETWEEN

    def _side_places(self, wall: list[Slot]) -> tuple[list[float], float]:
        """The y of each chip on a side wall, and where the last one's labels end."""
        places, free = [], max(self.sides_from, self._bars_top() + self.sizes.chip / 2 + 2)
        for one in wall:
            bar = next((b for b in self.bars if one in b.ports), None)
            y = max(free, self._bar_box(bar).cy) if bar else free
            places.append(y)
            free = y + self.sizes.chip * 1.2 + one.label_height + 8
        return places, free - self.sizes.chip / 2 - 4

    def sides_top(self) -> float:
        """The y of the highest chip on a side wall."""
        return min(self._side_places(wall)[0][0] for wall in (self.left, self.right) if wall)

    def _bar_box(self, bar: BarPlan) -> Box:
        above = sum(h + BETWEEN for h in self._levels()[bar.level + 1 :])
        return Box(bar.left, self._bars_top() + above, bar.right - bar.left, bar.height)

    def write(self, scene: Scene, x: float, y: float) -> None:
        """Put the room and all that is in it into the scene: upper left corner at (x, y)."""
        kind = "host" if self.name == HOST else "namespace"
        scene.rooms.append(Room(self.name, Box(x, y, self.width, self.height), kind))
        top = y + (self.sizes.pad * 0.8 if self.beside else self._upper_height())
        self.header.write(scene, x + self.sizes.pad, top, self._header_width())
        boxes = {bar.end: self._bar_box(bar) for bar in self.bars}
        for bar in self.bars:
            box = boxes[bar.end]
            box = Box(x + box.x, y + box.y, box.w, box.h)
            scene.bars.append(Bar(bar.end, box, bar.up))
            bar.write(scene, box, [x + s.x for s in self._passing(bar)])
        self._write_upper(scene, x, y)
        self._write_lower(scene, x, y)
        for wall, at in ((self.left, x), (self.right, x + self.width)):
            self._write_side(scene, wall, at, y)

    def _passing(self, bar: BarPlan) -> Iterator[Slot]:
        """The ports of other bridges whose lines pass this one."""
        for other in self.bars:
            wall = self.lower if other.level > bar.level else self.upper if other.level < bar.level else []
            yield from (one for one in other.ports if one in wall)

    def _write_upper(self, scene: Scene, x: float, y: float) -> None:
        for one in self.upper:
            box = chip(scene, one, x + one.x, y)
            at, anchor = (x + one.x + STEM_GAP, "start") if one.stem else (x + one.x, "middle")
            one.write(scene, at, box.bottom + 6, anchor)
            if bar := self._bar_of(scene, one):
                _stem(scene, one, bar, [(x + one.x, box.bottom), (x + one.x, bar.box.y)])

    def _write_lower(self, scene: Scene, x: float, y: float) -> None:
        for one in self.lower:
            box = chip(scene, one, x + one.x, y + self.height)
            at, anchor = (x + one.x + STEM_GAP, "start") if one.stem else (x + one.x, "middle")
            one.write(scene, at, box.y - 5 - one.label_height, anchor)
            if bar := self._bar_of(scene, one):
                _stem(scene, one, bar, [(x + one.x, box.y), (x + one.x, bar.box.bottom)])

    def _write_side(self, scene: Scene, wall: list[Slot], x: float, y: float) -> None:
        inward = 1 if wall is self.left else -1
        for one, middle in zip(wall, self._side_places(wall)[0], strict=True):
            box = chip(scene, one, x, y + middle)
            one.write(scene, x + inward * 8, box.bottom + 5, "start" if inward > 0 else "end")
            if bar := self._bar_of(scene, one):
                inner, edge = (box.right, bar.box.x) if inward > 0 else (box.x, bar.box.right)
                bend = x + inward * (self.margin(wall) - 2)  # beyond all labels
                _stem(scene, one, bar, [(inner, box.cy), (bend, box.cy), (bend, bar.box.cy), (edge, bar.box.cy)])

    def _bar_of(self, scene: Scene, one: Slot) -> Bar | None:
        end = next((bar.end for bar in self.bars if one in bar.ports), None)
        return next((bar for bar in scene.bars if bar.end == end), None)


def _clash(bar: BarPlan, other: BarPlan, level: int) -> bool:
    apart = bar.right + BETWEEN <= other.left or other.right + BETWEEN <= bar.left
    return other.level == level and not apart


def chip(scene: Scene, one: Slot, x: float, y: float) -> Box:
    """Put a chip with its name into the scene, its centre at (x, y).

    Args:
        scene: to put it into.
        one: the interface.
        x: of its centre.
        y: of its centre.

    Returns:
        The chip's box.
    """
    height = one.sizes.chip * (0.6 if one.tiny else 1.0)
    box = Box(x - one.width / 2, y - height / 2, one.width, height)
    scene.chips.append(Chip(one.end, box, one.kind, one.up))
    one.write_name(scene, x, y)
    return box


def _stem(scene: Scene, one: Slot, bar: Bar, points: list[tuple[float, float]]) -> None:
    corners = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    scene.lines.append(Line((one.end, bar.end), tuple(corners), "port", alive=one.up and bar.up))
