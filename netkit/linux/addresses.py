"""Give addresses to interfaces and take them away (rtnetlink(7), RTM_NEWADDR; ip-address(8))."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from netkit.linux import netlink
from netkit.linux.links import index_of

if TYPE_CHECKING:
    from netkit.values import IPInterface

_RTM_NEWADDR, _RTM_DELADDR = 20, 21


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
    netlink.send(path, _RTM_NEWADDR, netlink.NEW, lambda: _message(name, address))


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
    netlink.send(path, _RTM_DELADDR, 0, lambda: _message(name, address))


def _message(name: str, address: IPInterface) -> Any:
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

    message = ifaddrmsg()
    message["family"] = socket.AF_INET if address.version == 4 else socket.AF_INET6
    message["index"], message["prefixlen"] = index_of(name), address.network.prefixlen
    message["attrs"] = [("IFA_LOCAL", str(address.ip)), ("IFA_ADDRESS", str(address.ip))]
    return message
