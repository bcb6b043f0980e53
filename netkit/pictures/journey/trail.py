"""Knows how a journey is drawn over the picture of a network: what is lit, and where the numbers of its hops stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.shown.table import head
from netkit.journey.shown.tree import chain, finish
from netkit.journey.values import ROUTING
from netkit.pictures.network.scene import Box, Text
from netkit.pictures.network.sheet import LINE, Panel, Sheet, Stroke, first_line, wrapped
from netkit.pictures.network.spots import SIZE, Spots, mark_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Hop
    from netkit.model import End
    from netkit.pictures.network.scene import Line, Point, Scene, Stations

ORDER = ("PREROUTING", ROUTING, "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "lo")
"""Stations in the order in which a room lists them."""
MARGIN, HEAD, FACT = 16.0, 11.0, 10.0
"""Of the legend: its distance from the edge, and the sizes of its letters."""
MOST_COVERED = 0.3
"""How much of the words beside a drop may cover something else."""


def station(hop: Hop) -> End:
    """What a hop passes: (namespace, interface), (namespace, "FORWARD"), (namespace, "routing")."""
    if hop.interface is not None:
        return hop.namespace, hop.interface
    return hop.namespace, ROUTING if hop.hook == ROUTING else str(hop.hook).upper()


def stations(journeys: Iterable[Journey]) -> Stations:
    """What journeys pass beside interfaces on walls, for `lay_out`: hooks, the routing decision, "lo".

    Args:
        journeys: those that are to be drawn over the picture.
    """
    spaces: dict[str, dict[str, float]] = defaultdict(dict)
    for journey in journeys:
        for (namespace, name), hops in _at(journey).items():
            if name in ORDER:
                known = spaces[namespace].get(name, 0.0)
                spaces[namespace][name] = max(known, round(mark_width(_label(hops))))
    return {space: {name: found[name] for name in ORDER if name in found} for space, found in spaces.items()}


def _at(journey: Journey) -> dict[End, list[int]]:
    """The numbers, from 1 on, of the hops at each place."""
    hops: dict[End, list[int]] = defaultdict(list)
    for hop in journey.hops:
        hops[station(hop)].append(hop.number + 1)
    return hops


def _label(numbers: Sequence[int]) -> str:
    """The numbers of the hops at one place: "3", "3·7", "3…9"."""
    return "·".join(map(str, numbers)) if len(numbers) < 3 else f"{numbers[0]}…{numbers[-1]}"


class _Leg(NamedTuple):
    """A stretch of the way: the number of the hop that it leads to, from 0 on, and its line."""

    hop: int
    stroke: Stroke


class Trail:
    """A journey over a picture; what does not depend on the hop that is looked at is found once.

    Args:
        journey: to be drawn.
        scene: of the snapshot; made with the journey's `stations`.
        spots: of the scene.
    """

    def __init__(self, journey: Journey, scene: Scene, spots: Spots | None = None) -> None:
        self.journey, self.scene = journey, scene
        self._spots = spots or Spots(scene)
        self._lines = {frozenset(line.ends): line for line in scene.lines}
        self._kinds = {chip.end: chip.kind for chip in scene.chips}
        self._masters = {line.ends[0]: line for line in scene.lines if line.kind == "port"}
        self._legs = self._find_legs()
        self._marks = self._find_marks()
        self._end = self._find_end()

    def sheet(self, hop: int | None = None) -> Sheet:
        """What is drawn over the picture.

        Args:
            hop: the number, from 0 on, of the hop that is looked at; None for the whole journey.
        """
        seen = len(self.journey.hops) if hop is None else hop
        sheet = Sheet(self.scene.width, self.scene.height)
        for number, stroke in sorted(self._legs, key=lambda leg: (leg.hop <= seen, leg.hop)):
            role = "now" if number == hop else stroke.role if number <= seen else "later"
            sheet.strokes.append(Stroke(stroke.points, role, stroke.arrow, curved=stroke.curved))
        rings, numbers_ = [], []
        for box, ring, numbers in self._marks:
            reached = any(number <= seen for number in numbers)
            role = "now" if hop in numbers else "passed" if reached else "later"
            if reached and ring:
                rings.append(replace(ring, role=f"{role} ring"))
            numbers_.append((box, _label([number + 1 for number in numbers]), f"{role} number"))
        sheet.panels += rings
        if self._end and seen >= self.journey.hops[-1].number:
            box, ring, label = self._end
            sheet.panels.append(ring)
            numbers_.append((box, label, "drop mark"))
        for box, label, role in numbers_:
            _mark(sheet, box, label, role)
        return sheet

    def _find_marks(self) -> list[tuple[Box, Panel | None, list[int]]]:
        """For each place passed: where its numbers stand, the ring around it, the hops' numbers from 0 on."""
        marks: list[tuple[Box, Panel | None, list[int]]] = []
        places: dict[End, list[int]] = defaultdict(list)
        for end, numbers in _at(self.journey).items():
            places[self._spots.drawn(end)] += [number - 1 for number in numbers]
        for end, numbers in places.items():
            if self._spots.box(end) is None:
                continue
            ordered = sorted(numbers)
            taken = [box for box, *_ in marks]
            box, _ = self._spots.free(end, _label([number + 1 for number in ordered]), taken)
            marks.append((box, self._ring(end) if end[1] else None, ordered))
        return marks

    def _ring(self, end: End) -> Panel:
        """A ring around a thing; around a badge it takes the place of the edge, for those stand close together."""
        box = self._spots.box(end) or Box(0, 0, 0, 0)
        grow = 0.5 if end[1] in ORDER else 3.0
        return Panel(Box(box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow), "drop ring", 20 - 4 * grow)

    def _find_end(self) -> tuple[Box, Panel, str] | None:
        """Where and with which words the picture says that the packet got no farther."""
        hop = finish(self.journey.hops, self.journey.places)
        if self.journey.delivered or hop is None:
            return None
        last = self._spots.drawn(station(hop))
        if self._spots.box(last) is None:
            return None
        taken = [box for box, *_ in self._marks]
        label = "✕ dropped" if self.journey.dropped else "✕ ends here"
        box, covered = self._spots.free(last, label, taken, wide=True)
        if covered > MOST_COVERED:
            label = "✕"
            box, _ = self._spots.free(last, label, taken, wide=True)
        return box, self._ring(last), label

    def _find_legs(self) -> list[_Leg]:
        of = {hop.number: hop for hop in self.journey.hops}
        legs = []
        for hop in self.journey.hops:
            if hop.interface is None:
                continue
            *before, _ = [one for one in chain(hop, of) if one.interface is not None]
            if before:
                legs += [_Leg(hop.number, stroke) for stroke in self._between(station(before[-1]), station(hop))]
            legs += [_Leg(hop.number, stroke) for stroke in self._tunnel(before, hop)]
        return legs

    def _between(self, a: End, b: End) -> list[Stroke]:
        """The lines from one interface to the next, in the direction of travel."""
        a, b = self._spots.drawn(a), self._spots.drawn(b)
        line = self._lines.get(frozenset((a, b))) or self._trunk(a, b)
        if line:
            return [_along(line, a, "passed")]
        into, out = self._masters.get(a), self._masters.get(b)
        bar = self._spots.box(into.ends[1]) if into else None
        if not into or not out or into.ends[1] != out.ends[1] or bar is None:
            return []
        first, last = _along(into, a, "passed"), _along(out, out.ends[1], "passed")
        corners = _around(bar, first.points[-1], last.points[0])
        return [Stroke((*first.points, *corners, *last.points), "passed", arrow=True)]

    def _trunk(self, a: End, b: End) -> Line | None:
        """The thick cable that stands for many."""
        return next((x for x in self.scene.lines if x.kind == "trunk" and (a in x.ends or b in x.ends)), None)

    def _tunnel(self, before: Sequence[Hop], hop: Hop) -> list[Stroke]:
        """The tunnel, where a packet comes out of a VXLAN device."""
        here = station(hop)
        if self._kinds.get(here) != "vxlan" or hop.direction != "in":
            return []
        for one in reversed(before):
            line = self._lines.get(frozenset((station(one), here)))
            if line and line.kind == "tunnel" and one.direction == "out":
                return [_along(line, station(one), "inner")]
        return []


def _mark(sheet: Sheet, box: Box, label: str, role: str) -> None:
    sheet.panels.append(Panel(box, role, box.h / 2))
    sheet.texts.append(Text(box.cx, box.cy + 0.36 * SIZE, label, SIZE, "middle", role, bold=True))


def _along(line: Line, start: End, role: str) -> Stroke:
    """A line of the picture in the direction of travel."""
    points = line.points if line.ends[0] == start else line.points[::-1]
    return Stroke(points, role, arrow=True, curved=line.curved)


def _around(bar: Box, start: Point, end: Point) -> list[Point]:
    """The corners of a way along the edge of a bridge."""
    sides = {bar.x, bar.right}
    if start[0] in sides or end[0] in sides:
        return [(start[0], end[1])] if start[0] in sides else [(end[0], start[1])]
    if start[1] == end[1]:
        return []
    side = bar.x if start[0] + end[0] < 2 * bar.cx else bar.right
    return [(side, start[1]), (side, end[1])]


def legend(journey: Journey, width: float, hop: int | None = None) -> Sheet:
    """What stands below the picture: the journey in a line, and what happened at a hop.

    Args:
        journey: which.
        width: of the picture, in pixels.
        hop: the number, from 0 on, of the hop that is looked at.
    """
    role = "label" if journey.delivered else "warning"
    lines = [(text, role, HEAD) for text in wrapped(head(journey), HEAD, width - 2 * MARGIN, bold=True)]
    if hop is not None:
        lines += [(text, "label", FACT) for text in wrapped(_fact(journey, hop), FACT, width - 2 * MARGIN)]
    sheet, top = Sheet(width), 0.0
    for number, (text, kind, size) in enumerate(lines):
        top += 4.0 if number and size < lines[number - 1][2] else 0.0
        sheet.texts.append(Text(MARGIN, first_line(top, size), text, size, role=kind, bold=size == HEAD))
        top += size * LINE
    sheet.height = top + MARGIN / 2
    return sheet


def _fact(journey: Journey, number: int) -> str:
    hop = journey.hops[number]
    facts = ". ".join([*hop.changed, *([hop.decided] if hop.decided else [])])
    place = f"{hop.where} {hop.direction}" if hop.direction else hop.where
    return f"Hop {number + 1} of {len(journey.hops)}, {place}{f': {facts}' if facts else ''}"
