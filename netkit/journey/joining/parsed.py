"""Knows the headers of a packet: of a recorded frame, as netfilter reported it, or as an ICMP error quotes it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import arp, reader
from netkit.packets.capsule import NAMES, carried
from netkit.packets.ip import ip_header
from netkit.packets.reader import STANDARD, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.netfilter import Mark, TraceEvent
    from netkit.packets.arp import Arp
    from netkit.packets.ip import IpHeader
    from netkit.packets.reader import Span

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
DEEPEST = 8
"""Anybody may put a packet into a packet some thousand times; what is that deep in tunnels is nobody's network."""
_NEXT, _FRAGMENT = 6, bytes([44])
"""Where the header of IPv6 says what follows it, and that this is a fragment's (RFC 8200)."""
_OF_ETHERNET = b"\0\1"
"""How an ARP message begins (RFC 826), and no IP header does."""


class View(NamedTuple):
    """A packet as it looks at one place.

    Attributes:
        macs: destination and source; None where there is no Ethernet header.
        tags: VLAN numbers, the outer one first.
        kind: the EtherType.
        ip: its IP header, if it has one; of a tunnel's packet the outer one.
        arp: what an ARP message says, if it is one that says anything.
        vni: the VXLAN network's number, if it is a tunnel's packet.
        inner: what the tunnel carries, None where that was not recorded.
        carrier: what carries it: "VXLAN 42", "IP in IP", "GRE"; "" if it is no tunnel's packet.
    """

    macs: tuple[bytes, bytes] | None
    tags: tuple[int, ...] = ()
    kind: int = 0
    ip: IpHeader | None = None
    arp: Arp | None = None
    vni: int | None = None
    inner: View | None = None
    carrier: str = ""

    @property
    def innermost(self) -> View:
        """What the last of its tunnels carries; itself without one."""
        return self.inner.innermost if self.inner is not None else self

    @property
    def depth(self) -> int:
        """How many tunnels it is in."""
        return 0 if not self.carrier else 1 + (self.inner.depth if self.inner is not None else 0)


@lru_cache(maxsize=64)  # a packet looks the same at most of its steps
def parsed(data: bytes, link: str = "ethernet", tunnels: frozenset[int] = STANDARD, most: int = DEEPEST) -> View:
    """The headers of a frame; what makes no sense is left out.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        tunnels: the UDP ports that VXLAN devices listen on.
        most: how many tunnels are looked into, one inside the other.
    """
    return _view(data, spans(data, link, tunnels), most)


def reported(event: TraceEvent | Mark, tunnels: frozenset[int] = STANDARD) -> View | None:
    """The headers that an event of netfilter shows, as they were when its chain began; None if it shows none.

    Of a fragment of IPv6 it shows the first one, and not the one that says which part it is.

    Args:
        event: as recorded.
        tunnels: the UDP ports that VXLAN devices listen on.
    """
    if event.network[:2] == _OF_ETHERNET:
        view = parsed(as_frame(event.network))._replace(macs=None)
        return view if view.arp else None
    if event.network[:1] >= b"\x60" and event.network[_NEXT : _NEXT + 1] == _FRAGMENT:
        return None
    view = parsed(event.network + event.transport, "ip", tunnels)
    return view if view.ip else None


def as_frame(message: bytes) -> bytes:
    """An ARP message in a frame whose MACs nobody knows."""
    return bytes(12) + ARP.to_bytes(2) + message


def quoted(error: IpHeader) -> IpHeader | None:
    """The packet that an ICMP error is about, cut short; None for anything else (RFC 792, RFC 4443).

    Args:
        error: the error's own header.
    """
    name = reader.PROTOCOLS.get(error.protocol, "")
    if error.fragment or len(error.body) <= 8 or error.body[0] not in reader.ERRORS.get(name, ()):
        return None
    return ip_header(error.body, spans(error.body, "ip", frozenset(), 8), 0)[0]


def _view(data: bytes, headers: Sequence[Span], most: int) -> View:
    """The view that begins with the first of these headers; it goes on in the tunnel's, which come behind."""
    macs, tags, kind, at = None, [], 0, 0
    if headers[0].name == reader.ETHERNET:
        if not headers[0].sound:
            return View(None)
        start = headers[0].start
        macs, at = (data[start : start + 6], data[start + 6 : start + 12]), 1
        while at < len(headers) and headers[at].name == reader.VLAN and headers[at].sound:
            tags.append(int.from_bytes(data[headers[at].start : headers[at].start + 2]) & 0xFFF)
            at += 1
        kind = int.from_bytes(data[headers[at - 1].stop - 2 : headers[at - 1].stop])
    view = View(macs, tuple(tags), kind)
    name = headers[at].name if at < len(headers) else ""
    if name == reader.ARP:
        return view._replace(arp=arp.arp(data, headers[at]))
    return _network(view, data, headers[at:], most) if name in reader.IP else view


def _network(view: View, data: bytes, headers: Sequence[Span], most: int) -> View:
    """The view with what an IP packet says."""
    header, after = ip_header(data, headers, 0)
    if header is None:
        return view
    view = View(view.macs, view.tags, view.kind or (IPV6 if header.version == 6 else IPV4), header)
    if (name := NAMES.get(header.protocol)) is not None and not header.fragment:
        packet = data[headers[0].start : headers[0].end]
        return view._replace(carrier=name, inner=_carried(packet, header.protocol, most))
    tunnel, inside = headers[after + 1 : after + 2], headers[after + 2 :]
    if not tunnel or tunnel[0].name != reader.VXLAN:
        return view
    vni = int.from_bytes(data[tunnel[0].start + 4 : tunnel[0].start + 7])
    inner = _view(data, inside, most - 1) if most and inside and inside[0].sound else None
    return view._replace(vni=vni, inner=inner, carrier=f"VXLAN {vni}")


def _carried(packet: bytes, protocol: int, most: int) -> View | None:
    """The packet that an IP packet carries."""
    found = carried(packet, protocol) if most else None
    return parsed(*found, most=most - 1) if found is not None else None
