"""A sandbox for a stranger's script: all is read-only but small folders in memory (16 MiB), some folders are empty.

All of it is mounted in the first stage, so that nothing in the second can take it away (mount_namespaces(7)).
"""

import os
import sys

from netkit.sandbox import filesystem, places, system
from netkit.sandbox.job import Job

_ROOM = "size=16m,nr_inodes=2048"
_SMALL = "size=1m,nr_inodes=512"
_PLAIN = system.NO_SUID | system.NO_DEV


def seal(job: Job, own: tuple[str, ...] = ()) -> None:
    """Make every mount read-only but bounded ones in memory, and show some folders as empty.

    Args:
        job: says which folders are not to be seen; of them only what its program, a Python, runs from stays.
        own: further mounts that stay as they were, where the kernel is the sandbox's own.
    """
    folders = _outermost(job.sealed)
    needed = _needed(job)
    for folder in folders:
        _empty(folder, needed)
    system.protect_all()
    for place, size in _writable():
        system.mount(None, place, None, system.BIND | system.REMOUNT | _PLAIN)
        if size:
            system.mount(None, place, None, system.REMOUNT | _PLAIN, size)
    for place in ("/dev/pts", *own, *folders):
        if os.path.ismount(place):
            system.mount(None, place, None, system.BIND | system.REMOUNT | system.NO_SUID)


def _outermost(folders: tuple[str, ...]) -> list[str]:
    """The folders that are there, without those that lie in another one of them."""
    there = sorted({os.path.realpath(folder) for folder in folders if os.path.isdir(folder)} - {"/"})
    return [one for one in there if not any(one.startswith(other + "/") for other in there)]


def _needed(job: Job) -> list[str]:
    """What a job's Python runs from: its own folder, that of the interpreter that it is made from, its libraries."""
    words = [sys.prefix, sys.base_prefix, *sys.path, *job.environment.get("PYTHONPATH", "").split(":")]
    words += [os.path.dirname(os.path.dirname(path)) for path in (job.argv[0], os.path.realpath(job.argv[0]))]
    return sorted({os.path.realpath(path) for path in words if path and os.path.exists(path)} - {"/", "/usr"})


def _empty(folder: str, needed: list[str]) -> None:
    """Put an empty folder over one, and into it what is needed of it."""
    kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in needed if f"{path}/".startswith(folder + "/")}
    if folder in kept:  # the whole folder is what Python runs from
        for file in kept.values():
            os.close(file)
        return
    system.mount("netkit-empty", folder, "tmpfs", _PLAIN, f"mode=1777,{_ROOM}")
    for path, file in kept.items():
        if not os.path.lexists(path):  # else it lies in one that was shown before
            filesystem.show(f"/proc/self/fd/{file}", path)
        os.close(file)


def _writable() -> list[tuple[str, str]]:
    """What stays writable, each with its bounds."""
    wanted = [("/run", _ROOM), (filesystem.PLACE, _SMALL), ("/dev/shm", _SMALL)]  # noqa: S108
    wanted += [(top, _ROOM) for top in filesystem.TEMPORARIES]
    wanted += [(place, _SMALL) for place in places.OWN]
    return [(place, size) for place, size in wanted if os.path.ismount(place)]
