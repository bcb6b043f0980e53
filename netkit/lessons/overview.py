"""`nk.progress`: what a learner has built, answered, foreseen and mended, lesson by lesson, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.face import face
from netkit.lessons import catalogue, diary
from netkit.lessons.prediction import Prediction
from netkit.lessons.task import Question, Task
from netkit.markup import aligned, row, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.lessons.diary import Event

_DONE, _OPEN = "●", "○"
_COLUMNS = ("lesson", "built", "answered", "foreseen", "mended", "next")


@dataclass(frozen=True)
class Row:
    """One lesson.

    Attributes:
        lesson: its number and title.
        built: for each task, whether it was solved once.
        answered: for each question, whether it was answered rightly once.
        foreseen: how many predictions were right at the first try, and how many were made.
        mended: how many tickets were mended, and how many were begun.
        next: what to type for the first thing that is open; "" when nothing is.
    """

    lesson: str
    built: tuple[bool, ...]
    answered: tuple[bool, ...]
    foreseen: tuple[int, int]
    mended: tuple[int, int]
    next: str

    def cells(self) -> tuple[str, ...]:
        """The row in words."""
        built, answered = _signs(self.built), _signs(self.answered)
        return (self.lesson, built, answered, _share(self.foreseen), _share(self.mended), self.next)


@dataclass(frozen=True, repr=False)
class Progress:
    """A row for each lesson; a filled circle is done, an empty one is open.

    Attributes:
        rows: one for each lesson that asks for something.
        mended: how many tickets were mended, and how many were begun, those of no lesson too.
        hints: how often help was asked for at tickets.
    """

    rows: tuple[Row, ...]
    mended: tuple[int, int] = (0, 0)
    hints: int = 0

    @property
    def foreseen(self) -> tuple[int, int]:
        """How many predictions were right at the first try, and how many were made."""
        return sum(row.foreseen[0] for row in self.rows), sum(row.foreseen[1] for row in self.rows)

    def _foot(self) -> str:
        (right, made), (mended, begun) = self.foreseen, self.mended
        told = [f"Of {made} predictions {right} were right at the first try."] if made else []
        told += [f"Of {begun} tickets {mended} were mended; hints: {self.hints}."] if begun else []
        return " ".join(told)

    def __repr__(self) -> str:
        lines = aligned([_COLUMNS, *(row.cells() for row in self.rows)])
        return "\n".join([*lines, *filter(None, [self._foot()])])

    def _repr_html_(self) -> str:
        foot = f"<p>{self._foot()}</p>" if self._foot() else ""
        return table(_COLUMNS, [row(one.cells(), scope="row") for one in self.rows]) + foot


def of(events: Iterable[Event]) -> Progress:
    """The progress that some events are.

    Args:
        events: in the order of time.
    """
    done: set[tuple[str, str]] = set()
    first: dict[str, bool] = {}
    tickets: dict[str, list[Event]] = {}
    for event in events:
        if event.ok:
            done.add((event.kind, event.id))
        if event.kind == "predict":
            first.setdefault(event.id, event.ok is True)
        if event.kind in ("ticket", "hint") and "/" in event.id:
            tickets.setdefault(event.id, []).append(event)
    rows = tuple(_row(lesson, done, first, _mended(tickets, lesson)) for lesson in catalogue.LESSONS)
    hints = sum(event.kind == "hint" for events in tickets.values() for event in events)
    return Progress(rows, _mended(tickets), hints)


@face
def progress() -> Progress:
    """What you have done so far, in all notebooks on this machine; it stays there unless you share it (`nk.share`).

    Returns:
        A table: a row for each lesson, with what comes next.
    """
    return of(diary.events())


def _mended(tickets: dict[str, list[Event]], lesson: str = "") -> tuple[int, int]:
    """How many tickets were mended, and how many were begun: of a lesson, or all."""
    fitting = [events for key, events in tickets.items() if not lesson or key.partition("/")[0] == lesson]
    return sum(any(event.ok for event in events) for events in fitting), len(fitting)


def _row(lesson: str, done: set[tuple[str, str]], first: dict[str, bool], mended: tuple[int, int]) -> Row:
    items = catalogue.items(lesson).values()
    tasks = {item.id: ("check", item.id) in done for item in items if isinstance(item, Task)}
    questions = {item.id: ("answer", item.id) in done for item in items if isinstance(item, Question)}
    made = [first[item.id] for item in items if isinstance(item, Prediction) and item.id in first]
    still = [f'nk.check("{key}")' for key, ok in tasks.items() if not ok]
    still += [f'nk.answer("{key}")' for key, ok in questions.items() if not ok]
    title = f"{lesson} {catalogue.LESSONS[lesson]}"
    right = (sum(made), len(made))
    return Row(title, tuple(tasks.values()), tuple(questions.values()), right, mended, next(iter(still), ""))


def _share(count: tuple[int, int]) -> str:
    return f"{count[0]} of {count[1]}" if count[1] else ""


def _signs(done: tuple[bool, ...]) -> str:
    return "".join(_DONE if one else _OPEN for one in done)
