"""The relay: it owns a kernel's five ports outside and carries their bytes to the unix sockets inside.

It reads none of what it carries, so that encrypted connections (CurveZMQ) pass as they are.
"""

import os
import selectors
import signal
import socket
from collections.abc import Callable

from netkit.sandbox.connection import CHANNELS, Connection
from netkit.sandbox.worlds import Sandbox

_BLOCK = 1 << 18
_MOST_WAITING = 1 << 22
"""Bytes that may wait for a slow receiver before the sender is made to wait as well."""

_RETRY = 0.005
_WATCH = 0.5
"""Seconds between two attempts to reach a kernel that does not listen yet, and between two looks at the client."""


class _Pipe:
    """One direction of a connection: what was read at one end and has not been written to the other."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.waiting = bytearray()
        self.ended = False

    def read(self) -> None:
        data = self.source.recv(_BLOCK)
        self.waiting += data
        self.ended = not data
        self.write()

    def write(self) -> None:
        while self.waiting:
            try:
                sent = self.target.send(self.waiting)
            except BlockingIOError:
                return
            del self.waiting[:sent]
        if self.ended:
            self.target.shutdown(socket.SHUT_WR)

    @property
    def done(self) -> bool:
        return self.ended and not self.waiting


class Relay:
    """Carries a kernel's channels until the sandbox or the client ends.

    Args:
        connection: the kernel's connection, with the addresses to listen at.
    """

    def __init__(self, connection: Connection) -> None:
        self._selector = selectors.DefaultSelector()
        self._early: list[tuple[socket.socket, int]] = []
        self._pipes: dict[socket.socket, tuple[_Pipe, _Pipe]] = {}
        self._listeners = [connection.listen(channel) for channel in CHANNELS]
        for number, listener in enumerate(self._listeners, 1):
            self._selector.register(listener, selectors.EVENT_READ, number)

    def close(self) -> None:
        """Free the ports."""
        for listener in self._listeners:
            listener.close()
        self._selector.close()

    def carry(self, sandbox: Sandbox, is_wanted: Callable[[], bool]) -> int:
        """Carry bytes until the kernel ends or is not wanted any more.

        Args:
            sandbox: where the kernel runs.
            is_wanted: tells whether the client is still there.

        Returns:
            The kernel's exit status, negative for a signal.
        """
        self._selector.register(sandbox, selectors.EVENT_READ)
        while is_wanted():
            for key, mask in self._selector.select(_RETRY if self._early else _WATCH):
                if key.fileobj is sandbox:
                    event = sandbox.receive()
                    if event.word == "exit":
                        return int(event.text)
                    if event.word == "gone":
                        return -signal.SIGKILL
                elif key.data:
                    self._accept(key.fileobj, key.data)  # type: ignore[arg-type]
                elif key.fileobj in self._pipes:
                    self._move(key.fileobj, mask)  # type: ignore[arg-type]
            self._join(sandbox)
        return -signal.SIGHUP

    def _accept(self, listener: socket.socket, channel: int) -> None:
        try:
            outer, _address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        outer.settimeout(0)
        if outer.family != socket.AF_UNIX:
            outer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._early.append((outer, channel))

    def _join(self, sandbox: Sandbox) -> None:
        """Join the connections that wait for the kernel with its sockets, as far as it listens by now."""
        waiting, self._early = self._early, []
        for outer, channel in waiting:
            inner = sandbox.connect(channel)
            if inner is None:
                self._early.append((outer, channel))
                continue
            pipes = _Pipe(outer, inner), _Pipe(inner, outer)
            self._pipes[outer], self._pipes[inner] = pipes, pipes[::-1]
            self._selector.register(outer, selectors.EVENT_READ)
            self._selector.register(inner, selectors.EVENT_READ)

    def _move(self, end: socket.socket, mask: int) -> None:
        out_of, into = self._pipes[end]
        try:
            if mask & selectors.EVENT_WRITE:
                into.write()
            if mask & selectors.EVENT_READ and not out_of.ended:
                out_of.read()
        except BlockingIOError:
            return
        except OSError:
            self._part(out_of)
            return
        if out_of.done and into.done:
            self._part(out_of)
            return
        self._await(out_of.source)
        self._await(out_of.target)

    def _await(self, end: socket.socket) -> None:
        """Listen for what can be done next at one end of a connection."""
        out_of, into = self._pipes[end]
        wanted = 0
        if not out_of.ended and len(out_of.waiting) < _MOST_WAITING:
            wanted |= selectors.EVENT_READ
        if into.waiting:
            wanted |= selectors.EVENT_WRITE
        known = end in self._selector.get_map()
        if wanted and known:
            self._selector.modify(end, wanted)
        elif wanted:
            self._selector.register(end, wanted)
        elif known:
            self._selector.unregister(end)

    def _part(self, pipe: _Pipe) -> None:
        """End a connection at both ends."""
        for end in (pipe.source, pipe.target):
            del self._pipes[end]
            if end in self._selector.get_map():
                self._selector.unregister(end)
            end.close()


def watch(parent: int) -> Callable[[], bool]:
    """A function that tells whether the process that started this one still lives.

    A kernel belongs to its client: when that is killed, nobody could ever end the kernel.

    Args:
        parent: process id of the parent when this process began.
    """
    announced = int(os.environ.get("JPY_PARENT_PID") or parent)

    def is_wanted() -> bool:
        # The second tells of a client that was killed while this interpreter was loading.
        return os.getppid() == parent and (announced == parent or _lives(announced))

    return is_wanted


def _lives(process: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's attention does not."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
