"""`nk.share`: progress that a learner agreed to show the teacher, asked once, in words; without a yes none leaves.

The file lies in the course's folder for it, which learners cannot list, under a name that nobody can guess.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netkit.errors import InvalidValue
from netkit.face import face
from netkit.files import kept
from netkit.kinds import Flag
from netkit.lab import last_why
from netkit.lessons import enrolment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netkit.lessons.enrolment import Course
    from netkit.model import Snapshot

FORMAT = 1
_KEY = "netkit_progress"
_MOST_EVENTS, _MOST_LETTERS = 1000, 400_000
_YES, _NO = ("y", "yes"), ("n", "no")

WORDS = (
    "The teacher of {course} asks to see how you get on: what you check, answer and foresee in these lessons and when, "
    "whether it is right, hints, the picture of the network that you checked last, and what nk.why said last. Other "
    "learners do not see it. You can change your mind at any time: nk.share(False)."
)
"""What a learner agrees to."""

_picture: str | None = None


@face
def share(agree: Flag) -> None:
    """Show your progress to the teacher of your course, or no longer; what lay there is taken away then.

    Args:
        agree: True shows it, False does not.

    Raises:
        InvalidValue: there is no course, or its teacher does not ask for it.

    Example:
        >>> nk.share(False)  # doctest: +SKIP
    """
    course = enrolment.course()
    if not course.shared:
        raise InvalidValue("nobody asks for your progress", "a course says where it is shared", "Go on as you are")
    _decide(course, agree=agree)
    print(_told(course, agree=agree))  # noqa: T201  (the learner sees it)


def ask() -> None:
    """Ask a learner of a course once; where nobody can answer, nothing is shared, and the next time asks again."""
    course = enrolment.course()
    if not course.shared or _consent(course).exists():
        return
    try:
        prompt = f"{WORDS.format(course=course.name or 'your course')}\nShow it? (yes or no): "
        while (answer := input(prompt).strip().lower()) not in (*_YES, *_NO):
            prompt = "yes or no: "
    except (NotImplementedError, EOFError, OSError):  # nbclient, say
        return
    _decide(course, agree=answer in _YES)
    print(_told(course, agree=answer in _YES))  # noqa: T201


def show(state: Snapshot) -> None:
    """Remember the network that was checked last, for the next `publish`.

    Args:
        state: the network.
    """
    global _picture  # noqa: PLW0603  (one notebook, one network)
    _picture = state.to_json()


def publish(events: Callable[[], Sequence[tuple[Any, ...]]]) -> None:
    """Write what was agreed to; a full disk or a folder that is gone must not keep a lesson from going on.

    Args:
        events: tells what the learner did, in the order of time; called with consent only.
    """
    try:
        course = enrolment.course()
        name = _name(course) if course.shared else ""
        if not name:
            return
        told = {
            _KEY: FORMAT,
            "learner": enrolment.learner(),
            "course": course.name,
            "time": time.time(),
            "events": [list(event) for event in events()[-_MOST_EVENTS:]],
            "why": last_why.told()[:_MOST_LETTERS],
            "picture": _picture if _picture and len(_picture) <= _MOST_LETTERS else "",
        }
        _replace(Path(course.shared) / name, json.dumps(told))
    except (OSError, InvalidValue):
        return


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(file, "w", encoding="utf-8", errors="replace") as writer:
        os.fchmod(writer.fileno(), 0o644)
        writer.write(text)
    beside.replace(path)


def _decide(course: Course, *, agree: bool) -> None:
    """Write down what a learner decided."""
    before = _name(course)
    name = f"{enrolment.in_file_name(enrolment.learner())}+{secrets.token_hex(16)}.json" if agree else ""
    file = _consent(course)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"share": before or name if agree else ""}), encoding="utf-8")
    file.chmod(0o600)
    if before and not agree:
        (Path(course.shared) / before).unlink(missing_ok=True)


def _name(course: Course) -> str:
    """The name of a learner's file; "" without consent."""
    try:
        name = json.loads(_consent(course).read_text(encoding="utf-8")).get("share", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return name if isinstance(name, str) and "/" not in name else ""


def _consent(course: Course) -> Path:
    """Where it is written down."""
    return kept("consent") / f"{enrolment.marked(course.seed, course.name)}.json"


def _told(course: Course, *, agree: bool) -> str:
    if agree:
        return f"The teacher of {course.name or 'your course'} sees your progress from now on. nk.share(False) ends it."
    return "Nobody sees your progress but you."
