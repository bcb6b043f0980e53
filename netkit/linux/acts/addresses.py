"""Give addresses to interfaces and take them away (rtnetlink(7), RTM_NEWADDR; ip-address(8))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from netkit.linux.netlink import protocol, sockets

if TYPE_CHECKING:
    from netkit.validation import IPInterface

_RTM_NEWADDR, _RTM_DELADDR = 20, 21
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_NODAD = 2  # IFA_F_NODAD
_HEADER = struct.Struct("=BBBBi")


def add(path: str, name: str, address: IPInterface, *, dad: bool = True) -> None:
    """`ip address add ADDRESS dev NAME [nodad]`.

    Args:
        path: the namespace.
        name: the interface.
        address: with its prefix length.
        dad: whether the kernel asks first whether somebody has it (of IPv6; RFC 4862, 5.4).

    Raises:
        KernelRefused: with the kernel's own reason; EEXIST if it is there already.
        NotFound: the interface or the namespace is not there.
    """
    sockets.send(
        path, _RTM_NEWADDR, protocol.NEW, lambda talk: _message(talk.index_of(name), address, 0 if dad else _NODAD)
    )


def delete(path: str, name: str, address: IPInterface) -> None:
    """`ip address delete ADDRESS dev NAME`.

    Args:
        path: the namespace.
        name: the interface.
        address: with its prefix length.

    Raises:
        KernelRefused: with the kernel's own reason; EADDRNOTAVAIL if it is not there.
        NotFound: the interface or the namespace is not there.
    """
    sockets.send(path, _RTM_DELADDR, 0, lambda talk: _message(talk.index_of(name), address))


def _message(index: int, address: IPInterface, flags: int = 0) -> bytes:
    """A struct ifaddrmsg and the address, as this end's and the other's: without that a deletion ignores its length."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    header, packed = _HEADER.pack(family, address.network.prefixlen, flags, 0, index), address.packed
    return header + protocol.attribute(_IFA_LOCAL, packed) + protocol.attribute(_IFA_ADDRESS, packed)
