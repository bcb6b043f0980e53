"""What happens to the links of every network namespace: `ip monitor all-nsid link` (ip-monitor(8)), heard in one place.

It listens from a namespace of its own, where each of the others has a number (network_namespaces(7), RTM_NEWNSID):
by that the kernel tells of them, and answers about them without their being entered.  A number keeps nothing alive,
and nobody else sees it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused, NotFound
from netkit.linux.entering import CLONE_NEWNET, HOST_PATH, opened, returning
from netkit.linux.folder import Folder
from netkit.linux.libc import checked, libc
from netkit.linux.looks import records
from netkit.linux.namespaces import path_of
from netkit.linux.netlink.protocol import Talk, attribute, attributes, number
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_RTM_NEWLINK, _RTM_DELLINK, _RTM_GETLINK = 16, 17, 18
_RTM_NEWNSID, _RTM_DELNSID, _RTM_GETNSID = 88, 89, 90
_NETNSA_NSID, _NETNSA_FD = 1, 3
_TARGET_NETNSID, _EXT_MASK, _SKIP_STATISTICS = 46, 29, 8  # IFLA_…
_SOL_NETLINK, _ADD_MEMBERSHIP, _LISTEN_ALL_NSID = 270, 1, 8
_GROUPS = (1, 28)  # RTNLGRP_LINK, RTNLGRP_NSID
_MESSAGE, _LINK = struct.Struct("=IHHII"), struct.Struct("=BxHi8x")
_AT_ONCE, _BESIDE = 1 << 16, 64
_FIRST = 1 << 16
"""The first of the numbers given here: those that the kernel gives by itself are small."""

_SECONDS_BETWEEN_LOOKS = 0.02
_FEW = 8
"""So many links are asked for one by one; for more of them all of a namespace's links are read."""


class Monitor:
    """Hears of links, and asks for them, in all namespaces.

    Attributes:
        touched: numbers of those in which a link changed, and of new ones; whoever has looked there takes it out.
    """

    def __init__(self) -> None:
        self._talk, self._ear = returning(_alone)
        self._news = select.poll()
        self._news.register(self._ear, select.POLLIN)
        self._folder = Folder()
        self.touched: set[int] = set()
        self._gone: set[tuple[int, int]] = set()
        self._numbers: dict[int, int] = {}  # by inode, the namespace's identity (stat(2))
        self._inodes: dict[int, int] = {}  # by number
        self._unsure: set[str] = set()
        self._named: dict[str, int] = {}
        self._next, self._missed = _FIRST, False
        self._kind = os.stat(HOST_PATH).st_dev
        self._home = self.number(HOST_PATH)

    def close(self) -> None:
        """Hear no more."""
        for one in (self._talk, self._ear, self._folder):
            one.close()

    @property
    def missed(self) -> bool:
        """Whether more happened than the socket could keep: then only another monitor knows all namespaces."""
        return self._missed

    def update(self) -> None:
        """Hear what happened since the last call, and find the namespaces that are new; never waits."""
        self._hear()
        for name in self._folder.changed():
            self._unsure.add(name)
            self._named.pop(name, None)
        for name in list(self._unsure):
            found = self.number(path_of(name))
            if found is not None:
                self._named[name] = found
            if found is not None or not os.path.lexists(path_of(name)):
                self._unsure.discard(name)
        for path in map(_of_process, _processes()):
            if _inode(path) not in self._numbers:
                self.number(path)

    def number(self, path: str) -> int | None:
        """The number of the namespace that a path opens, a new one if it had none yet; None if it opens none."""
        try:
            file = opened(path)
        except NotFound:
            return None
        with file as there:
            status = os.fstat(there.fileno())
            if status.st_dev != self._kind:  # a file that is not yet covered by the mount
                return None
            if status.st_ino not in self._numbers:
                given = self._numbers[status.st_ino] = self._numbered(there.fileno())
                self._inodes[given] = status.st_ino
                self.touched.add(given)
                self._hear()  # the kernel tells of each new number as well: many would fill the socket
            return self._numbers[status.st_ino]

    def numbers(self) -> dict[str, int]:
        """The numbers of the namespaces that have names in /run/netns, by name."""
        return dict(self._named)

    def place(self, space: int) -> tuple[str, str] | None:
        """The name of a namespace, "[]" for a nameless one, and a file that opens it; None if it is out of sight."""
        if space == self._home:
            return HOST, HOST_PATH
        names = (name for name, its in self._named.items() if its == space)
        if (name := next(names, None)) is not None:
            return name, path_of(name)
        paths = (path for path in map(_of_process, _processes()) if self._numbers.get(_inode(path)) == space)
        return next((("[]", path) for path in paths), None)

    def links(self, space: int) -> list[records.Link]:
        """The links of a namespace; the number of a veth's other end is one of these, too.

        Args:
            space: its number; one that has ended has no links.
        """
        try:
            return [records.link(body) for body in self._talk.dump(_RTM_GETLINK, bytes(16) + _of(space))]
        except KernelRefused:
            return []

    def ends(self, space: int) -> list[tuple[int, int | None]]:
        """The other ends of a namespace's cables: (index, number of the namespace, None if it is this one)."""
        return [end for _, _, end in self._cables(space) if end]

    def names(self, space: int, indexes: Collection[int]) -> dict[int, str]:
        """The names of interfaces of a namespace by index, of those that are there."""
        asked = indexes if len(indexes) <= _FEW else (None,)
        return {index: name for one in asked for index, name, _ in self._cables(space, one) if index in indexes}

    def _cables(self, space: int, index: int | None = None) -> list[tuple[int, str, tuple[int, int | None] | None]]:
        """All links of a namespace, or that of one index, as `records.cable` reads them."""
        try:
            if index is not None:
                bodies = [self._talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", index) + _of(space))]
            else:
                bodies = self._talk.dump(_RTM_GETLINK, bytes(16) + _of(space))
            return [records.cable(body) for body in bodies]
        except KernelRefused:
            return []

    def await_gone(self, ends: set[tuple[int, int]], seconds: float) -> bool:
        """Wait until links are gone.

        Args:
            ends: (number of the namespace, index of the link).
            seconds: float, how long at most.

        Returns:
            Whether they are.
        """
        left, deadline = set(ends), time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            self.pause(_SECONDS_BETWEEN_LOOKS)
            self._hear()
            left -= self._gone
            if self._missed:
                left &= {(space, link.index) for space in {space for space, _ in left} for link in self.links(space)}
        return not left

    def pause(self, seconds: float) -> None:
        """Wait until something happens.

        Args:
            seconds: float, how long at most.
        """
        self._news.poll(seconds * 1000)

    def _numbered(self, there: int) -> int:
        """The number of an opened namespace: the next one, unless the kernel gave it one already, as a cable's end."""
        self._next += 1
        target = struct.pack("=B3xHHI", 0, 8, _NETNSA_FD, there)
        try:
            self._talk.request(_RTM_NEWNSID, 0, target + attribute(_NETNSA_NSID, struct.pack("=i", self._next)))
        except KernelRefused as error:
            if error.errno != errno.EEXIST:
                raise
            answer = self._talk.ask(_RTM_GETNSID, target)
            return number(attributes(answer[4:])[_NETNSA_NSID], signed=True)
        return self._next

    def _hear(self) -> None:
        self._gone.clear()
        while self._news.poll(0):
            try:
                data, beside, _, _ = self._ear.recvmsg(_AT_ONCE, _BESIDE)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._missed = True
                continue
            space = next((struct.unpack("=i", value)[0] for _, kind, value in beside if kind == _LISTEN_ALL_NSID), -1)
            self._note(memoryview(data), space)

    def _note(self, data: memoryview, space: int) -> None:
        """Keep what the messages say of a namespace."""
        at = 0
        while at < len(data):
            length, kind, _, _, _ = _MESSAGE.unpack_from(data, at)
            body, at = data[at + _MESSAGE.size : at + length], at + ((length + 3) & ~3)
            if kind == _RTM_DELNSID:
                self._forget(number(attributes(body[4:])[_NETNSA_NSID], signed=True))
            elif kind in (_RTM_NEWLINK, _RTM_DELLINK) and space in self._inodes:
                family, _, index = _LINK.unpack_from(body)
                self.touched.add(space)
                if kind == _RTM_DELLINK and family == socket.AF_UNSPEC:  # a bridge says so of a port, too
                    self._gone.add((space, index))

    def _forget(self, space: int) -> None:
        inode = self._inodes.pop(space, None)
        if inode is not None:
            del self._numbers[inode]
            self.touched.discard(space)


def _alone() -> tuple[Talk, socket.socket]:
    """Two sockets in a new namespace, which they keep alive: one asks, one hears; `returning` brings us back."""
    checked(libc().unshare(CLONE_NEWNET))
    ear = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    ear.bind((0, 0))
    ear.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
    for group in _GROUPS:
        ear.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
    return Talk(), ear


def _of(space: int) -> bytes:
    """What asks for the links of the namespace that bears a number here, without what they count."""
    return struct.pack("=HHIHHi", 8, _EXT_MASK, _SKIP_STATISTICS, 8, _TARGET_NETNSID, space)


def _processes() -> Iterator[str]:
    return filter(str.isdigit, os.listdir("/proc"))


def _of_process(pid: str) -> str:
    return f"/proc/{pid}/ns/net"


def _inode(path: str) -> int:
    """The namespace that a path opens, 0 for none."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0
