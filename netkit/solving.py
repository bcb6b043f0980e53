"""What a lesson's own solution of a task builds for each of some learners, in a sandbox: JSON on standard output."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

import netkit as nk
from netkit.lessons import catalogue
from netkit.lessons.enrolment import Course
from netkit.lessons.mine import Mine
from netkit.lessons.personal import personal
from netkit.lessons.task import Task
from netkit.linux.events import settle
from netkit.linux.looks import observe


def main() -> int:
    """Read a task, a course and names of learners as JSON, and write what is there for each, as a list of snapshots.

    Returns:
        0.

    Raises:
        NotFound: there is no such task.
        NotInSandbox: this process is not in the sandbox.
    """
    nk.require_sandbox()
    asked = json.load(sys.stdin)
    task = catalogue.find(asked["task"], Task)
    course = Course.from_plain(asked["course"])
    json.dump([_built(personal(task, Mine(learner, course))) for learner in asked["learners"]], sys.stdout)
    return 0


def _built(task: Task) -> str:
    """Build it; what is there then, as JSON of a snapshot."""
    names: dict[str, Any] = {"nk": nk}
    with contextlib.redirect_stdout(io.StringIO()):
        nk.reset()
        exec(task.given, names)  # noqa: S102  (a lesson's own lines)
        exec(task.solution, names)  # noqa: S102
    settle.wait()
    return observe.snapshot().to_json()


if __name__ == "__main__":
    sys.exit(main())
