"""The fixed fields of headers, in the order of their bits, and names of numbers: EtherTypes, ICMP types, TCP flags."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import reader

if TYPE_CHECKING:
    from collections.abc import Callable


class Spec(NamedTuple):
    """A field of a header: its name, its size in bits, and what writes its number."""

    name: str
    bits: int
    words: Callable[[int], str] = str


Header = tuple[Spec, ...]

_ETHERTYPES = {
    0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6", 0x8100: "VLAN", 0x88A8: "service VLAN",
    0x88CC: "LLDP", 0x8847: "MPLS", 0x888E: "EAPOL", 0x88E5: "MACsec",
}  # fmt: skip
_PROTOCOLS = {
    1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH",
    58: "ICMPv6", 59: "nothing", 132: "SCTP", **reader.EXTENSIONS,
}  # fmt: skip
_OPERATIONS = {1: "request", 2: "reply"}
_CONGESTION = {0: "no ECN", 1: "ECN-capable (1)", 2: "ECN-capable (0)", 3: "congestion seen"}
_TYPES = {
    0: "echo reply", 3: "destination unreachable", 5: "redirect", 8: "echo request", 9: "router announcement",
    10: "router request", 11: "time exceeded", 12: "bad header", 13: "timestamp", 14: "timestamp reply",
}  # fmt: skip
_TYPES_V6 = {
    1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "bad header", 128: "echo request",
    129: "echo reply", 130: "multicast listener query", 131: "multicast listener report",
    132: "multicast listener done", 133: "router solicitation", 134: "router advertisement",
    135: "neighbour solicitation", 136: "neighbour advertisement", 137: "redirect",
    143: "multicast listener report",
}  # fmt: skip
_UNREACHABLE = {
    0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable", 3: "port unreachable",
    4: "fragmentation needed", 9: "network prohibited", 10: "host prohibited", 13: "prohibited by a filter",
}  # fmt: skip
_UNREACHABLE_V6 = {0: "no route", 1: "prohibited by a filter", 3: "address unreachable", 4: "port unreachable"}
_FLAGS = ((2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"), (64, "ECE"), (128, "CWR"))


def _mac(number: int) -> str:
    return number.to_bytes(6).hex(":")


def _ipv4(number: int) -> str:
    return str(ipaddress.IPv4Address(number))


def _ipv6(number: int) -> str:
    return str(ipaddress.IPv6Address(number))


def _hex(digits: int) -> Callable[[int], str]:
    return lambda number: f"0x{number:0{digits}x}"


def _named(names: dict[int, str], digits: int = 0) -> Callable[[int], str]:
    """Writes a number, in hexadecimal digits if any are asked for, with its meaning: "1 (request)"."""

    def words(number: int) -> str:
        written = f"0x{number:0{digits}x}" if digits else str(number)
        return f"{written} ({names[number]})" if number in names else written

    return words


def _ethertype(number: int) -> str:
    return f"{number} bytes (IEEE 802.3)" if number < 0x600 else _named(_ETHERTYPES, 4)(number)


def _yes(number: int) -> str:
    return "yes" if number else "no"


def _words_of_four(number: int) -> str:
    return f"{number} ({number * 4} bytes)"


def _eights(number: int) -> str:
    return f"{number} (byte {number * 8})" if number else "0"


def _tcp_flags(number: int) -> str:
    return ", ".join(name for bit, name in _FLAGS if number & bit) or "none"


def _vxlan_flags(number: int) -> str:
    return f"0x{number:02x} ({'the VNI counts' if number & 8 else 'no VNI'})"


_PORTS = (Spec("source port", 16), Spec("destination port", 16))
_CHECKSUM = Spec("checksum", 16, _hex(4))
_ECHO = (Spec("identifier", 16), Spec("sequence number", 16))

ETHERNET: Header = (Spec("destination", 48, _mac), Spec("source", 48, _mac), Spec("EtherType", 16, _ethertype))
VLAN: Header = (
    Spec("priority", 3),
    Spec("may be dropped", 1, _yes),
    Spec("VLAN", 12),
    Spec("EtherType", 16, _ethertype),
)
ARP: Header = (
    Spec("hardware type", 16, _named({1: "Ethernet"})),
    Spec("protocol type", 16, _named(_ETHERTYPES, 4)),
    Spec("hardware address length", 8),
    Spec("protocol address length", 8),
    Spec("operation", 16, _named(_OPERATIONS)),
)
ARP_ENDS: Header = (
    Spec("sender MAC", 48, _mac),
    Spec("sender address", 32, _ipv4),
    Spec("target MAC", 48, _mac),
    Spec("target address", 32, _ipv4),
)
IPV4: Header = (
    Spec("version", 4),
    Spec("header length", 4, _words_of_four),
    Spec("DSCP", 6),
    Spec("ECN", 2, _named(_CONGESTION)),
    Spec("total length", 16),
    Spec("identification", 16, _hex(4)),
    Spec("reserved", 1),
    Spec("don't fragment", 1, _yes),
    Spec("more fragments", 1, _yes),
    Spec("fragment offset", 13, _eights),
    Spec("TTL", 8),
    Spec("protocol", 8, _named(_PROTOCOLS)),
    _CHECKSUM,
    Spec("source", 32, _ipv4),
    Spec("destination", 32, _ipv4),
)
IPV6: Header = (
    Spec("version", 4),
    Spec("traffic class", 8),
    Spec("flow label", 20, _hex(5)),
    Spec("payload length", 16),
    Spec("next header", 8, _named(_PROTOCOLS)),
    Spec("hop limit", 8),
    Spec("source", 128, _ipv6),
    Spec("destination", 128, _ipv6),
)
IPV6_EXTENSION: Header = (Spec("next header", 8, _named(_PROTOCOLS)), Spec("length", 8))
IPV6_FRAGMENT: Header = (
    Spec("next header", 8, _named(_PROTOCOLS)),
    Spec("reserved", 8),
    Spec("fragment offset", 13, _eights),
    Spec("reserved bits", 2),
    Spec("more fragments", 1, _yes),
    Spec("identification", 32, _hex(8)),
)
TCP: Header = (
    *_PORTS,
    Spec("sequence number", 32),
    Spec("acknowledgment number", 32),
    Spec("header length", 4, _words_of_four),
    Spec("reserved", 4),
    Spec("flags", 8, _tcp_flags),
    Spec("window", 16),
    _CHECKSUM,
    Spec("urgent pointer", 16),
)
UDP: Header = (*_PORTS, Spec("length", 16), _CHECKSUM)
VXLAN: Header = (Spec("flags", 8, _vxlan_flags), Spec("reserved", 24), Spec("VNI", 24), Spec("reserved byte", 8))

FIXED: dict[str, Header] = {
    reader.ETHERNET: ETHERNET,
    reader.VLAN: VLAN,
    reader.IPV4: IPV4,
    reader.IPV6: IPV6,
    **dict.fromkeys(reader.EXTENSIONS.values(), IPV6_EXTENSION),
    reader.FRAGMENT: IPV6_FRAGMENT,
    reader.TCP: TCP,
    reader.UDP: UDP,
    reader.VXLAN: VXLAN,
}
"""Headers whose first fields are always the same."""


def icmp(kind: int, code: int) -> Header:
    """The fields of an ICMP message (RFC 792).

    Args:
        kind: its type.
        code: its code.
    """
    codes = _UNREACHABLE if kind == 3 else {0: "TTL", 1: "reassembly"} if kind == 11 else {}
    head = (Spec("type", 8, _named(_TYPES)), Spec("code", 8, _named(codes)), _CHECKSUM)
    if kind in (0, 8, 13, 14):
        return head + _ECHO
    if kind == 5:
        return (*head, Spec("router", 32, _ipv4))
    if (kind, code) == (3, 4):
        return (*head, Spec("unused", 16), Spec("MTU", 16))
    return (*head, Spec("rest of header", 32, _hex(8)))


def icmpv6(kind: int) -> Header:
    """The fields of an ICMPv6 message (RFC 4443, RFC 4861).

    Args:
        kind: its type.
    """
    codes = _UNREACHABLE_V6 if kind == 1 else {0: "hop limit", 1: "reassembly"} if kind == 3 else {}
    head = (Spec("type", 8, _named(_TYPES_V6)), Spec("code", 8, _named(codes)), _CHECKSUM)
    target = Spec("target", 128, _ipv6)
    bodies: dict[int, Header] = {
        2: (Spec("MTU", 32),),
        128: _ECHO,
        129: _ECHO,
        134: (
            Spec("hop limit", 8),
            Spec("flags", 8, _hex(2)),
            Spec("router lifetime", 16, "{} s".format),
            Spec("reachable time", 32, "{} ms".format),
            Spec("repeat time", 32, "{} ms".format),
        ),
        135: (Spec("reserved", 32, _hex(8)), target),
        136: (
            Spec("router", 1, _yes),
            Spec("solicited", 1, _yes),
            Spec("override", 1, _yes),
            Spec("reserved", 29),
            target,
        ),
        137: (Spec("reserved", 32, _hex(8)), target, Spec("destination", 128, _ipv6)),
    }
    return head + bodies.get(kind, (Spec("rest of header", 32, _hex(8)),))
