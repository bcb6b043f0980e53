"""The names and MACs of one namespace's interfaces, kept up to date by the kernel's own notices (rtnetlink(7))."""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.linux.netlink.protocol import attributes

if TYPE_CHECKING:
    import socket

_NEWLINK, _GETLINK = 16, 18
_DONE, _ERROR = 3, 2
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_LINK_GROUP = 1  # RTMGRP_LINK
_ADDRESS, _NAME, _MASTER, _INFO = 1, 3, 10, 18  # IFLA_…
_KIND, _DATA, _VXLAN_PORT = 1, 2, 15  # IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_VXLAN_PORT
_PATIENCE = 5.0

_MESSAGE = struct.Struct("=IHHII")  # nlmsghdr
_LINK = struct.Struct("=BxHiII")  # ifinfomsg


@dataclass(frozen=True)
class Link:
    """What a capture has to know of an interface.

    Attributes:
        name: its name.
        mac: "02:42:ac:11:00:02", or None.
        is_port: whether it belongs to a bridge.
        tunnel_port: the UDP port that it listens on, if it is a VXLAN device.
    """

    name: str
    mac: str | None
    is_port: bool
    tunnel_port: int | None = None


class Links:
    """Every interface that a namespace has, or had since this began, by index.

    Args:
        netlink: an AF_NETLINK socket from that namespace; `close` closes it.

    Raises:
        OSError: the kernel does not answer.
    """

    def __init__(self, netlink: socket.socket) -> None:
        self._socket = netlink
        self.by_index: dict[int, Link] = {}
        netlink.bind((0, _LINK_GROUP))
        netlink.settimeout(_PATIENCE)
        self._list()
        netlink.setblocking(False)  # noqa: FBT003  (positional only in the standard library)

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def refresh(self) -> None:
        """Read the notices that have come since; never waits."""
        while True:
            try:
                self._note(memoryview(self._socket.recv(1 << 18)))
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._socket.settimeout(_PATIENCE)  # notices were lost: ask for the whole list again
                self._list()
                self._socket.setblocking(False)  # noqa: FBT003

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    def _list(self) -> None:
        request = _MESSAGE.pack(_MESSAGE.size + _LINK.size, _GETLINK, _DUMP, 1, 0) + bytes(_LINK.size)
        self._socket.send(request)
        while not self._note(memoryview(self._socket.recv(1 << 18))):
            pass

    def _note(self, data: memoryview) -> bool:
        """Keep what the messages say; whether the end of a list was among them."""
        at, done = 0, False
        while at + _MESSAGE.size <= len(data):
            length, kind, _, _, _ = _MESSAGE.unpack_from(data, at)
            if kind == _NEWLINK:
                self._keep(data[at + _MESSAGE.size : at + length])
            done = done or kind in (_DONE, _ERROR)
            at += (length + 3) & ~3
        return done

    def _keep(self, message: memoryview) -> None:
        family, _, index, _, _ = _LINK.unpack_from(message)
        known = attributes(message[_LINK.size :])
        if family or _NAME not in known:  # notices of the bridge family tell only a port's part
            return
        mac = bytes(known.get(_ADDRESS, b""))
        self.by_index[index] = Link(
            name=bytes(known[_NAME]).rstrip(b"\0").decode(errors="replace"),
            mac=mac.hex(":") if len(mac) == 6 else None,
            is_port=_MASTER in known,
            tunnel_port=_tunnel_port(known[_INFO]) if _INFO in known else None,
        )


def _tunnel_port(info: memoryview) -> int | None:
    """The port of a VXLAN device; None for a link of any other kind."""
    known = attributes(info)
    if bytes(known.get(_KIND, b"")).rstrip(b"\0") != b"vxlan" or _DATA not in known:
        return None
    return int.from_bytes(attributes(known[_DATA]).get(_VXLAN_PORT, b"")) or None
