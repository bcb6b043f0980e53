"""Counters of packets that went nowhere (snmp, netstat, queues, links), and groups of a namespace; read twice.

Files of /proc/net: snmp, netstat, snmp6, igmp, igmp6; by netlink the counters of queues and links, and bridges' mdb.
"""

from __future__ import annotations

import re
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import KernelRefused
from netkit.linux.entering import inside
from netkit.linux.looks import counters, losses, records
from netkit.linux.netlink.protocol import Talk, attributes, every
from netkit.netfilter import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RTM_GETLINK, _RTM_GETMDB = 18, 86
_PORT_MESSAGE, _ENTRY = struct.Struct("=Bxxxi"), struct.Struct("=IBBH16sH")
_WRONG = re.compile(r".*(Err|Drop|Overflow|Discard|Fail|Filter|NoRoutes|NoPorts|Csum|Prune|Reject|Ignored).*")
_IPV4, _OWN = 0x0800, ("RECEIVING", "SENDING")
Groups = tuple[tuple[str, str], ...]
"""(interface, address) of each group."""


class Tally(NamedTuple):
    """What one namespace had counted at a moment, and its groups.

    Attributes:
        protocols: of IP and what it carries, by nstat(8)'s names.
        lost: packets that each (interface, queue) had lost; "RECEIVING" and "SENDING" are the interface's own counters.
        waiting: packets that were in each (interface, queue).
        members: the groups that each interface has joined.
        listeners: the groups that a bridge knows listeners of, by its ports (bridge(8), mdb).
        blocked: the state of each bridge's port that does not forward: "listening" (IEEE 802.1D).
    """

    protocols: dict[str, int]
    lost: dict[tuple[str, str], int]
    waiting: dict[tuple[str, str], int]
    members: Groups
    listeners: Groups
    blocked: Groups


def tally(path: str) -> Tally:
    """What a namespace has counted until now.

    Args:
        path: a file that opens the namespace.

    Raises:
        NotFound: the path opens no namespace.
    """
    return inside(path, _tally_here)


def _tally_here() -> Tally:
    with Talk() as talk:
        queues, links, listeners = losses.ask(talk), counters.ask(talk), tuple(_listeners(talk))
        ports = [records.link(body) for body in talk.dump(_RTM_GETLINK, bytes(16))]
    lost = {(queue.device, queue.kind): queue.lost for queue in queues}
    for name, link in links.items():
        lost |= {(name, _OWN[0]): link.received_lost, (name, _OWN[1]): link.sent_lost}
    waiting = {(queue.device, queue.kind): queue.waiting for queue in queues}
    return Tally(counters.of_protocols_here(), lost, waiting, tuple(_members()), listeners, tuple(_blocked(ports)))


def _blocked(ports: Iterable[records.Link]) -> Iterator[tuple[str, str]]:
    for port in ports:
        state = records.STATES_OF_PORTS.get(port.port_state) if port.port_state is not None else None
        if state is not None and port.up and port.carrier:
            yield port.name, state


def wrong(before: Tally, after: Tally) -> dict[str, int]:
    """How much more was counted of what went wrong, where it was anything."""
    return {
        name: value - before.protocols.get(name, 0)
        for name, value in after.protocols.items()
        if _WRONG.fullmatch(name) and value > before.protocols.get(name, 0)
    }


def lost(namespace: str, before: Tally, after: Tally) -> Iterator[Loss]:
    """What interfaces and their queues have lost between two moments, or hold at the second."""
    for (device, queue), count in after.lost.items():
        more, waiting = count - before.lost.get((device, queue), 0), after.waiting.get((device, queue), 0)
        if more > 0 or waiting:
            yield Loss(namespace, device, queue, max(more, 0), waiting)


def _members() -> Iterator[tuple[str, str]]:
    device = ""
    for line in _lines("igmp")[1:]:
        words = line.split()
        if line[:1].isspace():
            yield device, socket.inet_ntoa(bytes.fromhex(words[0])[::-1])
        else:
            device = words[1]
    for line in _lines("igmp6"):
        _, device, group, *_ = line.split()
        yield device, socket.inet_ntop(socket.AF_INET6, bytes.fromhex(group))


def _lines(name: str) -> list[str]:
    file = Path("/proc/thread-self/net", name)
    return file.read_text().splitlines() if file.exists() else []


def _listeners(talk: Talk) -> Iterator[tuple[str, str]]:
    try:
        for body in talk.dump(_RTM_GETMDB, _PORT_MESSAGE.pack(socket.AF_BRIDGE, 0)):
            for entry in _nested(_nested([attributes(body[_PORT_MESSAGE.size :]).get(1, memoryview(b""))])):
                index, _, _, _, group, kind = _ENTRY.unpack_from(entry)
                four = socket.ntohs(kind) == _IPV4
                yield talk.name_of(index), str(socket.inet_ntop(*_address(group, four=four)))
    except KernelRefused:  # a kernel without snooping bridges
        return


def _address(group: bytes, *, four: bool) -> tuple[int, bytes]:
    return (socket.AF_INET, group[:4]) if four else (socket.AF_INET6, group)


def _nested(outer: list[memoryview]) -> list[memoryview]:
    """What stands inside: MDBA_MDB_ENTRY, MDBA_MDB_ENTRY_INFO."""
    return [value for data in outer for kind, value in every(data) if kind == 1]
