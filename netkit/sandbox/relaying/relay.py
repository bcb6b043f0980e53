"""The relay: it owns a kernel's five addresses outside and carries their bytes to the unix sockets inside.

It looks at the greeting of a connection and reads nothing else of what it carries, so that encrypted connections
(CurveZMQ) pass as they are.
"""

import selectors
import signal
import socket
import time
from collections.abc import Callable
from functools import partial

from netkit.sandbox.relaying.connection import Connection
from netkit.sandbox.relaying.reception import Reception
from netkit.sandbox.worlds import Sandbox

_BLOCK = 1 << 18
_MOST_WAITING = 1 << 20
"""Bytes that may wait for a slow receiver before the sender is made to wait as well."""

_RETRY, _RARELY = 0.005, 0.1
_PART = 0.02
"""Seconds between two attempts to reach a kernel that does not listen yet: a part of the time that it has taken so far,
within these bounds. So it costs nothing that is felt, and sixty that start at once do not keep one another from it."""

_WATCH = 0.5
"""Seconds between two looks at the client."""


class _Pipe:
    """One direction of a channel's connection: what was read at one end and has not been written to the other."""

    def __init__(self, channel: int, source: socket.socket, target: socket.socket) -> None:
        self.channel, self.source, self.target = channel, source, target
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
        self._reached = False
        self._pipes: dict[socket.socket, tuple[_Pipe, _Pipe]] = {}
        welcome = self._early.append
        self._reception = Reception(connection, self._selector, lambda *guest: welcome(guest))

    def close(self) -> None:
        """Free the addresses."""
        self._reception.close()
        self._selector.close()

    def carry(self, sandbox: Sandbox, is_wanted: Callable[[], bool]) -> int:
        """Carry bytes until the kernel ends or is not wanted any more.

        Args:
            sandbox: where the kernel runs.
            is_wanted: tells whether the client is still there.

        Returns:
            The kernel's exit status, negative for a signal.
        """
        self._reception.widen()
        begun = time.monotonic()
        self._selector.register(sandbox, selectors.EVENT_READ)
        while is_wanted():
            retry = min(max(_RETRY, _PART * (time.monotonic() - begun)), _RARELY)
            for key, mask in self._selector.select(retry if self._early else _WATCH):
                if key.data:
                    key.data(mask)
                    continue
                event = sandbox.receive()
                if event.word == "exit":
                    return int(event.text)
                if event.word == "gone":
                    return -signal.SIGKILL
            self._reception.tend()
            self._join(sandbox)
        return -signal.SIGHUP

    def _join(self, sandbox: Sandbox) -> None:
        """Join the connections that wait for the kernel with its sockets, as far as it listens by now."""
        waiting, self._early[:] = self._early[:], []
        deaf: set[int] = set()
        for outer, channel in waiting:
            inner = None
            # A kernel opens its sockets all at once: as long as it has none, one attempt tells as much as many.
            if channel not in deaf and (self._reached or not deaf):
                try:
                    inner = sandbox.connect(channel)
                except OSError as error:
                    # It has one descriptor, and there is no second one: whoever it is comes again.
                    outer.close()
                    self._reception.leave(channel)
                    self._reception.shut(error)
                    continue
            if inner is None:
                deaf.add(channel)
                self._early.append((outer, channel))
            else:
                self._reached = True
                self._link(channel, outer, inner)

    def _link(self, channel: int, outer: socket.socket, inner: socket.socket) -> None:
        pipes = _Pipe(channel, outer, inner), _Pipe(channel, inner, outer)
        self._pipes[outer], self._pipes[inner] = pipes, pipes[::-1]
        self._await(outer)
        self._await(inner)

    def _move(self, end: socket.socket, mask: int) -> None:
        if end not in self._pipes:
            return  # its other end has just ended
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
            self._selector.modify(end, wanted, partial(self._move, end))
        elif wanted:
            self._selector.register(end, wanted, partial(self._move, end))
        elif known:
            self._selector.unregister(end)

    def _part(self, pipe: _Pipe) -> None:
        """End a connection at both ends."""
        for end in (pipe.source, pipe.target):
            del self._pipes[end]
            if end in self._selector.get_map():
                self._selector.unregister(end)
            end.close()
        self._reception.leave(pipe.channel)
