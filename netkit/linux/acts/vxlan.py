"""Make VXLAN devices: VNI, ends, port, learning, proxy (RFC 7348; linux/if_link.h, IFLA_VXLAN_…; ip-link(8))."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.linux.acts import links
from netkit.linux.netlink.protocol import attribute, named

if TYPE_CHECKING:
    from netkit.linux.netlink import protocol
    from netkit.validation import IPAddress

_LINKINFO = 18
_INFO_KIND, _INFO_DATA = 1, 2
_ID, _LINK, _LEARNING, _PROXY, _PORT = 1, 3, 7, 11, 15
_LOCAL, _REMOTE = {4: 4, 6: 17}, {4: 2, 6: 16}
"""Attributes by the version of the address that they hold."""


@dataclass(frozen=True)
class Tunnel:
    """How a VXLAN device speaks to its like.

    Attributes:
        vni: the network identifier, 24 bits.
        port: UDP port of the outer packets.
        local: the source address of the outer packets; the route's own if None.
        remote: where frames go that no forwarding entry knows: a VTEP, or a multicast group.
        device: the interface that the outer packets leave by; the route's own if None.
        learning: whether it notes behind which VTEP a source MAC is.
        proxy: whether it answers ARP questions out of its own neighbour entries.
    """

    vni: int
    port: int
    local: IPAddress | None = None
    remote: IPAddress | None = None
    device: str | None = None
    learning: bool = True
    proxy: bool = False


def create(path: str, name: str, tunnel: Tunnel) -> None:
    """`ip link add NAME type vxlan id VNI …`; the outer packets travel in this namespace for good.

    Args:
        path: the namespace.
        name: a valid interface name.
        tunnel: how it speaks to its like.

    Raises:
        KernelRefused: with the kernel's own reason; EEXIST if the name, or the VNI at that port, is taken.
        NotFound: the device or the namespace is not there.
    """

    def build(talk: protocol.Talk) -> bytes:
        info = attribute(_INFO_KIND, b"vxlan") + attribute(_INFO_DATA, _data(talk, tunnel))
        return named(name) + attribute(_LINKINFO, info)

    links.make(path, "vxlan", build)


def _data(talk: protocol.Talk, tunnel: Tunnel) -> bytes:
    facts = [
        attribute(_ID, struct.pack("=I", tunnel.vni)),
        attribute(_PORT, struct.pack("!H", tunnel.port)),
        attribute(_LEARNING, bytes([tunnel.learning])),
    ]
    if tunnel.proxy:
        facts.append(attribute(_PROXY, b"\1"))
    if tunnel.local is not None:
        facts.append(attribute(_LOCAL[tunnel.local.version], tunnel.local.packed))
    if tunnel.remote is not None:
        facts.append(attribute(_REMOTE[tunnel.remote.version], tunnel.remote.packed))
    if tunnel.device is not None:
        facts.append(attribute(_LINK, struct.pack("=I", talk.index_of(tunnel.device))))
    return b"".join(facts)
