"""Tasks with a learner's own numbers in place of the lesson's, and options in an order of the learner's own."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

from netkit.lessons.task import Task

if TYPE_CHECKING:
    from netkit.lessons.mine import Mine

NOT_YOURS = "in this course the numbers are each learner's own: nk.mine"
"""Why a network that somebody else built does not do."""


_FEWEST = 3
"""Two options, yes and no, stand as one says them."""


def personal(task: Task, mine: Mine) -> Task:
    """A task as one learner is asked it; the lesson's own where it is not marked, or nobody draws numbers.

    Args:
        task: as its lesson has it.
        mine: the learner's numbers.
    """
    if not task.own or not mine.drawn:
        return task
    pairs = [(text, str(getattr(mine, what))) for text, what in task.own]
    fields = {field.name: _with(getattr(task, field.name), pairs) for field in dataclasses.fields(task)}
    return Task(**{**fields, "id": task.id, "own": task.own})


def ordered(options: tuple[str, ...], key: str, mine: Mine) -> tuple[str, ...]:
    """Options as one learner is shown them: in a course, three and more stand in an order of the learner's own.

    So the number that a neighbour has typed means something else.

    Args:
        options: as the lesson has them.
        key: what they belong to.
        mine: the learner's numbers.
    """
    if len(options) < _FEWEST or not mine.drawn:
        return options
    return tuple(sorted(options, key=lambda option: hashlib.sha256(f"{mine.seed}\0{key}\0{option}".encode()).digest()))


def _with(value: Any, pairs: list[tuple[str, str]]) -> Any:
    """A value in whose texts and numbers some are replaced."""
    if isinstance(value, str):
        for text, own in pairs:
            value = value.replace(text, own)
        return value
    if isinstance(value, tuple):
        return tuple(_with(each, pairs) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return next((int(own) for text, own in pairs if text == str(value)), value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: _with(getattr(value, field.name), pairs) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    return value
