"""Where everything of a ladder diagram stands: lifelines, hops (40 at most, 3 branches), and beside each what is told.

A ladder diagram (or sequence diagram) shows who passes a message to whom; time runs downward.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.shown.table import ends, sent
from netkit.journey.shown.tree import finish, thinned
from netkit.pictures.journey.lanes import HEADER, NUMBER, STATION, TOP, Lanes, box_width, label, lane_of, lanes
from netkit.pictures.network.scene import Box, Text
from netkit.pictures.network.sheet import LINE, Panel, Sheet, Stroke, first_line, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Hop

MOST = 40
"""How many hops one diagram shows unless it is a single journey."""
BRANCHES = 3
"""How many copies of a flood, or fragments, one diagram shows."""
TITLE, WHERE, FACT = 12.0, 10.5, 10.0
"""Sizes of the letters of a journey's title, of a hop's place, and of what is told about it."""
NOTES = 350.0
"""The width of the column in which hops are told."""
LEAST_ROW, BETWEEN, MIDDLE = 22.0, 9.0, 8.0
"""The least height of a hop's row, the space between rows, and how far below its top its mark stands, in pixels."""
NUMBERED = "passed number"


def drawn(journeys: Sequence[Journey], most: int = MOST) -> list[Journey]:
    """The journeys for which one diagram has space: at least the first.

    Args:
        journeys: all of them.
        most: how many hops there may be.
    """
    found: list[Journey] = []
    for journey in journeys:
        most -= len(thinned(journey.hops, journey.places, BRANCHES)[0])
        if found and most < 0:
            break
        found.append(journey)
    return found


def ladder(journeys: Sequence[Journey], left_out: int = 0) -> Sheet:
    """A ladder diagram.

    Args:
        journeys: to be drawn, one below the other.
        left_out: how many journeys there are besides, which is said at the end.

    Returns:
        The sheet; the same for equal journeys.
    """
    columns = lanes(hop for journey in journeys for hop in thinned(journey.hops, journey.places, BRANCHES)[0])
    rows = _Rows(columns, {journey.number for journey in journeys})
    for journey in journeys:
        rows.journey(journey)
    if sentence := _left_out(left_out, nothing=not journeys):
        rows.tell([(sentence, FACT, "quiet", False)])
    sheet = Sheet(columns.width + NOTES + TOP, rows.y + 4 + TOP)
    columns.write(sheet, rows.y + 4)
    sheet.strokes += rows.sheet.strokes
    sheet.panels += sorted(rows.sheet.panels, key=lambda panel: panel.role == NUMBERED)  # numbers stand on boxes
    sheet.texts += rows.sheet.texts
    return sheet


def _left_out(count: int, *, nothing: bool) -> str:
    if nothing:
        return "No packet was seen."
    return f"{count} more journey{'s' * (count > 1)}: not drawn here." if count else ""


class _Rows:
    """Puts one row after the other into a sheet; `y` is where the next one begins."""

    def __init__(self, columns: Lanes, numbers: set[int]) -> None:
        self.sheet, self.columns, self.numbers = Sheet(), columns, numbers
        self.y = TOP + HEADER + 8

    def tell(self, told: list[tuple[str, float, str, bool]]) -> float:
        """Write texts, (text, size, role, bold) each, into the column for notes; returns how high they are."""
        top = self.y
        for text, size, role, bold in told:
            for line in wrapped(text, size, NOTES, bold=bold):
                base = first_line(top, size)
                self.sheet.texts.append(Text(self.columns.width, base, line, size, role=role, bold=bold))
                top += size * LINE
        height = top - self.y
        self.y = top
        return height

    def journey(self, journey: Journey) -> None:
        """The rows of a journey: its title, its hops, its end."""
        way = "back" if journey.answers is not None else "there"
        answered = f" (answers {journey.answers})" if journey.answers in self.numbers else ""
        title = f"{journey.number}. {sent(journey)}: {ends(journey)}{answered}"
        self.tell([(title, TITLE, "title", True)])
        self.y += BETWEEN
        at: dict[int, tuple[float, float]] = {}
        hops, missing = thinned(journey.hops, journey.places, BRANCHES)
        for hop in hops:
            self._hop(hop, at, way, missing.get(hop.number, 0))
        self._end(journey, at)

    def _hop(self, hop: Hop, at: dict[int, tuple[float, float]], way: str, missing: int) -> None:
        x, y = self.columns.centre[lane_of(hop)], self.y + MIDDLE
        half = NUMBER / 2 if hop.interface is not None else box_width(hop) / 2
        if hop.after in at:
            self._arrow(at[hop.after], (x, y), half, way)
        at[hop.number] = (x, y)
        self._mark(hop, x, y, half)
        place = f"{hop.where} {hop.direction}" if hop.direction else hop.where
        told = [(f"({hop.number + 1}) {place}", WHERE, "label", True)]
        told += [(text, FACT, "changed", False) for text in hop.changed]
        told += [(hop.decided, FACT, "label", False)] if hop.decided else []
        told += [(f"{missing} more branch{'es' * (missing > 1)} from here: not drawn.", FACT, "quiet", False)] * (
            missing > 0
        )
        height = self.tell(told)
        self.y += max(LEAST_ROW - height, 0.0) + BETWEEN

    def _mark(self, hop: Hop, x: float, y: float, half: float) -> None:
        number = Box(x - half, y - NUMBER / 2, NUMBER, NUMBER)
        if hop.interface is None:
            text, role = label(hop)
            self.sheet.panels.append(Panel(Box(x - half, y - 10, 2 * half, 20), role, 6))
            self.sheet.texts.append(
                Text(x - half + NUMBER + 7, y + 0.36 * STATION, text, STATION, "start", role, bold=True)
            )
            number = Box(x - half + 3, y - NUMBER / 2 + 0.5, NUMBER - 1, NUMBER - 1)
        self.sheet.panels.append(Panel(number, NUMBERED, NUMBER))
        text = str(hop.number + 1)
        self.sheet.texts.append(Text(number.cx, y + 0.36 * 8.5, text, 8.5, "middle", NUMBERED, bold=True))

    def _arrow(self, start: tuple[float, float], end: tuple[float, float], half: float, way: str) -> None:
        """Down the lifeline of the hop before, and over to this hop's."""
        (x, y), (to_x, to_y) = start, end
        if x == to_x:
            points: tuple[tuple[float, float], ...] = ((x, y), (x, to_y - 11))
        else:
            side = -1 if x < to_x else 1
            points = ((x, y), (x, to_y), (to_x + side * (half + 1.5), to_y))
        self.sheet.strokes.append(Stroke(points, way, arrow=True))

    def _end(self, journey: Journey, at: dict[int, tuple[float, float]]) -> None:
        """What became of it, below the last hop."""
        role, sign = ("delivered", "✓") if journey.delivered else ("drop mark", "✕")
        words = "accept" if journey.delivered else "warning"
        last = finish(journey.hops, journey.places)
        if last:
            x, y = at[last.number]
            to = self.y + MIDDLE
            self.sheet.strokes.append(Stroke(((x, y), (x, to)), role))
            self.sheet.panels.append(Panel(Box(x - 9, to - 9, 18, 18), role, 9))
            self.sheet.texts.append(Text(x, to + 4, sign, 11.0, "middle", role, bold=True))
        height = self.tell([(f"{sign} {journey.end}" if journey.end else sign, WHERE, words, True)])
        self.y += max(LEAST_ROW - height, 0.0) + 2 * BETWEEN
