"""Knows the way of each cable and tunnel from chip to chip, once the rooms have their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.pictures.network.blocks import CHANNEL
from netkit.pictures.network.scene import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model.facts import Facts
    from netkit.pictures.network.scene import Box, Lanes, Point, Scene
    from netkit.pictures.network.tree import Link, Tree

LOOP = 18.0
"""How far a cable between two chips of one room hangs below it."""
JOG, STEP = 6.0, 4.0
BEND = 70.0


def route(scene: Scene, facts: Facts, tree: Tree, lanes: Lanes) -> None:
    """Add a line for each cable and tunnel whose ends are in the scene.

    Args:
        scene: with all rooms and chips.
        tree: with all cables and tunnels.
        lanes: where cables that pass other rooms run.
    """
    chips = {chip.end: chip.box for chip in scene.chips}
    floors = {room.namespace: room.box for room in scene.rooms}
    for a, b in lanes.bundles:
        scene.lines.append(Line((a, b), ((chips[a].cx, chips[a].bottom), (chips[b].cx, chips[b].y)), "trunk"))
    before: dict[object, int] = {}
    for link in tree.links:
        a, b = link.ends
        if a not in chips or b not in chips:
            continue
        if link.way == "free":
            points = _curve(chips[a], chips[b], tree.walls[a], tree.walls[b])
        elif link.way == "under":
            floor = _floor(floors.values(), floors[a[0]], floors[b[0]])
            points = _hang(chips[a], chips[b], floor + LOOP + CHANNEL * _count(before, floor))
        elif link.way == "side":
            points = _across(chips[a], chips[b], _count(before, (a[0], b[0])))
        else:
            points = _straight(link, chips[a], chips[b], lanes)
        alive = facts.carries(a) and facts.carries(b)
        scene.lines.append(Line((a, b), _clean(points), link.kind, alive, curved=link.way == "free"))


def _count(before: dict[object, int], what: object) -> int:
    """How many cables have taken this way before."""
    before[what] = before.get(what, -1) + 1
    return before[what]


def _across(a: Box, b: Box, number: int) -> list[Point]:
    """From room to room beside it; several cables bend at different places, the middle first."""
    shift = STEP * ((number + 1) // 2) * (-1) ** number
    middle = (a.right + b.x) / 2 + shift
    return [(a.right, a.cy), (middle, a.cy), (middle, b.cy), (b.x, b.cy)]


def _straight(link: Link, a: Box, b: Box, lanes: Lanes) -> list[Point]:
    if link.way == "loop":
        return _hang(a, b, max(a.bottom, b.bottom) + LOOP - 8)
    if link.ends[1] in lanes.places:
        lane, number, place = lanes.places[link.ends[1]]
        turn, above = a.bottom + JOG + STEP * number, b.y - JOG - STEP * place
        return [(a.cx, a.bottom), (a.cx, turn), (lane, turn), (lane, above), (b.cx, above), (b.cx, b.y)]
    middle = (a.bottom + b.y) / 2
    return [(a.cx, a.bottom), (a.cx, middle), (b.cx, middle), (b.cx, b.y)]


def _hang(a: Box, b: Box, depth: float) -> list[Point]:
    return [(a.cx, a.bottom), (a.cx, depth), (b.cx, depth), (b.cx, b.bottom)]


def _floor(boxes: Iterable[Box], a: Box, b: Box) -> float:
    """The lowest floor of the rooms that stand in a row from a to b."""
    return max(box.bottom for box in boxes if a.x <= box.x <= b.x and box.y == a.y)


def _curve(a: Box, b: Box, wall_a: str, wall_b: str) -> list[Point]:
    """A curve that leaves and arrives at right angles to the walls; it is drawn behind the rooms."""
    (start, out), (end, back) = _leave(a, wall_a), _leave(b, wall_b)
    return [start, (start[0] + out[0], start[1] + out[1]), (end[0] + back[0], end[1] + back[1]), end]


def _leave(box: Box, wall: str) -> tuple[Point, Point]:
    return {
        "upper": ((box.cx, box.y), (0.0, -BEND)),
        "lower": ((box.cx, box.bottom), (0.0, BEND)),
        "left": ((box.x, box.cy), (-BEND, 0.0)),
        "right": ((box.right, box.cy), (BEND, 0.0)),
    }[wall]


def _clean(points: list[Point]) -> tuple[Point, ...]:
    """The corners without those that repeat the one before, to a hundredth of a pixel."""
    rounded = [(round(x, 2), round(y, 2)) for x, y in points]  # straight cables differ by less than the float's error
    return tuple(p for i, p in enumerate(rounded) if i == 0 or p != rounded[i - 1] or i == len(rounded) - 1)
