"""By what a packet is known again on its way: flow, identification, length, TCP's numbers, ICMP's sequence."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import reader
from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP, ip_header, network
from netkit.packets.reader import STANDARD, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.packets.reader import Span

_PORTS = struct.Struct("!HH")
_TCP = struct.Struct("!IIH")  # behind the ports: sequence, acknowledgment, header length and flags
_ECHO = struct.Struct("!HH")  # behind type, code and checksum: identifier, sequence
_ECHOES = {ICMP: (8, 0), ICMPV6: (128, 129)}
_ERRORS = {ICMP: reader.ERRORS[reader.ICMP], ICMPV6: reader.ERRORS[reader.ICMPV6]}
TRANSPORT = 20
"""How many bytes behind the IP header netfilter reports at most; of a fragment, NAT might rewrite these."""
_NO_TUNNEL = (None, 0, 0)
_IPV6 = 16  # bytes of an address

Flow = tuple[int, bytes, bytes, int, int]
"""Protocol, source, destination, and both ports; ICMP's identifier counts as the source port."""


class Packet(NamedTuple):
    """What is known of a frame's bytes.

    Attributes:
        macs: destination and source.
        lasting: what routers and address translation leave as it is, as far as netfilter reports it; None where it is
            no IP packet.
        ttl: or IPv6's hop limit.
        flow: what address translation may rewrite.
        rest: what lasts as well, behind all that netfilter reports.
        part: (offset, whether more follow) of a fragment, in bytes; None for a whole packet.
        start: where, in the frame's bytes, the IP header begins.
        payload: where it ends.
        vni: of what a VXLAN packet carries, None for any other.
        inner: where, in the frame's bytes, that begins.
        inner_length: how many bytes that has, also where this is but its first fragment.
    """

    macs: bytes
    lasting: tuple | None = None
    ttl: int = 0
    flow: Flow = (0, b"", b"", 0, 0)
    rest: bytes = b""
    part: tuple[int, bool] | None = None
    start: int = 0
    payload: int = 0
    vni: int | None = None
    inner: int = 0
    inner_length: int = 0

    @property
    def offset(self) -> int:
        """Where, in the whole packet's payload, it begins: in bytes, of a fragment."""
        return self.part[0] if self.part is not None else 0

    @property
    def datagram(self) -> tuple:
        """What all fragments of one packet share: protocol, source, destination, identification."""
        if self.lasting is None:
            return ()
        whole_ipv6 = self.part is None and len(self.flow[1]) == _IPV6  # has no identification
        return self.flow if whole_ipv6 else (*self.flow[:3], self.lasting[0])


def read(data: bytes, length: int, link: str = "ethernet", tunnels: frozenset[int] = STANDARD) -> Packet:
    """What a frame's bytes tell.

    Args:
        data: the frame, perhaps cut.
        length: how many bytes it had on the wire.
        link: what it begins with: "ethernet" or "ip".
        tunnels: the UDP ports that VXLAN devices listen on.
    """
    headers = spans(data, link, tunnels)
    at = network(headers)
    header, after = ip_header(data, headers, at, length) if at is not None else (None, 0)
    if header is None or at is None:
        return Packet(data[:12])
    version, source, target, protocol, ttl, size, ident, offset, more, _, _, body = header
    start, payload = headers[at].start, headers[after - 1].stop
    ports, inside, rest = _inside(protocol, body) if not offset else ((0, 0), None, b"")
    flow, total = (protocol, source, target, *ports), size + payload - start
    if offset or more:
        part, length, rest = (offset, more), 0, body[TRANSPORT:]
        lasting = ident, protocol, total, part
    else:
        part, lasting = None, (ident if version == 4 else 6, protocol, total, inside)
    tunnel = _tunnel(data, headers[after:], length) if len(headers) > after + 1 else _NO_TUNNEL
    fields = data[:12], lasting, ttl, flow, rest, part, start, payload, *tunnel
    return tuple.__new__(Packet, fields)  # what Packet(…) calls, after a function written in Python


def _inside(protocol: int, data: bytes) -> tuple[tuple[int, int], object, bytes]:
    """The ports of what an IP packet carries, and what lasts of it, in two; payloads, but no checksums."""
    size, rest = len(data), data[TRANSPORT:]
    if protocol == TCP and size >= 14:
        return _PORTS.unpack_from(data), _TCP.unpack_from(data, 4), b""
    if protocol == UDP and size >= 8:
        return _PORTS.unpack_from(data), data[8:TRANSPORT], rest
    if protocol in _ECHOES and size >= 8:
        if data[0] in _ECHOES[protocol]:
            identifier, sequence = _ECHO.unpack_from(data, 4)
            return (identifier, 0), (data[0], sequence, data[8:TRANSPORT]), rest
        if data[0] in _ERRORS[protocol]:  # what it quotes is translated as well
            return (0, 0), (data[:2], data[10:14]), b""
    return (0, 0), data[:TRANSPORT], rest


def _tunnel(data: bytes, carried: Sequence[Span], length: int) -> tuple[int | None, int, int]:
    """VNI, place and length of the frame inside a VXLAN packet; the length is the datagram's where 0 is given."""
    if carried[1].name != reader.VXLAN:
        return _NO_TUNNEL
    datagram, vxlan = carried[:2]
    size = length - vxlan.stop if length else int.from_bytes(data[datagram.start + 4 : datagram.start + 6]) - 16
    return int.from_bytes(data[vxlan.start + 4 : vxlan.start + 7]), vxlan.stop, size
