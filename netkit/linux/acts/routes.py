"""Make and remove routes (rtnetlink(7), RTM_NEWROUTE; ip-route(8))."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from netkit.linux.netlink import protocol, sockets

if TYPE_CHECKING:
    from netkit.validation import IPAddress, IPNetwork

_RTM_NEWROUTE, _RTM_DELROUTE = 24, 25
_HEADER = struct.Struct("=BBBBBBBBI")
_DESTINATION, _DEVICE, _GATEWAY = 1, 4, 5  # RTA_DST, OIF, GATEWAY
_NUMBERS = {"metric": 6, "table": 15}  # RTA_PRIORITY, TABLE
_MAIN = 254
_PROTO_BOOT, _UNICAST = 3, 1
_SCOPE_GLOBAL, _SCOPE_LINK, _SCOPE_NOWHERE = 0, 253, 255


def add(
    path: str,
    destination: IPNetwork | None,
    via: IPAddress | None = None,
    device: str | None = None,
    **numbers: int,
) -> None:
    """`ip route add DESTINATION [via ROUTER] [dev DEVICE] [metric METRIC] [table TABLE]`.

    Args:
        path: the namespace.
        destination: the network; None for "default".
        via: the next router.
        device: the interface that it leaves by.
        numbers: its metric, the lower the better, and the routing table that it is for, by these names.

    Raises:
        KernelRefused: with the kernel's own reason.
        NotFound: the interface or the namespace is not there.
    """

    def build(talk: protocol.Talk) -> bytes:
        scope = _SCOPE_GLOBAL if via is not None else _SCOPE_LINK
        made = _message(talk, destination, via, device, scope=scope, protocol=_PROTO_BOOT, kind=_UNICAST)
        return made + b"".join(protocol.attribute(_NUMBERS[name], struct.pack("=I", n)) for name, n in numbers.items())

    sockets.send(path, _RTM_NEWROUTE, protocol.NEW, build)


def delete(path: str, destination: IPNetwork | None, via: IPAddress | None = None, device: str | None = None) -> None:
    """`ip route delete DESTINATION [via ROUTER] [dev DEVICE]`.

    Args:
        path: the namespace.
        destination: the network; None for "default".
        via: only the route by this router.
        device: only the route by this interface.

    Raises:
        KernelRefused: with the kernel's own reason; ESRCH if there is no such route.
        NotFound: the interface or the namespace is not there.
    """
    sockets.send(
        path,
        _RTM_DELROUTE,
        0,
        lambda talk: _message(talk, destination, via, device, scope=_SCOPE_NOWHERE, protocol=0, kind=0),
    )


def _message(
    talk: protocol.Talk,
    destination: IPNetwork | None,
    via: IPAddress | None,
    device: str | None,
    **kinds: int,
) -> bytes:
    """A struct rtmsg and attributes."""
    version = (destination or via).version if destination or via else 4
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    length = destination.prefixlen if destination else 0
    scope = kinds["scope"] if version == 4 else _SCOPE_GLOBAL
    facts = [(_GATEWAY, via.packed)] if via is not None else []
    if destination is not None and destination.prefixlen:
        facts.append((_DESTINATION, destination.network_address.packed))
    if device is not None:
        facts.append((_DEVICE, struct.pack("=I", talk.index_of(device))))
    header = _HEADER.pack(family, length, 0, 0, _MAIN, kinds["protocol"], scope, kinds["kind"], 0)
    return header + b"".join(protocol.attribute(number, value) for number, value in facts)
