"""Knows where a small mark finds a free place beside something in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from netkit.pictures.network.measure import text_width
from netkit.pictures.network.scene import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.model import End
    from netkit.pictures.network.scene import Scene

Sort = Literal["chip", "bar", "badge", "room"]

HEIGHT, SIZE = 13.0, 8.5
"""The height of a mark, and the size of its letters, in pixels."""
BITE = 6.5
"""How far a mark reaches into the thing that it belongs to."""
NEAR = 90.0
"""How far from a thing something may be in the way of its marks."""


def mark_width(label: str) -> float:
    """How wide a mark with this label is, in pixels."""
    return max(HEIGHT, text_width(label, SIZE, bold=True) + 7)


class Spots:
    """Finds places in a picture.

    Args:
        scene: the picture.
    """

    def __init__(self, scene: Scene) -> None:
        self._things: dict[End, tuple[Box, Sort]] = {}
        self._things |= {(room.namespace, ""): (room.box, "room") for room in scene.rooms}
        self._things |= {badge.end: (badge.box, "badge") for badge in scene.badges if badge.end[1]}
        self._things |= {bar.end: (bar.box, "bar") for bar in scene.bars}
        self._things |= {chip.end: (chip.box, "chip") for chip in scene.chips}
        self._bundles = {chip.end[0]: chip.end for chip in scene.chips if chip.kind == "bundle"}
        self._rooms = {room.namespace: room.box for room in scene.rooms}
        self._canvas = Box(0, 0, scene.width, scene.height)
        self._full = [*(text.box for text in scene.texts), *(chip.box for chip in scene.chips)]

    def drawn(self, end: End) -> End:
        """What stands for this in the picture: itself, a bundle of many interfaces, or its room.

        Args:
            end: a namespace and its interface or station.
        """
        if end in self._things:
            return end
        return self._bundles.get(end[0], (end[0], ""))

    def box(self, end: End) -> Box | None:
        """Where that is; None if not even its room is drawn."""
        found = self._things.get(self.drawn(end))
        return found[0] if found else None

    def free(self, end: End, label: str, taken: Iterable[Box], *, wide: bool = False) -> tuple[Box, float]:
        """The best place for a mark.

        Args:
            end: what it belongs to; it must be drawn.
            label: what it says.
            taken: places of other marks.
            wide: whether it is a text beside the thing rather than a number on its edge.

        Returns:
            The place, and how much of it, from 0 to 1, covers something else.
        """
        box, sort = self._things[self.drawn(end)]
        width = mark_width(label)
        places = _beside(box, width) if wide else self._edges(end[0], box, sort, width)
        reach = Box(box.x - NEAR, box.y - NEAR, box.w + 2 * NEAR, box.h + 2 * NEAR)
        near = [other for other in (*self._full, *taken) if _shared(reach, other)]
        if wide:
            near.append(box)
        area = width * HEIGHT
        costs = [area - _shared(place, self._canvas) + sum(_shared(place, other) for other in near) for place in places]
        best = min(range(len(places)), key=lambda number: (round(costs[number], 1), number))
        return places[best], costs[best] / area

    def _edges(self, namespace: str, box: Box, sort: Sort, width: float) -> list[Box]:
        """Places on the edge of a thing, the best first."""
        if sort == "badge":
            return [Box(box.x + 3, box.cy - HEIGHT / 2, width, HEIGHT)]
        if sort == "bar":
            rights = [Box(x, box.cy - HEIGHT / 2, width, HEIGHT) for x in (box.x + 4, box.right - width - 4)]
            return [*rights, *_corners(box, width, [box.y, box.bottom])]
        if sort == "room":
            return [Box(box.x + 3, box.y + 3, width, HEIGHT), *_corners(box, width, [box.y, box.bottom])]
        room = self._rooms.get(namespace, box)
        outer_first = [box.bottom, box.y] if box.cy > room.cy else [box.y, box.bottom]
        return _corners(box, width, outer_first)


def _corners(box: Box, width: float, heights: Sequence[float]) -> list[Box]:
    lefts = (box.x + BITE - width, box.right - BITE)
    at = [Box(x, y - HEIGHT / 2, width, HEIGHT) for y in heights for x in lefts]
    return [*at, *(Box(x, box.cy - HEIGHT / 2, width, HEIGHT) for x in (box.x - width + 2, box.right - 2))]


def _beside(box: Box, width: float) -> list[Box]:
    """Places next to a thing, all around it."""
    middle = box.cy - HEIGHT / 2
    level = [Box(x, middle, width, HEIGHT) for x in (box.right + 7, box.x - width - 7)]
    rows = (box.bottom + 5, box.y - HEIGHT - 5, box.bottom + 8 + HEIGHT)
    return [*level, *(Box(x, y, width, HEIGHT) for y in rows for x in (box.cx + 4, box.x, box.right - width))]


def _shared(a: Box, b: Box) -> float:
    """The area, in square pixels, that two boxes share."""
    across = min(a.right, b.right) - max(a.x, b.x)
    down = min(a.bottom, b.bottom) - max(a.y, b.y)
    return across * down if across > 0 and down > 0 else 0.0
