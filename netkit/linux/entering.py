"""Enter a network namespace (setns(2)) and come home again, in which thread; "too many files are open" (ulimit -n)."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import queue
import threading
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

from netkit.errors import KernelRefused, NotFound
from netkit.linux.libc import checked, libc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DIRECTORY = "/run/netns"
HOST_PATH = "/proc/self/ns/net"

CLONE_NEWNET = 0x40000000

Result = TypeVar("Result")


def inside(path: str, act: Callable[[], Result]) -> Result:
    """Call a function inside a network namespace.

    The calling thread enters the namespace (setns(2)), calls, and comes home, also by way of an interrupt. A thread
    that the learner's code has led elsewhere stays there: one of netkit's own goes in its place.
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
    home = _home(os.getpid())
    led = _led.get(threading.get_ident())
    if led is None and not home.is_here():
        return apart(lambda: inside(path, act))
    if path == HOST_PATH:
        return act() if led is None else _away(home.file, act)
    with opened(path) as there:
        if os.fstat(there.fileno()).st_dev != home.kind:
            raise no_namespace(path)  # a file that is not yet, or no longer, covered by the mount
        return _away(there.fileno(), act)


def returning(act: Callable[[], Result]) -> Result:
    """Call a function that leads its thread from the host to another namespace (unshare(2)), and bring that home.

    Args:
        act: called without arguments, on the host.
    """
    home = _home(os.getpid())
    if _led.get(threading.get_ident()) is None and not home.is_here():
        return apart(lambda: returning(act))
    return _away(home.file, act)


def apart(act: Callable[[], Result]) -> Result:
    """Call a function on the host, in a thread of netkit's own, which lasts as long as the process.

    Args:
        act: called without arguments.
    """
    return _home(os.getpid()).worker.call(act)


def home() -> int:
    """The inode of the host's namespace: the learner's code may have led this process's main thread elsewhere."""
    return _home(os.getpid()).inode


def lives(pid: int) -> int:
    """The inode of the namespace that a process's first thread is in, but for where netkit leads that meanwhile.

    Of this process it is known whether netkit does so.  Any other one that has a thread on the host lives there: each
    that uses netkit has one (`_Worker`), and is neither shown nor killed where it only looks.

    Args:
        pid: its process id.

    Raises:
        OSError: it has ended.
    """
    home = _home(os.getpid())
    space = os.stat(f"/proc/{pid}/ns/net").st_ino
    if space == home.inode:
        return space
    if pid == os.getpid():
        return _lives_here(home)
    return home.inode if home.inode in _of_threads(pid) else space


def opened(path: str) -> io.FileIO:
    """The file of a namespace, which keeps it alive until it is closed, or forgotten: an interrupt loses none.

    Args:
        path: a file that opens it.

    Raises:
        NotFound: the path opens no namespace.
        KernelRefused: too many files are open.
    """
    try:
        return io.FileIO(os.dup(_home(os.getpid()).file) if path == HOST_PATH else path)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            reason, remedy = "too many files are open", "End what is not needed, or raise `ulimit -n`"
            raise KernelRefused(f"{path} cannot be opened", reason, remedy, errno=error.errno) from None
        raise no_namespace(path) from None


def no_namespace(path: str) -> NotFound:
    """The error for a path that opens none."""
    return NotFound(
        f"there is no namespace '{path.removeprefix(f'{DIRECTORY}/')}'",
        "a namespace is there until it is deleted or its last process ends",
        "See those that are there: nk.snapshot()",
    )


_led: dict[int, int | None] = {}
"""By thread, the file (descriptor) of the namespace to which netkit has led it; None where it came home."""

os.register_at_fork(after_in_child=_led.clear)  # other threads than its first get the names of its parent's


def _lives_here(home: _Home) -> int:
    """Where this process lives; asked again if a thread was led away meanwhile, which may have been its first."""
    while True:
        turns, led = home.turns, _led.get(threading.main_thread().ident or 0)
        space = os.stat(HOST_PATH).st_ino
        if turns == home.turns:
            return space if led is None else home.inode


def _of_threads(pid: int) -> Iterator[int]:
    """The inodes of the namespaces that the threads of a process are in."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):  # it has just ended
            yield os.stat(f"/proc/{pid}/task/{thread}/ns/net").st_ino


def _away(there: int, act: Callable[[], Result]) -> Result:
    """Call a function in the namespace of a file, and come back to where netkit had led this thread, or home.

    CPython looks for interrupts, and other threads' turns, after a call or a jump back: none comes in front of what
    leads back, nor, as setns(2) does not release the GIL here, between what is noted and where the thread is.
    """
    thread, setns, home = threading.get_ident(), libc(holding=True).setns, _home(os.getpid())
    before = _led.get(thread)
    back = partial(setns, home.file if before is None else before, CLONE_NEWNET)
    try:
        home.turns += 1
        _led[thread] = there
        checked(setns(there, CLONE_NEWNET))
        return act()
    finally:
        _led[thread] = before
        checked(back())


class _Home:
    """The host's namespace: where this process began.

    Attributes:
        file: its file (descriptor).
        inode: its identity (stat(2)).
        kind: the device of all files of namespaces.
        worker: a thread that stays there.
        turns: how often a thread was led away from there.
    """

    def __init__(self) -> None:
        self.file = os.open(HOST_PATH, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self.file)
        self.inode, self.kind = status.st_ino, status.st_dev
        self.worker, self.turns = _Worker(self.file), 0

    def is_here(self) -> bool:
        """Whether the calling thread is in it: the learner's code may have led it elsewhere."""
        return os.stat("/proc/thread-self/ns/net").st_ino == self.inode


@cache
def _home(pid: int) -> _Home:  # noqa: ARG001  (a child may have been led elsewhere, and needs a worker of its own)
    return _Home()


class _Worker:
    """A thread that calls functions on the host, one at a time.

    Args:
        home: the file (descriptor) of the host's namespace.
    """

    def __init__(self, home: int) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], object], queue.SimpleQueue]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(home,), name="netkit namespaces", daemon=True)
        self._thread.start()

    def call(self, act: Callable[[], Result]) -> Result:
        if threading.current_thread() is self._thread:  # an act that uses another act's helper
            return returning(act)
        answer: queue.SimpleQueue = queue.SimpleQueue()
        self._jobs.put((act, answer))
        result, error = answer.get()
        try:
            if error is not None:
                raise error
            return result
        finally:
            del error  # it knows this frame: both would stay, with what its callers hold, until they are collected

    def _work(self, home: int) -> None:
        checked(libc().setns(home, CLONE_NEWNET))  # who starts this thread may be elsewhere
        while True:
            act, answer = self._jobs.get()
            try:
                answer.put((act(), None))
            except BaseException as error:  # noqa: BLE001  (it is raised again in the caller's thread)
                answer.put((None, error))
            del act, answer
