"""A frame taken apart: its layers, their fields in words, and which bytes each field is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from netkit.packets import headers, reader
from netkit.packets.applications import application
from netkit.packets.arp import is_for_ipv4
from netkit.packets.options import ip_options, neighbour_options, tcp_options
from netkit.packets.reader import STANDARD, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netkit.packets.headers import Header
    from netkit.packets.options import Option
    from netkit.packets.reader import Span

_EXTENSIONS = [name for name in reader.EXTENSIONS.values() if name != reader.FRAGMENT]
_WITH_OPTIONS = (133, 134, 135, 136, 137)  # the messages of neighbour discovery (RFC 4861)


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

    def payload(self, name: str, said: str) -> None:
        """What is left, as what is carried."""
        start = self.at
        self.add(name, start, self.rest("data", said))

    def _field(self, name: str, bit: int, bits: int, words: Callable[[int], str]) -> Field:
        start, stop = bit // 8, -(-(bit + bits) // 8)
        number = int.from_bytes(self.data[start:stop]) >> (stop * 8 - bit - bits) & ((1 << bits) - 1)
        return Field(name, words(number), start, stop, bits, number)


def layers(data: bytes, link: str = "ethernet", tunnels: frozenset[int] = STANDARD) -> list[Layer]:
    """The layers of a frame, from the outside in; every byte belongs to one of them.

    What its headers say is told field by field; one that is cut short ends in a field of that name.

    Args:
        data: the frame.
        link: what it begins with: "ethernet" or "ip".
        tunnels: the UDP ports that VXLAN devices listen on.

    Example:
        >>> arp = bytes.fromhex("ffffffffffff0242ac1101010806" "0001080006040001"
        ...                     "0242ac110101ac110101000000000000ac110102")
        >>> [layer.name for layer in layers(arp)]
        ['Ethernet', 'ARP']
        >>> layers(arp)[1]["target address"][1:4]
        ('172.17.1.2', 38, 42)
    """
    taking, said, quoted = _Reader(data, 0, len(data)), "", ""
    for span in spans(data, link, tunnels):
        fields, more = _fields(taking, span)
        quoted = "quoted " if span.quoted else ""
        layer = taking.header(quoted + span.name, fields, more)
        taking.end = span.end
        said = _carried(data, span, layer)
    taking.payload(f"{quoted}payload", said)
    if taking.at < len(data):
        taking.end, start = len(data), taking.at
        taking.add("trailer", start, taking.rest("padding"))
    return taking.layers


def _fields(taking: _Reader, span: Span) -> tuple[Header, Callable[[], Iterable[Field]] | None]:
    """The fields that a header always has, and what reads those that follow them."""
    first = (*taking.data[span.start : taking.end][:13], *bytes(13))
    if span.name == reader.ARP:
        ends = headers.ARP_ENDS if is_for_ipv4(taking.data, span) else ()
        return headers.ARP + ends, None
    if span.name == reader.ICMP:
        return headers.icmp(*first[:2]), None
    if span.name == reader.ICMPV6:
        options = lambda: taking.options(neighbour_options, taking.end - taking.at)  # noqa: E731
        return headers.icmpv6(first[0]), options if first[0] in _WITH_OPTIONS else None
    sizes = {
        reader.IPV4: lambda: taking.options(ip_options, (first[0] & 15) * 4 - 20),
        reader.TCP: lambda: taking.options(tcp_options, (first[12] >> 4) * 4 - 20),
        **dict.fromkeys(_EXTENSIONS, lambda: taking.run("options", 6 + 8 * first[1])),
    }
    return headers.FIXED[span.name], sizes.get(span.name)


def _carried(data: bytes, span: Span, layer: Layer) -> str:
    """What a header carries, in words, as far as there are any; "" for bytes of which nothing else is known."""
    size = span.end - span.stop
    if not span.sound:
        return ""
    if span.name in (reader.IPV4, reader.FRAGMENT) and (offset := layer["fragment offset"].number):
        return f"fragment, from byte {offset * 8} on: {_counted(size)}"
    if span.name in (reader.TCP, reader.UDP):
        ports = layer["source port"].number or 0, layer["destination port"].number or 0
        said = application(span.name.lower(), ports, data[span.stop : span.end])
        return f"{said[1]} ({_counted(size)})" if said else ""
    return ""


def _counted(size: int) -> str:
    return f"{size} byte{'' if size == 1 else 's'}"
