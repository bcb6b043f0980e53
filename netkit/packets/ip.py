"""What an IP header says, together with the extension headers behind it (RFC 791, RFC 8200)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets.reader import EXTENSIONS, FRAGMENT, IP, IPV6

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.packets.reader import Span

ICMP, IGMP, TCP, UDP, ICMPV6 = 1, 2, 6, 17, 58
"""What an IP packet may carry, by the number in its header."""

_V4 = struct.Struct("!2xHHHBB2s4s4s")
_V6 = struct.Struct("!4xHBB16s16s")
_EXTENSIONS = frozenset(EXTENSIONS.values())


class IpHeader(NamedTuple):
    """An IP header and what follows it.

    Attributes:
        version: 4 or 6.
        source: the address as bytes.
        target: the destination's address as bytes.
        protocol: of what it carries: 6 for TCP.
        ttl: time to live, or IPv6's hop limit.
        size: how many bytes it carries, as the header says.
        ident: the identification of what its fragments belong to; 0 for an IPv6 packet that is whole.
        offset: of a fragment: where in the whole packet its bytes belong.
        more: whether further fragments follow it.
        whole: whether routers may not cut it (IPv4's DF; IPv6 packets never are).
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


def network(headers: Sequence[Span]) -> int | None:
    """The place of the outermost IP header among the headers of a frame; None if it is no IP packet.

    Args:
        headers: of the frame, from the outside in.
    """
    for at, span in enumerate(headers):  # asked of each frame: a generator would take longer than the answer
        if span.name in IP:
            return at
    return None


def ip_header(data: bytes, headers: Sequence[Span], at: int, length: int = 0) -> tuple[IpHeader | None, int]:
    """An IP header, and the place, among the headers, of what it carries.

    Args:
        data: the frame.
        headers: of the frame.
        at: the place of an IP header among them.
        length: how many bytes the frame had on the wire, if these are not all of them.

    Returns:
        None for a header that is cut short or makes no sense.
    """
    first, after = headers[at], at + 1
    sound = first.sound
    while after < len(headers) and headers[after].name in _EXTENSIONS:
        sound = sound and headers[after].sound
        after += 1
    if not sound:
        return None, after
    last = headers[after - 1]
    rest, body = (length or len(data)) - last.stop, data[last.stop : last.end]
    if first.name == IPV6:
        return _v6(data, headers[at:after], rest, body), after
    total, ident, place, ttl, protocol, checksum, source, target = _V4.unpack_from(data, first.start)
    size = total - (last.stop - first.start) if total else rest  # 0: larger than 64 kB, before the kernel splits it
    offset, more, whole = (place & 0x1FFF) * 8, bool(place & 0x2000), bool(place & 0x4000)
    fields = 4, source, target, protocol, ttl, size, ident, offset, more, whole, checksum, body
    return tuple.__new__(IpHeader, fields), after  # what IpHeader(…) calls, after a function written in Python


def _v6(data: bytes, headers: Sequence[Span], rest: int, body: bytes) -> IpHeader:
    length, protocol, ttl, source, target = _V6.unpack_from(data, headers[0].start)
    place = ident = 0
    for span in headers[1:]:
        protocol = data[span.start]
        if span.name == FRAGMENT:
            place, ident = struct.unpack_from("!HI", data, span.start + 2)
    size = length - (headers[-1].stop - headers[0].stop) if length else rest
    offset, more, whole = place & ~7, bool(place & 1), True
    return IpHeader(6, source, target, protocol, ttl, size, ident, offset, more, whole, b"", body)
