"""The lessons' titles, and all their tasks, questions and predictions, found by their ids: one module for each."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TypeVar

from netkit.errors import InvalidValue, NotFound
from netkit.lessons.prediction import Prediction
from netkit.lessons.task import Question, Task
from netkit.spelling import proposal, shown

Item = Task | Question | Prediction
Wanted = TypeVar("Wanted", Task, Question, Prediction)

LESSONS = {
    "00": "Start here",
    "01": "Tour the six network modes",
    "02": "See the bridge principle",
    "03": "Use network namespaces",
    "04": "Build Docker's bridge by hand",
    "05": "Configure a running container",
    "06": "Map ports with NAT",
    "07": "Share or skip a network",
    "08": "Find containers by name",
    "09": "Reach across hosts",
    "10": "On a real host",
    "11": "Write your own docker run",
    "12": "Docker then and now",
    "13": "The same network in nftables",
    "14": "IPv6 for containers",
}
"""The lessons that ask for something, by their numbers."""

_USES = {
    Task: ("a task", "tasks are built, then checked", 'Try nk.check("{}")'),
    Question: ("a question", "questions are answered", 'Try nk.answer("{}")'),
    Prediction: ("a prediction", "a cell that waits for it begins with it", "Try %%predict {} on top of the cell"),
}


@cache
def items(lesson: str) -> dict[str, Item]:
    """What a lesson asks, by id.

    Args:
        lesson: its number, "04".
    """
    module = import_module(f"netkit.lessons.lesson{lesson}")
    return {item.id: item for item in module.ITEMS}


def every() -> dict[str, Item]:
    """What all lessons ask, by id."""
    return {key: item for lesson in LESSONS for key, item in items(lesson).items()}


def find(id: str, kind: type[Wanted]) -> Wanted:  # noqa: A002  (what learners call it)
    """The task, question or prediction of that id.

    Args:
        id: the lesson's number and its own: "04.1".
        kind: `Task`, `Question` or `Prediction`.

    Raises:
        InvalidValue: it is no text, or belongs to another kind.
        NotFound: there is none; the error lists those of the lesson.
    """
    if not isinstance(id, str):
        raise InvalidValue(f"{shown(id)} is no task", "a task has the lesson's number and its own", 'Try "04.1"')
    lesson, _, own = id.partition(".")
    there = items(lesson) if lesson in LESSONS else {}
    if id not in there:
        raise _nothing(id, there, f"{lesson.zfill(2)}.{own}")
    found = there[id]
    if not isinstance(found, kind):
        what, rule, remedy = _USES[type(found)]
        raise InvalidValue(f"{id} is {what}", rule, remedy.format(id))
    return found


def _nothing(id: str, there: dict[str, Item], padded: str) -> NotFound:  # noqa: A002
    """What is said of an id that there is not.

    Args:
        id: what was typed.
        there: what its lesson asks; nothing where there is no such lesson.
        padded: it, with a lesson's number of two digits.
    """
    lesson = padded.partition(".")[0]
    meant = padded if not there and lesson in LESSONS and padded in items(lesson) else id
    rule = f"there are: {', '.join(there)}" if there else f"it begins with a lesson's number: {', '.join(LESSONS)}"
    remedy = proposal(meant, there) if there else proposal(meant, every(), otherwise="Try '04.1'")
    return NotFound(f"there is nothing called {shown(id)}", rule, remedy)
