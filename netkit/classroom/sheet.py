"""The rows of a class as CSV: ok, first ✗, hints, predictions, tickets, minutes; no formulas, the same in every run."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from netkit.classroom.grading import NOTHING
from netkit.classroom.replay_limits import LIMIT
from netkit.lessons import catalogue
from netkit.lessons.prediction import Prediction
from netkit.visible import in_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.classroom.grading import Graded, Paper, Result
    from netkit.lessons.diary import Event

COLUMNS = ("learner", "task", "ok", "first ✗", "hints", "predictions", "tickets 1", "tickets 2", "tickets 3", "minutes")

_LONGEST_PAUSE = 600.0
"""Seconds: whoever does nothing for longer is not at work."""

_FORMULAS = ("=", "+", "-", "@")
_LONGEST = 300


class Row(NamedTuple):
    """One learner's task.

    Attributes:
        learner: the name, by the folder.
        task: its id.
        ok: whether it is right.
        first: the first property that is missing, with what is there instead; "" where it is right.
        hints: how often help was asked for.
        predictions: of its lesson, right at the first try, and made: "3/4".
        tickets: of its lesson, mended, for each of the three levels.
        minutes: at work on its lesson.
    """

    learner: str
    task: str
    ok: bool
    first: str
    hints: int
    predictions: str
    tickets: tuple[int, int, int]
    minutes: int


def rows(graded: Graded) -> list[Row]:
    """The rows of a class, by learner, then by task.

    Args:
        graded: what came of all papers.
    """
    return [_row(paper, task, graded) for paper in graded.papers for task in graded.tasks or ("",)]


def as_csv(found: Iterable[Row]) -> str:
    """The rows as CSV (RFC 4180), with a heading; no cell is taken for a formula by a spreadsheet.

    Args:
        found: the rows.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in found:
        yes = "yes" if row.ok else "no"
        cells = (row.learner, row.task, yes, row.first, row.hints, row.predictions, *row.tickets, row.minutes)
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue()


def safe(cell: str) -> str:
    """A text that stays in its cell, and that no spreadsheet takes for a formula.

    Args:
        cell: any.
    """
    shown = in_line(cell.encode(errors="backslashreplace").decode())
    return f"'{shown}" if shown.startswith(_FORMULAS) else shown


def _row(paper: Paper, task: str, graded: Graded) -> Row:
    events = paper.submission.events if paper.submission else ()
    lesson = task.partition(".")[0]
    result = graded.results.get((paper.learner, "task", task))
    first = paper.trouble or (NOTHING if result is None else missing(result))
    hints = sum(event.kind == "hint" and event.id == task for event in events)
    tickets = _mended(paper.learner, lesson, graded)
    ok = result is not None and result["ok"] is True
    return Row(paper.learner, task, ok, first, hints, _foreseen(events, lesson), tickets, _minutes(events, lesson))


def missing(result: Result) -> str:
    """The first thing that a network lacks, in words; "" where it has all.

    Args:
        result: of a replay.
    """
    if result["ok"] is True:
        return ""
    first = next((f"{text}: {words}" for text, ok, words in result["wants"] if ok is False), "")
    if result.get("copied"):
        return f"these are the numbers of {result['copied']}; {first}"[:_LONGEST]
    trouble = result.get("trouble") or ""
    return "; ".join(filter(None, (first, trouble)))[:_LONGEST] or LIMIT


def tickets(learner: str, graded: Graded) -> list[tuple[str, Result]]:
    """A learner's tickets, "06/17/1", each with what became of it.

    Args:
        learner: the name.
        graded: what came of all papers.
    """
    own = (item for item in graded.results.items() if item[0][:2] == (learner, "ticket"))
    return sorted(((key, result) for (_, _, key), result in own), key=lambda each: each[0])


def _foreseen(events: Sequence[Event], lesson: str) -> str:
    """How many predictions of a lesson were right at the first try, and how many were made."""
    asked = {key for key, item in catalogue.items(lesson).items() if isinstance(item, Prediction)} if lesson else set()
    first: dict[str, bool] = {}
    for event in events:
        if event.kind == "predict" and event.id in asked:
            first.setdefault(event.id, event.ok is True)
    return f"{sum(first.values())}/{len(first)}"


def _mended(learner: str, lesson: str, graded: Graded) -> tuple[int, int, int]:
    """How many tickets of a lesson were mended, as their replays show; each counts once, at its lowest level."""
    levels: dict[str, str] = {}
    for key, result in tickets(learner, graded):
        ticket, _, level = key.rpartition("/")
        if result["ok"] is True and ticket.partition("/")[0] == lesson:
            levels[ticket] = min(level, levels.get(ticket, level))
    found = list(levels.values())
    return found.count("1"), found.count("2"), found.count("3")


def _minutes(events: Sequence[Event], lesson: str) -> int:
    """Minutes at work on a lesson: between what was done there, without longer pauses."""
    times = sorted(event.time for event in events if lesson and event.id.replace("/", ".").partition(".")[0] == lesson)
    pauses = (later - earlier for earlier, later in pairwise(times))
    return round(sum(pause for pause in pauses if pause <= _LONGEST_PAUSE) / 60)
