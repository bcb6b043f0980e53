"""Start the learner's programs inside a namespace: timeout, exit status, output, end, the package of a missing one.

A process is started from a thread that has entered the namespace, so that it is born in it.  Unlike
`ip netns exec` this needs no fresh /sys, which some containers forbid.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from netkit.errors import CommandFailed, KernelRefused, ProgramMissing
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Timeout
from netkit.linux import executables, own_files
from netkit.linux.entering import inside
from netkit.linux.netlink import sockets
from netkit.outcomes import Outcome
from netkit.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_SECONDS_TO_END, _SECONDS_BETWEEN_LOOKS, _AT_ONCE = 2.0, 0.002, 1 << 16
_SECONDS_TO_FINISH = 0.1
"""How long who was started by a process that has ended may write on until it counts as running in the background."""


def run(
    path: str, command: Sequence[str], *, typed: str | None = None, timeout: float = 60.0, given: str = ""
) -> Outcome:
    """Run a program inside a namespace and wait for its end; what a shell leaves in the background (`… &`) runs on.

    Args:
        path: a file that opens the namespace.
        command: the program and its arguments.
        typed: how the learner wrote it; by default the quoted arguments.
        timeout: seconds (float) after which it is ended.
        given: what it reads from its standard input.

    Returns:
        An Outcome, whatever its exit status.

    Raises:
        ProgramMissing: there is no such program.
        CommandFailed: it did not end in time.
        NotFound: the namespace is not there.
    """
    typed = typed if typed is not None else shlex.join(command)
    with _input(given) as source:
        process = popen(path, command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    try:
        stdout, stderr = _written(process, timeout)
    except BaseException as error:  # an interrupt, too, ends what was started
        _end(process)
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        raise CommandFailed(
            f"`{typed}` was still running after {timeout:g} seconds",
            "a command that is waited for has to end",
            "Bound it (ping -c 3), give it more time (timeout=…), or let it run on with .start(…)",
        ) from None
    finally:
        for stream in (process.stdout, process.stderr):
            stream.close()  # type: ignore[union-attr]  (both are pipes)
    return Outcome(typed, _decoded(stdout), _decoded(stderr), process.returncode)


@guarded(
    {
        "kill": ".stop()",
        "terminate": ".stop()",
        "end": ".stop()",
        "stdout": ".output",
        "poll": ".running",
        "returncode": ".wait().returncode",
    }
)
class Process:
    """A program that runs on in the background.

    Attributes:
        command: as the learner wrote it.
    """

    def __init__(self, path: str, command: Sequence[str], typed: str) -> None:
        keep(self, command=typed)
        self._output = os.memfd_create("output", os.MFD_CLOEXEC)
        self._popen = popen(path, command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        """What it has written so far, to standard output and standard error."""
        return _decoded(os.pread(self._output, os.fstat(self._output).st_size, 0))

    @face
    def wait(self, timeout: Timeout = 60.0) -> Outcome:
        """Wait for its end.

        Args:
            timeout: seconds (float).

        Returns:
            An Outcome; all output is in `stdout`.

        Raises:
            CommandFailed: it was still running then; it goes on.
            InvalidValue: the timeout is no number of seconds.
        """
        try:
            status = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise CommandFailed(
                f"`{self.command}` was still running after {timeout:g} seconds",
                "it runs on in the background until it ends by itself or is stopped",
                "Call .stop() to end it",
            ) from None
        return Outcome(self.command, self.output, "", status)

    @face
    def stop(self) -> None:
        """End it and all that it started: SIGTERM first, SIGKILL after two seconds."""
        _end(self._popen, signal.SIGTERM)

    def __del__(self) -> None:
        os.close(self._output)

    def __repr__(self) -> str:
        state = "running" if self.running else f"ended with status {self._popen.returncode}"
        return f"<`{visible(self.command)}`: {state}>"


def checked(path: str, command: Sequence[str], *, timeout: float = 60.0, given: str = "") -> str:
    """Run one of netkit's own helpers (iptables, nft …) and insist on success.

    Args:
        path: a file that opens the namespace.
        command: the program and its arguments.
        timeout: seconds (float).
        given: what it reads from its standard input.

    Returns:
        Its standard output.

    Raises:
        KernelRefused: it ended with an error; the rule is the last line of its complaint.
        ProgramMissing: there is no such program.
    """
    outcome = run(path, command, timeout=timeout, given=given)
    if outcome.returncode:
        complaint = [line for line in outcome.stderr.splitlines() if line.strip() and not line.startswith("Try `")]
        raise KernelRefused(
            f"`{outcome.command}` failed", complaint[-1] if complaint else f"exit status {outcome.returncode}"
        )
    return outcome.stdout


def popen(path: str, command: Sequence[str], **streams: Any) -> subprocess.Popen[bytes]:
    """Start a program in a namespace, first of a session of its own.

    Args:
        path: a file that opens the namespace.
        command: the program and its arguments.
        streams: stdin, stdout, stderr, bufsize as for subprocess.Popen.

    Raises:
        ProgramMissing: there is no such program.
        CommandFailed: the kernel will not start it.
        NotFound: the namespace is not there.
    """
    sockets.forget_all()  # the command may end a namespace, which a socket would keep
    name, problem = command[0], f"'{command[0]}' cannot be started"
    file = executables.find(name)
    if (binding := own_files.binding(path)) and os.access(file, os.X_OK):
        command, file = [*binding, *command], executables.find(binding[0])
    try:
        return _undisturbed(path, lambda: subprocess.Popen(command, executable=file, start_new_session=True, **streams))
    except FileNotFoundError:
        package = executables.PACKAGES.get(name)
        remedy = f"Install the package {package}" if package else "Check its spelling"
        raise ProgramMissing(f"there is no program '{name}'", "none of that name is in PATH", remedy) from None
    except (PermissionError, NotADirectoryError):
        raise ProgramMissing(problem, "it is not an executable file", "Check its path") from None
    except OSError as error:  # its arguments are too long, it is for another machine …
        reason = error.strerror or str(error)
        raise CommandFailed(problem, f"the kernel says: {reason}", "Try a simpler command") from None


def _undisturbed(path: str, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start a program; an interrupt meanwhile would leave a zombie and open pipes: it comes when it can be ended."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        return inside(path, start)
    came: list[int] = []
    process = None
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        process = inside(path, start)
        return process
    finally:
        signal.signal(signal.SIGINT, usual)
        if came:
            if process is not None:
                _end(process)
            signal.raise_signal(signal.SIGINT)


def _input(text: str) -> contextlib.AbstractContextManager[Any]:
    """What a process gets as its standard input: a file with a text, or nothing at all."""
    if not text:
        return contextlib.nullcontext(subprocess.DEVNULL)
    file = os.fdopen(os.memfd_create("input", os.MFD_CLOEXEC), "w+b", buffering=0)
    file.write(text.encode())
    file.seek(0)
    return file


def _written(process: subprocess.Popen[bytes], seconds: float) -> list[bytes]:
    """What a process writes to its two pipes until it has ended, and for a moment more if somebody else holds them.

    `Popen.communicate` with a time limit looks every other millisecond whether a process has ended; a descriptor of
    the process tells at once (pidfd_open(2)).
    """
    deadline = time.monotonic() + seconds
    written: dict[int, list[bytes]] = {pipe.fileno(): [] for pipe in (process.stdout, process.stderr)}  # type: ignore[union-attr]
    ended = os.pidfd_open(process.pid)
    try:
        poll, waiting = select.poll(), {ended, *written}
        for descriptor in waiting:
            poll.register(descriptor, select.POLLIN)
        while waiting:
            left = deadline - time.monotonic()
            ready = poll.poll(max(0.0, left) * 1000)
            if ended in waiting and not ready:
                raise subprocess.TimeoutExpired(process.args, seconds)
            if ended not in waiting and (not ready or left < 0):
                _let_write(waiting)
                break
            for descriptor, _ in ready:
                data = os.read(descriptor, _AT_ONCE) if descriptor != ended else b""
                if data:
                    written[descriptor].append(data)
                    continue
                poll.unregister(descriptor)
                waiting.discard(descriptor)
                if descriptor == ended:
                    deadline = time.monotonic() + _SECONDS_TO_FINISH
    finally:
        os.close(ended)
    process.poll()
    return [b"".join(parts) for parts in written.values()]


def _let_write(pipes: Iterable[int]) -> None:
    """Read what a program in the background still writes, and drop it: a pipe that nobody reads would end it."""

    def read(pipe: int) -> None:
        with os.fdopen(pipe, "rb", buffering=0) as stream:
            while stream.read(_AT_ONCE):
                pass

    for pipe in pipes:
        threading.Thread(target=read, args=(os.dup(pipe),), name="netkit-background", daemon=True).start()


def _end(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGKILL) -> None:
    """End a process and its group (its own: start_new_session), also what it left behind, and leave no zombie."""
    with contextlib.suppress(ProcessLookupError):  # nobody of the group is left: that is the aim
        for number in (first, signal.SIGKILL):
            os.killpg(process.pid, number)
            deadline = time.monotonic() + _SECONDS_TO_END
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
    process.poll()


def _decoded(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r\n", "\n")
