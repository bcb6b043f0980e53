"""Answer UDP datagrams inside network namespaces: one thread of netkit's own does it for all of them."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.entering import inside

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST = 65535


class Answering:
    """Answers what comes to an address inside a namespace, until it is closed; it keeps the namespace alive.

    Args:
        path: a file that opens the namespace.
        address: an IPv4 address that the namespace has.
        port: a UDP port.
        answer: called with each datagram; what it returns goes back to the sender, None is silence.

    Raises:
        KernelRefused: the port is taken, or the address is not there (yet).
        NotFound: the namespace is not there.
    """

    def __init__(self, path: str, address: str, port: int, answer: Callable[[bytes], bytes | None]) -> None:
        self._socket, self._answer = inside(path, lambda: _bound(address, port)), answer
        _desk.add(self._socket, self)

    def close(self) -> None:
        """Stop; calling it again does nothing."""
        _desk.remove(self._socket)

    def _serve(self) -> None:
        """Answer one datagram."""
        question, sender = self._socket.recvfrom(_LARGEST)
        reply = self._answer(question)
        if reply is not None:
            self._socket.sendto(reply, sender)


def _bound(address: str, port: int) -> socket.socket:
    """A UDP socket of the namespace that the calling thread is in."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        made.bind((address, port))
    except OSError as error:
        made.close()
        raise KernelRefused(
            f"nobody can answer at {address}:{port} there", error.strerror or str(error), errno=error.errno or 0
        ) from None
    return made


class _Desk:
    """The thread that answers; it is there while there is something to answer for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: dict[socket.socket, Answering] = {}
        self._thread: threading.Thread | None = None

    def add(self, its: socket.socket, whose: Answering) -> None:
        with self._lock:
            self._sockets[its] = whose
            if self._thread is None:
                self._selector = selectors.DefaultSelector()
                self._bell, heard = socket.socketpair()
                self._selector.register(heard, selectors.EVENT_READ)
                self._thread = threading.Thread(
                    target=self._work, args=(self._selector, heard), name="netkit answers", daemon=True
                )
                self._thread.start()
            self._selector.register(its, selectors.EVENT_READ, its)

    def remove(self, its: socket.socket) -> None:
        with self._lock:
            if self._sockets.pop(its, None) is None:
                return
            self._selector.unregister(its)
            its.close()
            last, bell = (None, None) if self._sockets else (self._thread, self._bell)
            if last is not None:
                self._thread = None
        if last is not None and bell is not None:
            bell.close()  # it wakes the thread, which ends
            last.join()

    def _work(self, selector: selectors.BaseSelector, heard: socket.socket) -> None:
        with selector, heard:
            while True:
                for key, _ in selector.select():
                    if key.fileobj is heard:
                        return
                    self._serve(key.data)

    def _serve(self, its: socket.socket) -> None:
        with self._lock:  # so that it is not closed in the middle of an answer
            whose = self._sockets.get(its)
            if whose is not None:
                _answered(whose)

    def drop(self) -> None:
        """In a child: close what the parent has opened, without its thread and without its lock."""
        for its in self._sockets:
            its.close()


def _answered(whose: Answering) -> None:
    try:
        whose._serve()
    except OSError:
        return  # the sender has gone, or its question was taken back: there is nobody to answer


def _after_fork() -> None:
    global _desk  # noqa: PLW0603  (one process, one desk)
    _desk.drop()
    _desk = _Desk()


_desk = _Desk()
os.register_at_fork(after_in_child=_after_fork)
