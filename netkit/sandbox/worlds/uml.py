"""The uml world: User-Mode Linux, a Linux kernel that is an ordinary process, for places that forbid namespaces."""

import os
import socket

from netkit.errors import SandboxError
from netkit.sandbox.job import Job
from netkit.sandbox.line import BROKEN, Line, Message, fork
from netkit.sandbox.problems import Problem, WorldFailed, explain
from netkit.sandbox.uml import keeper
from netkit.sandbox.uml.root import WORLD as NAME

SUMMARY = "User-Mode Linux, a kernel of its own in an ordinary process"
LACKS = (
    "User-Mode Linux has the older iptables and no nftables for IP, starts programs slowly, and keeps only what you "
    "write in the notebook's folder and your home directory"
)

_LAUNCHER, _KERNEL = ("-m", "ipykernel_launcher"), os.path.join(os.path.dirname(keeper.__file__), "kernel.py")
"""What is run in place of ipykernel's own module: by its path, since -m looks into the working directory first."""

__all__ = ["LACKS", "NAME", "SUMMARY", "WorldFailed", "enter", "inside", "start"]


class UmlSandbox:
    """A running sandbox of this world.

    Args:
        line: to the keeper.
        process: the keeper, a child of this process.
        passed: names of the stages.
    """

    notes = (LACKS,)
    terminal = -1

    def __init__(self, line: Line, process: int, passed: tuple[str, ...]) -> None:
        self._line, self._process, self.passed = line, process, passed

    def fileno(self) -> int:
        """The descriptor of the line to the keeper."""
        return self._line.fileno()

    def receive(self) -> Message:
        """Wait for the next event."""
        return self._line.receive()

    def send(self, word: str, text: object = "") -> None:
        """Ask process 1 inside for something."""
        self._line.send(word, text)

    def connect(self, channel: int) -> socket.socket:
        """A new stream to one of the kernel's five channels, carried over the serial line."""
        ours, theirs = socket.socketpair()
        self._line.send("stream", channel, files=(theirs.fileno(),))
        theirs.close()
        ours.settimeout(0)
        return ours

    def end(self) -> None:
        """Let the keeper kill all of it, and wait until nothing is left."""
        self._line.close()
        try:
            os.waitpid(self._process, 0)
        except ChildProcessError:
            return


def _in_place(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command with netkit's own kernel, where it starts ipykernel's."""
    places = [place for place in range(len(argv)) if argv[place : place + 2] == _LAUNCHER]
    return (*argv[: places[0]], _KERNEL, *argv[places[0] + 2 :]) if places else argv


def start(job: Job) -> UmlSandbox:
    """Run a program in User-Mode Linux.

    Args:
        job: the program.

    Raises:
        WorldFailed: with stage, cause and remedy; nothing is left then, and nothing was run.
        SandboxError: somebody killed it meanwhile; nothing is left either.
    """
    if job.connection:
        job = job._replace(argv=_in_place(job.argv))
    starter = os.getpid()
    try:
        line, inner = Line.pair()
        process = fork(lambda: keeper.keep(job, line, inner, starter))
    except OSError as error:
        raise WorldFailed(explain(NAME, "processes", error.errno or 0, str(error))) from None
    inner.close()
    passed: list[str] = []
    while (message := line.receive()).word != "ready":
        if message.word == "passed":
            passed.append(message.text)
            continue
        line.close()
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if message.word == "failed":
            raise WorldFailed(explain(NAME, *message.failure()), tuple(passed))
        if status == BROKEN:
            raise WorldFailed(explain(NAME, "start", 0, "its processes broke off, see standard error"), tuple(passed))
        raise SandboxError("The sandbox was killed while it was made", remedy="Start it again")
    return UmlSandbox(line, process, tuple(passed))


def enter(first: int, job: Job) -> UmlSandbox:  # noqa: ARG001
    """Refuse: a second program would need a second keeper.

    Args:
        first: process id, outside, of User-Mode Linux.
        job: the program.

    Raises:
        WorldFailed: always.
    """
    why = "a kernel in User-Mode Linux cannot be joined from outside"
    remedy = "Work in the notebook: a line that begins with '!' is a command in its sandbox"
    raise WorldFailed(Problem(NAME, "entering", 0, why, remedy))


def inside() -> bool:
    """Whether this kernel is User-Mode Linux, by what it says of its processor."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as processors:
        return "User Mode Linux" in processors.read()
