"""Enter a network namespace and come home again, by way of a thread of netkit's own."""

from __future__ import annotations

import errno
import io
import os
import queue
import threading
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from netkit.errors import KernelRefused, NotFound
from netkit.linux.libc import checked, libc

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = "/run/netns"
HOST_PATH = "/proc/self/ns/net"

CLONE_NEWNET = 0x40000000

Result = TypeVar("Result")


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


def home() -> int:
    """The inode of the host's namespace: the learner's code may have led this process's main thread elsewhere."""
    return _worker(os.getpid()).home


def opened(path: str) -> io.FileIO:
    """The file of a namespace, which keeps it alive until it is closed, or forgotten: an interrupt loses none.

    Args:
        path: a file that opens it.

    Raises:
        NotFound: the path opens no namespace.
        KernelRefused: too many files are open.
    """
    try:
        return io.FileIO(path)
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


class _Worker:
    """A thread that enters namespaces and always comes home."""

    def __init__(self) -> None:
        self._home = self._here = os.open(HOST_PATH, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._home)
        self.home, self._kind = status.st_ino, status.st_dev
        self._jobs: queue.SimpleQueue[tuple[str, Callable[[], object], queue.SimpleQueue]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="netkit namespaces", daemon=True)
        self._thread.start()

    def at_home(self) -> bool:
        """Whether the calling thread is in the host's namespace: the learner's code may have led it elsewhere."""
        return os.stat("/proc/thread-self/ns/net").st_ino == self.home

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
        with opened(path) as there:
            if os.fstat(there.fileno()).st_dev != self._kind:
                raise no_namespace(path)  # a file that is not yet, or no longer, covered by the mount
            return self._away(there.fileno(), act)

    def _away(self, there: int, act: Callable[[], Result]) -> Result:
        back, self._here = self._here, there
        try:
            checked(libc().setns(there, CLONE_NEWNET))
            return act()
        finally:
            checked(libc().setns(back, CLONE_NEWNET))
            self._here = back


@cache
def _worker(pid: int) -> _Worker:  # noqa: ARG001  (a forked child has none of its parent's threads: it needs its own)
    return _Worker()
