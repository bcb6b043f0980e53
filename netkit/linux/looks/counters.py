"""Counters: of each interface (bytes, packets, drops; rtnl_link_stats64), and of IP, TCP … by nstat(8)'s names."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.entering import inside
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import attributes, text

if TYPE_CHECKING:
    from netkit.linux.netlink.protocol import Talk

_RTM_GETLINK, _NAME, _STATISTICS = 18, 3, 23  # IFLA_IFNAME, IFLA_STATS64
_NUMBERS = struct.Struct("=8Q")


class Counters(NamedTuple):
    """What one interface counted since it was made; bytes are those of whole frames.

    Attributes:
        received_packets, received_bytes: what came in.
        received_lost: packets that came and were dropped, or were damaged.
        sent_packets, sent_bytes: what went out.
        sent_lost: packets that should have gone out and were dropped, or could not be sent.
    """

    received_packets: int = 0
    received_bytes: int = 0
    received_lost: int = 0
    sent_packets: int = 0
    sent_bytes: int = 0
    sent_lost: int = 0


def ask(talk: Talk) -> dict[str, Counters]:
    """The counters of every interface of a socket's namespace, by name, in index order.

    Args:
        talk: a socket that was opened in that namespace.
    """
    found = {}
    for body in talk.dump(_RTM_GETLINK, bytes(16)):
        facts = attributes(body[16:])
        numbers = _NUMBERS.unpack_from(facts[_STATISTICS])
        packets_in, packets_out, bytes_in, bytes_out, errors_in, errors_out, dropped_in, dropped_out = numbers
        found[text(facts[_NAME])] = Counters(
            packets_in, bytes_in, errors_in + dropped_in, packets_out, bytes_out, errors_out + dropped_out
        )
    return found


def read(path: str) -> dict[str, Counters]:
    """The counters of every interface of a namespace, by name, in index order.

    Args:
        path: a file that opens the namespace.

    Raises:
        NotFound: the path opens no namespace.
    """
    return sockets.use(path, ask)


def of_protocols(path: str) -> dict[str, int]:
    """What IP and what it carries have counted in a namespace, by nstat(8)'s names: "TcpExtListenDrops".

    Args:
        path: a file that opens the namespace.

    Raises:
        NotFound: the path opens no namespace.
    """
    return inside(path, of_protocols_here)


def of_protocols_here() -> dict[str, int]:
    """The same of the namespace that the calling thread is in."""
    found = {}
    for file in ("snmp", "netstat"):
        lines = Path(f"/proc/thread-self/net/{file}").read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            group = names.partition(":")[0]
            pairs = zip(names.split()[1:], values.split()[1:], strict=True)
            found |= {group + name: int(value) for name, value in pairs}
    six = Path("/proc/thread-self/net/snmp6")
    pairs = [line.split() for line in six.read_text().splitlines()] if six.exists() else []
    return found | {name: int(value) for name, value in pairs}
