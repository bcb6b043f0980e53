"""A frame taken apart: its layers, their fields in words, and which bytes each field is made of."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import headers
from netkit.packets.applications import application
from netkit.packets.options import ip_options, neighbour_options, tcp_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from netkit.packets.headers import Header
    from netkit.packets.options import Option

VXLAN_PORTS = (4789, 8472)  # IANA's, and the one that Linux takes when none is given
_IP_IN_IP = {4: "ipv4", 41: "ipv6"}


class Field(NamedTuple):
    """One field of a header.

    Attributes:
        name: "TTL", "destination".
        value: in words: "64", "0x0800 (IPv4)", "SYN, ACK".
        start: the frame's first byte that it is part of, from 0 on.
        stop: the byte behind its last one.
        bits: how many bits it has; a field of less than a byte shares its byte with others.
        number: its bits as one number; None for a run of bytes.
    """

    name: str
    value: str
    start: int
    stop: int
    bits: int
    number: int | None = None


@dataclass(frozen=True)
class Layer:
    """One header of a frame, or what it carries.

    Attributes:
        name: "Ethernet", "IPv4", "ICMP", "payload" …
        start: its first byte.
        stop: the byte behind its last one.
        fields: in the order of their bits; together they cover all of the layer.
        whole: whether its header is there to its end; else its last field is called "cut short".
    """

    name: str
    start: int
    stop: int
    fields: tuple[Field, ...]
    whole: bool = True

    def __getitem__(self, name: str) -> Field:
        """The first field of that name."""
        return next(one for one in self.fields if one.name == name)


@dataclass
class _Reader:
    """Takes a frame apart from the front."""

    data: bytes
    at: int = 0
    end: int = 0
    layers: list[Layer] = field(default_factory=list)

    def header(self, name: str, header: Header, more: Callable[[], Iterable[Field]] | None = None) -> Layer:
        """Read a header of known fields, then its further ones; one that is cut short keeps the fields it has."""
        start, bit, fields = self.at, self.at * 8, []
        for spec in header:
            if bit + spec.bits > self.end * 8:
                break
            fields.append(self._field(spec.name, bit, spec.bits, spec.words))
            bit += spec.bits
        whole = len(fields) == len(header)
        while bit % 8:  # the rest of this byte is cut off: its first bits say nothing either
            bit -= fields.pop().bits
        self.at = bit // 8
        fields += (more() if more else ()) if whole else self.rest("cut short")
        return self.add(name, start, fields, whole=whole)

    def add(self, name: str, start: int, fields: Iterable[Field], *, whole: bool = True) -> Layer:
        """Note a layer that ends where the reader is, unless nothing is left of it."""
        layer = Layer(name, start, self.at, tuple(fields), whole)
        if layer.fields:
            self.layers.append(layer)
        return layer

    def run(self, name: str, size: int, value: str = "") -> list[Field]:
        """A run of bytes as one field; none when there are no bytes left."""
        start, self.at = self.at, min(self.at + max(size, 0), self.end)
        return [Field(name, value or _counted(self.at - start), start, self.at, (self.at - start) * 8)][
            : self.at - start
        ]

    def rest(self, name: str, value: str = "") -> list[Field]:
        """What is left, as one field."""
        return self.run(name, self.end - self.at, value)

    def options(self, read: Callable[[bytes], Iterable[Option]], size: int) -> list[Field]:
        """The options of a header, one field each."""
        stop = min(self.at + max(size, 0), self.end)
        found = []
        for option in read(self.data[self.at : stop]):
            found += self.run(option.name, option.size, option.value)
        return found

    def payload(self, said: str = "") -> None:
        """What is left, as what is carried."""
        start = self.at
        if fields := self.rest("data", said):
            self.add("payload", start, fields)

    def _field(self, name: str, bit: int, bits: int, words: Callable[[int], str]) -> Field:
        start, stop = bit // 8, -(-(bit + bits) // 8)
        number = int.from_bytes(self.data[start:stop]) >> (stop * 8 - bit - bits) & ((1 << bits) - 1)
        return Field(name, words(number), start, stop, bits, number)


def layers(data: bytes, link: str = "ethernet") -> list[Layer]:
    """The layers of a frame, from the outside in; every byte belongs to one of them.

    What a header of IEEE 802.3, 802.1Q, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP (RFC 792, 4443,
    4861), TCP (RFC 9293), UDP (RFC 768) or VXLAN (RFC 7348) says is told field by field; a header that is cut
    short ends in a field of that name.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".

    Example:
        >>> arp = bytes.fromhex("ffffffffffff0242ac1101010806" "0001080006040001"
        ...                     "0242ac110101ac110101000000000000ac110102")
        >>> [layer.name for layer in layers(arp)]
        ['Ethernet', 'ARP']
        >>> layers(arp)[1]["target address"][1:4]
        ('172.17.1.2', 38, 42)
    """
    reader = _Reader(data, 0, len(data))
    (_ethernet if link == "ethernet" else _ip)(reader)
    if reader.at < len(data):
        reader.end = len(data)
        start = reader.at
        reader.add("trailer", start, reader.rest("padding"))
    return reader.layers


def _ethernet(reader: _Reader) -> None:
    layer = reader.header("Ethernet", headers.ETHERNET)
    while layer.whole and _number(layer, "EtherType") in headers.VLAN_TAGS:
        layer = reader.header("VLAN tag", headers.VLAN)
    if layer.whole:
        kind = _number(layer, "EtherType")
        {0x0806: _arp, 0x0800: _ipv4, 0x86DD: _ipv6}.get(kind, _Reader.payload)(reader)


def _arp(reader: _Reader) -> None:
    sizes = reader.data[reader.at + 4 : reader.at + 6]
    reader.header("ARP", headers.ARP + (headers.ARP_ENDS if sizes == b"\x06\x04" else ()))


def _ip(reader: _Reader) -> None:
    (_ipv6 if reader.data[reader.at : reader.at + 1] >= b"\x60" else _ipv4)(reader)


def _number(layer: Layer, name: str) -> int:
    """What a field of a whole header holds."""
    return layer[name].number or 0


def _ipv4(reader: _Reader) -> None:
    start, words = reader.at, reader.data[reader.at : reader.at + 1]
    size = (words[0] & 15) * 4 - 20 if words else 0
    layer = reader.header("IPv4", headers.IPV4, lambda: reader.options(ip_options, size))
    if not layer.whole or reader.at < start + 20 + size:
        return
    if total := _number(layer, "total length"):  # 0: larger than 64 kB, before the kernel splits it
        reader.end = max(reader.at, min(reader.end, start + total))
    if offset := _number(layer, "fragment offset"):
        reader.payload(f"fragment, from byte {offset * 8} on: {_counted(reader.end - reader.at)}")
    else:
        _carried(reader, _number(layer, "protocol"))


def _ipv6(reader: _Reader) -> None:
    layer = reader.header("IPv6", headers.IPV6)
    if not layer.whole:
        return
    if length := _number(layer, "payload length"):
        reader.end = min(reader.end, reader.at + length)
    offset = 0
    while layer.whole and (following := _number(layer, "next header")) in headers.EXTENSIONS:
        name = headers.EXTENSIONS[following]
        if following == headers.FRAGMENT:
            layer = reader.header(name, headers.IPV6_FRAGMENT)
            offset = _number(layer, "fragment offset") if layer.whole else 0
        else:
            layer = _extension(reader, name)
    if not layer.whole:
        return
    if offset:
        reader.payload(f"fragment, from byte {offset * 8} on: {_counted(reader.end - reader.at)}")
    else:
        _carried(reader, _number(layer, "next header"))


def _extension(reader: _Reader, name: str) -> Layer:
    length = reader.data[reader.at + 1 : reader.at + 2]
    size = 6 + 8 * (length[0] if length else 0)
    return reader.header(name, headers.IPV6_EXTENSION, lambda: reader.run("options", size))


def _carried(reader: _Reader, protocol: int) -> None:
    if protocol in _IP_IN_IP:
        (_ipv4 if protocol == 4 else _ipv6)(reader)
    else:
        {1: _icmp, 6: _tcp, 17: _udp, 58: _icmpv6}.get(protocol, _Reader.payload)(reader)


def _icmp(reader: _Reader) -> None:
    kind, code = (*reader.data[reader.at : reader.at + 2], 0, 0)[:2]
    layer = reader.header("ICMP", headers.icmp(kind, code))
    if layer.whole and kind in headers.ICMP_ERRORS:
        _quoted(reader)
    else:
        reader.payload()


def _icmpv6(reader: _Reader) -> None:
    kind = (*reader.data[reader.at : reader.at + 1], 0)[0]
    has_options = kind in (133, 134, 135, 136, 137)
    more = (lambda: reader.options(neighbour_options, reader.end - reader.at)) if has_options else None
    layer = reader.header("ICMPv6", headers.icmpv6(kind), more)
    if layer.whole and kind in headers.ICMPV6_ERRORS:
        _quoted(reader)
    else:
        reader.payload()


def _quoted(reader: _Reader) -> None:
    """The packet, cut short, that an ICMP error is about."""
    inner = _Reader(reader.data, reader.at, reader.end)
    if reader.at < reader.end:
        _ip(inner)
    reader.layers += [replace(layer, name=f"quoted {layer.name}") for layer in inner.layers]
    reader.at = inner.at


def _tcp(reader: _Reader) -> None:
    start, at = reader.at, reader.at + 12
    size = (reader.data[at] >> 4) * 4 - 20 if at < reader.end else 0
    layer = reader.header("TCP", headers.TCP, lambda: reader.options(tcp_options, size))
    if layer.whole and reader.at >= start + 20 + size:
        _application(reader, "tcp", layer)


def _udp(reader: _Reader) -> None:
    layer = reader.header("UDP", headers.UDP)
    if not layer.whole:
        return
    first = reader.data[reader.at : reader.at + 1]
    if _number(layer, "destination port") in VXLAN_PORTS and reader.end - reader.at >= 8 and first[0] & 8:
        reader.header("VXLAN", headers.VXLAN)
        if reader.at < reader.end:
            _ethernet(reader)
    else:
        _application(reader, "udp", layer)


def _application(reader: _Reader, transport: str, layer: Layer) -> None:
    ports: Sequence[int] = _number(layer, "source port"), _number(layer, "destination port")
    try:
        said = application(transport, (ports[0], ports[1]), reader.data[reader.at : reader.end])
    except (struct.error, IndexError, ValueError):
        said = None
    reader.payload(f"{said[1]} ({_counted(reader.end - reader.at)})" if said else "")


def _counted(size: int) -> str:
    return f"{size} byte{'' if size == 1 else 's'}"
