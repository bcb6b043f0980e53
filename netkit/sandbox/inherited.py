"""What a process inherits, put right before it matters: blocked signals, closed streams, a folder that was removed."""

import os
import signal
import sys


def settle() -> None:
    """Take no ill from a starter's oddities: blocked or ignored signals, closed streams (signal(7), stdio(3))."""
    # Where a starter ignores SIGCHLD, the kernel buries children itself, and nobody could ask how they ended.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Where a stream is closed, the next file that is opened would take its place, and get what is printed.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115


def folder() -> str:
    """The working directory, or nothing if it was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""
