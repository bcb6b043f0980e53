"""`netkit exam` while it runs: a shell with `task`, `check`, `next`, `left`, its clock, what is handed in."""

from __future__ import annotations

import shlex
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import netkit as nk
from netkit.classroom import exchange
from netkit.classroom.grading import OWN_TICKETS
from netkit.classroom.submitting import fitting, gathered, told
from netkit.counter import Counter
from netkit.ending import ended
from netkit.errors import InvalidValue
from netkit.lessons import catalogue, enrolment
from netkit.lessons.mine import mine
from netkit.lessons.personal import personal
from netkit.lessons.task import Task
from netkit.sandbox import inherited

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMANDS = ("task", "check", "next", "left")
_BUILT = "03.1"
"""The network that is to be built; in a course it has each learner's own numbers."""

_RULES = """\
Commands: task shows what is asked, check tells whether it is done, next goes on (there is no way back), left tells the
minutes. The shell ends by `exit`, or when the time is over; then it is handed in. nk.why, hints and solutions are
not there."""


class _Exam:
    """What is asked, one thing after another.

    Args:
        lesson: whose networks the tickets are about.
        level: of the tickets.
        seed: of the first ticket.
        minutes: how long it takes.
    """

    def __init__(self, lesson: str, level: int, seed: int, minutes: int) -> None:
        self._until = time.monotonic() + 60 * minutes
        self._steps: list[Callable[[], Any]] = [
            *(lambda number=number: nk.fault(lesson, seed=seed + number, level=level) for number in range(OWN_TICKETS)),
            _built,
        ]
        self._place, self._checks = 0, 0
        self._current = self._steps[0]()
        self.agreed = (
            f"exam of {minutes} minutes, lesson {lesson}, level {level}, seed {seed}; without nk.why, hints, solutions"
        )

    @property
    def used(self) -> str:
        """What was used, in words."""
        return f"{self.agreed}; {self._checks} checks"

    def answer(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status and text for a command."""
        if words:
            raise InvalidValue(f"{name} {shlex.join(words)}", f"'{name}' takes nothing", f"Try {name}")
        if name == "check":
            self._checks += 1
            result = self._check()
            lines = [line for line in repr(result).splitlines() if "Stuck?" not in line]
            return int(not result.ok), "\n".join(lines)
        if name == "next":
            return self._next()
        if name == "left":
            return 0, f"{max(0, round((self._until - time.monotonic()) / 60))} minutes"
        return 0, self.told()

    def told(self) -> str:
        """What is asked now."""
        text = self._current.ticket if self._place < OWN_TICKETS else self._current.text
        return f"{self._place + 1} of {len(self._steps)}: {text}"

    def finish(self) -> None:
        """Check what is there at the end, so that it is handed in."""
        self._check()

    def _check(self) -> Any:
        return self._current.check() if self._place < OWN_TICKETS else nk.check(_BUILT)

    def _next(self) -> tuple[int, str]:
        """Go on; what is there counts as it is."""
        if self._place + 1 == len(self._steps):
            return 1, "That was the last one: `exit` hands it in."
        self._check()
        self._place += 1
        self._current = self._steps[self._place]()
        return 0, self.told()


def _built() -> Task:
    """An empty sandbox, and what is to be built there."""
    nk.reset()
    return personal(catalogue.find(_BUILT, Task), mine)


def main() -> int:
    """Hold an exam, and hand in.

    Returns:
        0.
    """
    lesson, level, seed, minutes = sys.argv[1:]
    nk.require_sandbox()
    nk.echo(on=False)
    begun = time.time()
    exam = _Exam(lesson, int(level), int(seed) if seed else mine.seed, int(minutes))

    def show() -> None:
        sys.stdout.write(f"{_RULES}\n\n{exam.told()}\n")
        sys.stdout.flush()

    seconds = 60 * int(minutes)
    prompt = f"exam $(( ({seconds} - SECONDS + 59) / 60 )) min"
    in_time = Counter(exam.answer, _COMMANDS).serve(prompt, show, seconds)
    if not in_time:
        sys.stdout.write("\nThe time is over.\n")
    exam.finish()
    course = enrolment.course()
    made = replace(gathered(course.name, exam.used, begun), journal="")
    sys.stdout.write("\n".join([*told(made), "What was typed is not handed in.", ""]))
    path = exchange.put(course.exchange, enrolment.learner(), fitting(made))
    sys.stdout.write(f"It is written: {path}\n")
    return 0


if __name__ == "__main__":
    inherited.settle()
    sys.exit(ended(main))
