"""The terminal outside and the pseudo-terminal of a command inside: two devices, and the bytes between them.

With the terminal itself a program could read what is typed for others, and type for them (TIOCSTI of ioctl_tty(2)).
"""

import contextlib
import fcntl
import os
import select
import signal
import sys
import termios
import tty
from types import FrameType

_BLOCK = 1 << 16
_LOOK = 0.2
"""Seconds between two looks for whether a command in the background has come to the front, which nothing announces."""

_LAST_WORDS = 2.0
"""Seconds that what was written before the end has to arrive."""


def is_in_front() -> bool:
    """Whether standard input is a terminal and this process is in its foreground."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp() if sys.__stdin__ else False
    except (OSError, ValueError):
        return False


def is_whole() -> bool:
    """Whether a command gets a pseudo-terminal: it is in front, and what it writes is for the terminal as well."""
    return is_in_front() and os.isatty(1)


class Terminal:
    """Carries bytes between the terminal outside, raw meanwhile, and the master of a pseudo-terminal.

    Args:
        master: its descriptor; without one, a terminal that another process carries.
    """

    def __init__(self, master: int) -> None:
        self._master = master
        self._before = termios.tcgetattr(0)
        self._waiting = b""
        os.set_blocking(master, False)
        signal.signal(signal.SIGWINCH, self._resize)
        self.join()

    def join(self) -> None:
        """Let every key mean the command inside, if this process is in front."""
        if is_in_front():
            self._before = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSADRAIN)
            self._resize()

    def leave(self) -> None:
        """Give the terminal back as it was."""
        if is_in_front():
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)

    def carry_until(self, line: int) -> None:
        """Carry until there is something to be read at a descriptor."""
        raw = is_in_front()
        while True:
            if is_in_front() and not raw:
                self.join()
            raw = is_in_front()
            reading = [line, self._master, *([0] if raw and not self._waiting else [])]
            ready, writable, _ = select.select(reading, [self._master] if self._waiting else [], [], _wait(raw=raw))
            if 0 in ready:
                self._waiting = os.read(0, _BLOCK)
            if self._waiting and (writable or 0 in ready):
                self._write()
            if self._master in ready and not self._show() and line not in ready:
                select.select([line], [], [])
            if line in ready:
                return

    def finish(self) -> None:
        """Show what was written before the end: the last of it is known by an error, when nobody has the other end."""
        while select.select([self._master], [], [], _LAST_WORDS)[0] and self._show():
            continue
        self.leave()

    def _write(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._waiting = self._waiting[os.write(self._master, self._waiting) :]

    def _show(self) -> bool:
        """Pass on what was written inside; False when nobody is there any more."""
        try:
            text = os.read(self._master, _BLOCK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        while text:
            text = text[os.write(1, text) :]
        return True

    def _resize(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Tell the pseudo-terminal the size of the terminal; its kernel tells the command."""
        with contextlib.suppress(OSError):  # it may be gone
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))


def _wait(*, raw: bool) -> float | None:
    return None if raw else _LOOK
