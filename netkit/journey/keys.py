"""What stays the same of a packet while it travels: headers cut into small tuples, read once for equal bytes.

It reads Ethernet, VLAN tags (IEEE 802.1Q), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP (RFC 792, 4443), TCP (RFC 9293), UDP
(RFC 768) and VXLAN (RFC 7348) only as far as recognising a packet needs it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_IPV4 = struct.Struct("!BxHHHBB2x4s4s")
_IPV6 = struct.Struct("!4xHBB16s16s")
_PORTS = struct.Struct("!HH")
_TCP = struct.Struct("!IIH")  # behind the ports: sequence, acknowledgment, header length and flags
_ECHO = struct.Struct("!HH")  # behind type, code and checksum: identifier, sequence
_IP = (b"\x08\x00", b"\x86\xdd")
_VLAN_TAGS = (b"\x81\x00", b"\x88\xa8")
_ICMP, _TCP_NUMBER, _UDP, _ICMPV6 = 1, 6, 17, 58
_FRAGMENT, _EXTENSIONS = 44, (0, 43, 60)  # hop-by-hop options, routing, destination options
_ECHOES = {_ICMP: (8, 0), _ICMPV6: (128, 129)}
_ERRORS = {_ICMP: (3, 4, 5, 11, 12), _ICMPV6: (1, 2, 3, 4)}
_VXLAN_VALID = 8
_NO_TUNNEL = (None, 0, 0)

Flow = tuple[int, bytes, bytes, int, int]
"""Protocol, source, destination, and both ports; ICMP's identifier counts as the source port."""


class Packet(NamedTuple):
    """What is known of a frame's bytes.

    Attributes:
        macs: destination and source.
        lasting: what routers and address translation leave as it is; None where it is no IP packet.
        ttl: or IPv6's hop limit.
        flow: what address translation may rewrite.
        part: (offset, whether more follow) of a fragment, in bytes; None for a whole packet.
        datagram: what all fragments of one packet share: protocol, source, destination, identification.
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
    part: tuple[int, bool] | None = None
    datagram: tuple = ()
    start: int = 0
    payload: int = 0
    vni: int | None = None
    inner: int = 0
    inner_length: int = 0


def read(data: bytes, length: int, link: str = "ethernet") -> Packet:
    """What a frame's bytes tell.

    Args:
        data: the frame, perhaps cut.
        length: how many bytes it had on the wire.
        link: what it begins with: "ethernet" or "ip".
    """
    at = 0
    if link == "ethernet":
        at = 12
        while data[at : at + 2] in _VLAN_TAGS:
            at += 4
        kind = data[at : at + 2]
        at += 2
        if kind not in _IP:
            return Packet(data[:12])
    try:
        return (_ipv6 if data[at] >> 4 == 6 else _ipv4)(data, at, length)
    except (struct.error, IndexError):
        return Packet(data[:12])


def _ipv4(data: bytes, at: int, length: int) -> Packet:
    first, total, ident, fragment, ttl, protocol, source, target = _IPV4.unpack_from(data, at)
    body = at + (first & 15) * 4
    end = at + total if total else length  # 0: larger than 64 kB
    datagram = (protocol, source, target, ident)
    if fragment & 0x3FFF:
        part = (fragment & 0x1FFF) * 8, bool(fragment & 0x2000)
        return _fragment(data, (at, body, end), datagram, ttl, part)
    ports, lasting = _inside(protocol, data, body, end)
    tunnel = _vxlan(data, body, length) if protocol == _UDP else _NO_TUNNEL
    flow = (protocol, source, target, *ports)
    return Packet(data[:12], (ident, protocol, end - at, lasting), ttl, flow, None, datagram, at, body, *tunnel)


def _ipv6(data: bytes, at: int, length: int) -> Packet:
    size, protocol, ttl, source, target = _IPV6.unpack_from(data, at)
    body, end = at + 40, at + 40 + size if size else length
    while protocol in _EXTENSIONS:
        protocol, body = data[body], body + 8 + data[body + 1] * 8
    if protocol == _FRAGMENT:
        protocol, where, ident = struct.unpack_from("!BxHI", data, body)
        part = where & ~7, bool(where & 1)
        return _fragment(data, (at, body + 8, end), (protocol, source, target, ident), ttl, part)
    ports, lasting = _inside(protocol, data, body, end)
    tunnel = _vxlan(data, body, length) if protocol == _UDP else _NO_TUNNEL
    flow = (protocol, source, target, *ports)
    return Packet(data[:12], (6, protocol, end - at, lasting), ttl, flow, None, flow, at, body, *tunnel)


def _fragment(data: bytes, ends: tuple[int, int, int], datagram: tuple, ttl: int, part: tuple[int, bool]) -> Packet:
    """Only the first fragment has ports."""
    at, body, end = ends
    protocol, source, target, ident = datagram
    ports = (0, 0) if part[0] else _inside(protocol, data, body, end)[0]
    rest = data[body + 20 : end]  # behind what address translation might rewrite
    flow = (protocol, source, target, *ports)
    tunnel = _vxlan(data, body, 0) if protocol == _UDP and not part[0] else _NO_TUNNEL
    return Packet(data[:12], (ident, protocol, end - at, part, rest), ttl, flow, part, datagram, at, body, *tunnel)


def _inside(protocol: int, data: bytes, at: int, end: int) -> tuple[tuple[int, int], object]:
    """The ports of what an IP packet carries, and what lasts of it; payloads, but no checksums."""
    if protocol == _TCP_NUMBER and len(data) >= at + 14:
        return _PORTS.unpack_from(data, at), _TCP.unpack_from(data, at + 4)
    if protocol == _UDP and len(data) >= at + 8:
        return _PORTS.unpack_from(data, at), data[at + 8 : end]
    if protocol in _ECHOES and len(data) >= at + 8:
        kind = data[at]
        if kind in _ECHOES[protocol]:
            identifier, sequence = _ECHO.unpack_from(data, at + 4)
            return (identifier, 0), (kind, sequence, data[at + 8 : end])
        if kind in _ERRORS[protocol]:  # what it quotes is translated as well
            return (0, 0), (data[at : at + 2], data[at + 10 : at + 14])
    return (0, 0), data[at:end]


def _vxlan(data: bytes, udp: int, length: int) -> tuple[int | None, int, int]:
    """VNI, place and length of the frame inside, where a UDP packet can be VXLAN's: at whatever port."""
    inner = udp + 16
    if len(data) < inner + 14 or data[udp + 8] != _VXLAN_VALID or data[udp + 9 : udp + 12] != b"\0\0\0":
        return _NO_TUNNEL
    size = length - inner if length else int.from_bytes(data[udp + 4 : udp + 6]) - 16
    return int.from_bytes(data[udp + 12 : udp + 15]), inner, size
