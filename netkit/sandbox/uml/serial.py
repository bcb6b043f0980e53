"""Frames over the serial line of User-Mode Linux: a kind, a stream's number, a length and the payload.

The line stops for ever once the 4096 bytes of the guest's input buffer were full: towards the guest no more
bytes may be under way than it has acknowledged (`WINDOW`).
"""

import os
import selectors
import struct
from typing import NamedTuple

WINDOW = 3000
"""Bytes that may be under way towards the guest; its buffer holds 4096."""

_HEAD = struct.Struct(">cHI")
_BLOCK, _CREDIT = 1 << 16, 4
HELLO, JOB, DATA, END, OPEN, ACKNOWLEDGE, TELL = b"H", b"J", b"D", b"E", b"O", b"A", b"T"
"""Kinds of frames: process 1 is there; the program; bytes of a stream, and its end; a new stream to one of the
kernel's channels; how many bytes the guest has taken; a message of the line."""


class Frame(NamedTuple):
    """What came over the serial line: one of the kinds above, a stream's number, and bytes."""

    kind: bytes
    number: int
    payload: bytes


class Serial:
    """One end of the serial line.

    Args:
        file: a descriptor.
        window: bytes that may be under way, None for any number; the side without one acknowledges. The side that has
            one is outside, and trusts nothing that comes: what is no frame ends the line.
    """

    def __init__(self, file: int, window: int | None = None) -> None:
        self.file, self.ended = file, False
        self._acknowledges, self._credit = window is None, window
        self._out, self._in = bytearray(), bytearray()
        os.set_blocking(file, False)

    def send(self, kind: bytes, number: int = 0, payload: bytes = b"") -> None:
        """Put a frame into the queue, and write as much as may be written."""
        self._out += _HEAD.pack(kind, number, len(payload)) + payload
        self.write()

    def write(self) -> None:
        """Write what waits, as far as the other side has room."""
        while self._out and self._credit != 0:
            try:
                sent = os.write(self.file, self._out[: _BLOCK if self._credit is None else self._credit])
            except BlockingIOError:
                return
            except OSError:
                self.ended = True
                return
            del self._out[:sent]
            if self._credit is not None:
                self._credit -= sent

    @property
    def waiting(self) -> int:
        """Bytes that wait to be written."""
        return len(self._out)

    @property
    def events(self) -> int:
        """What to wait for at the descriptor."""
        may_write = self._out and self._credit != 0
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if may_write else 0)

    def read(self) -> list[Frame]:
        """The whole frames that have come; `ended` tells that no more will."""
        try:
            data = os.read(self.file, _BLOCK)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return []
        self._in += data
        if self._acknowledges:
            self._out += _HEAD.pack(ACKNOWLEDGE, 0, 4) + struct.pack(">I", len(data))
            self.write()
        return [frame for frame in self._frames() if not self._is_credit(frame)]

    def _frames(self) -> list[Frame]:
        frames = []
        while len(self._in) >= _HEAD.size:
            kind, number, size = _HEAD.unpack_from(self._in)
            if self._credit is not None and not _is_sound(kind, size):
                self.ended = True
                self._in.clear()
                break
            if len(self._in) < _HEAD.size + size:
                break
            frames.append(Frame(kind, number, bytes(self._in[_HEAD.size : _HEAD.size + size])))
            del self._in[: _HEAD.size + size]
        return frames

    def _is_credit(self, frame: Frame) -> bool:
        if frame.kind != ACKNOWLEDGE or self._credit is None:
            return frame.kind == ACKNOWLEDGE
        self._credit += struct.unpack(">I", frame.payload)[0]
        self.write()
        return True


def _is_sound(kind: bytes, size: int) -> bool:
    """Whether process 1 inside sends such frames: whoever is root there could write anything into the line."""
    return kind in {HELLO, DATA, END, ACKNOWLEDGE, TELL} and size <= _BLOCK and (kind != ACKNOWLEDGE or size == _CREDIT)
