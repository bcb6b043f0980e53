"""All tasks and questions, found by their ids: one module for each lesson."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from netkit import names
from netkit.errors import InvalidValue, NotFound
from netkit.lessons.task import Question, Task

LESSONS = {"00": "Start here", "03": "Use network namespaces", "04": "Build Docker's bridge by hand"}
"""The lessons that ask for something, by their numbers."""


@cache
def items(lesson: str) -> dict[str, Task | Question]:
    """What a lesson asks, by id.

    Args:
        lesson: its number, "04".
    """
    module = import_module(f"netkit.lessons.lesson{lesson}")
    return {item.id: item for item in module.ITEMS}


def every() -> dict[str, Task | Question]:
    """What all lessons ask, by id."""
    return {key: item for lesson in LESSONS for key, item in items(lesson).items()}


def task(id: str) -> Task:  # noqa: A002  (what learners call it)
    """The task of that id.

    Args:
        id: "04.1".

    Raises:
        InvalidValue: it is no text, or is a question's.
        NotFound: there is none; the error lists those of the lesson.
    """
    found = _item(id)
    if not isinstance(found, Task):
        raise InvalidValue(f"{id} is a question", "questions are answered", f'Try nk.answer("{id}")')
    return found


def question(id: str) -> Question:  # noqa: A002
    """The question of that id.

    Args:
        id: "04.2".

    Raises:
        InvalidValue: it is no text, or is a task's.
        NotFound: there is none.
    """
    found = _item(id)
    if not isinstance(found, Question):
        raise InvalidValue(f"{id} is a task", "tasks are built, then checked", f'Try nk.check("{id}")')
    return found


def _item(id: str) -> Task | Question:  # noqa: A002
    if not isinstance(id, str):
        raise InvalidValue(f"{id!r} is no task", "a task has the lesson's number and its own", 'Try "04.1"')
    lesson = id.partition(".")[0]
    there = items(lesson) if lesson in LESSONS else every()
    if id not in there:
        meant = names.nearest(id, there)
        remedy = f"Did you mean '{meant}'?" if meant else "Take one of these"
        raise NotFound(f"there is no task {id!r}", f"there are: {', '.join(there)}", remedy)
    return there[id]
