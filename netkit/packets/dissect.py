"""One line about a frame, "ARP who has …", "TCP [SYN]", "cut short", and what kinds it is of, for `.filter`.

scapy, which knows everything, takes some 300 µs for a packet; this takes 10.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable  # noqa: TC003  (a dataclass field)
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import arp, reader
from netkit.packets.applications import application
from netkit.packets.icmp import HOUSEKEEPING, icmp, icmpv6
from netkit.packets.ip import IGMP, IpHeader, ip_header
from netkit.packets.reader import IP, STANDARD, spans
from netkit.packets.wording import EVERYONE, Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.packets.reader import Span

WORDS = (
    "arp", "ip", "ipv6", "icmp", "icmpv6", "igmp", "tcp", "udp", "dns", "dhcp", "http", "vlan", "vxlan", "fragment",
)  # fmt: skip
"""What a frame can be; several of them apply to most frames."""

_ETHERTYPES = {0x88CC: "LLDP", 0x8847: "MPLS", 0x888E: "EAPOL", 0x88E5: "MACsec"}
_PROTOCOLS = {4: "IP in IP", 41: "IPv6 in IP", 47: "GRE", 50: "ESP", 51: "AH", 132: "SCTP"}
_FLAGS = ((2, "SYN"), (1, "FIN"), (4, "RST"), (8, "PSH"), (16, "ACK"))
_NETWORKS = {reader.IPV4: "ip", reader.IPV6: "ipv6"}
_SPANNING_TREE = bytes.fromhex("0180c2000000")


@dataclass(frozen=True)
class Reading:
    """What a frame says.

    Attributes:
        words: those of WORDS that apply.
        source: who sends it: "172.17.1.1", "172.17.1.1:*", "the MAC of ns1:eth1".
        destination: for whom it is.
        what: "ARP who has 172.17.1.2? tell 172.17.1.1".
        carried: the same of what is inside all VLAN tags and VXLAN tunnels, whole or the first fragment.
        key: equal for one packet at each of its hops, as long as no NAT rewrites it.
        housekeeping: whether the kernel sends it on its own, at random moments.
    """

    words: frozenset[str]
    source: str
    destination: str
    what: str
    carried: str
    key: Hashable
    housekeeping: bool = False


class _Part(NamedTuple):
    """What lies inside an IP packet."""

    words: set[str]
    what: str
    key: Hashable
    housekeeping: bool = False
    carried: str = ""


def read(
    data: bytes, link: str = "ethernet", wording: Wording | None = None, tunnels: frozenset[int] = STANDARD
) -> Reading:
    """What a frame says; bytes that make no sense are said to be so.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        wording: how to write addresses.
        tunnels: the UDP ports that VXLAN devices listen on.

    Example:
        >>> arp = bytes.fromhex("ffffffffffff0242ac1101010806" "0001080006040001"
        ...                     "0242ac110101ac110101000000000000ac110102")
        >>> read(arp).what
        'ARP who has 172.17.1.2? tell 172.17.1.1'
    """
    return _Frame(data, spans(data, link, tunnels), wording or Wording()).read(0)


class _Frame:
    """A frame whose headers are told one after the other; `at` is always a header's place among them."""

    def __init__(self, data: bytes, headers: Sequence[Span], wording: Wording) -> None:
        self.data, self.headers, self.wording = data, headers, wording

    def read(self, at: int) -> Reading:
        """What the frame says from a header of Ethernet or IP on."""
        if at == len(self.headers):
            return Reading(frozenset(), "?", "?", "nested too deep", "nested too deep", "")
        return (self._network if self.headers[at].name in IP else self._ethernet)(at)

    def _name(self, at: int) -> str:
        return self.headers[at].name if at < len(self.headers) else ""

    def _ethernet(self, at: int) -> Reading:
        data, first = self.data, self.headers[at]
        if not first.sound:
            what = f"{first.end - first.start} bytes, too short for Ethernet"
            return Reading(frozenset(), "?", "?", what, what, data[first.start :])
        target = data[first.start : first.start + 6]
        source, destination = self.wording.mac(data[first.start + 6 : first.start + 12]), self.wording.mac(target)
        tags = []
        while self._name(at + 1) == reader.VLAN and self.headers[at + 1].sound:
            at += 1
            start = self.headers[at].start
            tags.append(f"VLAN {int.from_bytes(data[start : start + 2]) & 0xFFF} | ")
        if self._name(at + 1) == reader.ARP:
            reading = self._arp(self.headers[at + 1], everyone=destination == EVERYONE)
        elif self._name(at + 1) in IP:
            reading = self._network(at + 1)
        else:
            last = self.headers[at]
            what = _other(int.from_bytes(data[last.stop - 2 : last.stop]), target)
            reading = Reading(frozenset(), source, destination, what, what, data[last.stop :])
        if not tags:
            return reading
        return replace(reading, words=reading.words | {"vlan"}, what="".join(tags) + reading.what)

    def _arp(self, span: Span, *, everyone: bool) -> Reading:
        message, words = arp.arp(self.data, span), self.wording
        if message is None:
            what = "ARP about other addresses than MAC and IPv4" if span.sound else "ARP, cut short"
            return Reading(frozenset({"arp"}), "?", "?", what, what, ("arp", self.data[span.start : span.stop]))
        source, asked = words.address(message.sender), words.address(message.target)
        if message.operation == arp.REPLY:
            what = f"ARP {source} is at {words.mac(message.mac)}"
        elif message.sender == message.target:
            what = f"ARP announces {source} at {words.mac(message.mac)}"
        else:
            what = f"ARP who has {asked}? {f'tell {source}' if any(message.sender) else '(a probe)'}"
        key = "arp", self.data[span.start : span.stop]
        return Reading(frozenset({"arp"}), source, EVERYONE if everyone else asked, what, what, key)

    def _network(self, at: int) -> Reading:
        header, after = ip_header(self.data, self.headers, at)
        if header is None:
            last = self.headers[after - 1]
            what = "IP, cut short" if last.stop >= last.end else "IP with a header that makes no sense"
            return Reading(frozenset({"ip"}), "?", "?", what, what, self.data[self.headers[at].start :])
        words, wording = {_NETWORKS[self.headers[at].name]}, self.wording
        key = header.protocol, header.source, header.target, header.ident, header.offset
        if header.offset:
            what = f"fragment, bytes {header.offset} to {header.offset + header.size - 1}"
            ends = wording.address(header.source), wording.address(header.target)
            return Reading(frozenset({*words, "fragment"}), *ends, what, what, key)
        part, (source, target) = self._part(header, after), header.ports
        return Reading(
            words=frozenset({*words, *part.words, *(["fragment"] if header.more else [])}),
            source=wording.end(header.source, source),
            destination=wording.end(header.target, target),
            what=f"{part.what} (first fragment)" if header.more else part.what,
            carried=part.carried or part.what,
            key=(key, part.key),
            housekeeping=part.housekeeping,
        )

    def _part(self, header: IpHeader, at: int) -> _Part:
        """What an IP packet carries."""
        name = self._name(at)
        if header.protocol == IGMP:
            return _Part({"igmp"}, "IGMP", header.body, housekeeping=True)
        if name in IP:
            inner = self.read(at)
            what = f"{_PROTOCOLS[header.protocol]} | {inner.source} → {inner.destination} {inner.what}"
            return _Part(set(inner.words), what, header.body, inner.housekeeping)
        if name not in _PARTS:
            what = _PROTOCOLS.get(header.protocol, f"IP protocol {header.protocol}")
            return _Part(set(), what, header.body)
        if not self.headers[at].sound:
            return _Part({name.lower()}, f"{name}, cut short", header.body)
        return _PARTS[name](self, header.body, at)

    def icmp(self, message: bytes, at: int) -> _Part:
        """An ICMP message."""
        what = icmp(message, lambda: self._about(at + 1))
        return _Part({"icmp"}, what, message[:2] + message[4:])  # without the checksum, which may be filled in late

    def icmpv6(self, message: bytes, at: int) -> _Part:
        """An ICMPv6 message."""
        what = icmpv6(message, self.wording, lambda: self._about(at + 1))
        return _Part({"icmpv6"}, what, message[:2] + message[4:], message[0] in HOUSEKEEPING)

    def _about(self, at: int) -> str:
        """The packet that an ICMP error is about; only its first bytes are there."""
        header = ip_header(self.data, self.headers, at)[0] if self._name(at) in IP else None
        if header is None:
            return "? → ?"
        ends = zip((header.source, header.target), header.ports, strict=True)
        return " → ".join(self.wording.end(address, port) for address, port in ends)

    def tcp(self, segment: bytes, at: int) -> _Part:
        """A TCP segment."""
        ports_and_numbers, flags = struct.unpack_from("!12sxB", segment)
        data = segment[self.headers[at].stop - self.headers[at].start :]
        what = f"TCP [{', '.join(name for bit, name in _FLAGS if flags & bit)}]"
        said = application("tcp", struct.unpack_from("!HH", segment), data)
        if data:
            what += f" {len(data)} bytes"
        words = {"tcp", said[0]} if said else {"tcp"}
        return _Part(words, f"{what} | {said[1]}" if said else what, (ports_and_numbers, flags, len(data)))

    def udp(self, datagram: bytes, at: int) -> _Part:
        """A UDP datagram, or what a tunnel carries in it."""
        source, target = struct.unpack_from("!HH", datagram)
        data = datagram[8:]
        key = (source, target, data)
        if self._name(at + 1) == reader.VXLAN:
            return self._vxlan(data, at + 1, key)
        said = application("udp", (source, target), data)
        if said:
            return _Part({"udp", said[0]}, said[1], key)
        return _Part({"udp"}, f"UDP {len(data)} bytes", key)

    def _vxlan(self, data: bytes, at: int, key: Hashable) -> _Part:
        vni = int.from_bytes(data[4:7])
        if len(data) == 8:
            return _Part({"udp", "vxlan"}, f"VXLAN {vni} | nothing", key)
        inner = self.read(at + 1)
        ends = "" if "arp" in inner.words else f"{inner.source} → {inner.destination} "
        words = {"udp", "vxlan", *inner.words}
        return _Part(words, f"VXLAN {vni} | {ends}{inner.what}", key, inner.housekeeping, inner.carried)


def _other(kind: int, destination: bytes) -> str:
    if kind < 0x600:  # then it is a length: IEEE 802.3
        return "STP" if destination == _SPANNING_TREE else "IEEE 802.3 frame"
    return _ETHERTYPES.get(kind, f"EtherType 0x{kind:04x}")


_PARTS = {
    reader.ICMP: _Frame.icmp,
    reader.ICMPV6: _Frame.icmpv6,
    reader.TCP: _Frame.tcp,
    reader.UDP: _Frame.udp,
}
