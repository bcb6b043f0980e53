"""`netkit run` and `netkit shell`: a command in a sandbox for somebody at a terminal, Control-Z and `&` included."""

import os
import signal

from netkit.sandbox import worlds
from netkit.sandbox.job import here
from netkit.sandbox.signals import Signals
from netkit.sandbox.terminal import Terminal, is_in_front, is_whole


def run(command: tuple[str, ...], first: int | None = None) -> int:
    """Run a command in a sandbox, with this process's standard input, output and error, and a terminal of its own.

    Args:
        command: the program and its arguments.
        first: process 1 of the sandbox to run it in, as seen from outside; by default a fresh sandbox.

    Returns:
        Its exit status; 128 + n if signal n ended it, as a shell says it.

    Raises:
        SandboxError: no sandbox can be made, or that one cannot be entered.
    """
    job = here(command, terminal=is_whole())
    _spare_the_terminal()
    signals = Signals()
    sandbox = worlds.start(job) if first is None else worlds.enter(first, job)
    signals.pass_to(sandbox)
    terminal = Terminal(sandbox.terminal) if sandbox.terminal >= 0 else None
    try:
        return _wait(sandbox, terminal)
    finally:
        sandbox.end()
        if terminal:
            terminal.finish()


def _spare_the_terminal() -> None:
    """A command in the background has no input: it would read what is typed for those in front."""
    if os.isatty(0) and not is_in_front():
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)


def _wait(sandbox: worlds.Sandbox, terminal: Terminal | None) -> int:
    while True:
        if terminal:
            terminal.carry_until(sandbox.fileno())
        event = sandbox.receive()
        if event.word == "exit":
            status = int(event.text)
            return status if status >= 0 else 128 - status
        if event.word == "gone":
            return 128 + signal.SIGKILL
        if event.word == "stopped":
            _stop(sandbox, terminal)


def _stop(sandbox: worlds.Sandbox, terminal: Terminal | None) -> None:
    """Stop as the command did, so that the shell outside takes over; go on with it when the shell says so."""
    if terminal:
        terminal.leave()
    os.kill(os.getpid(), signal.SIGSTOP)
    if terminal:
        terminal.join()
    sandbox.send("signal", int(signal.SIGCONT))
