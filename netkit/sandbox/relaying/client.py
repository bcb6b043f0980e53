"""A kernel's client, the process that started its launcher: whether it lives, and who cleans up when it does not."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from netkit.sandbox.init import PASSED_ON
from netkit.sandbox.line import fork
from netkit.sandbox.relaying.connection import Connection

_SOON, _LOOK = 0.2, 0.01
"""Seconds within which a client that is killed together with the launcher is gone, and between two looks."""


def watch(parent: int) -> Callable[[], bool]:
    """A function that tells whether the process that started this one still lives.

    A kernel belongs to its client: when that is killed, nobody could ever end the kernel.

    Args:
        parent: process id of the parent when this process began.
    """
    announced = client(parent)

    def is_wanted() -> bool:
        # The second tells of a client that was killed while this interpreter was loading.
        return os.getppid() == parent and (announced == parent or _lives(announced))

    return is_wanted


def client(parent: int) -> int:
    """The process id of the client: what Jupyter says in JPY_PARENT_PID, else the parent.

    Args:
        parent: process id of the parent when this process began.
    """
    said = os.environ.get("JPY_PARENT_PID", "")
    return int(said) if said.isdecimal() and int(said) else parent


class Heir:
    """A process that outlives the launcher for a moment: it removes the connection file, which has the kernel's key.

    A launcher that ends in order removes the file itself; a client whose kernel was killed does so, or starts another
    kernel with it. The heir is for the case that both were killed. Make it before anything is opened.

    Args:
        connection: of the kernel.
        owner: process id of the client.
    """

    def __init__(self, connection: Connection, owner: int) -> None:
        will, self._life = os.pipe()
        self._process = fork(lambda: self._wait(will, connection, owner))
        os.close(will)

    def keep(self) -> None:
        """Let the program that takes the launcher's place have what the heir watches."""
        os.set_inheritable(self._life, True)  # noqa: FBT003 - the standard library has it so

    def dismiss(self) -> None:
        """Let it end now: there is nothing to remove any more."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._life, b".")
        os.close(self._life)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._process, 0)

    def _wait(self, will: int, connection: Connection, owner: int) -> int:
        os.close(self._life)
        # What is sent to the launcher's group, or typed at its terminal, is not meant for it; nor are the launcher's
        # streams, whose readers wait for their end.
        os.setsid()
        for number in PASSED_ON:
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        if os.read(will, 1):
            return 0
        deadline = time.monotonic() + _SOON
        while _lives(owner) and time.monotonic() < deadline:
            time.sleep(_LOOK)
        if not _lives(owner):
            connection.remove()
        return 0


def _lives(process: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's attention does not."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
