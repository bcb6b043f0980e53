"""`nk.submit()`: one file with what a learner built, answered and foresaw; it says what it holds before it writes."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netkit.classroom import exchange
from netkit.classroom.submission import MOST_BYTES, Handed, Submission
from netkit.classroom.verifying import verified
from netkit.errors import InvalidValue
from netkit.face import face
from netkit.kinds import Flag
from netkit.lab import journal
from netkit.lessons import diary, enrolment, portfolio
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from pathlib import Path

_MOST_EVENTS = 5000
_NAMES = {
    "answer": "answers",
    "check": "checks",
    "hint": "hints",
    "predict": "predictions",
    "solution": "solutions that were shown",
    "ticket": "times a ticket was begun or checked",
}
"""What the diary's events are called in the plural."""


@dataclass(frozen=True, repr=False)
class Submitted:
    """What was handed in.

    Attributes:
        path: of the file; None where nothing was written.
        told: what it holds, a sentence each.
    """

    path: Path | None
    told: tuple[str, ...]

    def __repr__(self) -> str:
        where = f"It is written: {self.path}" if self.path else "Nothing is written yet: nk.submit()"
        return visible("\n".join([*self.told, where]))

    def _repr_html_(self) -> str:
        return f"<pre>{in_html(repr(self))}</pre>"


@face
def submit(*, write: Flag = True) -> Submitted:
    """Hand in what you have done: one file, and nothing is sent anywhere.

    It holds, for each task that you checked, the script that makes your network anew; your answers and predictions;
    tickets with their seeds; the journal; the course's name and yours. What it holds is said before it is written:
    into the course's exchange folder, or beside the notebook where there is none.

    Args:
        write: whether to write it; False only says what it would hold.

    Returns:
        A Submitted: `.path` is the file, `.told` what it holds.

    Raises:
        InvalidValue: it cannot be written, or would be too large.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> nk.submit(write=False)  # doctest: +SKIP
    """
    journal.in_sandbox()
    course = enrolment.course()
    made = gathered(course.name)
    text = fitting(made)
    said = tuple(told(made))
    for line in said if write else ():
        print(visible(line))  # noqa: T201  (it is said before anything is written)
    path = exchange.put(course.exchange, enrolment.learner(), text) if write else None
    return Submitted(path, () if write else said)


def gathered(course: str, exam: str = "", since: float = 0.0) -> Submission:
    """What there is to hand in.

    Args:
        course: its name.
        exam: what was agreed for an exam; "" outside of one.
        since: seconds since the epoch; what is older is left out.
    """
    works = {work.id: Handed(work.script, verified(work)[0]) for work in portfolio.works() if work.time >= since}
    events = tuple(event for event in diary.events() if event.time >= since)[-_MOST_EVENTS:]
    return Submission(
        enrolment.learner(),
        course,
        time.time(),
        {key: work for key, work in works.items() if "/" not in key},
        {key: work for key, work in works.items() if "/" in key},
        events,
        str(journal.commands()),
        exam,
    )


def fitting(made: Submission) -> str:
    """The text of the file; the journal is left out where it would make it too large.

    Args:
        made: the submission.

    Raises:
        InvalidValue: it is too large without it.
    """
    for each in (made, replace(made, journal=""), replace(made, journal="", events=made.events[-500:])):
        if len(text := each.to_json()) <= MOST_BYTES:
            return text
    rule = f"a submission has at most {MOST_BYTES} bytes"
    raise InvalidValue(
        f"it would have {len(text)} bytes", rule, "Check the tasks again in smaller networks: nk.reset()"
    )


def told(made: Submission) -> list[str]:
    """What a submission holds, in words.

    Args:
        made: the submission.
    """
    kinds = Counter(event.kind for event in made.events)
    words = {
        True: "its script makes the same network",
        None: "its script could not be tried here",
        False: "its script does not make all of it",
    }
    whose = made.learner + (f" in {made.course}" if made.course else "")
    counted = [f"{number} {_NAMES.get(kind, kind)}" for kind, number in sorted(kinds.items())]
    return [
        f"This is handed in, as {whose}; nothing is sent anywhere:",
        *(f"  task {key}: a script, {words[work.verified]}" for key, work in made.tasks.items()),
        *(f"  ticket {key}: a script, {words[work.verified]}" for key, work in made.tickets.items()),
        f"  what you did, and when: {', '.join(counted) or 'nothing yet'}",
        *([f"  the journal: {made.journal.count(chr(10))} lines of commands"] if made.journal else []),
        *([f"  {made.exam}"] if made.exam else []),
    ]
