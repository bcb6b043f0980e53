"""Knows how a sheet is drawn: as matplotlib artists, or as SVG elements that are laid over a picture quickly."""

from __future__ import annotations

from math import dist
from typing import TYPE_CHECKING

from netkit.pictures.ink import palette, shapes
from netkit.pictures.ink.artists import DASHES, DOTS, Shape, Style, boxes, lines, scale_of
from netkit.pictures.ink.labels import FONT, add_labels
from netkit.visible import in_html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from netkit.pictures.network.scene import Box, Text
    from netkit.pictures.network.sheet import Panel, Sheet, Stroke

LETTERS = ("", "M", "L", "Q", "C")
"""The commands of an SVG path by the codes of a matplotlib path."""
ANCHORS = {"start": "", "middle": ' text-anchor="middle"', "end": ' text-anchor="end"'}
_DASHES = {"": "solid", "dashed": DASHES, "dotted": DOTS, "short": (0, (2.0, 1.0))}


def draw_sheet(ax: Axes, sheet: Sheet, z: int = 0) -> list[Artist]:
    """Draw a sheet; one unit of the axes becomes one pixel of the sheet, y downward.

    Args:
        ax: where to draw; its limits become those of the sheet.
        sheet: what to draw.
        z: how far in front it stands.

    Returns:
        The artists, from the back to the front.
    """
    ax.set(xlim=(0, sheet.width or 1), ylim=(sheet.height or 1, 0), aspect="equal")
    ax.set_axis_off()
    scale = scale_of(ax, sheet)
    artists = [
        *boxes(ax, [_shape(panel) for panel in sheet.grounds], scale, z + 1),
        *lines(ax, _outlines(sheet.strokes), scale, z + 2),
        *boxes(ax, [_shape(panel) for panel in sheet.panels], scale, z + 3),
    ]
    return artists + add_labels(ax, sheet.texts, scale, z + 4)


def svg_of(sheet: Sheet) -> str:
    """A sheet as an SVG group, in its own pixels; the same bytes for the same sheet.

    Args:
        sheet: what to draw.
    """
    parts = [
        *(_rect(panel) for panel in sheet.grounds),
        *(_path(*one) for one in _outlines(sheet.strokes)),
        *(_rect(panel) for panel in sheet.panels),
        *(_text(text) for text in sheet.texts),
    ]
    return f'<g stroke-linejoin="round">{"".join(parts)}</g>'


def _shape(panel: Panel) -> Shape:
    ground, edge, width = palette.PANELS[panel.role]
    return Shape(panel.box, panel.radius, Style(ground, edge, width))


def _outlines(strokes: Iterable[Stroke]) -> list[tuple[Path, Style]]:
    """The paths of strokes and of their heads."""
    found = []
    for one in strokes:
        colour, width, dashes = palette.STROKES[one.role]
        points = one.points
        if one.arrow:
            points = (*points[:-1], _short(points[-2], points[-1], 3 + width))
        path = shapes.curve(points) if one.curved else shapes.cable(points)
        if one.role == "inner":  # the dashes of the tunnel beneath would fill the gaps between these
            found.append((path, Style("none", palette.CARD, width)))
        found.append((path, Style("none", colour, width, _DASHES[dashes])))
        if one.arrow:
            found.append((shapes.head(*one.points[-2:], 5 + width), Style(colour, colour, 0.6)))
    return found


def _short(start: tuple[float, float], end: tuple[float, float], by: float) -> tuple[float, float]:
    """The end of a stretch that is shorter, so that its head covers it."""
    whole = dist(start, end) or 1.0
    part = max(whole - by, whole / 3) / whole
    return (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)


def _path(path: Path, style: Style) -> str:
    words, codes = [], path.codes.tolist()
    closing = type(path).CLOSEPOLY
    before = 0
    for (x, y), code in zip(path.vertices.tolist(), codes, strict=True):
        if code == closing:
            words.append("Z")
            continue
        # a curve's letter stands before its first point only
        words.append(f"{LETTERS[code] if code < 3 or code != before else ''}{_n(x)} {_n(y)}")
        before = 0 if code == 3 and before == 3 else code
    pattern = () if isinstance(style.dashes, str) else style.dashes[1]  # in widths of the line, as matplotlib has it
    dashes = f' stroke-dasharray="{" ".join(_n(part * style.width) for part in pattern)}"' if pattern else ""
    colours = f'fill="{style.ground}" stroke="{style.edge}" stroke-width="{_n(style.width)}"{dashes}'
    return f'<path d="{" ".join(words)}" {colours}/>'


def _rect(panel: Panel) -> str:
    (ground, edge, width), box = palette.PANELS[panel.role], panel.box
    place = " ".join(
        f'{name}="{_n(value)}"' for name, value in zip(("x", "y", "width", "height"), _sides(box), strict=True)
    )
    radius = min(panel.radius, box.w / 2, box.h / 2)
    return f'<rect {place} rx="{_n(radius)}" fill="{ground}" stroke="{edge}" stroke-width="{_n(width)}"/>'


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.w, box.h


def _text(text: Text) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{_n(text.x)}" y="{_n(text.y)}" font-size="{_n(text.size)}"{weight}{ANCHORS[text.anchor]} '
        f'font-family="{FONT},Verdana,sans-serif" fill="{palette.TEXTS[text.role]}">{in_html(text.text)}</text>'
    )


def _n(number: float) -> str:
    """A number with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
