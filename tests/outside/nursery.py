"""Knows all that descends from a command, whoever of it ends: orphans become the nursery's children, which it buries.

It ends when nothing of the command is left (PR_SET_CHILD_SUBREAPER of prctl(2)).  So a test judges by descent alone,
not by names, and sees what was started last as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.outside import trees
from tests.outside.sessions import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
import os, sys
from netkit.sandbox import system
system.adopt_orphans()
os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
try:
    while True:
        os.wait()
except ChildProcessError:
    sys.exit()
"""


class Nursery:
    """A command with all that descends from it.

    Args:
        process: the nursery's own.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def family(self) -> list[int]:
        """The command and all that descends from it, as far as it lives."""
        found = trees.descendants(self.process.pid)
        found.remove(self.process.pid)
        return trees.alive(found)

    def is_empty(self, within: float) -> bool:
        """Whether nothing of the command is left, after so many seconds at the latest."""
        return eventually(lambda: self.process.poll() is not None, within)


@contextmanager
def nursery(*command: str, **options: Any) -> Iterator[Nursery]:
    """Run a command for the time of a block, behind which all that is left of it is killed.

    Args:
        command: the program and its arguments; `process.stdout` has its output.
        options: of subprocess.Popen.
    """
    words = [sys.executable, "-c", PROGRAM, *command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **options) as process:
        started = Nursery(process)
        try:
            yield started
        finally:
            eventually(lambda: not [kill(one) for one in started.family()])
            process.kill()


def kill(process: int, number: int = signal.SIGKILL) -> None:
    """Send a process a signal, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(process, number)
