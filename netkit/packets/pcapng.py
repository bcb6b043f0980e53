"""Frames as a pcapng file, with a named interface for each point and nanoseconds.

The format is that of draft-ietf-opsawg-pcapng (PCAP Next Generation).  scapy's writer has
microseconds only, and an interface without a name in front.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netkit.model import Frame

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _NAME, _FLAGS, _APPLICATION, _RESOLUTION = 1, 2, 2, 4, 9
_LINK_TYPES = {"ethernet": 1, "ip": 101}  # LINKTYPE_ETHERNET, LINKTYPE_RAW
_DIRECTIONS = {"in": 1, "out": 2}


def write(file: BinaryIO, frames: Iterable[Frame], comments: Mapping[int, Sequence[str]], about: Sequence[str]) -> None:
    """Write frames.

    Args:
        file: open for writing bytes.
        frames: in the order in which they shall stand.
        comments: some lines about a frame, by its place in the order, from 0 on.
        about: comments on the whole.
    """
    options = [*((_COMMENT, text.encode()) for text in about), (_APPLICATION, b"netkit")]
    file.write(_block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), options))
    interfaces: dict[tuple[str, str], int] = {}
    for number, frame in enumerate(frames):
        point = f"{frame.namespace}:{frame.interface}", frame.link
        if point not in interfaces:
            interfaces[point] = len(interfaces)
            file.write(_interface(*point))
        file.write(_packet(interfaces[point], frame, comments.get(number, ())))


def _interface(name: str, link: str) -> bytes:
    options = [(_NAME, name.encode()), (_RESOLUTION, bytes([9]))]  # 10^-9 seconds
    return _block(_INTERFACE, struct.pack("<HHI", _LINK_TYPES[link], 0, 0), options)


def _packet(interface: int, frame: Frame, comments: Sequence[str]) -> bytes:
    body = struct.pack(
        "<IIIII", interface, frame.time >> 32, frame.time & 0xFFFF_FFFF, len(frame.data), frame.length
    ) + _padded(frame.data)
    options = [(_COMMENT, text.encode()) for text in comments]
    return _block(_PACKET, body, [*options, (_FLAGS, struct.pack("<I", _DIRECTIONS[frame.direction]))])


def _block(kind: int, body: bytes, options: Sequence[tuple[int, bytes]]) -> bytes:
    listed = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    size = struct.pack("<I", 12 + len(body) + len(listed) + 4)
    return struct.pack("<I", kind) + size + body + listed + bytes(4) + size  # 4 zero bytes end the options


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
