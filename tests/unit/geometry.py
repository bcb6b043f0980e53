"""Knows what makes a scene wrong: texts on texts, chips on chips, cables through rooms, things outside the canvas."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from netkit.pictures.network import Box, Line, Scene, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

SLACK = 0.5
"""Places are on quarters of a pixel, so two things that touch may share that much."""
CHIP_REACH = 11
"""How far a cable may run along inside the edge of a room: to its chip, half of which is inside."""
ON_CHIPS = {"chip", "dark chip", "hollow"}

Named = tuple[Box, str]


def overlaps(a: Box, b: Box, slack: float = 0.0) -> bool:
    """Whether the two share more than `slack` pixels in both directions."""
    across = min(a.right, b.right) - max(a.x, b.x)
    down = min(a.bottom, b.bottom) - max(a.y, b.y)
    return across > slack and down > slack


def holds(outer: Box, inner: Box, slack: float = 0.01) -> bool:
    """Whether the inner one lies inside, give or take `slack` pixels."""
    return (
        inner.x >= outer.x - slack
        and inner.y >= outer.y - slack
        and inner.right <= outer.right + slack
        and inner.bottom <= outer.bottom + slack
    )


def faults(scene: Scene) -> list[str]:
    """Everything that is wrong with a scene, in words."""
    return [*_outside(scene), *_overlaps(scene), *_loose_ends(scene), *_crossings(scene), *_merged(scene)]


def _outside(scene: Scene) -> Iterator[str]:
    canvas = Box(0, 0, scene.width, scene.height)
    things = [*scene.rooms, *scene.chips, *scene.bars, *scene.badges, *scene.texts]
    yield from (f"outside the canvas: {thing}" for thing in things if not holds(canvas, thing.box))
    corners = [(line, Box(x, y, 0, 0)) for line in scene.lines if not line.curved for x, y in line.points]
    yield from (f"outside the canvas: {line}" for line, corner in corners if not holds(canvas, corner))


def _overlaps(scene: Scene) -> Iterator[str]:
    layers: list[list[Named]] = [
        [(text.box, f"the text {text.text!r}") for text in scene.texts],
        [(thing.box, f"{thing.end}") for thing in (*scene.chips, *scene.bars)],
        [(badge.box, f"the badge {badge}") for badge in scene.badges],
    ]
    for layer in layers:
        yield from (f"{a[1]} and {b[1]} overlap" for a, b in _touching(layer))
    rooms = [(room.box, f"room {room.namespace!r}") for room in scene.rooms]
    nested = ((a, b) for a, b in _touching(rooms) if not holds(a[0], b[0]) and not holds(b[0], a[0]))
    yield from (f"{a[1]} and {b[1]} overlap" for a, b in nested)
    for text in scene.texts:
        yield from _misplaced(scene, text)


def _touching(things: list[Named]) -> Iterator[tuple[Named, Named]]:
    """The pairs that overlap: a sweep from top to bottom."""
    ordered = sorted(things, key=lambda thing: thing[0].y)
    for number, (box, name) in enumerate(ordered):
        for other, other_name in ordered[number + 1 :]:
            if other.y > box.bottom:
                break
            if overlaps(box, other, SLACK):
                yield (box, name), (other, other_name)


def _misplaced(scene: Scene, text: Text) -> Iterator[str]:
    """A text on something that it does not belong to."""
    box, on_chip = text.box, text.role in ON_CHIPS
    for thing in [*scene.badges, *scene.bars, *(scene.chips if on_chip else [])]:
        if overlaps(box, thing.box, SLACK) and not holds(thing.box, box, SLACK):
            yield f"{text.text!r} juts out of {thing}"
    if not on_chip:
        yield from (f"{text.text!r} is on {c.end}" for c in scene.chips if overlaps(box, c.box, SLACK))


def _loose_ends(scene: Scene) -> Iterator[str]:
    boxes = {thing.end: thing.box for thing in (*scene.chips, *scene.bars)}
    for line in scene.lines:
        for end, point in zip(line.ends, (line.points[0], line.points[-1]), strict=True):
            if end not in boxes or not _on_edge(boxes[end], point):
                yield f"the {line.kind} {line.ends} does not end at {end}"


def _on_edge(box: Box, point: tuple[float, float]) -> bool:
    around = Box(point[0] - SLACK, point[1] - SLACK, 2 * SLACK, 2 * SLACK)
    inside = Box(box.x + SLACK, box.y + SLACK, box.w - 2 * SLACK, box.h - 2 * SLACK)
    return overlaps(box, around) and not overlaps(inside, around)


def _crossings(scene: Scene) -> Iterator[str]:
    """Cables that run through rooms, and lines that run through texts, but for ports that pass behind a bridge."""
    on_bars = {text for text in scene.texts for bar in scene.bars if holds(bar.box, text.box, SLACK)}
    for line in scene.lines:
        if line.curved:
            continue
        texts = [(t.box, t.text) for t in scene.texts if line.kind != "port" or t not in on_bars]
        for stretch in _stretches(line):
            if line.kind != "port":
                for room in scene.rooms:
                    within = holds(room.box, stretch) and any(holds(room.box, bar.box) for bar in scene.bars)
                    if within and {room.namespace} == {end[0] for end in line.ends}:
                        continue  # from bridge to bridge of one namespace
                    if overlaps(room.box, stretch, 0.1) and _inside(room.box, stretch):
                        yield f"{line.ends} runs through {room.namespace}"
            yield from (f"{line.ends} runs through {text!r}" for box, text in texts if overlaps(box, stretch, 0.1))


def _inside(room: Box, stretch: Box) -> bool:
    """Whether a stretch runs deeper in a room than a chip on its wall reaches."""
    deep = Box(room.x + CHIP_REACH, room.y + CHIP_REACH, room.w - 2 * CHIP_REACH, room.h - 2 * CHIP_REACH)
    return overlaps(deep, stretch, 0.1)


def _merged(scene: Scene) -> Iterator[str]:
    """Two cables that run on top of one another."""
    cables = [line for line in scene.lines if not line.curved and line.kind != "port"]
    runs = [(stretch, f"the cable {line.ends}") for line in cables for stretch in _stretches(line)]
    for a, b in _touching([(Box(s.x - 1, s.y - 1, s.w + 2, s.h + 2), name) for s, name in runs]):
        across = min(a[0].right, b[0].right) - max(a[0].x, b[0].x)
        down = min(a[0].bottom, b[0].bottom) - max(a[0].y, b[0].y)
        if a[1] != b[1] and max(across, down) > 4:
            yield f"{a[1]} and {b[1]} run on top of one another"


def _stretches(line: Line) -> Iterator[Box]:
    for (ax, ay), (bx, by) in pairwise(line.points):
        yield Box(min(ax, bx), min(ay, by), abs(ax - bx) or 0.2, abs(ay - by) or 0.2)
