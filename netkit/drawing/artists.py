"""Knows how a scene becomes matplotlib artists on an `ax`.

One collection for each layer and one text for each label: drawing stays quick with hundreds of rooms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.drawing import palette, shapes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from netkit.layout.scene import Chip, End, Line, Scene, Text

DOTS, DASHES = (0, (1.2, 2.4)), (0, (5, 2.6))
ROUND = {"veth": 5.0, "ethernet": 1.5, "vxlan": 20.0, "other": 5.0}
"""The radius of a chip's corners: its kind is told by its shape too."""

Style = tuple[str, str, float, object]
"""(ground, edge, width of the edge in pixels, line style)."""


def draw_scene(ax: Axes, scene: Scene, highlight: Collection[str | End] = ()) -> list[Artist]:
    """Draw a scene; one unit of the axes becomes one pixel of the scene, y downward.

    Args:
        ax: where to draw.
        scene: what to draw.
        highlight: namespaces, and (namespace, interface) pairs, to draw a ring around.

    Returns:
        The artists, from the back to the front.
    """
    ax.set_xlim(0, scene.width)
    ax.set_ylim(scene.height, 0)
    ax.set_axis_off()
    marked = {name if isinstance(name, str) else tuple(name) for name in highlight}
    behind = [line for line in scene.lines if line.curved]
    before = [line for line in scene.lines if not line.curved]
    layers = [
        [_line(line) for line in behind],
        [(shapes.rounded(r.box, 12), (*palette.ROOMS[r.kind], 1.4, "solid")) for r in scene.rooms],
        [_line(line) for line in before],
        [_cross(line) for line in scene.lines if not line.alive and line.kind != "port"],
        [(shapes.rounded(b.box, 6), _bar_style(up=b.up)) for b in scene.bars],
        [(shapes.rounded(b.box, 20), (*palette.BADGES[b.role], 0.9, "solid")) for b in scene.badges],
        [(shapes.rounded(c.box, ROUND[c.kind]), _chip_style(c)) for c in scene.chips],
        list(_rings(scene, marked)),
    ]
    artists: list[Artist] = [_collection(ax, layer, z) for z, layer in enumerate(layers, 1) if layer]
    return artists + [_text(ax, text, len(layers) + 1) for text in scene.texts]


def _collection(ax: Axes, layer: Sequence[tuple[Path, Style]], z: int) -> Artist:
    from matplotlib.collections import PathCollection

    paths, styles = zip(*layer, strict=True)
    grounds, edges, widths, dashes = zip(*styles, strict=True)
    artist = PathCollection(
        paths, facecolors=grounds, edgecolors=edges, linewidths=widths, linestyles=list(dashes), zorder=z
    )
    ax.add_collection(artist, autolim=False)
    return artist


def _line(line: Line) -> tuple[Path, Style]:
    path = shapes.curve(line.points) if line.curved else shapes.cable(line.points)
    colour = palette.LINES[line.kind] if line.alive else palette.DEAD
    width = {"cable": 2.0, "tunnel": 2.4, "port": 1.8, "trunk": 5.0}[line.kind]
    alive_style = DASHES if line.kind == "tunnel" else "solid"
    return path, ("none", colour, width if line.alive else 1.5, alive_style if line.alive else DOTS)


def _cross(line: Line) -> tuple[Path, Style]:
    return shapes.cross(shapes.middle(line.points, curved=line.curved)), ("none", palette.WARNING, 1.8, "solid")


def _bar_style(*, up: bool) -> Style:
    return (*palette.BAR, 1.6, "solid") if up else (palette.CARD, palette.DEAD, 1.4, DASHES)


def _chip_style(chip: Chip) -> Style:
    if not chip.up:
        return (palette.CARD, palette.DEAD, 1.4, DASHES)
    return (palette.CHIPS[chip.kind], palette.CARD, 1.0, "solid")


def _rings(scene: Scene, marked: set[object]) -> Iterable[tuple[Path, Style]]:
    style = ("none", palette.RING, 3.0, "solid")
    yield from ((shapes.rounded(r.box, 14, 3), style) for r in scene.rooms if r.namespace in marked)
    yield from ((shapes.rounded(x.box, 8, 3.5), style) for x in (*scene.chips, *scene.bars) if x.end in marked)
    yield from ((shapes.rounded(b.box, 20, 3), style) for b in scene.badges if b.end in marked)


def _text(ax: Axes, text: Text, z: int) -> Artist:
    anchor = {"start": "left", "middle": "center", "end": "right"}[text.anchor]
    return ax.text(
        text.x,
        text.y,
        text.text,
        fontfamily="sans-serif",
        fontsize=text.size,
        fontweight="bold" if text.bold else "normal",
        color=palette.TEXTS[text.role],
        ha=anchor,
        va="baseline",
        parse_math=False,
        clip_on=False,
        zorder=z,
    )
