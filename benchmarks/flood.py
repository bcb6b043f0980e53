"""A generator of datagrams: python flood.py DESCRIPTOR RATE BYTES SECONDS.

It sends 32 of them with one call (sendmmsg(2)), several times as fast as Python's socket.send.
"""

from __future__ import annotations

import ctypes
import sys
import time


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    """struct msghdr of sendmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)), ("vectors_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    """struct mmsghdr of sendmmsg(2)."""

    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


def send(descriptor: int, rate: int, size: int, seconds: float) -> None:
    """Send datagrams at a rate, and print how many went out and how many a second that were."""
    batch = 32
    data = ctypes.create_string_buffer(size)
    vector = _Vector(ctypes.addressof(data), size)
    header = _Header(vectors=ctypes.pointer(vector), vectors_length=1)
    messages = (_Message * batch)(*(_Message(header) for _ in range(batch)))
    sendmmsg = ctypes.CDLL(None).sendmmsg
    start = now = time.perf_counter()
    sent = 0
    while now < start + seconds:
        due = min(batch, int((now - start) * rate) - sent)
        if due > 0:
            sent += max(0, sendmmsg(descriptor, messages, due, 0))
        now = time.perf_counter()
    sys.stdout.write(f"{sent} {sent / (now - start)}")


if __name__ == "__main__":
    descriptor, rate, size, seconds = sys.argv[1:]
    send(int(descriptor), int(rate), int(size), float(seconds))
