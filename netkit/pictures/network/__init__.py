"""Knows where everything of a picture stands: a pure function from a snapshot to a scene.

Example:
    >>> from netkit.model import Interface, Namespace, Snapshot
    >>> scene = lay_out(Snapshot({"host": Namespace("host", {"lo": Interface("lo", "loopback", up=True)})}))
    >>> [room.namespace for room in scene.rooms]
    ['host']
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from netkit.model.facts import Facts
from netkit.pictures.network.blocks import CHANNEL, Block, level
from netkit.pictures.network.builder import WIDEST, Builder
from netkit.pictures.network.cabling import route
from netkit.pictures.network.inside import as_they_are, into_machines
from netkit.pictures.network.scene import Badge, Bar, Box, Chip, Lanes, Line, Room, Scene, Text
from netkit.pictures.network.summary import LARGEST, summary
from netkit.pictures.network.tree import order
from netkit.visible import in_line

if TYPE_CHECKING:
    from netkit.model import Snapshot
    from netkit.pictures.network.scene import Stations

__all__ = ["Badge", "Bar", "Box", "Chip", "Line", "Room", "Scene", "Text", "lay_out"]

MARGIN, BETWEEN_ROWS, BETWEEN_GROUPS, TITLE = 20.0, 30.0, 44.0, 15.0


def lay_out(snapshot: Snapshot, *, title: str = "", mac: bool = False, stations: Stations | None = None) -> Scene:
    """Where everything of a picture stands.

    Args:
        title: a line above the picture.
        mac: whether to tell MAC addresses (never those that the kernel drew at random).
        stations: what packets pass in each namespace beside interfaces, to be drawn as badges of the role "station".

    Returns:
        The scene; the same for equal snapshots.
    """
    snapshot, really = into_machines(snapshot, stations or ())
    facts = Facts(snapshot)
    tree = order(facts)
    builder = Builder(facts, tree, mac=mac, stations=stations, really=really)
    scene, lanes, top = Scene(), Lanes(), MARGIN
    if title:
        scene.texts.append(Text(MARGIN, MARGIN + TITLE * 0.8, in_line(title), TITLE, role="title", bold=True))
        top += TITLE * 1.8
    groups = [builder.row(row) for row in tree.rows]
    _place(scene, groups, top, lanes)
    route(scene, facts, tree, lanes)
    as_they_are(scene, really)
    scene = _framed(scene)
    if max(scene.width, scene.height) <= LARGEST:
        return scene
    smaller = _framed(summary(facts, title))
    return smaller if max(smaller.width, smaller.height) < max(scene.width, scene.height) else scene


def _place(scene: Scene, groups: list[list[tuple[float, Block]]], top: float, lanes: Lanes) -> None:
    """Put the groups into the scene, line by line; the host, which comes first, is as wide as everything."""
    lines: list[list[list[tuple[float, Block]]]] = []
    widest = max([WIDEST * 0.8, *(_width(group) for group in groups)])
    for group in groups:
        host = group[0][1].plan.name == "host"
        used = sum(_width(g) + BETWEEN_GROUPS for g in lines[-1]) if lines else 0.0
        if not lines or lines[-1][0][0][1].plan.name == "host" or host or used + _width(group) > widest:
            lines.append([])
        lines[-1].append(group)
    overall = max((sum(_width(g) + BETWEEN_GROUPS for g in line) - BETWEEN_GROUPS for line in lines), default=0.0)
    for line in lines:
        x = MARGIN
        if len(lines) > 1 and line[0][0][1].plan.name == "host":
            line[0][0][1].settle(overall)
        for group in line:
            level([block for _, block in group], everything=group[0][1].under > 0)
            for gap, block in group:
                block.write(scene, x + gap, top, lanes)
                x += gap + block.plan.width
            x += BETWEEN_GROUPS
        top += max(_height(group) for group in line) + BETWEEN_ROWS


def _width(group: list[tuple[float, Block]]) -> float:
    return sum(gap + block.plan.width for gap, block in group)


def _height(group: list[tuple[float, Block]]) -> float:
    under = group[0][1].under
    return max(block.height for _, block in group) + (CHANNEL * (under + 1) if under else 0)


def _framed(scene: Scene) -> Scene:
    """The scene with the size of what is in it and a margin, and with all places on quarters of a pixel."""
    scene = Scene(
        rooms=[replace(room, box=_snapped(room.box)) for room in scene.rooms],
        chips=[replace(chip, box=_snapped(chip.box)) for chip in scene.chips],
        bars=[replace(bar, box=_snapped(bar.box)) for bar in scene.bars],
        badges=[replace(badge, box=_snapped(badge.box)) for badge in scene.badges],
        lines=[replace(line, points=tuple((_snap(x), _snap(y)) for x, y in line.points)) for line in scene.lines],
        texts=[replace(text, x=_snap(text.x), y=_snap(text.y)) for text in scene.texts],
    )
    boxes = [thing.box for things in (scene.rooms, scene.chips, scene.texts) for thing in things]
    corners = [point for line in scene.lines for point in line.points]
    scene.width = ceil(max([*(b.right for b in boxes), *(x for x, _ in corners)], default=0.0) + MARGIN)
    scene.height = ceil(max([*(b.bottom for b in boxes), *(y for _, y in corners)], default=0.0) + MARGIN)
    return scene


def _snap(value: float) -> float:
    return round(value * 4) / 4


def _snapped(box: Box) -> Box:
    x, y = _snap(box.x), _snap(box.y)
    return Box(x, y, _snap(box.right) - x, _snap(box.bottom) - y)
