"""Talk to the kernel by netlink messages (netlink(7), rtnetlink(7)): attributes, dumps, its refusals in its words.

Requests and answers are a few lines of our own: an act sends few kinds of messages, and a snapshot reads thousands.
pyroute2, whose messages alone take longer to load and to encode than the kernel takes for an act, does what is done
seldom: `routing_rules`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import sys
from functools import lru_cache
from typing import Self

from netkit.errors import KernelRefused, NotFound

NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND = 1, 4, 0x100, 0x200, 0x400, 0x800
NLM_F_DUMP = 0x300
NEW = NLM_F_CREATE | NLM_F_EXCL
"""Flags of a request that makes something which must not exist yet."""

_NLMSG_ERROR, _NLMSG_DONE = 2, 3  # the types of what is asked for are larger
_NLM_F_ACK_TLVS = 0x200
_NLMSGERR_ATTR_MSG = 1
_SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK = 270, 10, 11, 12
_HEADER, _VERDICT = struct.Struct("=IHHII"), struct.Struct("=IHHIIi")
ATTRIBUTE = struct.Struct("=HH")
_NAMED = struct.Struct("=16si20x")
_LINK = struct.Struct("=4xi")
_SIOCGIFNAME, _SIOCGIFINDEX = 0x8910, 0x8933
_RTM_GETLINK, _IFLA_IFNAME = 18, 3
_FILLING = b"", b"\0\0\0", b"\0\0", b"\0"
_BUFFER = 1 << 16
_PATIENCE = 20  # seconds; the kernel answers at once, but for a lock that somebody holds


class Talk:
    """A netlink socket in the network namespace that the calling thread is in.

    Args:
        family: the netlink family; 0 is rtnetlink, 12 netfilter.

    Example:
        >>> with Talk() as talk:  # doctest: +SKIP
        ...     links = list(talk.dump(RTM_GETLINK, bytes(16)))
    """

    def __init__(self, family: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", _PATIENCE, 0))
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def index_of(self, name: str) -> int:
        """The number of an interface of the socket's namespace (netdevice(7), SIOCGIFINDEX).

        Raises:
            NotFound: there is none of that name; the error lists those that are there.
        """
        try:
            request = _ifreq(name)
            return int(_NAMED.unpack(fcntl.ioctl(self._socket, _SIOCGIFINDEX, request))[1])
        except (OSError, ValueError):  # ValueError: a zero byte, or characters that no file name can hold
            there = ", ".join(self.names())
            raise NotFound(
                f"there is no interface {name!r} in this namespace",
                f"there are: {there}",
                "Take one of these, or make it",
            ) from None

    def name_of(self, index: int) -> str:
        """The name of an interface of the socket's namespace (netdevice(7), SIOCGIFNAME)."""
        return os.fsdecode(fcntl.ioctl(self._socket, _SIOCGIFNAME, _NAMED.pack(b"", index))[:16].rstrip(b"\0"))

    def names(self) -> list[str]:
        """The names of all interfaces, in index order."""
        found = ((_LINK.unpack_from(body)[0], attributes(body[16:])) for body in self.dump(_RTM_GETLINK, bytes(16)))
        return [text(facts[_IFLA_IFNAME]) for _, facts in sorted(found, key=lambda pair: pair[0])]

    def request(self, kind: int, flags: int, body: bytes) -> None:
        """Send one request and wait for the kernel's yes.

        Args:
            kind: the message type, RTM_NEWLINK …
            flags: NLM_F_… beyond REQUEST and ACK.
            body: the family's header and attributes.

        Raises:
            KernelRefused: with the kernel's own reason.
        """
        sent, answer, number = self._send(kind, flags | NLM_F_ACK, body), 0, 0
        while answer != _NLMSG_ERROR or number != sent:
            data = self._receive()
            _, answer, answer_flags, number, _, code = _VERDICT.unpack_from(data)
        if code:
            raise _refusal(code, data, answer_flags)

    def dump(self, kind: int, body: bytes) -> list[memoryview]:
        """Ask for every object of a kind.

        Args:
            kind: the message type, RTM_GETLINK …
            body: the family's header, a filter for the kernel.

        Returns:
            The body of each answer: the family's header and attributes.

        Raises:
            KernelRefused: with the kernel's own reason.
        """
        sent, answer = self._send(kind, NLM_F_DUMP, body), 0
        found: list[memoryview] = []
        read = _HEADER.unpack_from
        while answer != _NLMSG_DONE:
            data, position = memoryview(self._receive()), 0
            size = len(data)
            while position < size:
                length, answer, flags, number, _ = read(data, position)
                if number != sent:
                    answer = 0
                elif answer > _NLMSG_DONE:
                    found.append(data[position + 16 : position + length])
                elif answer == _NLMSG_ERROR:
                    raise _refusal(_VERDICT.unpack_from(data, position)[-1], data[position:], flags)
                position += (length + 3) & -4
        return found

    def ask(self, kind: int, body: bytes) -> memoryview:
        """Ask for one object.

        Args:
            kind: the message type, RTM_GETLINK …
            body: the family's header and attributes, which say which one.

        Returns:
            The body of its answer.

        Raises:
            KernelRefused: with the kernel's own reason.
        """
        sent, number = self._send(kind, 0, body), 0
        while number != sent:
            data = memoryview(self._receive())
            _, answer, flags, number, _ = _HEADER.unpack_from(data)
        if answer == _NLMSG_ERROR:
            raise _refusal(_VERDICT.unpack_from(data)[-1], data, flags)
        return data[_HEADER.size :]

    def _send(self, kind: int, flags: int, body: bytes) -> int:
        """Send a request; the number that its answers bear."""
        self._number += 1
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, flags | NLM_F_REQUEST, self._number, 0) + body)
        return self._number

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(_BUFFER)
        except BlockingIOError:
            reason = f"its answer did not come within {_PATIENCE} seconds"
            raise KernelRefused("the kernel was asked in vain", reason, errno=errno.ETIMEDOUT) from None


def attribute(number: int, value: bytes) -> bytes:
    """One attribute with its length and number, as it stands in a message."""
    size = len(value)
    return ATTRIBUTE.pack(4 + size, number) + value + _FILLING[size & 3]


@lru_cache(4096)
def named(name: str) -> bytes:
    """The attribute that calls a link by its name: the same names are called again and again."""
    return attribute(_IFLA_IFNAME, os.fsencode(name) + b"\0")


def attributes(data: memoryview) -> dict[int, memoryview]:
    """The attributes that follow a message's header, by number, without the flag bits (netlink(7), NLA_TYPE_MASK).

    Args:
        data: 4-byte aligned type-length-value records.

    Returns:
        The last value of each number; nested ones are read by another call.
    """
    found, position, last, unpack = {}, 0, len(data) - 4, ATTRIBUTE.unpack_from
    while position <= last:
        length, number = unpack(data, position)
        if length < 4:
            break
        found[number & 0x3FFF] = data[position + 4 : position + length]
        position += (length + 3) & -4
    return found


def every(data: memoryview) -> list[tuple[int, memoryview]]:
    """The attributes one by one, (number, value): for lists, in which several have the same number."""
    found, position, last, unpack = [], 0, len(data) - 4, ATTRIBUTE.unpack_from
    while position <= last:
        length, number = unpack(data, position)
        if length < 4:
            break
        found.append((number & 0x3FFF, data[position + 4 : position + length]))
        position += (length + 3) & -4
    return found


def text(value: memoryview) -> str:
    """A text attribute, which the kernel ends with a zero byte."""
    return bytes(value).rstrip(b"\0").decode(errors="replace")


def number(value: memoryview, *, signed: bool = False) -> int:
    """An integer attribute of 1, 2, 4 or 8 bytes, in the machine's byte order."""
    return int.from_bytes(value, sys.byteorder, signed=signed)


@lru_cache(4096)
def _ifreq(name: str) -> bytes:
    """What asks for an interface by its name; the kernel would cut a longer one off (IFNAMSIZ)."""
    data = os.fsencode(name)
    if len(data) > 15 or b"\0" in data:
        raise ValueError(name)
    return _NAMED.pack(data, 0)


def _refusal(code: int, data: bytes | memoryview, flags: int) -> KernelRefused:
    """The error that the kernel answers with, in its own words where it has some (netlink(7), NLMSGERR_ATTR_MSG)."""
    reason = os.strerror(-code)
    if flags & _NLM_F_ACK_TLVS:
        words = attributes(memoryview(data)[_VERDICT.size + _HEADER.size :]).get(_NLMSGERR_ATTR_MSG)
        reason = text(words) if words is not None else reason
    return KernelRefused(f"the kernel refused ({errno.errorcode.get(-code, -code)})", reason, errno=-code)
