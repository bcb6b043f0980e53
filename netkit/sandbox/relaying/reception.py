"""Who may connect to a kernel (its owner, root; by ZMQ's greeting within 2 s), and how many: 4 to 64 a channel.

A port on loopback is open to every user and every program of the machine. Nobody but the kernel's owner and root
gets in; and however many connections somebody opens, the descriptors of those that are in stay theirs.
"""

import os
import resource
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from netkit.sandbox.log import Tally
from netkit.sandbox.relaying.connection import CHANNELS, Connection
from netkit.sandbox.relaying.peers import Peers

_GREETING, _FIRST, _LAST = 10, 0xFF, 0x7F
"""A peer begins with ten octets, whatever the other says; the first and the last are these (ZMTP 3.1, "Greeting")."""

_GREETS_WITHIN = 2.0
"""Seconds after which a connection without a greeting is closed: ZMQ greets at once, and comes again when closed."""

_MOST, _FEWEST = 64, 4
"""Connections of a channel: each place where a notebook is open takes one, its server one or two more."""

_OTHERS = 24
"""Descriptors that the relay needs for other things than connections."""

_AT_ONCE = 16
_PAUSE = 0.2
"""Connections taken in before others get their turn, and seconds without taking any in when the system has no more."""

Welcome = Callable[[socket.socket, int], None]
"""What is done with a connection that is let in, and its channel."""


def places() -> int:
    """How many connections a channel may have, by the descriptors that this process may have (getrlimit(2)).

    Each takes two: one to the client, one to the kernel.
    """
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY:
        return _MOST
    return min(_MOST, max(_FEWEST, (descriptors - _OTHERS) // (2 * len(CHANNELS))))


class Reception:
    """Listens at a kernel's five addresses.

    Args:
        connection: the kernel's connection, with the addresses.
        selector: which waits for all sockets; the data of an entry is the function to call with what is possible.
        welcome: takes the connections that are let in, each with its channel.

    Raises:
        SandboxError: an address is taken.
    """

    def __init__(self, connection: Connection, selector: selectors.BaseSelector, welcome: Welcome) -> None:
        self._selector, self._welcome = selector, welcome
        self._peers, self._tally = Peers(), Tally(os.path.basename(connection.path))
        self._owners = {0, os.getuid(), os.geteuid()}
        self._places, self._shut_until = places(), 0.0
        self._inside: Counter[int] = Counter()
        self._silent: dict[socket.socket, tuple[int, float]] = {}
        self._listeners = {connection.listen(channel): number for number, channel in enumerate(CHANNELS, 1)}
        self._open()

    def close(self) -> None:
        """Free the addresses."""
        for stream in (*self._listeners, *self._silent):
            stream.close()
        self._peers.close()

    def widen(self) -> None:
        """Let this process have as many descriptors as it may; what it has started before keeps its own limit."""
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._places = places()

    def leave(self, channel: int) -> None:
        """A connection that was let in has ended."""
        self._inside[channel] -= 1

    def tend(self) -> None:
        """Do what it is time for: open again after a pause, and close what has not greeted."""
        self._tally.settle()
        now = time.monotonic()
        if self._shut_until and now >= self._shut_until:
            self._open()
        while self._silent and next(iter(self._silent.values()))[1] < now:
            self._refuse_oldest()

    def _open(self) -> None:
        self._shut_until = 0.0
        for listener, channel in self._listeners.items():
            self._selector.register(listener, selectors.EVENT_READ, partial(self._accept, listener, channel))

    def shut(self, error: OSError) -> None:
        """Take nobody in for a moment: there are no descriptors left, or no memory.

        Args:
            error: what the kernel said.
        """
        self._tally.write(f"no connection is taken in for {_PAUSE:g} s: {error.strerror}")
        if not self._shut_until:
            for listener in self._listeners:
                self._selector.unregister(listener)
        self._shut_until = time.monotonic() + _PAUSE

    def _accept(self, listener: socket.socket, channel: int, _mask: int) -> None:
        for _ in range(_AT_ONCE):
            try:
                stream, _address = listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self.shut(error)
                return
            self._receive(stream, channel)

    def _receive(self, stream: socket.socket, channel: int) -> None:
        """See whose a new connection is, and wait for its greeting."""
        try:
            owner = self._peers.owner(stream)
            stream.settimeout(0)
            if stream.family != socket.AF_UNIX:
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            stream.close()
            return
        if owner is not None and owner not in self._owners:
            stream.close()
            self._tally.write(f"refused a connection of user id {owner}: a kernel is its owner's and root's only")
            return
        while len(self._silent) >= self._places:
            self._refuse_oldest()
        self._silent[stream] = channel, time.monotonic() + _GREETS_WITHIN
        self._selector.register(stream, selectors.EVENT_READ, partial(self._hear, stream))
        self._hear(stream)

    def _hear(self, stream: socket.socket, _mask: int = 0) -> None:
        """Let a connection in that greets."""
        if stream not in self._silent:
            return  # it was closed for another one since the selector told of it
        try:
            said = stream.recv(_GREETING, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        channel = self._forget(stream)
        if not said:
            stream.close()
        elif (len(said), said[0], said[-1]) != (_GREETING, _FIRST, _LAST):
            self._refuse(stream, "refused a connection that did not begin with ZMQ's greeting")
        elif self._inside[channel] >= self._places:
            self._refuse(stream, f"refused a connection to {CHANNELS[channel - 1]}, which has {self._places} already")
        else:
            self._inside[channel] += 1
            self._welcome(stream, channel)

    def _forget(self, stream: socket.socket) -> int:
        """Wait no longer for a connection's greeting; its channel."""
        self._selector.unregister(stream)
        return self._silent.pop(stream)[0]

    def _refuse_oldest(self) -> None:
        """Close the connection that has been silent for the longest time."""
        stream = next(iter(self._silent))
        self._forget(stream)
        self._refuse(stream, "refused a connection that sent nothing")

    def _refuse(self, stream: socket.socket, why: str) -> None:
        stream.close()
        self._tally.write(why)
