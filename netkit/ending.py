"""How a command of netkit ends: with an exit status, and a sentence where something was wrong, not a traceback."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from netkit.errors import NetkitError, SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, NO_SANDBOX = 2, 125
"""Exit statuses: of a mistake in the command line, and when no sandbox can be made."""


def ended(command: Callable[[], int]) -> int:
    """Run a command to its end.

    Args:
        command: returns its exit status; the standard streams are open (see `netkit.sandbox.inherited`).

    Returns:
        That status; 2 for a mistake and 125 where no sandbox can be made, each with a sentence; 128 + n where signal n
        ended it: 130 for Control-C, 141 where nobody reads what it says any more.
    """
    _show_every_letter()
    try:
        status = command()
        sys.stdout.flush()
    except NetkitError as error:
        return _told(str(error), NO_SANDBOX if isinstance(error, SandboxUnavailable) else FAILED)
    except KeyboardInterrupt:
        return _told("Interrupted.", 128 + signal.SIGINT)
    except BrokenPipeError:  # `| head`: whoever reads has enough
        return _silent(128 + signal.SIGPIPE)
    except OSError as error:
        where = f"'{error.filename}': " if error.filename is not None else ""
        return _silent(_told(f"{where}{error.strerror or error}.", FAILED))
    return status


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
