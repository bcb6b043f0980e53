"""Read rtnetlink's records (rtnetlink(7), linux/if_link.h, linux/rtnetlink.h, linux/neighbour.h) as values.

What a record of a link, an address or a route means is remembered by its bytes: most are the same at the next look.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netkit import model
from netkit.linux.netlink.protocol import attributes, chosen, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")

_REMEMBERED = 1 << 14
"""How many records of a kind: those of some thousand namespaces, at about a kilobyte each."""

_IFF_UP = 1
_ARPHRD_LOOPBACK = 772
_STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_TABLE_LOCAL, _TABLE_MAIN = 255, 254
_RTM_F_CLONED = 0x200
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_PROTOCOLS = {0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}
_KINDS = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw", 10: "nat"}
_NEIGHBOUR_STATES = {
    1: "incomplete",
    2: "reachable",
    4: "stale",
    8: "delay",
    16: "probe",
    32: "failed",
    128: "permanent",
}
_NUD_NOARP, _NUD_PERMANENT = 64, 128


@dataclass(frozen=True)
class Link:
    """A link as read: what the kernel says in numbers is not yet turned into names.

    Attributes:
        end: of a veth: (index of the other end, number of its namespace or None if it is this one).
        master: index of the bridge that it is a port of, 0 for none.
        port_state: as a bridge's port: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking; None for others.
    """

    index: int
    name: str
    kind: str
    mac: str | None
    mtu: int
    up: bool
    carrier: bool
    state: str
    master: int
    end: tuple[int, int | None] | None
    details: tuple[tuple[str, str], ...]
    port_state: int | None = None


def link(body: memoryview) -> Link:
    """A link (RTM_NEWLINK)."""
    return _link(bytes(body))


@lru_cache(_REMEMBERED)
def _link(body: bytes) -> Link:
    _, hardware, index, flags, _ = _LINK.unpack_from(body)
    facts = attributes(memoryview(body)[_LINK.size :])
    info = attributes(facts[18]) if 18 in facts else {}  # IFLA_LINKINFO
    kind = _kind(info, hardware)
    port = _port(info)
    other = number(facts[5]) if 5 in facts else 0  # IFLA_LINK
    nsid = number(facts[37], signed=True) if 37 in facts else None  # IFLA_LINK_NETNSID
    return Link(
        index,
        text(facts[3]),  # IFLA_IFNAME
        kind,
        mac(facts[1]) if 1 in facts and len(facts[1]) == 6 else None,  # IFLA_ADDRESS
        number(facts[4]),  # IFLA_MTU
        bool(flags & _IFF_UP),
        bool(number(facts[33])) if 33 in facts else True,  # IFLA_CARRIER
        _STATES[number(facts[16])] if 16 in facts else "unknown",  # IFLA_OPERSTATE
        number(facts[10]) if 10 in facts else 0,  # IFLA_MASTER
        (other, nsid) if kind == "veth" and other else None,
        tuple(sorted(_details(kind, info, port))) if info else (),
        number(port[1]) if 1 in port else None,  # IFLA_BRPORT_STATE
    )


def cable(body: memoryview) -> tuple[int, str, tuple[int, int | None] | None]:
    """A link's index, its name and, of a veth, its other end as in `Link.end` (RTM_NEWLINK)."""
    name, other, nsid = chosen(body[_LINK.size :], 3, 5, 37)  # IFLA_IFNAME, IFLA_LINK, IFLA_LINK_NETNSID
    end = None
    if other is not None and number(other) and kind_and_master(body)[0] == "veth":
        end = number(other), number(nsid, signed=True) if nsid is not None else None
    return _LINK.unpack_from(body)[2], text(name), end


def kind_and_master(body: memoryview) -> tuple[str, int]:
    """A link's kind and the index of its master, 0 for none (RTM_NEWLINK)."""
    info, master = chosen(body[_LINK.size :], 18, 10)  # IFLA_LINKINFO, IFLA_MASTER
    facts = attributes(info) if info is not None else {}
    return _kind(facts, _LINK.unpack_from(body)[1]), number(master) if master is not None else 0


def _kind(info: Mapping[int, memoryview], hardware: int) -> str:
    return text(info[1]) if 1 in info else "loopback" if hardware == _ARPHRD_LOOPBACK else "ethernet"


def interface(
    found: Link, names: Mapping[int, str], addresses: Iterable[str] = (), peer: model.End | None = None
) -> model.Interface:
    """A link with its bridge's name and its addresses, as a value.

    Args:
        found: the link.
        names: of the interfaces of its namespace, by index.
        addresses: its own.
        peer: (namespace, interface) of its other end.
    """
    return model.Interface(
        found.name,
        found.kind,
        found.mac,
        found.mtu,
        found.up,
        found.carrier,
        found.state,
        tuple(sorted(addresses, key=lambda address: ":" in address)),  # stable: IPv4 first
        peer,
        names.get(found.master),
        found.details,
        found.index,
    )


def address(body: memoryview) -> tuple[int, str]:
    """(interface's index, "10.0.0.1/24") of an address (RTM_NEWADDR)."""
    return _address(bytes(body))


@lru_cache(_REMEMBERED)
def _address(body: bytes) -> tuple[int, str]:
    family, length, _, _, index = _ADDRESS.unpack_from(body)
    facts = attributes(memoryview(body)[_ADDRESS.size :])
    value = facts[2] if 2 in facts else facts[1]  # IFA_LOCAL, or IFA_ADDRESS where both ends are one
    return index, f"{socket.inet_ntop(family, bytes(value))}/{length}"


def routes(body: memoryview, names: Mapping[int, str]) -> list[model.Route]:
    """The routes of one record (RTM_NEWROUTE): one for each next hop; none for the table "local" and multicast.

    Args:
        body: the record.
        names: of interfaces, by index.
    """
    return [model.Route(prefix, via, names.get(device), *rest) for prefix, via, device, rest in _routes(bytes(body))]


@lru_cache(_REMEMBERED)
def _routes(body: bytes) -> list[tuple[str, str | None, int, tuple[Any, ...]]]:
    """The destination, router, interface's index, and the rest that a `model.Route` is made of, for each next hop."""
    family, length, _, _, table, protocol, scope, kind, flags = _ROUTE.unpack_from(body)
    if table == _TABLE_LOCAL or flags & _RTM_F_CLONED or kind not in _KINDS:
        return []
    facts = attributes(memoryview(body)[_ROUTE.size :])
    table = number(facts[15]) if 15 in facts else table  # RTA_TABLE
    prefix = f"{socket.inet_ntop(family, bytes(facts[1]))}/{length}" if 1 in facts else _everything(family, length)
    rest = (
        socket.inet_ntop(family, bytes(facts[7])) if 7 in facts else None,  # RTA_PREFSRC
        _SCOPES.get(scope, str(scope)),
        _PROTOCOLS.get(protocol, str(protocol)),
        _KINDS[kind],
        number(facts[6]) if 6 in facts else 0,  # RTA_PRIORITY
        "main" if table == _TABLE_MAIN else str(table),
        4 if family == socket.AF_INET else 6,
    )
    hops = _next_hops(facts[9], family) if 9 in facts else [_next_hop(facts, family)]  # RTA_MULTIPATH
    return [(prefix, via, device, rest) for via, device in hops]


def neighbour(body: memoryview, names: Mapping[int, str]) -> model.Neighbour | None:
    """A neighbour entry (RTM_NEWNEIGH); None for those that the kernel computes, as for multicast.

    Args:
        body: the record.
        names: of interfaces, by index.
    """
    family, index, state, _, _ = _NEIGHBOUR.unpack_from(body)
    if state not in _NEIGHBOUR_STATES or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    facts = attributes(body[_NEIGHBOUR.size :])
    if 1 not in facts:
        return None
    hardware = mac(facts[2]) if 2 in facts and len(facts[2]) == 6 else None
    return model.Neighbour(
        socket.inet_ntop(family, bytes(facts[1])), names.get(index, str(index)), hardware, _NEIGHBOUR_STATES[state]
    )


def forwarding_entry(body: memoryview, links: Mapping[int, Link]) -> model.ForwardingEntry | None:
    """An entry of a bridge's or VXLAN device's table; None for multicast and for other devices' own filters.

    Args:
        body: the record (RTM_NEWNEIGH, family AF_BRIDGE).
        links: of the namespace, by index.
    """
    _, index, state, _, _ = _NEIGHBOUR.unpack_from(body)
    facts = attributes(body[_NEIGHBOUR.size :])
    device = links.get(index)
    if device is None or 2 not in facts or facts[2][0] & 1 or (9 not in facts and device.kind != "vxlan"):
        return None
    hardware, master = mac(facts[2]), links.get(number(facts[9])) if 9 in facts else None
    own = {device.mac, master.mac if master else None}
    configured = "permanent" if hardware in own else "static"
    word = configured if state & (_NUD_PERMANENT | _NUD_NOARP) else "learned"
    remote = str(ipaddress.ip_address(bytes(facts[1]))) if 1 in facts else None  # NDA_DST
    return model.ForwardingEntry(hardware, device.name, master.name if master else None, remote, word)


def mac(value: memoryview) -> str:
    """Six bytes as "02:42:ac:11:00:02"."""
    return value.hex(":")


def _everything(family: int, length: int) -> str:
    zero = socket.inet_ntop(family, bytes(4 if family == socket.AF_INET else 16))
    return f"{zero}/{length}" if length else "default"


def _next_hop(facts: Mapping[int, memoryview], family: int) -> tuple[str | None, int]:
    """(router, interface's index): RTA_GATEWAY or, across families, RTA_VIA; RTA_OIF."""
    via = socket.inet_ntop(family, bytes(facts[5])) if 5 in facts else None
    if 18 in facts:
        via = socket.inet_ntop(number(facts[18][:2]), bytes(facts[18][2:]))
    return via, number(facts[4]) if 4 in facts else 0


def _next_hops(data: memoryview, family: int) -> list[tuple[str | None, int]]:
    """RTA_MULTIPATH: a list of struct rtnexthop, each with attributes."""
    found, position = [], 0
    while position + 8 <= len(data):
        length, _, _, index = struct.unpack_from("=HBBi", data, position)
        via, _ = _next_hop(attributes(data[position + 8 : position + length]), family)
        found.append((via, index))
        position += max((length + 3) & ~3, 8)
    return found


def _details(kind: str, info: Mapping[int, memoryview], port: Mapping[int, memoryview]) -> list[tuple[str, str]]:
    """What is worth knowing of a link's kind, and of its being a bridge's port."""
    found = []
    data = attributes(info[2]) if kind in ("vxlan", "bridge", "vlan") and 2 in info else {}  # IFLA_INFO_DATA
    if kind == "vxlan":
        found += _vxlan(data)
    if kind == "bridge" and 5 in data and number(data[5]):
        found.append(("stp", "1"))
    if kind == "vlan" and 1 in data:
        found.append(("vlan", str(number(data[1]))))
    if 4 in port and number(port[4]):  # IFLA_BRPORT_MODE
        found.append(("hairpin", "1"))
    if 33 in port and number(port[33]):  # IFLA_BRPORT_ISOLATED
        found.append(("isolated", "1"))
    return found


def _port(info: Mapping[int, memoryview]) -> dict[int, memoryview]:
    """What a bridge knows of its port (IFLA_INFO_SLAVE_DATA)."""
    return attributes(info[5]) if 5 in info and 4 in info and text(info[4]) == "bridge" else {}


def _vxlan(data: Mapping[int, memoryview]) -> list[tuple[str, str]]:
    found = [("vni", str(number(data[1])))] if 1 in data else []
    for attribute, word in ((2, "group"), (4, "local"), (16, "group"), (17, "local")):  # IFLA_VXLAN_GROUP, LOCAL, …6
        if attribute in data and any(data[attribute]):
            found.append((word, str(ipaddress.ip_address(bytes(data[attribute])))))
    if 15 in data:
        found.append(("port", str(int.from_bytes(data[15], "big"))))  # IFLA_VXLAN_PORT
    if 7 in data and not number(data[7]):
        found.append(("learning", "0"))  # IFLA_VXLAN_LEARNING
    if 11 in data and number(data[11]):
        found.append(("proxy", "1"))  # IFLA_VXLAN_PROXY
    return found
