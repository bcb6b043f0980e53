"""Knows how a scene becomes matplotlib artists on an `ax`: boxes, lines, widths, dashes, corners, highlight rings.

One collection for all boxes of the same size and style, one for all lines, and one text for each label: drawing
stays quick with hundreds of rooms.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from netkit.pictures.ink import palette, shapes
from netkit.pictures.ink.labels import add_labels
from netkit.pictures.network.scene import Box

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from netkit.model import End
    from netkit.pictures.network.scene import Chip, Line, Scene
    from netkit.pictures.network.sheet import Sheet

_BESIDE, _GAP = 1.5, 7.0
"""How far a line that passes a bar begins before it, and how wide the gap is that it passes in."""

DOTS, DASHES = (0, (1.2, 2.4)), (0, (5, 2.6))
ROUND = {"veth": 5.0, "ethernet": 1.5, "vxlan": 20.0, "other": 5.0, "bundle": 5.0}
"""The radius of a chip's corners: its kind is told by its shape too."""
MANY_LINES = 60


class Style(NamedTuple):
    """How a shape is drawn: its ground, its edge, the edge's width in pixels and its dashes."""

    ground: str
    edge: str
    width: float
    dashes: str | tuple[int, tuple[float, ...]] = "solid"


RING = Style("none", palette.RING, 2.6)


class Shape(NamedTuple):
    """A rounded box with a style; `grow` is by how much the outline stands outside the box."""

    box: Box
    radius: float
    style: Style
    grow: float = 0.0


def draw_scene(ax: Axes, scene: Scene, highlight: Collection[str | End] = ()) -> list[Artist]:
    """Draw a scene; one unit of the axes becomes one pixel of the scene, y downward.

    Args:
        ax: where to draw.
        scene: what to draw.
        highlight: namespaces, and (namespace, interface) pairs, to draw a ring around.

    Returns:
        The artists, from the back to the front.
    """
    ax.set(xlim=(0, scene.width or 1), ylim=(scene.height or 1, 0), aspect="equal")
    ax.set_axis_off()
    scale = scale_of(ax, scene)
    marked = {name if isinstance(name, str) else tuple(name) for name in highlight}
    thin = 0.7 * scale if len(scene.lines) > MANY_LINES else scale
    rooms = [Shape(r.box, 9 if r.box.h < 40 else 12, Style(*palette.ROOMS[r.kind], 1.4)) for r in scene.rooms]
    artists = [
        *lines(ax, [_line(line) for line in scene.lines if line.curved], thin, 1),
        *boxes(ax, rooms, scale, 2),
        *boxes(ax, [Shape(r.box, 14, RING, 3) for r in scene.rooms if r.namespace in marked], scale, 2),
        *lines(ax, [_line(line) for line in scene.lines if not line.curved], thin, 3),
        *lines(ax, [_cross(line) for line in scene.lines if not line.alive and line.kind != "port"], scale, 4),
        *boxes(ax, [Shape(b.box, 6, _bar_style(up=b.up)) for b in scene.bars], scale, 5),
        *lines(ax, list(_passing(scene)), scale, 5),
        *boxes(ax, [Shape(b.box, 20, Style(*palette.BADGES[b.role], 0.9)) for b in scene.badges], scale, 6),
        *boxes(ax, [Shape(c.box, ROUND[c.kind], _chip_style(c)) for c in scene.chips], scale, 7),
        *boxes(ax, _rings(scene, marked), scale, 8),
    ]
    return artists + add_labels(ax, scene.texts, scale, 9)


def scale_of(ax: Axes, scene: Scene | Sheet) -> float:
    """The points of the figure for a pixel of the scene, as large as the axes are now.

    Args:
        ax: where it is drawn.
        scene: what is drawn.
    """
    size = ax.get_window_extent()
    pixels = min(size.width / (scene.width or 1), size.height / (scene.height or 1))
    return round(pixels * 72 / ax.figure.dpi, 3)


def boxes(ax: Axes, shapes_: Iterable[Shape], scale: float, z: int) -> list[Artist]:
    """Collections of boxes: those of one size and style are one outline at many places.

    Args:
        ax: where to draw.
        shapes_: the boxes.
        scale: points of the figure for a pixel of the scene.
        z: how far in front they stand.
    """
    from matplotlib.collections import PathCollection
    from matplotlib.transforms import AffineDeltaTransform

    places: dict[tuple[float, float, float, Style, float], list[tuple[float, float]]] = defaultdict(list)
    for box, radius, style, grow in shapes_:
        places[box.w, box.h, radius, style, grow].append((box.x, box.y))
    artists: list[Artist] = []
    for (width, height, radius, style, grow), offsets in places.items():
        outline = shapes.rounded(Box(0, 0, width, height), radius, grow)
        artist = PathCollection(
            [outline],
            offsets=offsets,
            offset_transform=ax.transData,
            facecolors=[style.ground],
            edgecolors=[style.edge],
            linewidths=[style.width * scale],
            linestyles=[style.dashes],
            zorder=z,
            clip_on=False,
        )
        artist.set_transform(AffineDeltaTransform(ax.transData))
        ax.add_collection(artist, autolim=False)
        artists.append(artist)
    return artists


def lines(ax: Axes, paths_: Sequence[tuple[Path, Style]], scale: float, z: int) -> list[Artist]:
    """One collection of lines.

    Args:
        ax: where to draw.
        paths_: the lines.
        scale: points of the figure for a pixel of the scene.
        z: how far in front they stand.
    """
    from matplotlib.collections import PathCollection

    if not paths_:
        return []
    paths, styles = zip(*paths_, strict=True)
    artist = PathCollection(
        paths,
        facecolors=[style.ground for style in styles],
        edgecolors=[style.edge for style in styles],
        linewidths=[style.width * scale for style in styles],
        linestyles=[style.dashes for style in styles],
        zorder=z,
        clip_on=False,
    )
    ax.add_collection(artist, autolim=False)
    return [artist]


def _line(line: Line) -> tuple[Path, Style]:
    path = shapes.curve(line.points) if line.curved else shapes.cable(line.points)
    if not line.alive:
        return path, Style("none", palette.DEAD, 1.5, DOTS)
    width = {"cable": 2.0, "tunnel": 2.4, "stack": 2.0, "port": 1.8, "trunk": 6.0}[line.kind]
    dashes = {"tunnel": DASHES, "stack": DOTS}.get(line.kind, "solid")
    return path, Style("none", palette.LINES[line.kind], width, dashes)


def _passing(scene: Scene) -> Iterator[tuple[Path, Style]]:
    """The pieces of ports' lines that pass a bar of another bridge: in front of it, in a gap of the room's colour."""
    grounds = {room.namespace: palette.ROOMS[room.kind][0] for room in scene.rooms}
    for line in scene.lines:
        if line.kind != "port":
            continue
        x, top, bottom = line.points[0][0], *sorted((line.points[0][1], line.points[-1][1]))
        for bar in scene.bars:
            box = bar.box
            if bar.end not in line.ends and box.x < x < box.right and top < box.y and box.bottom < bottom:
                piece = replace(line, points=((x, box.y - _BESIDE), (x, box.bottom + _BESIDE)))
                path, style = _line(piece)
                yield path, Style("none", grounds.get(bar.end[0], palette.CARD), _GAP)
                yield path, style


def _cross(line: Line) -> tuple[Path, Style]:
    return shapes.cross(shapes.middle(line.points, curved=line.curved)), Style("none", palette.WARNING, 1.8)


def _bar_style(*, up: bool) -> Style:
    return Style(*palette.BAR, 1.6) if up else Style(palette.CARD, palette.DEAD, 1.4, DASHES)


def _chip_style(chip: Chip) -> Style:
    return (
        Style(palette.CHIPS[chip.kind], palette.CARD, 1.0)
        if chip.up
        else Style(palette.CARD, palette.DEAD, 1.4, DASHES)
    )


def _rings(scene: Scene, marked: set[object]) -> Iterable[Shape]:
    """Rings around interfaces."""
    yield from (Shape(x.box, 8, RING, 2.6) for x in (*scene.chips, *scene.bars) if x.end in marked)
    yield from (Shape(b.box, 20, RING, 2.6) for b in scene.badges if b.end in marked)
