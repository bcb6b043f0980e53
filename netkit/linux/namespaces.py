"""Network namespaces (/run/netns, /proc/PID/ns/net): find them all and who is in them, make one, remove one.

A namespace is referred to by a *path* that opens it: "/run/netns/ns1" for a named one,
"/proc/123/ns/net" for that of a process, "/proc/self/ns/net" for the host's (network_namespaces(7)).
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import AlreadyExists, KernelRefused, NotFound
from netkit.linux import contained, procfs
from netkit.linux.entering import CLONE_NEWNET, DIRECTORY, HOST_PATH, home, lives, returning
from netkit.linux.libc import checked, libc
from netkit.linux.looks import netconf
from netkit.linux.netlink.protocol import Talk
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

_MS_BIND = 0x1000
_MNT_DETACH = 2
_PF_KTHREAD = 0x00200000

_COPIED = tuple(f"/proc/sys/net/ipv4/{name}" for name in ("ip_forward", "conf/all/rp_filter", "conf/default/rp_filter"))
"""What a new namespace copies from the machine (devconf_inherit_init_net), where Docker may have switched forwarding
on: it begins as Linux has it, so that a network is the same on every machine."""


@dataclass(frozen=True)
class Place:
    """Where a namespace can be found.

    Attributes:
        name: "host", its name in /run/netns, or "[container]" or "[program]" when it has none.
        path: a file that opens it.
        inode: its identity: two paths with the same inode are the same namespace (stat(2)).
        named: whether /run/netns has a name for it.
        processes: names of the processes in it.
        oldest: the process id of the oldest of them; None where there is none.
        containers: those whose first process is in it, by name, each with that process's name.
    """

    name: str
    path: str
    inode: int
    named: bool = True
    processes: tuple[str, ...] = ()
    oldest: int | None = None
    containers: Mapping[str, str] = field(default_factory=dict)


class Inhabitant(NamedTuple):
    """A process in a namespace: its process id, its program's name, and the process id of its parent."""

    pid: int
    program: str
    parent: int


def path_of(name: str) -> str:
    """The path that opens the namespace of that name.

    Args:
        name: "host", or a name in /run/netns.
    """
    return HOST_PATH if name == HOST else f"{DIRECTORY}/{name}"


def find(known: Mapping[int, str] = MappingProxyType({})) -> list[Place]:
    """Every network namespace: the host's first, then the named ones, then the nameless ones.

    Args:
        known: names by inode that these namespaces keep, whatever they would be called now; no other gets one of them.

    Returns:
        Places. A nameless namespace, found through the processes that live in it (/proc/PID/ns/net),
        is called after the first container in there, "[web]", or else after the first program, "[httpd]"; and
        "[httpd]#2" if there is another.
    """
    people_of = inhabitants()

    def place(name: str, path: str, inode: int, *, named: bool = True) -> Place:
        return _place(name, path, inode, people_of.get(inode, []), named=named)

    host = home()
    places = {host: place(HOST, HOST_PATH, host)}
    taken = {HOST, *known.values()}
    for name, path, inode in _named():
        if inode not in places:
            places[inode] = place(known.get(inode) or _free_name(name, taken), path, inode)
    for inode, people in people_of.items():
        if inode not in places:
            oldest = people[0]
            found = place("", f"/proc/{oldest.pid}/ns/net", inode, named=False)
            wanted = next(iter(found.containers), oldest.program)
            places[inode] = replace(found, name=known.get(inode) or _free_name(f"[{wanted}]", taken))
    return list(places.values())


def named(name: str) -> Place | None:
    """The namespace of a name in /run/netns; the others are not looked at.

    Args:
        name: the name in /run/netns.

    Returns:
        None where the name opens none.
    """
    path = path_of(name)
    status = _status(path)
    if name == HOST or status is None or status.st_dev != os.stat(HOST_PATH).st_dev:
        return None
    return _place(name, path, status.st_ino, inhabitants(status.st_ino).get(status.st_ino, []))


def _place(name: str, path: str, inode: int, people: list[Inhabitant], *, named: bool = True) -> Place:
    """A namespace with its inhabitants."""
    programs = tuple(sorted(each.program for each in people))
    minded = {parent: contained.name_by(parent) for parent in {each.parent for each in people}}
    containers: dict[str, str] = {}
    for each in people:
        if container := minded[each.parent]:
            containers.setdefault(container, each.program)
    return Place(name, path, inode, named, programs, people[0].pid if people else None, containers)


def inhabitants(only: int | None = None) -> dict[int, list[Inhabitant]]:
    """The processes in each namespace; the kernel's own are none.

    Args:
        only: the one namespace (inode) that is looked at.

    Returns:
        Processes by inode, the oldest first.
    """
    people: dict[int, list[Inhabitant]] = {}
    kernels: set[int] = set()
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            space = lives(pid)
        except OSError:  # it has just ended
            continue
        if only not in (None, space) or (told := _process(pid)) is None:
            continue
        program, parent, flags = told
        if flags & _PF_KTHREAD or parent in kernels:  # a thread of the kernel, or a program that it started for itself
            kernels.add(pid)
        else:
            people.setdefault(space, []).append(Inhabitant(pid, program, parent))
    return people


def create(name: str) -> Talk:
    """`ip netns add NAME` (ip-netns(8)): a new namespace, kept alive by a bind mount on /run/netns/NAME.

    Args:
        name: a valid name.

    Returns:
        A socket in it.

    Raises:
        AlreadyExists: the name is taken.
        KernelRefused: the kernel would not make it.
    """
    path = path_of(name)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
        return returning(lambda: _unshared_onto(path))
    except FileExistsError:
        raise AlreadyExists(f"there is a namespace '{name}' already") from None
    except BaseException as error:  # an interrupt, too, leaves nothing behind
        libc().umount2(path.encode(), _MNT_DETACH)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if not isinstance(error, OSError):
            raise
        raise KernelRefused(f"no namespace '{name}' was made", error.strerror, errno=error.errno or 0) from None


def delete(name: str) -> None:
    """`ip netns delete NAME` (ip-netns(8)): take the name away; without a process inside, the namespace ends.

    Args:
        name: the name in /run/netns.

    Raises:
        NotFound: there is no such name.
    """
    path = path_of(name)
    if not os.path.lexists(path):
        raise NotFound(f"there is no namespace '{name}'")
    linked = os.path.islink(path)  # `ln -s /proc/PID/ns/net` makes names without a mount
    try:
        if not linked:
            libc().umount2(path.encode(), _MNT_DETACH)
    finally:  # an interrupt, too, leaves no name that opens nothing
        os.unlink(path)


def dangling() -> list[str]:
    """The names in /run/netns that open nothing any more: links to the files of processes that have ended."""
    names = sorted(os.listdir(DIRECTORY)) if os.path.isdir(DIRECTORY) else []
    return [name for name in names if os.path.islink(path_of(name)) and not os.path.exists(path_of(name))]


def _unshared_onto(path: str) -> Talk:
    """Move this thread to a new namespace and keep that by a bind mount; `returning` brings the thread back."""
    checked(libc().unshare(CLONE_NEWNET))
    talk = Talk()
    for switch in () if netconf.is_plain(talk) else _COPIED:
        with open(switch, "wb", buffering=0) as plain:
            plain.write(b"0")
    checked(libc().mount(b"/proc/thread-self/ns/net", path.encode(), None, _MS_BIND, None))
    return talk


def _named() -> list[tuple[str, str, int]]:
    """(name, path, inode) of the names in /run/netns that open a namespace, sorted."""
    if not os.path.isdir(DIRECTORY):
        return []
    network = os.stat(HOST_PATH).st_dev
    found = []
    for name in sorted(os.listdir(DIRECTORY)):
        path = f"{DIRECTORY}/{name}"
        if (status := _status(path)) is not None and status.st_dev == network:
            found.append((name, path, status.st_ino))
    return found


def _status(path: str) -> os.stat_result | None:
    """What stat(2) says of a path; None when it is gone or leads to a process that ended."""
    try:
        return os.stat(path)
    except OSError:
        return None


def _process(pid: int) -> tuple[str, int, int] | None:
    """A process's name, parent and flags (proc_pid_stat(5)); None when it has just ended."""
    try:
        head, _, tail = procfs.read(f"/proc/{pid}/stat").rpartition(b")")
    except OSError:
        return None
    facts = tail.split()
    return head.partition(b"(")[2].decode(errors="replace"), int(facts[1]), int(facts[6])


def _free_name(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}#{number}"
    taken.add(name)
    return name
