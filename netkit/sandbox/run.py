"""Running a command in a sandbox for somebody at a terminal: `netkit run` and `netkit shell`."""

import os
import signal
import sys

from netkit.sandbox import worlds
from netkit.sandbox.job import here
from netkit.sandbox.signals import Signals


def run(command: tuple[str, ...], first: int | None = None) -> int:
    """Run a command in a sandbox, with this process's standard input, output, error and terminal.

    Args:
        command: the program and its arguments.
        first: process 1 of the sandbox to run it in, as seen from outside; by default a fresh sandbox.

    Returns:
        Its exit status; 128 + n if signal n ended it, as a shell says it.

    Raises:
        SandboxError: no sandbox can be made, or that one cannot be entered.
    """
    terminal = _has_terminal()
    job = here(command, terminal=terminal)
    signals = Signals()
    sandbox = worlds.start(job) if first is None else worlds.enter(first, job)
    signals.pass_to(sandbox)
    try:
        return _wait(sandbox, terminal=terminal)
    finally:
        sandbox.end()
        if terminal:
            _take_terminal()


def _wait(sandbox: worlds.Sandbox, *, terminal: bool) -> int:
    while True:
        event = sandbox.receive()
        if event.word == "exit":
            status = int(event.text)
            return status if status >= 0 else 128 - status
        if event.word == "gone":
            return 128 + signal.SIGKILL
        if event.word == "stopped":
            _stop(sandbox, terminal=terminal)


def _stop(sandbox: worlds.Sandbox, *, terminal: bool) -> None:
    """Stop as the command did, so that the shell outside takes over; go on with it when the shell says so."""
    if terminal:
        _take_terminal()
    os.kill(os.getpid(), signal.SIGSTOP)
    if terminal and os.tcgetpgrp(0) == os.getpgrp():
        sandbox.send("terminal")
    sandbox.send("signal", int(signal.SIGCONT))


def _has_terminal() -> bool:
    """Whether standard input is a terminal and this process is in its foreground."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp() if sys.__stdin__ else False
    except (OSError, ValueError):
        return False


def _take_terminal() -> None:
    """Become the terminal's foreground again; whoever is not in it is stopped for the attempt (SIGTTOU)."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        os.tcsetpgrp(0, os.getpgrp())
    finally:
        signal.signal(signal.SIGTTOU, before)
