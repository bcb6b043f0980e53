"""A name server as a program, for the networks of `wild`; nothing of netkit is in it (RFC 1035).

python wild_dns.py ADDRESS [NAME=ADDRESS …] [status=RCODE]
"""

from __future__ import annotations

import socket
import struct
import sys

_A, _AAAA, _NO_SUCH_NAME, _ANSWER, _SECONDS = 1, 28, 3, 0x8180, 60


def answer(data: bytes, known: dict[str, str]) -> bytes:
    """What is said to a question.

    Args:
        data: the question.
        known: addresses by name; the status of every answer under "status".
    """
    at, labels = 12, []
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    [kind] = struct.unpack_from("!H", data, at + 1)
    address = known.get(".".join(labels), "")
    status = int(known.get("status", 0 if address else _NO_SUCH_NAME))
    record = b""
    if not status and kind == (_AAAA if ":" in address else _A):
        packed = socket.inet_pton(socket.AF_INET6 if kind == _AAAA else socket.AF_INET, address)
        record = struct.pack("!HHHIH", 0xC00C, kind, 1, _SECONDS, len(packed)) + packed
    head = struct.pack("!HHHHH", _ANSWER | status, 1, int(bool(record)), 0, 0)
    return data[:2] + head + data[12 : at + 5] + record


if __name__ == "__main__":
    place, *words = sys.argv[1:]
    with socket.socket(socket.AF_INET6 if ":" in place else socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((place, 53))
        while True:
            asked, caller = server.recvfrom(512)
            server.sendto(answer(asked, dict(word.split("=") for word in words)), caller)
