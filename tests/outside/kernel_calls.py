"""Knows how an attempt to get out of the sandbox asks the kernel, and what of it is refused."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

LIBC = ctypes.CDLL(None, use_errno=True)


class Outside(NamedTuple):
    """What the test has put outside.

    Attributes:
        port: TCP port on 127.0.0.1 where a service of the test listens.
        name: abstract name of a unix socket where another one listens.
        victim: process id of a process that waits.
        file: a file in the folder that the sandbox hides.
    """

    port: int
    name: str
    victim: int
    file: str


class Refused(OSError):
    """The attempt came to nothing without an error of the kernel."""


def call(function: str, *arguments: object) -> int:
    """Call a function of the C library that wraps a system call."""
    result = getattr(LIBC, function)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def program(*words: str) -> str:
    """The output of a program; Refused if it fails."""
    answer = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    if answer.returncode:
        raise Refused(answer.stderr.strip())
    return answer.stdout


def write_same(path: str) -> str:
    """Write to a file of the kernel what it says already."""
    value = Path(path).read_text(encoding="ascii")
    Path(path).write_text(value, encoding="ascii")
    return value
