"""The serial line of User-Mode Linux: what comes from inside is frames, or the line ends."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.uml.serial import ACKNOWLEDGE, DATA, JOB, OPEN, TELL, WINDOW, Serial

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = struct.Struct(">cHI")


@pytest.fixture
def outside() -> Iterator[tuple[Serial, socket.socket]]:
    """The end outside, and a socket on which the guest writes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Serial(ours.fileno(), WINDOW), theirs


def test_frames_come_whole(outside: tuple[Serial, socket.socket]) -> None:
    serial, guest = outside
    written = HEAD.pack(DATA, 7, 3) + b"abc" + HEAD.pack(TELL, 0, 6) + b"exit 0"
    guest.sendall(written[:12])
    assert [(frame.kind, frame.number, frame.payload) for frame in serial.read()] == [(DATA, 7, b"abc")]
    guest.sendall(written[12:])
    assert [(frame.kind, frame.payload) for frame in serial.read()] == [(TELL, b"exit 0")]
    assert not serial.ended


@pytest.mark.parametrize(
    "garbage",
    [
        HEAD.pack(DATA, 7, 2**32 - 1),
        HEAD.pack(DATA, 7, (1 << 16) + 1) + b"x" * 100,
        HEAD.pack(b"?", 0, 0),
        HEAD.pack(OPEN, 300, 1) + b"1",
        HEAD.pack(JOB, 0, 2) + b"{}",
        HEAD.pack(ACKNOWLEDGE, 0, 2) + b"xx",
        b"\xff" * 64,
    ],
)
def test_what_is_no_frame_ends_the_line(outside: tuple[Serial, socket.socket], garbage: bytes) -> None:
    serial, guest = outside
    guest.sendall(HEAD.pack(DATA, 7, 1) + b"a" + garbage)
    assert [frame.payload for frame in serial.read()] == [b"a"], "what came before counts"
    assert serial.ended
