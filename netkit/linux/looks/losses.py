"""Counters of what was lost: queueing disciplines and filters of tc(8), TCP, IPsec, full tables (conntrack, ARP)."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.diagnosis.counters import HALF_OPEN
from netkit.diagnosis.queues import Filter, Queue, Redirect
from netkit.errors import KernelRefused
from netkit.linux.entering import inside
from netkit.linux.looks.rules import said
from netkit.linux.netlink import sockets
from netkit.linux.netlink.nftables import NETFILTER
from netkit.linux.netlink.protocol import Talk, attributes, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RTM_GETTFILTER, _RTM_GETQDISC = 46, 38
_TC = struct.Struct("=BxxxiIII")
_STATS = struct.Struct("=IIIII")
_INGRESS, _EGRESS, _ROOT = 0xFFFFFFF2, 0xFFFFFFF3, 0xFFFFFFFF
_PLAIN_INGRESS = 0xFFFFFFF1
_CT_GET_STATS_CPU, _DROP = (1 << 8) | 4, 10  # NFNL_SUBSYS_CTNETLINK; CTA_STATS_DROP
_RTM_GETNEIGHTBL, _STATISTICS = 66, 7  # NDTA_STATS
_TABLE = struct.Struct("=11Q")  # struct ndt_stats, whose last is ndts_table_fulls
_SYN_RECEIVED = "03"
_PLACES = {"ingress": _INGRESS, "egress": _EGRESS}


def queues(path: str) -> tuple[Queue, ...]:
    """The queueing disciplines of a namespace, each with what it has lost and what waits in it.

    Args:
        path: a file that opens the namespace.
    """
    return sockets.use(path, ask)


def ask(talk: Talk) -> tuple[Queue, ...]:
    """The same of a socket's namespace.

    Args:
        talk: a socket that was opened in that namespace.
    """
    return tuple(_queue(talk, body) for body in talk.dump(_RTM_GETQDISC, _TC.pack(0, 0, 0, 0, 0)))


def _queue(talk: Talk, body: memoryview) -> Queue:
    _, index, handle, parent, _ = _TC.unpack_from(body)
    facts = attributes(body[_TC.size :])
    stats = attributes(facts[7]) if 7 in facts else {}  # TCA_STATS2
    waiting, _, lost, _, _ = _STATS.unpack_from(stats[3]) if 3 in stats else (0, 0, 0, 0, 0)  # TCA_STATS_QUEUE
    place = "root" if parent == _ROOT else "ingress" if parent == _PLAIN_INGRESS else _number(parent)
    return Queue(talk.name_of(index), text(facts[1]), _number(handle), place, lost, waiting)


def _number(handle: int) -> str:
    """A handle as tc writes it: "1:", "1:10"."""
    return f"{handle >> 16:x}:" + (f"{handle & 0xFFFF:x}" if handle & 0xFFFF else "")


def counters(path: str) -> dict[str, int]:
    """What a namespace has counted of TCP, of IPsec, of connections and neighbours that found no place in their table.

    Of echoes and of half-open connections too. As `nstat -asz`, /proc/net/xfrm_stat where there is IPsec,
    `conntrack -S` and `ip -s ntable` tell it.

    Args:
        path: a file that opens the namespace.
    """
    return inside(path, _counted)


def _counted() -> dict[str, int]:
    """The counters of the namespace that the calling thread is in."""
    found = _tabled("netstat", "") | {HALF_OPEN: _half_open()}
    echoes = {**_tabled("snmp", "Icmp"), **_listed("snmp6")}
    found |= {name: value for name, value in echoes.items() if name.startswith("Icmp")}
    return found | _listed("xfrm_stat") | _full()


def _tabled(file: str, prefix: str) -> dict[str, int]:
    """Counters whose names stand in one line and whose values in the next; of snmp with the protocol's name."""
    found: dict[str, int] = {}
    lines = Path(f"/proc/thread-self/net/{file}").read_text().splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        protocol, *words = names.split()
        before = protocol.rstrip(":") if prefix else ""
        if before.startswith(prefix):
            found |= zip((f"{before}{word}" for word in words), map(int, values.split()[1:]), strict=True)
    return found


def _listed(file: str) -> dict[str, int]:
    """Counters of which each has a line of its own."""
    path = Path(f"/proc/thread-self/net/{file}")
    lines = path.read_text().splitlines() if path.exists() else ()  # not every kernel has IPv6 or IPsec
    return {name: int(value) for name, value in map(str.split, lines)}


def _half_open() -> int:
    """How many connections wait for the last segment of their beginning: no counter, but what one is judged by."""
    tables = (Path(f"/proc/thread-self/net/{name}") for name in ("tcp", "tcp6"))
    lines = (line for table in tables if table.exists() for line in table.read_text().splitlines()[1:])
    return sum(line.split()[3] == _SYN_RECEIVED for line in lines)


def _full() -> dict[str, int]:
    """How often tables had no place left: that of connections in this namespace, that of neighbours in the kernel."""
    found = {"ConntrackDrop": 0, "NeighbourTableFull": 0}
    with suppress(KernelRefused), Talk(NETFILTER) as talk:  # a kernel that tracks no connections
        for body in talk.dump(_CT_GET_STATS_CPU, bytes(4)):
            facts = attributes(body[4:])
            found["ConntrackDrop"] += int.from_bytes(facts[_DROP]) if _DROP in facts else 0
    with Talk() as talk:
        for body in talk.dump(_RTM_GETNEIGHTBL, bytes(4)):
            facts = attributes(body[4:])
            found["NeighbourTableFull"] += _TABLE.unpack_from(facts[_STATISTICS])[-1] if _STATISTICS in facts else 0
    return found


def filters(path: str, device: str) -> tuple[Filter, ...]:
    """The filters that every packet passes that comes in by an interface or leaves by it.

    Args:
        path: a file that opens the namespace.
        device: the interface.
    """

    def read(talk: Talk) -> list[Filter]:
        index, found = talk.index_of(device), []
        doors = {queue.kind for queue in ask(talk) if queue.device == device}
        for place, parent in _PLACES.items() if "clsact" in doors else (("ingress", _INGRESS),):
            for body in talk.dump(_RTM_GETTFILTER, _TC.pack(0, index, 0, parent, 0)):
                facts, info = attributes(body[_TC.size :]), _TC.unpack_from(body)[4]
                found.append(Filter(place, info >> 16, text(facts[1]) if 1 in facts else ""))
        return found

    return tuple(dict.fromkeys(sockets.use(path, read)))


def redirects(path: str, devices: Iterable[str]) -> tuple[Redirect, ...]:
    """The filters that lead packets to another interface, each with how many it has led there.

    Args:
        path: a file that opens the namespace.
        devices: the interfaces that they hang at.
    """
    return inside(path, lambda: tuple(each for name in devices for place in _PLACES for each in _leading(name, place)))


def _leading(device: str, place: str) -> Iterator[Redirect]:
    """Those of one place of an interface of the namespace that the calling thread is in."""
    try:
        listed = json.loads(said("tc", "-s", "-j", "filter", "show", "dev", device, place) or "[]")
    except ValueError:  # a filter of a kind that tc cannot write as JSON
        return
    for each in listed:
        for act in each.get("options", {}).get("actions", ()):
            if act.get("mirred_action") == "redirect":
                led = int(act.get("stats", {}).get("packets", 0))
                yield Redirect(device, place, int(each["pref"]), act["to_dev"], led)
