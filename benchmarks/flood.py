"""A generator of datagrams: python flood.py DESCRIPTOR RATE BYTES SECONDS.

The kernel cuts what one call sends into 32 datagrams (UDP_SEGMENT, linux/udp.h), which is far faster than a call
for each.  The interface must ask for single ones (`ethtool -K e0 tx-udp-segmentation off`), or captures see them uncut.
"""

from __future__ import annotations

import socket
import sys
import time

UDP_SEGMENT = 103  # linux/udp.h
BATCH = 32


def send(descriptor: int, rate: int, size: int, seconds: float) -> None:
    """Send datagrams at a rate, and print how many went out and how many a second that were."""
    with socket.socket(fileno=descriptor) as sender:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        data = memoryview(bytes(BATCH * size))
        start = now = time.perf_counter()
        sent = 0
        while now < start + seconds:
            due = min(BATCH, int((now - start) * rate) - sent)
            if due > 0:
                sent += sender.send(data[: due * size]) // size
            now = time.perf_counter()
        sys.stdout.write(f"{sent} {sent / (now - start)}")
        sys.stdout.flush()


if __name__ == "__main__":
    descriptor, rate, size, seconds = sys.argv[1:]
    send(int(descriptor), int(rate), int(size), float(seconds))
