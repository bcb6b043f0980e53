"""IP packets as values, and as bytes: for the simulator, which must not use what it tests."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import ip_address

ICMP, TCP, UDP = 1, 6, 17
BROADCAST = b"\xff" * 6


@dataclass(frozen=True)
class Packet:
    """An IPv4 packet, or a fragment of one.

    Attributes:
        data: what follows the IP header; its first bytes hold the ports, or ICMP's header.
    """

    source: str
    destination: str
    protocol: int
    data: bytes
    ident: int = 0
    ttl: int = 64
    offset: int = 0
    more: bool = False

    @property
    def ports(self) -> tuple[int, int]:
        """Both ports; ICMP's identifier and 0."""
        if self.protocol == ICMP:
            return int.from_bytes(self.data[4:6]), 0
        return struct.unpack_from("!HH", self.data)

    @property
    def flow(self) -> tuple[int, str, str, int, int]:
        return self.protocol, self.source, self.destination, *self.ports

    def with_flow(self, flow: tuple[int, str, str, int, int]) -> Packet:
        """The same packet with other addresses and ports."""
        _, source, destination, one, two = flow
        if self.protocol == ICMP:
            data = self.data[:4] + one.to_bytes(2) + self.data[6:]
        else:
            data = struct.pack("!HH", one, two) + self.data[4:]
        return replace(self, source=source, destination=destination, data=data)

    @property
    def header(self) -> bytes:
        where = self.offset // 8 | (0x2000 if self.more else 0)
        addresses = ip_address(self.source).packed + ip_address(self.destination).packed
        size = 20 + len(self.data)
        return struct.pack("!BBHHHBBH", 0x45, 0, size, self.ident, where, self.ttl, self.protocol, 0) + addresses

    def fragments(self, mtu: int) -> list[Packet]:
        """What leaves by an interface: itself, or pieces of itself."""
        step = (mtu - 20) // 8 * 8
        if len(self.data) + 20 <= mtu:
            return [self]
        return [
            replace(
                self,
                data=self.data[at : at + step],
                offset=self.offset + at,
                more=self.more or at + step < len(self.data),
            )
            for at in range(0, len(self.data), step)
        ]


def echo(kind: int, identifier: int, sequence: int, payload: bytes = b"") -> bytes:
    return struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload


def tcp(source: int, destination: int, sequence: int, payload: bytes = b"", flags: int = 0x10) -> bytes:
    return struct.pack("!HHIIBBHHH", source, destination, sequence, 7, 0x50, flags, 1000, 0, 0) + payload


def udp(source: int, destination: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def ethernet(source: bytes, destination: bytes, packet: Packet) -> bytes:
    return destination + source + b"\x08\x00" + packet.header + packet.data


def arp(source: bytes, sender: str, asked: str) -> bytes:
    """A request, for everybody."""
    told = source + ip_address(sender).packed + bytes(6) + ip_address(asked).packed
    return BROADCAST + source + b"\x08\x06" + bytes.fromhex("0001080006040001") + told


def vxlan(vni: int, frame: bytes, source_port: int = 49152) -> bytes:
    """A frame as UDP data."""
    return udp(source_port, 4789, b"\x08\0\0\0" + vni.to_bytes(3) + b"\0" + frame)


def parsed(data: bytes) -> Packet:
    """The packet of these bytes, from the IP header on."""
    _, _, _, ident, where, ttl, protocol, _ = struct.unpack_from("!BBHHHBBH", data)
    source, destination = (str(ip_address(data[at : at + 4])) for at in (12, 16))
    offset, more = (where & 0x1FFF) * 8, bool(where & 0x2000)
    return Packet(source, destination, protocol, data[20:], ident, ttl, offset, more)
