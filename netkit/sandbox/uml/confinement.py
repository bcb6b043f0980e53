"""What User-Mode Linux may do outside, by Landlock and mounts: write in the folders that are kept, and in its memory.

Root inside mounts hostfs, the machine's files, wherever it likes, and loads modules into the kernel there.  What
that kernel must not do is therefore forbidden to the process that it is, by what the place offers:

    capabilities     gone, but for those to work in somebody else's folder; nobody gets others by a program
    mounts           for whoever may mount, as root: a mount namespace in which all else is read-only
    Landlock         for everybody: no other file is opened for writing, none of the machine's services, processes
                     and devices at all, no TCP, and no process but its own is traced or signalled
"""

import os
import sys
from collections.abc import Iterable

from netkit.sandbox import filesystem, system
from netkit.sandbox.job import Job
from netkit.sandbox.uml import landlock

_NOT_READ = ("/dev", "/proc", "/run", "/sys", *filesystem.TEMPORARIES)
_NEEDED = (
    ("/dev/null", landlock.READ_FILE | landlock.WRITE_FILE),
    ("/dev/random", landlock.READ_FILE),
    ("/dev/urandom", landlock.READ_FILE),
    # How the terminals of this machine behave is tried out at the start (os-Linux/sigio.c).
    ("/dev/ptmx", landlock.READ_FILE | landlock.WRITE_FILE | landlock.IOCTL_DEV),
    ("/proc/cpuinfo", landlock.READ_FILE),
)
_MANAGEMENT = 1 << 20
"""Bytes that a file system in memory needs besides what is stored in it."""


def memory(place: str, size: int, kept: Iterable[str]) -> int:
    """A descriptor of a folder for the file that is the memory; one that leads to no other file, if that can be had.

    Args:
        place: a folder with room that allows programs.
        size: bytes of the memory.
        kept: directories whose changes are kept: one on the same file system does as well.
    """
    try:
        return system.memory_folder(size + _MANAGEMENT)
    except OSError:  # only who may mount gets this one
        alike = (folder for folder in kept if _are_alike(folder, place))
        folders = (_nameless(place), *map(_opened, alike))
        found = [folder for folder in folders if _takes_nameless_files(folder)]
        return found[0] if found else _opened(place)


def _nameless(place: str) -> int:
    """A new folder that is removed already; some file systems take files in such a one, others, as ext4, do not."""
    path = os.path.join(place, f"netkit-{os.urandom(8).hex()}")
    os.mkdir(path, 0o700)
    folder = _opened(path)
    os.rmdir(path)
    return folder


def _opened(folder: str) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _are_alike(one: str, other: str) -> bool:
    """Whether two folders are on one file system, mounted in one manner, and open to this user."""
    facts = [
        (os.stat(place).st_dev, os.statvfs(place).f_flag, os.access(place, os.W_OK | os.X_OK)) for place in (one, other)
    ]
    return facts[0] == facts[1]


def _takes_nameless_files(folder: int) -> bool:
    try:
        os.close(os.open(f"/proc/self/fd/{folder}", os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600))
    except OSError:
        return False
    return True


def confine(job: Job, kept: Iterable[str], memory: int, needed: Iterable[str]) -> None:
    """Confine this process for good, before it becomes User-Mode Linux.

    Args:
        job: names what is hidden, and what is shown of the folders for temporary files.
        kept: directories whose changes are kept.
        memory: what `memory` gave.
        needed: further places that it has to read.
    """
    kept = tuple(kept)
    _protect(kept, job.hidden)
    system.forbid_new_privileges()
    landlock.confine(_rights(kept, memory, (*needed, *job.shown)))
    system.keep_capabilities(system.FILE_CAPABILITIES)


def _protect(kept: tuple[str, ...], hidden: tuple[str, ...]) -> None:
    """Make all else read-only in a mount namespace of its own: also modes, owners and times, which Landlock leaves."""
    try:
        system.unshare(system.NEWNS)
        filesystem.leave_propagation()
        copies = [(system.copy_of_mounts(place), place) for place in kept]
        system.protect_all()
    except OSError:  # the place does not let it, nothing has changed
        return
    for copy, place in copies:
        system.attach(copy, place)
    filesystem.cover(hidden)


def _rights(kept: tuple[str, ...], memory: int, needed: Iterable[str]) -> list[tuple[str | int, int]]:
    # Links are left out: what they lead to has a right of its own, or is to have none.
    entries = [entry for top in ("/", "/var") for entry in os.scandir(top) if not entry.is_symlink()]
    tops = [entry.path for entry in entries if entry.path not in ("/var", *_NOT_READ)]
    # A file without a name takes no right to make files; it is made with one where there is no other kind.
    making = 0 if _takes_nameless_files(memory) else landlock.MAKE_REG | landlock.REMOVE_FILE
    return [
        ("/", landlock.READ_DIR),  # names only: the root of the machine inside is this one
        *((place, landlock.READ) for place in (*tops, *needed, sys.prefix, sys.base_prefix)),
        *((place, landlock.READ | landlock.WRITE) for place in kept),
        (memory, landlock.READ_FILE | landlock.WRITE_FILE | making),
        *_NEEDED,
    ]
