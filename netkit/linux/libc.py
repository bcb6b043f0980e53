"""The C library, for system calls that Python has not got; releasing the GIL, which some of Python's own do not."""

from __future__ import annotations

import ctypes
import os
from functools import cache


@cache
def libc(*, holding: bool = False) -> ctypes.CDLL:
    """The C library; `checked` tells what it complains of.

    Args:
        holding: whether its functions keep the GIL, so that no other thread has a turn meanwhile.
    """
    return (ctypes.PyDLL if holding else ctypes.CDLL)(None, use_errno=True)


def checked(result: int) -> int:
    """What a C function returned, unless that is -1.

    Args:
        result: what the function returned.

    Raises:
        OSError: it is negative; the error is the one that the function left (errno(3)).
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
