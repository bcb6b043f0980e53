"""How many files User-Mode Linux may have open (ulimit -n; 128 at least), and what is done when few are left.

Each of the machine's files that a program inside has opened takes a descriptor of User-Mode Linux for as long as the
kernel inside remembers it (fs/hostfs/hostfs_kern.c), which it does until it lacks memory.  So it is let to forget:
preload.c tells the keeper, the keeper process 1 inside.
"""

import contextlib
import os
import resource
import struct
from collections.abc import Callable

from netkit.sandbox import system

RELIEVE, SAY = "relieve", "say"
"""Words of the keeper's messages to process 1 inside."""

FEWEST = 128
"""Descriptors with which a kernel starts and a program beside it; none of it does with 64."""

_NOTICE = "=I"
"""A notice (struct): the descriptor that was just given, or how many are allowed if there was none."""


def limit() -> int:
    """How many descriptors a process may have here at the most (RLIMIT_NOFILE of getrlimit(2))."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def allow_all() -> None:
    """Let this process, and what it becomes, have as many descriptors as it may."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit(), limit()))


def pipe() -> tuple[int, int]:
    """A new pipe for notices, of which none waits for room."""
    ends = os.pipe()
    os.set_blocking(ends[1], False)
    return ends


class Watch:
    """What the keeper does about descriptors that become few.

    Args:
        notices: the end of the pipe for reading.
        tell: sends process 1 inside a message: a word and a text.
    """

    def __init__(self, notices: int, tell: Callable[[str, str], None]) -> None:
        self._notices, self._tell, self._said = notices, tell, False

    def look(self) -> None:
        """Read what was told, and let the kernel inside forget files; say it when few are left, or were in between."""
        told = [number for (number,) in struct.iter_unpack(_NOTICE, os.read(self._notices, 1 << 16))]
        if not told:
            return  # User-Mode Linux has ended
        most = limit()
        few = most - most // 16
        self._tell(RELIEVE, "")
        if max(told) >= few and not self._said:
            self._tell(SAY, _sentence(max(told), most))
        self._said = told[-1] >= few


def _sentence(used: int, most: int) -> str:
    return (
        f"netkit: This sandbox has come to {used} open files, of {most} that it may have. Without a free one, no "
        "program starts and no file opens in it ('Too many open files'): close files, or end what you do not need. "
        "The limit is the machine's ('ulimit -Hn'); whoever runs it can raise it"
    )


def relieve(_program: int, _text: str) -> None:
    """Process 1 inside: let the kernel forget the files that nobody has open (drop_caches of proc_sys_vm(5))."""
    system.write("/proc/sys/vm/drop_caches", "3")


def say(program: int, text: str) -> None:
    """Process 1 inside: write a sentence to the standard error of the program, which a notebook shows."""
    with contextlib.suppress(OSError), open(f"/proc/{program}/fd/2", "w", encoding="utf-8") as errors:
        print(text, file=errors)
