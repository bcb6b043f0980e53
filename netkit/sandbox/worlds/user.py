"""The user world: Linux namespaces that anybody may make, root included, where the machine allows it."""

import os
import signal
import socket

from netkit.sandbox import system
from netkit.sandbox.job import Job
from netkit.sandbox.line import Message
from netkit.sandbox.problems import WorldFailed
from netkit.sandbox.user import entering, stages

NAME = stages.WORLD
SUMMARY = "namespaces of this machine's own kernel"
LACKS = ""

__all__ = ["LACKS", "NAME", "SUMMARY", "WorldFailed", "enter", "inside", "start"]


class UserSandbox:
    """A running sandbox of this world.

    Args:
        started: what `stages.start` gave.
    """

    def __init__(self, started: stages.Started) -> None:
        self._started = started
        self.notes, self.passed, self.terminal = started.notes, started.passed, started.terminal

    def fileno(self) -> int:
        """The descriptor of the line to process 1."""
        return self._started.line.fileno()

    def receive(self) -> Message:
        """Wait for the next event."""
        return self._started.line.receive()

    def send(self, word: str, text: object = "") -> None:
        """Ask process 1 for something."""
        self._started.line.send(word, text)

    def connect(self, channel: int) -> socket.socket | None:
        """A new stream to one of the kernel's five channels.

        Unix sockets do not belong to a network namespace but to the file system, and so they are the only
        thing that crosses the border (unix(7)).
        """
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(0)
        try:
            stream.connect(f"/proc/self/fd/{self._started.sockets}/k-{channel}")
        except OSError:
            stream.close()
            return None
        return stream

    def end(self) -> None:
        """Kill the keeper, and with it process 1 and with that everything inside."""
        started = self._started
        try:
            os.kill(started.keeper, signal.SIGKILL)
            os.waitpid(started.keeper, 0)
        except (ProcessLookupError, ChildProcessError):
            return
        finally:
            # Process 1 has the other end: the line is gone when process 1 is, and it outlives all others inside.
            while started.line.receive().word != "gone":
                continue


def start(job: Job) -> UserSandbox:
    """Run a program in new namespaces.

    Args:
        job: the program.

    Raises:
        WorldFailed: with stage, cause and remedy; nothing is left then, and nothing was run.
    """
    return UserSandbox(stages.start(job))


def enter(first: int, job: Job) -> UserSandbox:
    """Run a program in namespaces that are there already.

    Args:
        first: process id, outside, of the sandbox's process 1.
        job: the program.

    Raises:
        WorldFailed: the sandbox has ended, or belongs to somebody else.
    """
    return UserSandbox(entering.enter(first, job))


def inside() -> bool:
    """Whether this process's network belongs to another user namespace than the machine's."""
    with open("/proc/thread-self/ns/net", "rb") as network:
        try:
            owner = system.owner(network.fileno())
        except OSError:
            # Only a namespace around ours has an owner that may not be looked at (ioctl_ns(2)).
            return False
    try:
        return os.fstat(owner).st_ino != system.INITIAL_USER_NAMESPACE
    finally:
        os.close(owner)
