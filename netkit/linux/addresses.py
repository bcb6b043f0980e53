"""Give addresses to interfaces and take them away (rtnetlink(7), RTM_NEWADDR; ip-address(8))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from netkit.linux import netlink
from netkit.linux.links import index_of

if TYPE_CHECKING:
    from netkit.values import IPInterface

_RTM_NEWADDR, _RTM_DELADDR = 20, 21
_HEADER = struct.Struct("=BBBBi")


def add(path: str, name: str, address: IPInterface) -> None:
    """`ip address add ADDRESS dev NAME`.

    Args:
        path: the namespace.
        name: the interface.
        address: with its prefix length.

    Raises:
        KernelRefused: with the kernel's own reason; EEXIST if it is there already.
        NotFound: the interface or the namespace is not there.
    """
    netlink.send(path, _RTM_NEWADDR, netlink.NEW, lambda _: _message(name, address))


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
    netlink.send(path, _RTM_DELADDR, 0, lambda _: _message(name, address))


def _message(name: str, address: IPInterface) -> bytes:
    """A struct ifaddrmsg and the address, as this end's and the other's: without that a deletion ignores its length."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    header = _HEADER.pack(family, address.network.prefixlen, 0, 0, index_of(name))
    ends = (netlink.encoded("ifaddrmsg", end, str(address.ip), family) for end in ("IFA_LOCAL", "IFA_ADDRESS"))
    return header + b"".join(ends)
