"""Knows the processes of one sandbox, from outside: who is whose child, and which namespaces they are in."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROLES = ("launcher", "keeper", "init", "program")
"""A sandbox's processes, each the child of the one before."""

HEIR = "heir"
"""A child of a kernel's launcher that removes the connection file if launcher and client are killed."""

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


class Processes(NamedTuple):
    """What runs of a sandbox.

    Attributes:
        roles: process ids by role, as far as they are there.
        namespaces: inode numbers of all namespaces that they are in and this process is not.
        members: ids of all processes, whoever's, that are in one of these namespaces.
    """

    roles: dict[str, int]
    namespaces: set[int]
    members: set[int]


def look(launcher: int) -> Processes:
    """Look at the processes of a sandbox.

    Args:
        launcher: process id of its launcher.
    """
    children = children_of_all()
    roles, process = {}, launcher
    for role in ROLES:
        roles[role] = process
        below = sorted(children.get(process, ()))
        if role == "launcher" and below and _leads_a_session(below[0]):
            roles[HEIR] = below.pop(0)
        if not below:
            break
        process = below[0]
    found = set().union(*(namespaces(process) for process in roles.values())) - namespaces(os.getpid())
    members = {process for family in children.values() for process in family if found & namespaces(process)}
    return Processes(roles, found, members)


def _leads_a_session(process: int) -> bool:
    """Whether a process has left the session of its parent (credentials(7)); a sandbox's processes stay in it."""
    with suppress(ProcessLookupError):
        return os.getsid(process) == process
    return False


def children_of_all() -> dict[int, list[int]]:
    """The children of every process."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    return children


def descendants(process: int) -> list[int]:
    """A process and all that descend from it."""
    children, found, pending = children_of_all(), [], [process]
    while pending:
        found.append(pending.pop())
        pending += children.get(found[-1], [])
    return found


def namespaces(process: int) -> set[int]:
    """Inode numbers of the namespaces that a process is in, as far as this user may know."""
    found = set()
    for kind in KINDS:
        with suppress(OSError):
            found.add(os.stat(f"/proc/{process}/ns/{kind}").st_ino)
    return found


def alive(processes: list[int]) -> list[int]:
    """Those of some processes that still run; a zombie does not."""
    return [process for process in processes if state(process) not in ("", "Z", "X")]


def state(process: int) -> str:
    """The one-letter state of a process (proc_pid_stat(5)), empty if it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def still_used(processes: Processes) -> set[int]:
    """Those of a sandbox's namespaces that somebody is still in who was in them before.

    Others do not count, since the kernel gives the numbers of namespaces out again.
    """
    return processes.namespaces & set().union(*map(namespaces, alive(sorted(processes.members))))
