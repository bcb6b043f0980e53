"""Netlink sockets that stay open for a moment, so that the next act in a namespace need not enter it again.

A socket belongs to the namespace that it was opened in, and keeps that alive: each is closed a moment after
its last use, before netkit deletes its namespace, and as soon as somebody else took its name away.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from netkit.errors import KernelRefused, NotFound
from netkit.linux.entering import HOST_PATH, inside, no_namespace
from netkit.linux.netlink.protocol import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS_KEPT, _SECONDS_BETWEEN_LOOKS = 0.03, 0.02
"""Shorter than the kernel itself takes to end a namespace that lost its name."""

Result = TypeVar("Result")


def use(path: str, act: Callable[[Talk], Result]) -> Result:
    """Call a function with a socket of a namespace, one call at a time.

    Args:
        path: a file that opens the namespace.
        act: called with the socket.

    Returns:
        What `act` returned.

    Raises:
        NotFound: the path opens no namespace.
        Exception: whatever `act` raised.
    """
    with _talks.lock:
        talk = _talks.of(path)
        try:
            return act(talk)
        except (KernelRefused, NotFound):
            raise
        except BaseException:  # an interrupt may have left an answer unread
            _talks.forget(path)
            raise


def send(path: str, kind: int, flags: int, build: Callable[[Talk], bytes]) -> None:
    """One change in a namespace: build a message, send it, wait for the kernel's yes.

    Args:
        path: a file that opens the namespace.
        kind: the message type.
        flags: NLM_F_… beyond REQUEST and ACK.
        build: returns the family's header and attributes; may ask the socket for indexes.

    Raises:
        KernelRefused: with the kernel's own reason.
        NotFound: the namespace, or what `build` looks for, is not there.
    """
    use(path, lambda talk: talk.request(kind, flags, build(talk)))


def keep(path: str, talk: Talk) -> None:
    """Take a socket that was opened already, at the birth of its namespace."""
    _talks.keep(path, talk)


def forget(path: str) -> None:
    """Close a namespace's socket now."""
    _talks.forget(path)


def forget_all() -> None:
    """Close every socket now."""
    _talks.forget_all()


@dataclass
class _Kept:
    """A socket, the namespace (inode) that it belongs to, and when it was last used."""

    talk: Talk
    inode: int
    used: float


class _Talks:
    """The sockets of one process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._kept: dict[str, _Kept] = {}
        self._some = threading.Event()
        self._closer: threading.Thread | None = None

    def of(self, path: str) -> Talk:
        """The socket of the namespace that a path opens now; another one may have got its name."""
        inode, kept = _inode(path), self._kept.get(path)
        if kept is None or kept.inode != inode:
            self.keep(path, inside(path, Talk))
            return self._kept[path].talk
        kept.used = time.monotonic()
        return kept.talk

    def forget(self, path: str) -> None:
        with self.lock:
            if path in self._kept:
                self._kept.pop(path).talk.close()

    def keep(self, path: str, talk: Talk) -> None:
        with self.lock:
            self.forget(path)
            self._kept[path] = _Kept(talk, _inode(path), time.monotonic())
            self._close_later()

    def forget_all(self) -> None:
        with self.lock:
            for path in list(self._kept):
                self.forget(path)

    def _close_later(self) -> None:
        if self._closer is None:
            self._closer = threading.Thread(target=self._close_idle, name="netkit sockets", daemon=True)
            self._closer.start()
        self._some.set()

    def _close_idle(self) -> None:
        """Close what was not used for a moment, and what lost its name, whenever something is open."""
        while self._some.wait():
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            with self.lock:
                now = time.monotonic()
                for path, kept in list(self._kept.items()):
                    idle = now - kept.used
                    # a name was looked at when its socket was used: to do so again takes time from the acts
                    if idle > _SECONDS_KEPT or (idle > _SECONDS_BETWEEN_LOOKS and not _opens(path, kept.inode)):
                        self.forget(path)
                if not self._kept:
                    self._some.clear()


def _opens(path: str, inode: int) -> bool:
    """Whether a path still opens that namespace."""
    try:
        return _inode(path) == inode
    except NotFound:
        return False


def _inode(path: str) -> int:
    """The namespace that a path opens now; another one may have got its name."""
    if path == HOST_PATH:  # always the same one, though this process's main thread may have left it
        return 0
    try:
        return os.stat(path).st_ino
    except OSError:
        raise no_namespace(path) from None


def _after_fork() -> None:
    """A child has none of its parent's threads, and shall not keep namespaces alive."""
    global _talks  # noqa: PLW0603  (one process, one set of sockets)
    for kept in _talks._kept.values():  # without the lock: another thread of the parent may hold it
        kept.talk.close()
    _talks = _Talks()


_talks = _Talks()
os.register_at_fork(after_in_child=_after_fork)
