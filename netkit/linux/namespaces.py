"""Network namespaces: find them all, enter one, make one, remove one.

A namespace is referred to by a *path* that opens it: "/run/netns/ns1" for a named one,
"/proc/123/ns/net" for that of a process, "/proc/self/ns/net" for the host's (network_namespaces(7)).
"""

from __future__ import annotations

import ctypes
import os
import queue
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from netkit.errors import AlreadyExists, KernelRefused, NotFound
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = "/run/netns"
HOST_PATH = "/proc/self/ns/net"

_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MNT_DETACH = 2

Result = TypeVar("Result")


@dataclass(frozen=True)
class Place:
    """Where a namespace can be found.

    Attributes:
        name: "host", its name in /run/netns, or "[program]" when it has none.
        path: a file that opens it.
        inode: its identity: two paths with the same inode are the same namespace (stat(2)).
        named: whether /run/netns has a name for it.
        processes: names of the processes in it.
    """

    name: str
    path: str
    inode: int
    named: bool = True
    processes: tuple[str, ...] = ()


def path_of(name: str) -> str:
    """The path that opens the namespace of that name.

    Args:
        name: "host", or a name in /run/netns.
    """
    return HOST_PATH if name == HOST else f"{DIRECTORY}/{name}"


def find() -> list[Place]:
    """Every network namespace: the host's first, then the named ones, then the nameless ones.

    Returns:
        Places. A nameless namespace, found through the processes that live in it (/proc/PID/ns/net),
        is called after the first of them: "[httpd]", and "[httpd]#2" if there is another.
    """
    inhabitants = _inhabitants()

    def processes(inode: int) -> tuple[str, ...]:
        return tuple(sorted(name for _, name in inhabitants.get(inode, ())))

    host = os.stat(HOST_PATH).st_ino
    places = {host: Place(HOST, HOST_PATH, host, processes=processes(host))}
    for name, path, inode in _named():
        places.setdefault(inode, Place(name, path, inode, processes=processes(inode)))
    taken = {place.name for place in places.values()}
    for inode, people in inhabitants.items():
        if inode not in places:
            pid, program = people[0]
            name = _free_name(f"[{program}]", taken)
            places[inode] = Place(name, f"/proc/{pid}/ns/net", inode, named=False, processes=processes(inode))
    return list(places.values())


def inside(path: str, act: Callable[[], Result]) -> Result:
    """Call a function inside a network namespace.

    The calling thread stays where it is: a thread of netkit's own enters the namespace (setns(2)),
    calls, and goes back, so that an interrupt cannot leave the learner's code in the wrong place.
    Only what is to happen on the host, where the caller is already, is called right here.
    Acts have to be short; start a process rather than wait for one here.

    Args:
        path: a file that opens the namespace.
        act: called without arguments.

    Returns:
        What `act` returned.

    Raises:
        NotFound: the path opens no namespace.
        Exception: whatever `act` raised.
    """
    worker = _worker(os.getpid())
    return act() if path == HOST_PATH and worker.at_home() else worker.call(path, act)


def apart(act: Callable[[], Result]) -> Result:
    """Call a function in netkit's own thread, on the host; calls of `inside` in there need not wait for it."""
    return _worker(os.getpid()).call(HOST_PATH, act)


def opened(path: str) -> int:
    """A descriptor of a namespace, which keeps it alive until it is closed.

    Args:
        path: a file that opens it.

    Raises:
        NotFound: the path opens no namespace.
    """
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise _no_namespace(path) from None


def create(name: str) -> None:
    """`ip netns add NAME` (ip-netns(8)): a new namespace, kept alive by a bind mount on /run/netns/NAME.

    Args:
        name: a valid name.

    Raises:
        AlreadyExists: the name is taken.
        KernelRefused: the kernel would not make it.
    """
    path = path_of(name)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
    except FileExistsError:
        raise AlreadyExists(f"there is a namespace '{name}' already") from None
    try:
        apart(lambda: _unshare_onto(path))
    except OSError as error:
        os.unlink(path)
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
    if not os.path.islink(path):  # `ln -s /proc/PID/ns/net` makes names without a mount
        _libc().umount2(path.encode(), _MNT_DETACH)
    os.unlink(path)


class _Worker:
    """A thread that enters namespaces and always comes home."""

    def __init__(self) -> None:
        self._home = self._here = os.open(HOST_PATH, os.O_RDONLY | os.O_CLOEXEC)
        self._home_inode = os.fstat(self._home).st_ino
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], object], queue.SimpleQueue]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="netkit namespaces", daemon=True)
        self._thread.start()

    def at_home(self) -> bool:
        """Whether the calling thread is in the host's namespace: the learner's code may have led it elsewhere."""
        return os.stat("/proc/thread-self/ns/net").st_ino == self._home_inode

    def call(self, path: str, act: Callable[[], Result]) -> Result:
        if threading.current_thread() is self._thread:  # an act that uses another act's helper
            return self._enter(path, act)
        answer: queue.SimpleQueue = queue.SimpleQueue()
        self._jobs.put((path, act, answer))
        result, error = answer.get()
        if error is not None:
            raise error
        return result

    def _work(self) -> None:
        while True:
            path, act, answer = self._jobs.get()
            try:
                answer.put((self._enter(path, act), None))
            except BaseException as error:  # noqa: BLE001  (it is raised again in the caller's thread)
                answer.put((None, error))
            del path, act, answer

    def _enter(self, path: str, act: Callable[[], Result]) -> Result:
        if path == HOST_PATH:
            return self._away(self._home, act)
        there = opened(path)
        try:
            if os.fstat(there).st_dev != os.fstat(self._home).st_dev:
                raise _no_namespace(path)  # a file that is not yet, or no longer, covered by the mount
            return self._away(there, act)
        finally:
            os.close(there)

    def _away(self, there: int, act: Callable[[], Result]) -> Result:
        back, self._here = self._here, there
        try:
            _checked(_libc().setns(there, _CLONE_NEWNET))
            return act()
        finally:
            _checked(_libc().setns(back, _CLONE_NEWNET))
            self._here = back


@cache
def _worker(pid: int) -> _Worker:  # noqa: ARG001  (a forked child has none of its parent's threads: it needs its own)
    return _Worker()


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _unshare_onto(path: str) -> None:
    """Move this thread to a new namespace and keep that by a bind mount; `inside` brings the thread back."""
    _checked(_libc().unshare(_CLONE_NEWNET))
    _checked(_libc().mount(b"/proc/thread-self/ns/net", path.encode(), None, _MS_BIND, None))


def _no_namespace(path: str) -> NotFound:
    return NotFound(
        f"there is no namespace '{path.removeprefix(f'{DIRECTORY}/')}'",
        "a namespace is there until it is deleted or its last process ends",
        "See those that are there: nk.snapshot()",
    )


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


def _inhabitants() -> dict[int, list[tuple[int, str]]]:
    """For each namespace (inode) the processes in it: (pid, program), oldest first."""
    people: dict[int, list[tuple[int, str]]] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        status = _status(f"/proc/{pid}/ns/net")
        if status is not None and (program := _program(pid)):
            people.setdefault(status.st_ino, []).append((pid, program))
    return people


def _program(pid: int) -> str | None:
    """A process's name (proc(5), comm); None when it has just ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return None


def _free_name(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}#{number}"
    taken.add(name)
    return name
