"""/etc/hosts and /etc/resolv.conf as the processes of a namespace see them (hosts(5), ip-netns(8), /proc/PID/root)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.linux.namespaces import Place

_HOSTS, _RESOLVER = "etc/hosts", "etc/resolv.conf"


def of(place: Place) -> str | None:
    """The text of /etc/hosts as the oldest process of a namespace sees it, or the program that this one waits for.

    A shell that was only to start a program may wait for it in the host's mount namespace, while the program has one
    of its own.

    Args:
        place: the namespace.

    Returns:
        None where it is the host's own file, or has the same text, where the namespace has no processes, and where
        this process may not look.
    """
    return _seen_in(place, _HOSTS)


def resolver_of(place: Place) -> str | None:
    """The same of /etc/resolv.conf.

    Args:
        place: the namespace.
    """
    return _seen_in(place, _RESOLVER)


def _seen_in(place: Place, file: str) -> str | None:
    pid = place.oldest
    while pid is not None:
        if (text := seen_by(pid, file)) is not None:
            return text
        pid = None if place.name == HOST else _awaited(pid, place.inode)
    return None


def seen_by(pid: int, file: str = _HOSTS) -> str | None:
    """The text of a file as a process sees it, None where it is the host's own or cannot be read.

    Args:
        pid: its process id.
        file: its path from the root on.
    """
    theirs, ours = f"/proc/{pid}/root/{file}", f"/{file}"
    try:
        if os.path.exists(ours) and os.path.samefile(theirs, ours):
            return None
        text = Path(theirs).read_text(errors="replace")
        return text if not os.path.exists(ours) or text != Path(ours).read_text(errors="replace") else None
    except OSError:  # the process has ended, has no such file, or belongs to somebody else
        return None


def _awaited(pid: int, network: int) -> int | None:
    """The one child of a process, for which it is then said to wait; both are in one network (proc_pid_task(5))."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        same = len(children) == 1 and os.stat(f"/proc/{children[0]}/ns/net").st_ino == network
    except OSError:  # it has ended, or the kernel keeps no such list
        return None
    return int(children[0]) if same else None


def with_files() -> frozenset[str]:
    """The names of the namespaces for which `ip netns exec` has files: one look is quicker than one for each."""
    try:
        return frozenset(os.listdir(_FOLDER))
    except OSError:  # nobody made it
        return frozenset()


def files_of(place: Place, there: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """(path, text) of the host's own files, or of those that `ip netns exec` puts in their place.

    Args:
        place: the namespace.
        there: what `with_files` found.
    """
    if place.name == HOST:
        return tuple((path, text) for path in _OF_THE_HOST if (text := _read(path)) is not None)
    if not place.named or place.name not in there:
        return ()
    paths = sorted(f"{at}/{name}" for at, _, names in os.walk(f"{_FOLDER}/{place.name}") for name in names)
    return tuple((path, text) for path in paths if (text := _read(path)) is not None)


_FOLDER = "/etc/netns"
_OF_THE_HOST = ("/etc/hosts", "/etc/resolv.conf")


def _read(path: str) -> str | None:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:  # a folder, say
        return None
