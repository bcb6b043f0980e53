"""Standard input, output, error and terminal of a command that runs inside User-Mode Linux.

A program has three streams, of which a Jupyter kernel's first is empty, or a pseudo-terminal whose size follows
that of the terminal outside, which is raw meanwhile: its special keys mean the program inside.
"""

import contextlib
import fcntl
import os
import struct
import termios
import tty
from collections.abc import Iterator

from netkit.sandbox.job import Job
from netkit.sandbox.uml.mux import Carrier

INPUT, OUTPUT, ERRORS, TERMINAL = 1, 2, 3, 4
"""Numbers of the streams, the same at both ends."""


def size(job: Job) -> list[int]:
    """Rows and columns of the terminal outside; nothing for a program without one."""
    return list(os.get_terminal_size(0))[::-1] if job.terminal else []


@contextlib.contextmanager
def outside(job: Job, carrier: Carrier) -> Iterator[None]:
    """Carry this process's own streams while the block runs.

    Args:
        job: the program.
        carrier: what carries them.
    """
    if job.terminal:
        before = termios.tcgetattr(0)
        tty.setraw(0)
        carrier.add(TERMINAL, os.dup(0), os.dup(1))
        try:
            yield
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
    else:
        if not job.connection:
            carrier.add(INPUT, os.dup(0), None)
        carrier.add(OUTPUT, None, os.dup(1))
        carrier.add(ERRORS, None, os.dup(2))
        yield


class Inside:
    """The ends of the streams inside: `program` for the program, `ends` for the carrier.

    Args:
        job: the program.
        dimensions: rows and columns of the terminal outside; empty without one.
    """

    def __init__(self, job: Job, dimensions: list[int]) -> None:
        if job.terminal:
            master, slave = os.openpty()
            _set_size(master, dimensions)
            self.program, self.ends = (slave, slave, slave), {TERMINAL: (master, master)}
        else:
            (our_out, their_out), (our_err, their_err) = os.pipe(), os.pipe()
            self.ends = {OUTPUT: (our_out, None), ERRORS: (our_err, None)}
            if job.connection:
                their_in = os.open(os.devnull, os.O_RDONLY)
            else:
                their_in, our_in = os.pipe()
                self.ends[INPUT] = (None, our_in)
            self.program = (their_in, their_out, their_err)
        self._terminal = job.terminal

    def take(self) -> None:
        """Make the program's ends this process's standard streams, and the terminal its controlling one."""
        for target, file in enumerate(self.program):
            os.dup2(file, target)
        for file in set(self.program):
            if file > 2:
                os.close(file)
        for file in {end for pair in self.ends.values() for end in pair if end is not None}:
            os.close(file)
        if self._terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(terminal: int, dimensions: list[int]) -> None:
    """Tell a terminal how many rows and columns it has (ioctl_tty(2))."""
    if dimensions:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *dimensions, 0, 0))
