"""Makes frames that nobody sends by mistake: damaged, cut, and nested as deep as a frame can be."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6ND_NS, IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import Dot1Q

from netkit.model import Frame
from tests.unit.test_capture_dissect import FRAMES as LINES
from tests.unit.test_layers import ETHER, FRAMES, PAIR, PAIR6

if TYPE_CHECKING:
    from random import Random

LONGEST = 65_000
MACS = b"\x02\x42\xac\x11\x00\x03\x02\x42\xac\x11\x00\x02"
SEEDS = [
    *LINES.values(),
    *map(bytes, FRAMES.values()),
    bytes(ETHER / PAIR6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(m=1, id=9) / UDP(dport=53) / bytes(16)),
    bytes(ETHER / PAIR6 / ICMPv6DestUnreach() / IPv6() / ICMPv6ND_NS() / bytes(8)),
    bytes(ETHER / Dot1Q(vlan=1) / Dot1Q(vlan=2) / PAIR / TCP(options=[("MSS", 1460)]) / b"HTTP/1.1 200 OK\r\n"),
    bytes(ETHER / IP(options=b"\x07\x07\x04\x01\x02\x03\x04\x00") / UDP(sport=67, dport=68) / bytes(300)),
    b"",
]
LENGTHS = (0, 1, 3, 4, 5, 0x45, 0x60, 0x7F, 0x80, 0xC0, 0xFF)


def ipv4(body: bytes, protocol: int) -> bytes:
    size = min(20 + len(body), 0xFFFF)
    addresses = b"\x0a\0\0\1\x0a\0\0\2"
    return struct.pack("!BBHHHBBH", 0x45, 0, size, 1, 0, 64, protocol, 0) + addresses + body


def in_vxlan(frame: bytes, port: int = 4789) -> bytes:
    data = b"\x08\0\0\0\0\0\x2a\0" + frame
    return MACS + b"\x08\0" + ipv4(struct.pack("!HHHH", 5, port, min(8 + len(data), 0xFFFF), 0) + data, 17)


def in_ip(frame: bytes) -> bytes:
    return MACS + b"\x08\0" + ipv4(frame[14:], 4)


def in_an_error(frame: bytes) -> bytes:
    return MACS + b"\x08\0" + ipv4(b"\x03\x01\0\0\0\0\0\0" + frame[14:], 1)


def in_a_tag(frame: bytes) -> bytes:
    return frame[:12] + b"\x81\0\0\x05" + frame[12:]


def behind_an_extension(frame: bytes) -> bytes:
    body = frame[54:] if frame[12:14] == b"\x86\xdd" else b""
    return MACS + b"\x86\xdd\x60\0\0\0" + min(8 + len(body), 0xFFFF).to_bytes(2) + bytes(34 + 8) + body


WRAPS = (in_vxlan, in_ip, in_an_error, in_a_tag, behind_an_extension)


def nested(wrap: object, frame: bytes = SEEDS[6], most: int = LONGEST) -> bytes:
    """A frame in as many headers of one kind as it can be in."""
    while len(frame) < most:
        frame = wrap(frame)
    return frame


def mutated(random: Random) -> bytes:
    """One of the frames that are known, with up to four things wrong."""
    frame = bytearray(random.choice(SEEDS))
    for _ in range(random.randrange(5)):
        at = random.randrange(len(frame) + 1)
        match random.randrange(8):
            case 0:
                del frame[at:]
            case 1:
                frame[at:at] = random.randbytes(random.randrange(1, 9))
            case 2:
                del frame[at : at + random.randrange(1, 9)]
            case 3 | 4:
                frame[at : at + 1] = bytes([random.choice(LENGTHS)])
            case 5:
                frame[at : at + 1] = random.randbytes(1)
            case 6:
                other = random.choice(SEEDS)
                frame[at:] = other[random.randrange(len(other) + 1) :]
            case 7:
                frame = bytearray(random.choice(WRAPS)(bytes(frame)))
    return bytes(frame)


def seen_at(data: bytes, number: int, *place: str) -> Frame:
    return Frame(number * 1000, *place, data, len(data))
