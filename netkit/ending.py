"""How a command of netkit ends: exit status (2, 125), a sentence and no traceback, Control-C, a closed pipe.

Until `ended` is called Control-C is Python's own, which shows where it was: for as long as Python itself starts, and
`import netkit` takes.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from netkit.errors import NetkitError, SandboxUnavailable
from netkit.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, NO_SANDBOX = 2, 125
"""Exit statuses: of a mistake in the command line, and when no sandbox can be made."""


def ended(command: Callable[[], int]) -> int:
    """Run a command to its end. From then on Control-C ends this process at once, with nothing said.

    Args:
        command: returns its exit status, or raises SystemExit with it; what takes time to import, it imports; the
            standard streams are open (see `netkit.sandbox.inherited`).

    Returns:
        That status; 2 for a mistake and 125 where no sandbox can be made, each with a sentence; 128 + n where signal n
        ended it: 130 for Control-C, 141 where nobody reads what it says any more.
    """
    heeded = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # as `nohup` and a shell's `&` have it
    try:
        if heeded:
            signal.signal(signal.SIGINT, _interrupt)
            sys.unraisablehook = _unraisable
        _show_every_letter()
        status = _ended(command)
        if heeded:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return _told("Interrupted.", 128 + signal.SIGINT)
    return status


def _interrupt(_number: int, _frame: object) -> None:
    """Interrupt the command; whoever presses Control-C again does not want to wait for its end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """End at once where Control-C came when Python could not raise it, in the midst of an import say."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    sys.__unraisablehook__(found)


def _ended(command: Callable[[], int]) -> int:
    """The exit status of a command, with its failure said; Control-C may come at any time."""
    try:
        status = _status(command)
        sys.stdout.flush()
    except NetkitError as error:
        return _told(str(error), NO_SANDBOX if isinstance(error, SandboxUnavailable) else FAILED)
    except BrokenPipeError:  # `| head`: whoever reads has enough
        return _silent(128 + signal.SIGPIPE)
    except OSError as error:
        where = f"'{visible(str(error.filename))}': " if error.filename is not None else ""
        return _silent(_told(f"{where}{error.strerror or error}.", FAILED))
    return status


def _status(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as end:  # the way in which argparse ends
        return end.code if isinstance(end.code, int) else FAILED


def _show_every_letter() -> None:
    """Let letters that a terminal cannot show be written as their numbers."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _told(sentence: str, status: int) -> int:
    try:
        sys.stderr.write(f"netkit: {sentence}\n")
        sys.stderr.flush()
    except OSError:
        return _silent(status)
    return status


def _silent(status: int) -> int:
    """Let what is still to be written go nowhere, so that Python's own end says nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    return status
