"""What User-Mode Linux needs on processors with AMX: a ptrace(2) that gives back all of their registers.

The few lines of C, registers.c, say why.  They are compiled for each start, which takes tcc 2 ms and gcc 40.
"""

import os
import shutil
from importlib.resources import files

COMPILERS = ("tcc", "cc", "gcc", "clang")
_SIGN = b" amx_tile "
_FIRST_PROCESSOR = 8192
"""Bytes of /proc/cpuinfo that hold its flags."""


def needed() -> bool:
    """Whether this machine's processor has AMX, and its kernel uses it."""
    with open("/proc/cpuinfo", "rb", buffering=0) as processors:
        return _SIGN in processors.read(_FIRST_PROCESSOR)


def compiled() -> int | None:
    """The library.

    Returns:
        A descriptor of its file, which has no name and is closed by exec; None if no compiler makes it.
    """
    import subprocess

    source = str(files(__package__) / "registers.c")
    for compiler in filter(None, map(shutil.which, COMPILERS)):
        library = os.memfd_create("netkit-registers", os.MFD_CLOEXEC)
        words = [compiler, "-shared", "-fPIC", "-nostdlib", "-o", f"/proc/self/fd/{library}", source]
        answer = subprocess.run(words, pass_fds=(library,), stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if answer.returncode == 0:
            return library
        os.close(library)
    return None
