"""Knows the outlines of rooms, chips, badges and cables as matplotlib paths."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import dist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.path import Path

    from netkit.pictures.network.scene import Box

Point = tuple[float, float]


@cache
def _outline_class() -> type[Path]:
    """The class of outlines, made on first use because it needs matplotlib."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    class Outline(Path):
        """A path whose corners are its extremes: they need not be looked for along the curves, which takes longer."""

        def get_extents(self, transform: Any = None, **_: Any) -> Bbox:
            points = self.vertices if transform is None else transform.transform(self.vertices)
            return Bbox([points.min(axis=0), points.max(axis=0)])

    return Outline


def rounded(box: Box, radius: float, grow: float = 0.0) -> Path:
    """A rectangle with round corners.

    Args:
        box: the rectangle.
        radius: of its corners, in pixels.
        grow: by how much the outline stands outside the box.
    """
    outline = _outline_class()
    left, top, right, bottom = box.x - grow, box.y - grow, box.right + grow, box.bottom + grow
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    points = [
        (left + r, top), (right - r, top), (right, top), (right, top + r), (right, bottom - r), (right, bottom),
        (right - r, bottom), (left + r, bottom), (left, bottom), (left, bottom - r), (left, top + r), (left, top),
        (left + r, top), (left + r, top),
    ]  # fmt: skip
    m, line, curve = outline.MOVETO, outline.LINETO, outline.CURVE3
    return outline(points, [m, line, *[curve, curve, line] * 3, curve, curve, outline.CLOSEPOLY])


def cable(points: Sequence[Point], radius: float = 7.0) -> Path:
    """A line along its corners, which are rounded.

    Args:
        points: its corners.
        radius: of the rounding, in pixels.
    """
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, dist(before, corner) / 2, dist(corner, after) / 2)
        vertices += [_towards(corner, before, r), corner, _towards(corner, after, r)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*vertices, points[-1]], [*codes, Path.LINETO])


def curve(points: Sequence[Point]) -> Path:
    """A cubic Bézier curve.

    Args:
        points: its start, two control points and its end.
    """
    from matplotlib.path import Path

    return Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])


def cross(centre: Point, size: float = 4.0) -> Path:
    """A small cross.

    Args:
        centre: its place.
        size: half its width, in pixels.
    """
    from matplotlib.path import Path

    (x, y), s = centre, size
    points = [(x - s, y - s), (x + s, y + s), (x - s, y + s), (x + s, y - s)]
    return Path(points, [Path.MOVETO, Path.LINETO] * 2)


def head(start: Point, end: Point, size: float) -> Path:
    """The head of an arrow: a triangle whose point is at the end.

    Args:
        start: where the arrow comes from.
        end: where it points.
        size: its length, in pixels.
    """
    from matplotlib.path import Path

    base = _towards(end, start, size)
    across = ((base[1] - end[1]) * 0.5, (end[0] - base[0]) * 0.5)
    left, right = (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1])
    return Path([end, left, right, end], [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])


def middle(points: Sequence[Point], *, curved: bool) -> Point:
    """The middle of a line's longest stretch, or of a curve.

    Args:
        points: corners, or the four points of a curve.
        curved: whether it is a curve.
    """
    if curved:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
        return ((ax + 3 * bx + 3 * cx + dx) / 8, (ay + 3 * by + 3 * cy + dy) / 8)
    a, b = max(pairwise(points), key=lambda pair: dist(*pair))
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _towards(start: Point, aim: Point, length: float) -> Point:
    whole = dist(start, aim) or 1.0
    return (start[0] + (aim[0] - start[0]) * length / whole, start[1] + (aim[1] - start[1]) * length / whole)
