"""Make, change and delete links: veth, up, MTU, MAC, master, hairpin, netns (rtnetlink(7), RTM_NEWLINK; ip-link(8)).

Every function takes the path of the namespace that the link is in and raises KernelRefused with the
kernel's own reason, or NotFound when the link or the namespace is not there.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.entering import opened
from netkit.linux.netlink import protocol, sockets
from netkit.linux.netlink.protocol import attribute, named

if TYPE_CHECKING:
    from collections.abc import Callable

RTM_NEWLINK, RTM_DELLINK = 16, 17
_IFF_UP = 1
_ADDRESS, _MTU, _MASTER, _LINKINFO, _NET_NS_FD = 1, 4, 10, 18, 28  # IFLA_…
NO_SNOOPING = attribute(23, b"\0")
"""IFLA_BR_MCAST_SNOOPING of a bridge that does not look who wants which multicast groups."""
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_BRPORT_MODE = 4
_VETH_INFO_PEER = 1
_HEADER, _U32 = struct.Struct("=BxHiII"), struct.Struct("=I")


def create(path: str, name: str, kind: str, data: bytes = b"") -> None:
    """`ip link add NAME type KIND …`: a new link of a kind that needs no second end.

    Args:
        path: the namespace.
        name: a valid interface name.
        kind: "bridge", "dummy", "vxlan" …
        data: attributes of its kind (linux/if_link.h, IFLA_INFO_DATA).
    """
    info = attribute(_INFO_KIND, kind.encode()) + (attribute(_INFO_DATA, data) if data else b"")
    make(path, kind, lambda _: named(name) + attribute(_LINKINFO, info))


def make(path: str, kind: str, build: Callable[[protocol.Talk], bytes]) -> None:
    """`ip link add … type KIND …`, as its attributes tell.

    Args:
        path: the namespace.
        kind: as the kernel calls it.
        build: returns the attributes.

    Raises:
        KernelRefused: with the kernel's own reason; without a number where this kernel has no links of that kind.
    """
    try:
        sockets.send(path, RTM_NEWLINK, protocol.NEW, lambda talk: _message(build(talk)))
    except KernelRefused as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        rule, remedy = f"this kernel has no '{kind}'", "`netkit doctor` tells what this kernel can do"
        raise KernelRefused(error.problem, rule, remedy) from None


def create_veth(path: str, name: str, peer: str, peer_path: str) -> None:
    """`ip link add NAME type veth peer name PEER netns …` (veth(4)): two ends of a cable, each born in its namespace.

    Args:
        path: the namespace of the first end.
        name: the first end.
        peer: the second end.
        peer_path: the namespace of the second end.
    """
    with opened(peer_path) as there:
        second = _message(named(peer), attribute(_NET_NS_FD, _U32.pack(there.fileno())))
        data = attribute(_INFO_DATA, attribute(_VETH_INFO_PEER, second))
        message = _message(named(name), attribute(_LINKINFO, attribute(_INFO_KIND, b"veth") + data))
        sockets.send(path, RTM_NEWLINK, protocol.NEW, lambda _: message)


def delete(path: str, name: str) -> None:
    """`ip link delete NAME`: a veth takes its other end with it."""
    sockets.send(path, RTM_DELLINK, 0, lambda talk: _message(index=talk.index_of(name)))


def set_up(path: str, name: str) -> None:
    """`ip link set dev NAME up`."""
    _set(path, name, flags=_IFF_UP, change=_IFF_UP)


def set_down(path: str, name: str) -> None:
    """`ip link set dev NAME down`."""
    _set(path, name, change=_IFF_UP)


def set_mtu(path: str, name: str, size: int) -> None:
    """`ip link set dev NAME mtu SIZE`, in bytes."""
    _set(path, name, attribute(_MTU, _U32.pack(size)))


def set_mac(path: str, name: str, mac: str) -> None:
    """`ip link set dev NAME address MAC`."""
    _set(path, name, attribute(_ADDRESS, bytes.fromhex(mac.replace(":", ""))))


def rename(path: str, name: str, new: str) -> None:
    """`ip link set dev NAME name NEW`."""
    setting = named(new)
    sockets.send(path, RTM_NEWLINK, 0, lambda talk: _message(setting, index=talk.index_of(name)))


def attach(path: str, name: str, bridge: str) -> None:
    """`ip link set dev NAME master BRIDGE`: the link becomes a port of the bridge (`brctl addif BRIDGE NAME`)."""
    sockets.use(path, lambda talk: _change(talk, name, attribute(_MASTER, _U32.pack(talk.index_of(bridge)))))


def detach(path: str, name: str) -> None:
    """`ip link set dev NAME nomaster` (`brctl delif BRIDGE NAME`)."""
    _set(path, name, attribute(_MASTER, _U32.pack(0)))


def set_hairpin(path: str, name: str) -> None:
    """`ip link set dev NAME type bridge_slave hairpin on`: a bridge may send a frame back by the port it came in by."""
    data = attribute(_INFO_SLAVE_KIND, b"bridge\0") + attribute(_INFO_SLAVE_DATA, attribute(_BRPORT_MODE, b"\1"))
    _set(path, name, attribute(_LINKINFO, data))


def move(path: str, name: str, target: str) -> None:
    """`ip link set dev NAME netns …`: the link leaves its namespace for another and loses its addresses.

    Args:
        path: the namespace that it is in.
        name: the link.
        target: a file that opens the namespace that it goes to.
    """
    with opened(target) as there:
        setting = attribute(_NET_NS_FD, _U32.pack(there.fileno()))
        sockets.send(path, RTM_NEWLINK, 0, lambda talk: _message(setting, index=talk.index_of(name)))


def _set(path: str, name: str, setting: bytes = b"", *, flags: int = 0, change: int = 0) -> None:
    sockets.use(path, lambda talk: _change(talk, name, setting, flags, change))


def _change(talk: protocol.Talk, name: str, setting: bytes, flags: int = 0, change: int = 0) -> None:
    """Change a link that the message calls by its name: the kernel need not be asked for its number."""
    try:
        talk.request(RTM_NEWLINK, 0, _HEADER.pack(0, 0, 0, flags, change) + named(name) + setting)
    except KernelRefused:
        talk.index_of(name)  # where there is no such link, this says which there are
        raise


def _message(*attributes: bytes, index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    """A struct ifinfomsg and attributes."""
    return b"".join((_HEADER.pack(0, 0, index, flags, change), *attributes))
