"""Which headers a frame has (40 are read at most), and where each begins and ends: the one place that finds them.

It knows Ethernet, VLAN tags (IEEE 802.1Q, 802.1ad), ARP (RFC 826), IPv4 (RFC 791), IPv6 and its extension headers
(RFC 8200), IP in IP (RFC 2003, RFC 4213), ICMP (RFC 792, RFC 4443), TCP (RFC 9293), UDP (RFC 768) and VXLAN (RFC 7348).
What each looks like is told by one table.  Anybody may put any bytes on a wire: none of them raises an error, and
however deep headers are nested, only the first ones are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from netkit.model import Interface

ETHERNET, VLAN, ARP, IPV4, IPV6 = "Ethernet", "VLAN tag", "ARP", "IPv4", "IPv6"
ICMP, ICMPV6, TCP, UDP, VXLAN = "ICMP", "ICMPv6", "TCP", "UDP", "VXLAN"
FRAGMENT = "fragment header"
IP = (IPV4, IPV6)
PROTOCOLS = {1: ICMP, 4: IPV4, 6: TCP, 17: UDP, 41: IPV6, 58: ICMPV6}
"""What an IP packet can carry, by the number in its header, as far as it is read."""
EXTENSIONS = {0: "hop-by-hop options", 43: "routing header", 44: FRAGMENT, 60: "destination options"}
"""What may stand between an IPv6 header and what it carries."""
ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}
"""The types of the messages that quote the packet that they are about."""

MOST = 40
"""So many headers of one frame are read. The kernel itself stops at 8 tunnels (XMIT_RECURSION_LIMIT), 32 headers."""

STANDARD = frozenset({4789, 8472})
"""The UDP ports that VXLAN devices listen on unless told otherwise: IANA's, and the one that Linux takes."""

_ETHERTYPES = {b"\x08\x00": IPV4, b"\x86\xdd": IPV6, b"\x08\x06": ARP, b"\x81\x00": VLAN, b"\x88\xa8": VLAN}
_NEXT_HEADERS = PROTOCOLS | EXTENSIONS


class Span(NamedTuple):
    """A header of a frame; numbers are places in the frame's bytes.

    Attributes:
        name: "Ethernet", "IPv4", "fragment header" …
        start: its first byte.
        stop: the byte behind its last one.
        end: the byte behind the last one that it carries.
        sound: whether all of it is there, and its own numbers make sense; what follows an unsound one is not read.
        quoted: whether it belongs to the packet that an ICMP error is about.
    """

    name: str
    start: int
    stop: int
    end: int
    sound: bool = True
    quoted: bool = False


_Read = tuple[int, "str | None", int]
_new = tuple.__new__  # what Span(…) calls, after a function written in Python


def spans(data: bytes, link: str = "ethernet", tunnels: frozenset[int] = STANDARD, start: int = 0) -> tuple[Span, ...]:
    r"""The headers of a frame, from the outside in.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        tunnels: the UDP ports that VXLAN devices listen on.
        start: where, in `data`, the frame begins.

    Returns:
        At least one header.

    Example:
        >>> [span.name for span in spans(bytes(12) + b"\x08\x00" + b"\x45" + bytes(8) + b"\x01" + bytes(18))]
        ['Ethernet', 'IPv4', 'ICMP']
    """
    name: str | None = ETHERNET if link == "ethernet" else _version(data, start)
    found: list[Span] = []
    end, quoted = len(data), False
    while name is not None and len(found) < MOST:
        least, read = _KINDS[name]
        stop, following, inside = read(data, start, end, tunnels) if end - start >= least else _NONSENSE
        sound = start + least <= stop <= end
        if not sound:
            stop, following, inside = min(start + least, end), None, end
        if inside < end:  # what lies behind is padding
            end = max(stop, inside)
        found.append(_new(Span, (name, start, stop, end, sound, quoted)))
        if following is not None and name in ERRORS:
            if quoted:  # no error is about an error (RFC 1122, 3.2.2)
                break
            quoted = True
        name, start = following, stop
    return tuple(found)


def tunnel_ports(links: Iterable[Interface]) -> frozenset[int]:
    """The UDP ports of VXLAN: those that devices listen on, and those that one outside of these networks may use.

    Args:
        links: interfaces of any kind.
    """
    ports = (link.detail("port") for link in links if link.kind == "vxlan")
    return STANDARD.union(int(port) for port in ports if port is not None)


def _version(data: bytes, start: int) -> str:
    return IPV6 if data[start : start + 1] >= b"\x60" else IPV4


def _ethernet(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    return start + 14, _ETHERTYPES.get(data[start + 12 : start + 14]), end


def _vlan(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    return start + 4, _ETHERTYPES.get(data[start + 2 : start + 4]), end


def _arp(data: bytes, start: int, _: int, __: Collection[int]) -> _Read:
    stop = start + 8 + 2 * (data[start + 4] + data[start + 5])
    return stop, None, stop  # what follows fills the frame up


def _ipv4(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    if data[start] >> 4 != 4:
        return _NONSENSE
    total = data[start + 2] << 8 | data[start + 3]
    is_later_fragment = data[start + 6] & 0x1F or data[start + 7]
    name = None if is_later_fragment else PROTOCOLS.get(data[start + 9])
    return start + (data[start] & 15) * 4, name, start + total if total else end  # 0: over 64 kB, before it is split


def _ipv6(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    if data[start] >> 4 != 6:
        return _NONSENSE
    length = data[start + 4] << 8 | data[start + 5]
    return start + 40, _NEXT_HEADERS.get(data[start + 6]), start + 40 + length if length else end  # 0: as in IPv4


def _extension(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    return start + 8 + 8 * data[start + 1], _NEXT_HEADERS.get(data[start]), end


def _fragment(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    is_later_fragment = data[start + 2] or data[start + 3] & ~7
    return start + 8, None if is_later_fragment else _NEXT_HEADERS.get(data[start]), end


def _icmp(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    is_error = data[start] in ERRORS[ICMP] and start + 8 < end
    return start + 8, _version(data, start + 8) if is_error else None, end


def _icmpv6(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    is_error = data[start] in ERRORS[ICMPV6] and start + 8 < end
    return start + 8, _version(data, start + 8) if is_error else None, end


def _tcp(data: bytes, start: int, end: int, _: Collection[int]) -> _Read:
    return start + (data[start + 12] >> 4) * 4, None, end


def _udp(data: bytes, start: int, end: int, tunnels: Collection[int]) -> _Read:
    to_tunnel = data[start + 2] << 8 | data[start + 3] in tunnels
    return start + 8, VXLAN if to_tunnel and end - start >= 16 and data[start + 8] & 8 else None, end


def _vxlan(_: bytes, start: int, end: int, __: Collection[int]) -> _Read:
    return start + 8, ETHERNET if start + 8 < end else None, end


_NONSENSE: _Read = (-1, None, 0)
_KINDS: dict[str, tuple[int, Callable[[bytes, int, int, Collection[int]], _Read]]] = {
    ETHERNET: (14, _ethernet),
    VLAN: (4, _vlan),
    ARP: (8, _arp),
    IPV4: (20, _ipv4),
    IPV6: (40, _ipv6),
    **dict.fromkeys(EXTENSIONS.values(), (8, _extension)),
    FRAGMENT: (8, _fragment),
    ICMP: (8, _icmp),
    ICMPV6: (8, _icmpv6),
    TCP: (20, _tcp),
    UDP: (8, _udp),
    VXLAN: (8, _vxlan),
}
"""How each kind of header is read: how many bytes it has at least, and what tells of so many where it ends, what it
carries (None for what is not read), and where that ends."""
