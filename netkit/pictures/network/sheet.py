"""Knows what is drawn over a picture or as a diagram: panels, strokes and texts with their places, as plain values.

The unit is the CSS pixel; x grows to the right and y downward, as in SVG.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from netkit.model.pieces import pieces
from netkit.pictures.network.measure import ASCENT, text_width
from netkit.visible import visible

if TYPE_CHECKING:
    from netkit.pictures.network.scene import Box, Point, Text

LINE = 1.32
"""From one line of a text to the next, in sizes of its letters."""


@dataclass(frozen=True)
class Panel:
    """A box with round corners.

    Attributes:
        box: where.
        role: what it means, which decides its colours: "number", "now", "later", "accept", "drop", "hook" …
        radius: of its corners, in pixels.
    """

    box: Box
    role: str
    radius: float = 6.0


@dataclass(frozen=True)
class Stroke:
    """A line along its corners.

    Attributes:
        points: its corners.
        role: what it means, which decides its colour, width and dashes.
        arrow: whether a head at its last point shows the direction.
        curved: whether the points are those of one cubic Bézier curve.
    """

    points: tuple[Point, ...]
    role: str
    arrow: bool = False
    curved: bool = False


@dataclass
class Sheet:
    """What is where on a sheet, from the back to the front: grounds, strokes, panels, texts."""

    width: float = 0.0
    height: float = 0.0
    grounds: list[Panel] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """A text in lines of at most this width, an option beside its value; a word that is longer is cut.

    Args:
        text: what to wrap.
        size: of its letters, in pixels.
        width: of the lines, in pixels; at least that of a letter.
        bold: whether it is set in bold.

    Example:
        >>> wrapped("the route leads there", 10, 60)
        ['the route', 'leads there']
    """
    lines: list[str] = []
    fitting = (
        [piece] if text_width(piece, size, bold=bold) <= width else piece.split() for piece in pieces(visible(text))
    )
    for word in chain.from_iterable(fitting):
        first, *others = _pieces(word, size, width, bold=bold)
        joined = f"{lines[-1]} {first}" if lines else ""
        if joined and text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
        else:
            lines.append(first)
        lines += others
    return lines


def _pieces(word: str, size: float, width: float, *, bold: bool) -> list[str]:
    """A word, or its parts where it is too long for a line."""
    pieces, start = [], 0
    for end in range(1, len(word) + 1):
        if end - start > 1 and text_width(word[start:end], size, bold=bold) > width:
            pieces.append(word[start : end - 1])
            start = end - 1
    return [*pieces, word[start:]]


def first_line(top: float, size: float) -> float:
    """The base line of a text whose upper side is at `top`."""
    return top + ASCENT * size
