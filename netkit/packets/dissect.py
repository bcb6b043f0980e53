"""One line about a frame: who sends what to whom.

It reads the headers of Ethernet, VLAN (IEEE 802.1Q), ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP
(RFC 792, 4443), TCP (RFC 9293), UDP (RFC 768) and VXLAN (RFC 7348); scapy, which knows everything,
takes some 300 µs for a packet.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable  # noqa: TC003  (a dataclass field)
from dataclasses import dataclass, replace
from typing import NamedTuple

from netkit.packets.applications import application
from netkit.packets.icmp import HOUSEKEEPING, icmp, icmpv6
from netkit.packets.wording import EVERYONE, Wording

WORDS = (
    "arp", "ip", "ipv6", "icmp", "icmpv6", "igmp", "tcp", "udp", "dns", "dhcp", "http", "vlan", "vxlan", "fragment",
)  # fmt: skip
"""What a frame can be; several of them apply to most frames."""

_VLAN_TAGS = (0x8100, 0x88A8)
_VXLAN_PORTS = (4789, 8472)  # IANA's, and the one that Linux takes when none is given
_ETHERTYPES = {0x88CC: "LLDP", 0x8847: "MPLS", 0x888E: "EAPOL", 0x88E5: "MACsec"}
_PROTOCOLS = {4: "IP in IP", 41: "IPv6 in IP", 47: "GRE", 50: "ESP", 51: "AH", 132: "SCTP"}
_FRAGMENT = 44
_EXTENSIONS = (0, 43, 60)  # hop-by-hop options, routing, destination options
_FLAGS = ((2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"))
_CUT = (struct.error, IndexError, ValueError)


@dataclass(frozen=True)
class Reading:
    """What a frame says.

    Attributes:
        words: those of WORDS that apply.
        source: who sends it: "172.17.1.1", "172.17.1.1:*", "the MAC of ns1:eth1".
        destination: for whom it is.
        what: "ARP who has 172.17.1.2? tell 172.17.1.1".
        key: equal for one packet at each of its hops, as long as no NAT rewrites it.
        housekeeping: whether the kernel sends it on its own, at random moments.
    """

    words: frozenset[str]
    source: str
    destination: str
    what: str
    key: Hashable
    housekeeping: bool = False


class _Head(NamedTuple):
    """What an IP header says."""

    word: str
    protocol: int
    source: bytes
    target: bytes
    key: Hashable


class _Part(NamedTuple):
    """What lies inside an IP packet."""

    words: set[str]
    what: str
    key: Hashable
    housekeeping: bool = False


def read(data: bytes, link: str = "ethernet", wording: Wording | None = None) -> Reading:
    """What a frame says; bytes that make no sense are said to be so.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        wording: how to write addresses.

    Example:
        >>> arp = bytes.fromhex("ffffffffffff0242ac1101010806" "0001080006040001"
        ...                     "0242ac110101ac110101000000000000ac110102")
        >>> read(arp).what
        'ARP who has 172.17.1.2? tell 172.17.1.1'
    """
    wording = wording or Wording()
    return _ethernet(data, wording) if link == "ethernet" else _ip(data, wording)


def _ethernet(data: bytes, wording: Wording) -> Reading:
    if len(data) < 14:
        return Reading(frozenset(), "?", "?", f"{len(data)} bytes, too short for Ethernet", data)
    source, destination = wording.mac(data[6:12]), wording.mac(data[:6])
    at, tags = 12, ""
    while (kind := int.from_bytes(data[at : at + 2])) in _VLAN_TAGS:
        tags += f"VLAN {int.from_bytes(data[at + 2 : at + 4]) & 0xFFF} | "
        at += 4
    body = data[at + 2 :]
    if kind == 0x0806:
        reading = _arp(body, wording, everyone=destination == EVERYONE)
    elif kind in (0x0800, 0x86DD):
        reading = _ip(body, wording)
    else:
        reading = Reading(frozenset(), source, destination, _other(kind, data[:6]), body)
    return replace(reading, words=reading.words | {"vlan"}, what=tags + reading.what) if tags else reading


def _other(kind: int, destination: bytes) -> str:
    if kind < 0x600:  # then it is a length: IEEE 802.3
        return "STP" if destination == bytes.fromhex("0180c2000000") else "IEEE 802.3 frame"
    return _ETHERTYPES.get(kind, f"EtherType 0x{kind:04x}")


def _arp(body: bytes, wording: Wording, *, everyone: bool) -> Reading:
    words, key = frozenset({"arp"}), ("arp", body[:28])
    try:
        operation, mac, sender, _, target = struct.unpack_from("!6xH6s4s6s4s", body)
    except struct.error:
        return Reading(words, "?", "?", "ARP, cut short", key)
    source, asked = wording.address(sender), wording.address(target)
    if operation == 2:
        what = f"ARP {source} is at {wording.mac(mac)}"
    elif sender == target:
        what = f"ARP announces {source} at {wording.mac(mac)}"
    elif not any(sender):
        what = f"ARP who has {asked}? (a probe)"
    else:
        what = f"ARP who has {asked}? tell {source}"
    return Reading(words, source, EVERYONE if everyone else asked, what, key)


def _ip(data: bytes, wording: Wording) -> Reading:
    try:
        return _ipv6(data, wording) if data[0] >> 4 == 6 else _ipv4(data, wording)
    except _CUT:
        return Reading(frozenset({"ip"}), "?", "?", "IP, cut short", data)


def _ipv4(data: bytes, wording: Wording) -> Reading:
    first, total, ident, fragment, protocol, source, target = struct.unpack_from("!BxHHHxB2x4s4s", data)
    header, offset = (first & 15) * 4, (fragment & 0x1FFF) * 8
    head = _Head("ip", protocol, source, target, (protocol, source, target, ident, offset))
    if offset:
        return _fragment(head, offset, total - header, wording)
    payload = data[header : total or None]  # 0: larger than 64 kB, before the kernel splits it
    return _carrying(head, payload, wording, first_fragment=bool(fragment & 0x2000))


def _ipv6(data: bytes, wording: Wording) -> Reading:
    length, protocol, source, target = struct.unpack_from("!4xHBx16s16s", data)
    at, where, ident = 40, 0, 0
    while protocol in _EXTENSIONS or protocol == _FRAGMENT:
        following, size = data[at], 8
        if protocol == _FRAGMENT:
            where, ident = struct.unpack_from("!HI", data, at + 2)
        else:
            size += data[at + 1] * 8
        protocol, at = following, at + size
    offset = where & ~7
    head = _Head("ipv6", protocol, source, target, (protocol, source, target, ident, offset))
    if offset:
        return _fragment(head, offset, length + 40 - at, wording)
    return _carrying(head, data[at : 40 + length if length else None], wording, first_fragment=bool(where & 1))


def _fragment(head: _Head, offset: int, size: int, wording: Wording) -> Reading:
    """A fragment that is not the first: it has no ports."""
    what = f"fragment, bytes {offset} to {offset + size - 1}"
    ends = wording.address(head.source), wording.address(head.target)
    return Reading(frozenset({head.word, "fragment"}), *ends, what, head.key)


def _carrying(head: _Head, payload: bytes, wording: Wording, *, first_fragment: bool) -> Reading:
    part = _part(head.protocol, payload, wording)
    has_ports = head.protocol in (6, 17) and len(payload) >= 4
    source, target = struct.unpack_from("!HH", payload) if has_ports else (None, None)
    return Reading(
        words=frozenset({head.word, *part.words, *(["fragment"] if first_fragment else [])}),
        source=wording.end(head.source, source),
        destination=wording.end(head.target, target),
        what=f"{part.what} (first fragment)" if first_fragment else part.what,
        key=(head.key, part.key),
        housekeeping=part.housekeeping,
    )


def _part(protocol: int, payload: bytes, wording: Wording) -> _Part:
    """What an IP packet carries."""
    if protocol not in _PARTS:
        return _Part(set(), _PROTOCOLS.get(protocol, f"IP protocol {protocol}"), payload)
    name, parse = _PARTS[protocol]
    try:
        return parse(payload, wording)
    except _CUT:
        return _Part({name.lower()}, f"{name}, cut short", payload)


def _icmp(payload: bytes, wording: Wording) -> _Part:
    what = icmp(payload, lambda inner: _about(inner, wording))
    return _Part({"icmp"}, what, payload[:2] + payload[4:])  # without the checksum, which may be filled in late


def _icmpv6(payload: bytes, wording: Wording) -> _Part:
    what = icmpv6(payload, wording, lambda inner: _about(inner, wording))
    return _Part({"icmpv6"}, what, payload[:2] + payload[4:], payload[0] in HOUSEKEEPING)


def _igmp(payload: bytes, _: Wording) -> _Part:
    return _Part({"igmp"}, "IGMP", payload, housekeeping=True)


def _about(packet: bytes, wording: Wording) -> str:
    """The packet that an ICMP error is about; only its first bytes are there."""
    reading = _ip(packet, wording)
    return f"{reading.source} → {reading.destination}"


def _tcp(payload: bytes, _: Wording) -> _Part:
    ports_and_numbers, offset, flags = struct.unpack_from("!12sBB", payload)
    data = payload[(offset >> 4) * 4 :]
    what = f"TCP [{', '.join(name for bit, name in _FLAGS if flags & bit)}]"
    said = application("tcp", struct.unpack_from("!HH", payload), data)
    if data:
        what += f" {len(data)} bytes"
    words = {"tcp", said[0]} if said else {"tcp"}
    return _Part(words, f"{what} | {said[1]}" if said else what, (ports_and_numbers, flags, len(data)))


def _udp(payload: bytes, wording: Wording) -> _Part:
    source, target, _, _ = struct.unpack_from("!HHHH", payload)
    data = payload[8:]
    key = (source, target, data)
    if target in _VXLAN_PORTS and len(data) >= 8 and data[0] & 8:
        return _vxlan(data, key, wording)
    said = application("udp", (source, target), data)
    if said:
        return _Part({"udp", said[0]}, said[1], key)
    return _Part({"udp"}, f"UDP {len(data)} bytes", key)


def _vxlan(data: bytes, key: Hashable, wording: Wording) -> _Part:
    inner = _ethernet(data[8:], wording)
    ends = "" if "arp" in inner.words else f"{inner.source} → {inner.destination} "
    what = f"VXLAN {int.from_bytes(data[4:7])} | {ends}{inner.what}"
    return _Part({"udp", "vxlan", *inner.words}, what, key, inner.housekeeping)


_PARTS = {
    1: ("ICMP", _icmp),
    2: ("IGMP", _igmp),
    6: ("TCP", _tcp),
    17: ("UDP", _udp),
    58: ("ICMPv6", _icmpv6),
}
