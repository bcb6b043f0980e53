"""A course, set up by `netkit course`: its file and seed, its notebooks, its folders `exchange` and `shared`."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from netkit.classroom import nbgraded
from netkit.classroom.exchange import MODE
from netkit.errors import InvalidValue
from netkit.lessons import enrolment
from netkit.lessons.enrolment import Course
from netkit.lessons.handouts import hand_out


class Plan(NamedTuple):
    """What a teacher asks for.

    Attributes:
        name: the course's; "" leaves what is there.
        seed: draws each learner's numbers; "" leaves what is there, or draws one.
        learners: names of the class list.
        exchange: the folder for what is handed in; "" leaves what is there.
        shared: the folder for shared progress; "" leaves what is there.
    """

    name: str = ""
    seed: str = ""
    learners: tuple[str, ...] = ()
    exchange: str = ""
    shared: str = ""


def found(folder: Path, plan: Plan, *, nbgrader: bool = False) -> Course:
    """Set a course up, or bring it up to date: who enrols later is put at the end of the class list.

    Args:
        folder: the course's.
        plan: what it is to be.
        nbgrader: whether it is a course folder of nbgrader's; else the notebooks are handed out right there.

    Returns:
        The course.

    Raises:
        InvalidValue: something cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        course = _course(folder, plan)
        for place in filter(None, (course.exchange, course.shared)):
            Path(place).mkdir(parents=True, exist_ok=True)
            os.chmod(place, MODE)
        if nbgrader:
            (folder / "nbgrader_config.py").write_text(nbgraded.CONFIG.format(name=course.name), encoding="utf-8")
            for path in nbgraded.assignments(folder):
                (path.parent / enrolment.FILE).write_text(course.to_json(), encoding="utf-8")
        else:
            hand_out(folder)
        (folder / enrolment.FILE).write_text(course.to_json(), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidValue(f"'{error.filename}' cannot be written", reason, "Choose folders of your own") from None
    return course


def _course(folder: Path, plan: Plan) -> Course:
    """The course as its file has it, with what the plan changes."""
    file = folder / enrolment.FILE
    before = enrolment.read(file) if file.exists() else Course()
    seed = plan.seed or before.seed or secrets.token_hex(8)
    if before.seed and seed != before.seed:
        rule = "another seed would change everybody's numbers in the middle of the course"
        raise InvalidValue(f"the seed of the course is {before.seed!r}", rule, "Leave --seed out")
    marks = [enrolment.marked(seed, name) for name in plan.learners]
    places = {key: os.path.abspath(value) for key in ("exchange", "shared") if (value := getattr(plan, key))}
    name = plan.name or before.name or folder.resolve().name
    return replace(before, name=name, seed=seed, learners=tuple(dict.fromkeys((*before.learners, *marks))), **places)
