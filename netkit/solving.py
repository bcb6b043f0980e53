"""What a lesson's own solution of a task builds, in a sandbox: written to standard output as a snapshot."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Any

import netkit as nk
from netkit.lessons import catalogue
from netkit.lessons.task import Task
from netkit.linux.events import settle
from netkit.linux.looks import observe


def main(task: str) -> int:
    """Build it, and write what is there then.

    Args:
        task: its id.

    Returns:
        0.

    Raises:
        NotFound: there is no such task.
        NotInSandbox: this process is not in the sandbox.
    """
    nk.require_sandbox()
    found = catalogue.find(task, Task)
    names: dict[str, Any] = {"nk": nk}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(found.given, names)  # noqa: S102  (a lesson's own lines)
        exec(found.solution, names)  # noqa: S102
    settle.wait()
    sys.stdout.write(observe.snapshot().to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
