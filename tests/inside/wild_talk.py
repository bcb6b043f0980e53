"""Serve and ask, as a program: the other end of the networks of `wild`; nothing of netkit is in it.

python wild_talk.py serve tcp|udp ADDRESS PORT [only-six] [hold] [transparent] [freebind] [deaf] [device=…] [peer=…]
    [signed=…] [near=TTL] [mark=…] [from=PORT]
python wild_talk.py ask tcp|udp ADDRESS PORT
python wild_talk.py keep tcp ADDRESS PORT SOURCE-PORT     (a connection that stays open)
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import time
from contextlib import suppress

SECONDS, FOREVER = 2.0, 3600.0


def made(protocol: str, address: str) -> socket.socket:
    """A socket for that protocol and kind of address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)


def signed(one: socket.socket, peer: str) -> None:
    """Take only segments of a peer that bear a signature (TCP_MD5SIG, tcp(7))."""
    address = struct.pack("=HH4s120x", socket.AF_INET, 0, socket.inet_aton(peer))
    one.setsockopt(socket.IPPROTO_TCP, _MD5SIG, address + struct.pack("=BBHI80s", 0, 0, 3, 0, b"key"))


def deaf(one: socket.socket, _: str) -> None:
    """A filter of the socket's own that takes nothing (SO_ATTACH_FILTER, socket(7))."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))  # "return 0"
    one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(code)))


def near(one: socket.socket, least: str) -> None:
    """Take only segments that still have so large a TTL, or hop limit (IP_MINTTL, IPV6_MINHOPCOUNT)."""
    level, option = (
        (socket.IPPROTO_IPV6, _MINHOPCOUNT) if one.family == socket.AF_INET6 else (socket.IPPROTO_IP, _MINTTL)
    )
    one.setsockopt(level, option, int(least))


_TRANSPARENT, _FREEBIND, _MINTTL, _MINHOPCOUNT, _MARK = 19, 15, 21, 73, 36
_MD5SIG, _ATTACH_FILTER = 14, 26
_SOCKET_OPTIONS = {
    "transparent": lambda one, _: one.setsockopt(socket.IPPROTO_IP, _TRANSPARENT, 1),
    "device": lambda one, name: one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode()),
    "freebind": lambda one, _: one.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1),
    "mark": lambda one, number: one.setsockopt(socket.SOL_SOCKET, _MARK, int(number)),
    "near": near,
    "signed": signed,
    "deaf": deaf,
}
"""What is set of a socket before it is bound."""


def serve(protocol: str, address: str, port: int, options: list[str]) -> None:
    """Answer everybody."""
    one = made(protocol, address)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "only-six" in options:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for option in options:
        what, _, value = option.partition("=")
        _SOCKET_OPTIONS.get(what, lambda *_: None)(one, value)
    one.bind((address, port))
    for peer in (each.partition("=")[2] for each in options if each.startswith("peer=")):
        one.connect((peer, port))
    if protocol == "udp":
        another = [made(protocol, address) for each in options if each.startswith("from=")]
        for each in another:
            each.bind((address, int(options[-1].partition("=")[2])))
        while True:
            _, caller = one.recvfrom(2000)
            with suppress(OSError):  # there may be no way back
                (*another, one)[0].sendto(b"yes", caller)
    one.listen(8)
    kept = []
    while True:
        connection, _ = one.accept()
        connection.sendall(b"yes")
        if "hold" in options:
            kept.append(connection)
        else:
            connection.close()


def ask(protocol: str, address: str, port: int) -> bool:
    """Whether somebody answers."""
    with made(protocol, address) as one:
        one.settimeout(SECONDS)
        try:
            one.connect((address, port))
            if protocol == "udp":
                one.send(b"hello")
            return one.recv(10) == b"yes"
        except OSError:
            return False


def keep(address: str, port: int, own: int) -> None:
    """Connect, and stay."""
    one = made("tcp", address)
    one.bind(("", own))
    one.connect((address, port))
    time.sleep(FOREVER)  # the caller ends the program


if __name__ == "__main__":
    what, protocol, address, port, *options = sys.argv[1:]
    if what == "serve":
        serve(protocol, address, int(port), options)
    elif what == "keep":
        keep(address, int(port), int(options[0]))
    else:
        sys.exit(0 if ask(protocol, address, int(port)) else 1)
