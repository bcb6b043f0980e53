"""Send what no ordinary program sends, and listen where few do: the other end of the networks of `flows`.

python flows_talk.py raw WHAT FROM TO PORT      IPv4: spoiled (a wrong checksum), header (of IP itself), hole (a fragment
                                                is missing), cut (all fragments, by hand), twins (equal packets)
python flows_talk.py join GROUP PORT INTERFACE  become a member of a group, and answer whoever asks it
python flows_talk.py sow GROUP PORT INTERFACE   send three datagrams to a group, or to everybody
python flows_talk.py burst udp|tcp TO PORT N    N datagrams of 1000 bytes, or a stream of so many times 1000 bytes
python flows_talk.py deaf PORT                  listen for connections, and accept none
python flows_talk.py sink PORT                  take what a stream brings
python flows_talk.py slow PORT                  a socket of UDP with little room, which is never read
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from contextlib import suppress

FOREVER = 3600.0
FAMILY = {False: socket.AF_INET, True: socket.AF_INET6}


def summed(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def raw(what: str, source: str, target: str, port: int) -> None:
    """IPv4 packets made by hand: UDP from port 7777."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    size = 1600 if what in ("hole", "cut") else 8
    body = struct.pack("!HHHH", 7777, port, size + 8, 0) + bytes(size)
    right = summed(ends + struct.pack("!BBH", 0, 17, len(body)) + body) or 0xFFFF
    body = body[:6] + struct.pack("!H", right ^ 0x5555 if what == "spoiled" else right) + body[8:]
    parts = [(0, body[:800], 1), (800, body[800:], 0)] if what in ("hole", "cut") else [(0, body, 0)]
    kind = socket.IPPROTO_RAW if what != "header" else None
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, kind) if kind else None
    for at, data, more in {"hole": parts[:1], "twins": parts * 5}.get(what, parts):
        flags = more << 13 | at >> 3
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 4242, flags, 64, 17, 0) + ends
        if one is not None:
            one.sendto(head + data, (target, 0))
        else:
            framed(head[:10] + struct.pack("!H", summed(head) ^ 0x1111) + head[12:] + data)


def framed(packet: bytes) -> None:
    """A packet whose own header is wrong, past the kernel that would mend it; to everybody's MAC."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0800)
    one.sendto(packet, ("eth0", 0x0800, 0, 0, b"\xff" * 6))


def member(group: str, port: int, device: str) -> None:
    """Answer whoever asks a group."""
    six = ":" in group
    one = socket.socket(FAMILY[six], socket.SOCK_DGRAM)
    one.bind(("::" if six else "0.0.0.0", port))
    index = socket.if_nametoindex(device)
    if six:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(FAMILY[six], group) + struct.pack("@I", index))  # fmt: skip
    else:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + struct.pack("@4si", bytes(4), index))  # fmt: skip
    while True:
        one.recvfrom(2000)


def sow(group: str, port: int, device: str) -> None:
    """Three datagrams to a group, or to everybody."""
    six = ":" in group
    one = socket.socket(FAMILY[six], socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if six:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 4)
    else:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 4)
    for number in range(3):
        one.sendto(b"seed %d" % number, (group, port))


def burst(protocol: str, target: str, port: int, count: int) -> None:
    """Many at once."""
    six = ":" in target
    one = socket.socket(FAMILY[six], socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
    one.settimeout(3)
    one.connect((target, port))
    if protocol == "tcp":
        one.sendall(bytes(1000 * count))
        one.shutdown(socket.SHUT_WR)
        one.recv(1)
        return
    for _ in range(count):
        with suppress(OSError):
            one.send(bytes(1000))
    one.settimeout(0.3)
    with suppress(OSError):  # until nobody answers any more
        while one.recv(2000):
            pass


def listening(what: str, port: int) -> None:
    """Where few listen."""
    if what == "slow":
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        one.bind(("0.0.0.0", port))
        time.sleep(FOREVER)
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("0.0.0.0", port))
    one.listen(0 if what == "deaf" else 8)
    while what == "sink":
        connection, _ = one.accept()
        while connection.recv(1 << 16):
            pass
        connection.close()
    time.sleep(FOREVER)


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "raw":
        raw(words[0], words[1], words[2], int(words[3]))
    elif what in ("join", "sow"):
        (member if what == "join" else sow)(words[0], int(words[1]), words[2])
    elif what == "burst":
        burst(words[0], words[1], int(words[2]), int(words[3]))
    else:
        listening(what, int(words[0]))
