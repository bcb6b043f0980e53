"""Which user and group ids a sandbox has, and how the kernel is told of them (user_namespaces(7), subuid(5)).

Inside, 0 stands for whoever started the sandbox.  Programs that change to an account of their own
(tcpdump, the Docker Engine) need more ids than that one: a range that /etc/subuid grants, which the
set-uid programs newuidmap and newgidmap install.  Without a range the sandbox has one id, and works.
"""

import os
import pwd
from typing import NamedTuple

from netkit.sandbox import system
from netkit.sandbox.init import PASSED_ON

ROOTS_RANGE = 0x70000000
"""The first of the ids that root's sandboxes use beside 0: above all that systemd hands out by itself
(systemd's "Users, Groups, UIDs and GIDs"), so that none of them owns a file of the machine."""

_MOST = 65535


class Extent(NamedTuple):
    """`count` ids that begin with `inside` in the namespace and with `outside` in its parent."""

    inside: int
    outside: int
    count: int


class Kind(NamedTuple):
    """What differs between user and group ids."""

    own: int
    map: str
    grants: str
    program: str


def kinds() -> tuple[Kind, Kind]:
    """The two kinds of ids, of the user that this process runs as."""
    return (
        Kind(os.geteuid(), "uid_map", "/etc/subuid", "newuidmap"),
        Kind(os.getegid(), "gid_map", "/etc/subgid", "newgidmap"),
    )


def granted(grants: str) -> Extent | None:
    """The range of ids that an administrator granted to this user.

    Args:
        grants: the file to read, /etc/subuid or /etc/subgid.

    Returns:
        The first range, cut to 65 535 ids that begin with 1 inside, or None.
    """
    names = {str(os.geteuid()), account_name()}
    try:
        with open(grants, encoding="utf-8", errors="replace") as lines:
            ranges = [line.strip().split(":") for line in lines]
    except OSError:
        return None
    for fields in ranges:
        if len(fields) == 3 and fields[0] in names and fields[1].isdigit() and fields[2].isdigit() and int(fields[2]):
            return Extent(1, int(fields[1]), min(int(fields[2]), _MOST))
    return None


def install(process: int) -> list[str]:
    """Give the user namespace of a process its ids; called from its parent namespace.

    Args:
        process: id of a process that has just made a user namespace.

    Returns:
        Sentences about what was tried and could not be had.

    Raises:
        OSError: the kernel refuses even the one id that needs no permission.
    """
    notes, pending = [], []
    for kind in kinds():
        if os.geteuid() == 0 and _written(process, kind):
            continue
        pending.append((kind, None if os.geteuid() == 0 else _helper(process, kind)))
    for kind, helper in pending:
        if helper is None or os.waitpid(helper, 0)[1]:
            notes.append(f"there is only one id: {kind.grants} grants no range, or {kind.program} cannot install it")
            _write_single(process, kind)
    return notes


def repeated(own_map: str) -> str:
    """The map with which a namespace inside has the same ids as the namespace around it.

    Args:
        own_map: text of /proc/self/uid_map or gid_map of the namespace around it.

    Returns:
        The same extents line by line, since one may not span two of the parent's.

    Example:
        >>> print(repeated("0 1000 1"), end="")
        0 0 1
    """
    extents = (line.split() for line in own_map.splitlines())
    return "".join(f"{inside} {inside} {count}\n" for inside, _outside, count in extents)


def is_machines_root(own_map: str) -> bool:
    """Whether id 0 of a user namespace that `install` equipped is root outside as well.

    Args:
        own_map: text of its uid_map.
    """
    return own_map.split()[:2] == ["0", "0"]


def account_name() -> str:
    """The name of the user that this process runs as, empty if it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _written(process: int, kind: Kind) -> bool:
    """Whether root could install a whole range by itself; it may not where it is root of a container only."""
    extra = granted(kind.grants) or Extent(1, ROOTS_RANGE, _MOST)
    try:
        system.write(f"/proc/{process}/{kind.map}", f"0 {kind.own} 1\n{' '.join(map(str, extra))}\n")
    except OSError:
        return False
    return True


def _helper(process: int, kind: Kind) -> int | None:
    """Start the set-uid program that installs the granted range; its process id, or None if there is no range.

    Signals that a terminal sends to all are for the sandbox's program: the map is written whole meanwhile.
    """
    extra, program = granted(kind.grants), system.program(kind.program)
    if extra is None or program is None:
        return None
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    arguments = [kind.program, str(process), "0", str(kind.own), "1", *map(str, extra)]
    try:
        return os.posix_spawn(program, arguments, os.environ, file_actions=nowhere, setsigmask=PASSED_ON)
    except OSError:
        return None


def _write_single(process: int, kind: Kind) -> None:
    if kind.map == "gid_map":
        # Otherwise a user could leave a group that a file's permissions exclude (CVE-2014-8989).
        system.write(f"/proc/{process}/setgroups", "deny")
    system.write(f"/proc/{process}/{kind.map}", f"0 {kind.own} 1\n")
