"""Knows the headers of a packet: of a recorded frame, or of what netfilter reported about one."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container

    from netkit.netfilter import TraceEvent

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD

_TAGS = (0x8100, 0x88A8)  # IEEE 802.1Q, 802.1ad
_EXTENSIONS = (0, 43, 60)  # hop-by-hop options, routing, destination options (RFC 8200)
_FRAGMENT = 44
_WHOLE = 8  # bytes of a VXLAN header (RFC 7348)
_CUT = (struct.error, IndexError)


class Head(NamedTuple):
    """An IP header and what follows it (RFC 791, RFC 8200).

    Attributes:
        version: 4 or 6.
        source: the address as bytes.
        target: the destination's address as bytes.
        protocol: of what it carries: 6 for TCP.
        ttl: time to live, or IPv6's hop limit.
        size: how many bytes it carries, as the header says.
        ident: IPv4's identification; 0 for IPv6.
        offset: of a fragment: where in the whole packet its bytes belong.
        more: whether further fragments follow it.
        whole: whether it may not be fragmented (IPv4's DF).
        checksum: IPv4's; b"" for IPv6.
        body: what follows the header, as far as it was recorded.
    """

    version: int
    source: bytes
    target: bytes
    protocol: int
    ttl: int
    size: int
    ident: int
    offset: int
    more: bool
    whole: bool
    checksum: bytes
    body: bytes

    @property
    def fragment(self) -> bool:
        """Whether it is only a part of a packet."""
        return self.more or self.offset > 0

    @property
    def ports(self) -> tuple[int | None, int | None]:
        """Source and destination port; None where there are none."""
        if self.protocol not in (TCP, UDP) or self.offset or len(self.body) < 4:
            return None, None
        return struct.unpack_from("!HH", self.body)


class View(NamedTuple):
    """A packet as it looks at one place.

    Attributes:
        macs: destination and source; None where there is no Ethernet header.
        tags: VLAN numbers, the outer one first.
        kind: the EtherType.
        head: its IP header, if it has one; of a tunnel's packet the outer one.
        arp: what an ARP message says, without its Ethernet header.
        vni: the VXLAN network's number, if it is a tunnel's packet.
        inner: what the tunnel carries, None where that was not recorded.
    """

    macs: tuple[bytes, bytes] | None
    tags: tuple[int, ...] = ()
    kind: int = 0
    head: Head | None = None
    arp: bytes = b""
    vni: int | None = None
    inner: View | None = None

    @property
    def innermost(self) -> View:
        """What the last of its tunnels carries; itself without one."""
        return self.inner.innermost if self.inner is not None else self

    @property
    def depth(self) -> int:
        """How many tunnels it is in."""
        return 0 if self.vni is None else 1 + (self.inner.depth if self.inner is not None else 0)


def parsed(data: bytes, link: str = "ethernet", tunnels: Container[int] = (4789, 8472)) -> View:
    """The headers of a frame; what makes no sense is left out.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        tunnels: the UDP ports that VXLAN devices listen on.
    """
    if link != "ethernet":
        return _network(View(None), data, tunnels)
    if len(data) < 14:
        return View(None)
    macs, tags, at = (data[:6], data[6:12]), (), 12
    kind = int.from_bytes(data[12:14])
    while kind in _TAGS:
        tags += (int.from_bytes(data[at + 2 : at + 4]) & 0xFFF,)
        at += 4
        kind = int.from_bytes(data[at : at + 2])
    view = View(macs, tags, kind)
    if kind in (IPV4, IPV6):
        return _network(view, data[at + 2 :], tunnels)
    return view._replace(arp=data[at + 2 : at + 30]) if kind == ARP else view


def reported(event: TraceEvent, tunnels: Container[int] = (4789, 8472)) -> View | None:
    """The headers that an event of netfilter shows, as they were when its chain began; None if it shows none.

    Args:
        event: as recorded.
        tunnels: the UDP ports that VXLAN devices listen on.
    """
    view = _network(View(None), event.network + event.transport, tunnels)
    return view if view.head else None


def quoted(head: Head) -> Head | None:
    """The packet that an ICMP error is about, cut short; None for anything else (RFC 792, RFC 4443).

    Args:
        head: the error's own header.
    """
    errors = {ICMP: (3, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}.get(head.protocol, ())
    if head.fragment or len(head.body) < 8 or head.body[0] not in errors:
        return None
    return _network(View(None), head.body[8:], ()).head


def _network(view: View, data: bytes, tunnels: Container[int]) -> View:
    """The view with what an IP packet says."""
    try:
        head = _ipv6(data) if data[0] >> 4 == 6 else _ipv4(data)
    except _CUT:
        return view
    view = view._replace(kind=view.kind or (IPV6 if head.version == 6 else IPV4), head=head)
    tunnel = head.body[8 : 8 + _WHOLE]
    if head.protocol != UDP or head.ports[1] not in tunnels or len(tunnel) < _WHOLE or not tunnel[0] & 8:
        return view
    inner = head.body[8 + _WHOLE :]
    return view._replace(
        vni=int.from_bytes(tunnel[4:7]), inner=parsed(inner, "ethernet", tunnels) if inner[14:] else None
    )


def _ipv4(data: bytes) -> Head:
    first, total, ident, place, ttl, protocol, checksum, source, target = struct.unpack_from("!BxHHHBB2s4s4s", data)
    header = (first & 15) * 4
    body = data[header : total or None]  # 0: larger than 64 kB, before the kernel splits it
    size = total - header if total else len(body)
    offset = (place & 0x1FFF) * 8
    more, whole = bool(place & 0x2000), bool(place & 0x4000)
    return Head(4, source, target, protocol, ttl, size, ident, offset, more, whole, checksum, body)


def _ipv6(data: bytes) -> Head:
    length, protocol, ttl, source, target = struct.unpack_from("!4xHBB16s16s", data)
    at, place = 40, 0
    while protocol in _EXTENSIONS or protocol == _FRAGMENT:
        following, extent = data[at], 8
        if protocol == _FRAGMENT:
            place = int.from_bytes(data[at + 2 : at + 4])
        else:
            extent += data[at + 1] * 8
        protocol, at = following, at + extent
    size = length + 40 - at if length else len(data) - at
    body = data[at : 40 + length if length else None]
    more, whole = bool(place & 1), True  # routers never fragment IPv6 packets
    return Head(6, source, target, protocol, ttl, size, 0, place & ~7, more, whole, b"", body)
