"""Read rtnetlink's records of routes, neighbours and forwarding databases (linux/rtnetlink.h, linux/neighbour.h).

What the routes of a namespace mean is remembered by their bytes: most are the same at the next look.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netkit import model
from netkit.linux.looks.records import SCOPES, mac
from netkit.linux.netlink.protocol import ATTRIBUTE, attributes, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netkit.linux.looks.records import Link

_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_MAC = ATTRIBUTE.pack(ATTRIBUTE.size + 6, 2)  # NDA_LLADDR
_MAC_FIRST = _NEIGHBOUR.size + ATTRIBUTE.size
_NAMESPACES = 1 << 11
"""Of so many namespaces the routes are kept as values."""

_TABLES = {253: "default", 254: "main", 255: "local"}
_RTM_F_CLONED = 0x200
_ONLINK = 4
_PROTOCOLS = {0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}
_KINDS = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
}
_METRICS = {
    2: "mtu",
    3: "window",
    4: "rtt",
    5: "rttvar",
    6: "ssthresh",
    7: "cwnd",
    8: "advmss",
    9: "reordering",
    10: "hoplimit",
    11: "initcwnd",
    12: "features",
    13: "rto_min",
    14: "initrwnd",
    15: "quickack",
    17: "fastopen",
}
_LOCK, _CONGESTION = 1, 16
_PARTS_OF_A_MS = {"rtt": 8, "rttvar": 4}
_PREFERENCES = {1: "high", 3: "low"}
_NEIGHBOUR_STATES = {
    1: "incomplete",
    2: "reachable",
    4: "stale",
    8: "delay",
    16: "probe",
    32: "failed",
    64: "noarp",
    128: "permanent",
}
_TO_OWN = frozenset(["local", "broadcast", "anycast", "multicast"])
_NUD_NOARP, _NUD_PERMANENT = 64, 128
_PROXY, _UNICAST, _BOOT = 8, 1, 3
_FLAGS = {0x10: "extern_learn", 0x40: "sticky"}
_ROUTER = 0x80  # NTF_ROUTER, which the kernel also learns by itself (RFC 4861)
_FLAGS_EXTENDED = {1: "managed", 2: "locked"}


def routes(
    bodies: Iterable[memoryview], names: Mapping[int, str]
) -> tuple[tuple[model.Route, ...], tuple[model.Route, ...]]:
    """The routes of all tables but "local", and those of "local" with the kernel's own to groups; none of a cache.

    Args:
        bodies: the records (RTM_NEWROUTE); one makes a route for each next hop.
        names: of interfaces, by index.
    """
    return _all_routes(tuple(map(bytes, bodies)), tuple(names.items()))


@lru_cache(_NAMESPACES)
def _all_routes(
    bodies: tuple[bytes, ...], names: tuple[tuple[int, str], ...]
) -> tuple[tuple[model.Route, ...], tuple[model.Route, ...]]:
    known = dict(names)
    found = [
        model.Route(prefix, via, known.get(device), *rest, details)
        for body in bodies
        for prefix, via, device, rest, details in _routes(body)
    ]
    local = tuple(route for route in found if _is_local(route))
    return tuple(route for route in found if not _is_local(route)), local


def _is_local(route: model.Route) -> bool:
    return route.table == "local" or (route.kind in _TO_OWN and route.protocol == "kernel")


_Read = tuple[str, "str | None", int, tuple[Any, ...], tuple[tuple[str, str], ...]]


def _routes(body: bytes) -> list[_Read]:
    """Destination, router, interface's index, the rest that a `model.Route` is made of, its details: by next hop."""
    family, length, source, tos, table, protocol, scope, kind, flags = _ROUTE.unpack_from(body)
    if flags & _RTM_F_CLONED or kind not in _KINDS or family not in (socket.AF_INET, socket.AF_INET6):
        return []
    facts = attributes(memoryview(body)[_ROUTE.size :])
    table = number(facts[15]) if 15 in facts else table  # RTA_TABLE
    prefix = f"{socket.inet_ntop(family, bytes(facts[1]))}/{length}" if 1 in facts else _everything(family, length)
    rest = (
        socket.inet_ntop(family, bytes(facts[7])) if 7 in facts else None,  # RTA_PREFSRC
        SCOPES.get(scope, str(scope)),
        _PROTOCOLS.get(protocol, str(protocol)),
        _KINDS[kind],
        number(facts[6]) if 6 in facts else 0,  # RTA_PRIORITY
        _TABLES.get(table, str(table)),
        4 if family == socket.AF_INET else 6,
    )
    details = tuple(_route_details(facts, family, source, tos))
    alone = [(*_next_hop(facts, family), _per_hop(facts, flags, 1))]
    hops = _next_hops(facts[9], family) if 9 in facts else alone  # RTA_MULTIPATH
    return [(prefix, via, device, rest, details + more) for via, device, more in hops]


def _route_details(facts: Mapping[int, memoryview], family: int, source: int, tos: int) -> Iterator[tuple[str, str]]:
    """What the route has for all of its next hops."""
    if 2 in facts:
        yield "from", f"{socket.inet_ntop(family, bytes(facts[2]))}/{source}"
    if tos:
        yield "tos", hex(tos)
    if 8 in facts:  # RTA_METRICS
        metrics = attributes(facts[8])
        locked = number(metrics[_LOCK]) if _LOCK in metrics else 0
        for name, word in _METRICS.items():
            if name in metrics and (word != "hoplimit" or number(metrics[name]) != 0xFFFFFFFF):
                yield word, ("lock " if locked >> name & 1 else "") + _metric(word, number(metrics[name]))
        if _CONGESTION in metrics:
            yield "congctl", text(metrics[_CONGESTION])
    if 20 in facts and number(facts[20]) in _PREFERENCES:
        yield "pref", _PREFERENCES[number(facts[20])]
    if 11 in facts and number(facts[11]):
        yield "realm", str(number(facts[11]))
    if 30 in facts:
        yield "nhid", str(number(facts[30]))


def _metric(word: str, value: int) -> str:
    """A metric in ip-route(8)'s units: round trips are kept in eighths, and their variance in quarters, of 1 ms."""
    if (parts := _PARTS_OF_A_MS.get(word)) and value % parts == 0:
        return f"{value // parts}ms"
    return "ecn" if word == "features" and value == 1 else str(value)


def _everything(family: int, length: int) -> str:
    zero = socket.inet_ntop(family, bytes(4 if family == socket.AF_INET else 16))
    return f"{zero}/{length}" if length else "default"


def _next_hop(facts: Mapping[int, memoryview], family: int) -> tuple[str | None, int]:
    """(router, interface's index): RTA_GATEWAY or, across families, RTA_VIA; RTA_OIF."""
    via = socket.inet_ntop(family, bytes(facts[5])) if 5 in facts else None
    if 18 in facts:
        via = socket.inet_ntop(number(facts[18][:2]), bytes(facts[18][2:]))
    return via, number(facts[4]) if 4 in facts else 0


def _per_hop(facts: Mapping[int, memoryview], flags: int, weight: int) -> tuple[tuple[str, str], ...]:
    """What one next hop has for itself."""
    found = [("onlink", "")] if flags & _ONLINK else []
    found += [("weight", str(weight))] if weight > 1 else []
    found += [("encap", bytes(facts[22]).hex())] if 22 in facts else []
    return tuple(found)


def _next_hops(data: memoryview, family: int) -> list[tuple[str | None, int, tuple[tuple[str, str], ...]]]:
    """RTA_MULTIPATH: a list of struct rtnexthop, each with attributes."""
    found, position = [], 0
    while position + 8 <= len(data):
        length, flags, weight, index = struct.unpack_from("=HBBi", data, position)
        facts = attributes(data[position + 8 : position + length])
        via, _ = _next_hop(facts, family)
        found.append((via, index, _per_hop(facts, flags, weight + 1)))
        position += max((length + 3) & ~3, 8)
    return found


def neighbour(body: memoryview, links: Mapping[int, Link]) -> model.Neighbour | None:
    """A neighbour entry (RTM_NEWNEIGH); None for those that the kernel computes, as for multicast.

    Args:
        body: the record.
        links: of the namespace, by index.
    """
    family, index, state, flags, kind = _NEIGHBOUR.unpack_from(body)
    if not (flags & _PROXY or state in _NEIGHBOUR_STATES) or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    # Broadcast, multicast, and all addresses of a link without ARP are computed, not found out.
    if state == _NUD_NOARP and kind != _UNICAST:
        return None
    facts = attributes(body[_NEIGHBOUR.size :])
    if 1 not in facts:
        return None
    device = links.get(index)
    hardware = mac(facts[2]) if 2 in facts and len(facts[2]) == 6 else None
    if state == _NUD_NOARP and (device is None or hardware in (None, device.mac)):
        return None
    word = "proxy" if flags & _PROXY else _NEIGHBOUR_STATES[state]
    name = device.name if device is not None else str(index)
    details = [("router", "")] if flags & _ROUTER and state in (_NUD_NOARP, _NUD_PERMANENT) else []
    return model.Neighbour(
        socket.inet_ntop(family, bytes(facts[1])), name, hardware, word, (*_flagged(flags, facts), *details)
    )


def _flagged(flags: int, facts: Mapping[int, memoryview]) -> Iterator[tuple[str, str]]:
    """What somebody said of an entry beside its state."""
    yield from ((word, "") for bit, word in _FLAGS.items() if flags & bit)
    further = number(facts[15]) if 15 in facts else 0  # NDA_FLAGS_EXT
    yield from ((word, "") for bit, word in _FLAGS_EXTENDED.items() if further & bit)
    if 12 in facts and number(facts[12]) > _BOOT:  # NDA_PROTOCOL
        yield "proto", str(number(facts[12]))


def forwarding_entry(body: memoryview, links: Mapping[int, Link]) -> model.ForwardingEntry | None:
    """An entry of a bridge's or VXLAN device's table; None for multicast and for other devices' own filters.

    Args:
        body: the record (RTM_NEWNEIGH, family AF_BRIDGE).
        links: of the namespace, by index.
    """
    if body[_NEIGHBOUR.size : _MAC_FIRST] == _MAC and body[_MAC_FIRST] & 1:
        return None  # a group's, as most are: what else it has need not be read
    _, index, state, flags, _ = _NEIGHBOUR.unpack_from(body)
    facts = attributes(body[_NEIGHBOUR.size :])
    device = links.get(index)
    if device is None or 2 not in facts or facts[2][0] & 1 or (9 not in facts and device.kind != "vxlan"):
        return None
    hardware, master = mac(facts[2]), links.get(number(facts[9])) if 9 in facts else None
    own = {device.mac, master.mac if master else None}
    configured = "permanent" if hardware in own else "static"
    word = configured if state & (_NUD_PERMANENT | _NUD_NOARP) else "learned"
    remote = str(ipaddress.ip_address(bytes(facts[1]))) if 1 in facts else None  # NDA_DST
    details = [*_flagged(flags, facts), *_tagged(facts, links)]
    return model.ForwardingEntry(hardware, device.name, master.name if master else None, remote, word, tuple(details))


def _tagged(facts: Mapping[int, memoryview], links: Mapping[int, Link]) -> Iterator[tuple[str, str]]:
    """In which VLAN an entry holds, and by which port, network and interface a VTEP is reached."""
    if 5 in facts and number(facts[5]):
        yield "vlan", str(number(facts[5]))
    if 6 in facts:
        yield "port", str(int.from_bytes(facts[6], "big"))
    yield from (
        (word, str(number(facts[name]))) for name, word in ((7, "vni"), (11, "src_vni"), (13, "nhid")) if name in facts
    )
    if 8 in facts and (by := links.get(number(facts[8]))) is not None:
        yield "via", by.name
