"""What is loaded into User-Mode Linux in front of the C library, so that nothing of it outlives it: preload.c says how.

The few lines of C are compiled for each start, which takes tcc 2 ms and gcc 40.
"""

import os
from importlib.resources import files

from netkit.sandbox import system

COMPILERS = ("tcc", "cc", "gcc", "clang")
_NAME = "netkit-preload"


def compiled() -> int | None:
    """The library.

    Returns:
        A descriptor of its file, which has no name and is closed by exec; None if no compiler makes it.
    """
    import subprocess

    source = str(files(__package__) / "preload.c")
    for compiler in filter(None, map(system.program, COMPILERS)):
        library = os.memfd_create(_NAME, os.MFD_CLOEXEC)
        words = [compiler, "-shared", "-fPIC", "-nostdlib", "-o", f"/proc/self/fd/{library}", source]
        answer = subprocess.run(words, pass_fds=(library,), stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if answer.returncode == 0:
            return library
        os.close(library)
    return None


def is_loaded(process: int) -> bool:
    """Whether a process has it, which a program that is linked statically never has (proc_pid_maps(5))."""
    with open(f"/proc/{process}/maps", encoding="utf-8", errors="replace") as maps:
        return any(f"/memfd:{_NAME} " in line for line in maps)
