"""Read rtnetlink's records of links and addresses (rtnetlink(7), linux/if_link.h, linux/if_addr.h) as values.

What a record means is remembered by its bytes: most are the same at the next look.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from netkit import model
from netkit.linux.looks.details import details, switched, token
from netkit.linux.looks.layouts import BEGIN, Layouts, attributes_at
from netkit.linux.looks.resting import at_rest
from netkit.linux.netlink.protocol import ATTRIBUTE, attributes, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_NUMBER = 0x3FFF  # NLA_TYPE_MASK

_REMEMBERED = 1 << 14
"""How many records of a kind: those of some thousand namespaces, at about a kilobyte each."""

_IFF_UP = 1
_ARPHRD_LOOPBACK = 772
_STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}


@dataclass(frozen=True)
class Link:
    """A link as read: what the kernel says in numbers is not yet turned into names.

    Attributes:
        end: of a veth: (index of the other end, number of its namespace or None if it is this one).
        master: index of the bridge that it is a port of, 0 for none.
        port_state: as a bridge's port: 0 disabled, 1 listening, 2 learning, 3 forwarding, 4 blocking; None for others.
        below: of a macvlan, a VLAN, a tunnel …: the interface that it lies on, as `end` tells the other end.
        token: the last bits of the addresses that it gives itself in advertised prefixes (ip-token(8)).
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
    below: tuple[int, int | None] | None = None
    switches: tuple[tuple[str, str], ...] = ()
    token: str = ""


def link(body: memoryview) -> Link:
    """A link (RTM_NEWLINK)."""
    return _link(at_rest(body))


@lru_cache(_REMEMBERED)
def _link(body: bytes) -> Link:
    _, hardware, index, flags, _ = _LINK.unpack_from(body)
    facts = attributes(memoryview(body)[_LINK.size :])
    info = attributes(facts[18]) if 18 in facts else {}  # IFLA_LINKINFO
    kind = _kind(info, hardware)
    port = _port(info)
    other = number(facts[5]) if 5 in facts else _tunnelled_over(kind, info)  # IFLA_LINK
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
        details(kind, flags, facts, info, port),
        number(port[1]) if 1 in port else None,  # IFLA_BRPORT_STATE
        (other, nsid) if kind != "veth" and other and (other != index or nsid is not None) else None,
        switched(kind, facts),
        token(facts),
    )


def cable(body: memoryview) -> tuple[int, str, tuple[int, int | None] | None]:
    """A link's index, its name and, of a veth, its other end as in `Link.end` (RTM_NEWLINK)."""
    name, other, nsid = _chosen(body, 3, 5, 37)  # IFLA_IFNAME, IFLA_LINK, IFLA_LINK_NETNSID
    end = None
    if other is not None and number(other) and kind_and_master(body)[0] == "veth":
        end = number(other), number(nsid, signed=True) if nsid is not None else None
    return _LINK.unpack_from(body)[2], text(name), end


def _port(info: Mapping[int, memoryview]) -> dict[int, memoryview]:
    """What a bridge knows of its port (IFLA_INFO_SLAVE_DATA)."""
    return attributes(info[5]) if 5 in info and 4 in info and text(info[4]) == "bridge" else {}


def kind_and_master(body: memoryview) -> tuple[str, int]:
    """A link's kind and the index of its master, 0 for none (RTM_NEWLINK)."""
    info, master = _chosen(body, 18, 10)  # IFLA_LINKINFO, IFLA_MASTER
    facts = attributes(info) if info is not None else {}
    return _kind(facts, _LINK.unpack_from(body)[1]), number(master) if master is not None else 0


def _chosen(body: memoryview, *numbers: int) -> list[memoryview | None]:
    """A link's attributes of some numbers, None where there is none."""
    places = _values.of(body)
    return [body[places[number]] if number in places else None for number in numbers]


def _placed(body: memoryview) -> tuple[list[int], dict[int, slice]]:
    """The places of a link's attributes, and where their values are, by number."""
    found = list(attributes_at(body, BEGIN, len(body)))
    return [place for place, _, _ in found], {
        kind & _NUMBER: slice(place + ATTRIBUTE.size, place + length) for place, length, kind in found
    }


_values: Layouts[dict[int, slice]] = Layouts(_placed)


def _kind(info: Mapping[int, memoryview], hardware: int) -> str:
    return text(info[1]) if 1 in info else "loopback" if hardware == _ARPHRD_LOOPBACK else "ethernet"


def with_state(found: Link) -> Link:
    """A port that somebody keeps from forwarding, with that among its details; where no tree decides it (STP).

    A port without a carrier is disabled by itself.
    """
    if found.port_state in (None, _FORWARDING) or not (found.up and found.carrier):
        return found
    word = STATES_OF_PORTS.get(found.port_state, str(found.port_state))
    return replace(found, details=tuple(sorted((*found.details, ("state", word)))))


STATES_OF_PORTS = {0: "disabled", 1: "listening", 2: "learning", 4: "blocking"}
"""Those in which a bridge's port does not forward, by their numbers (BR_STATE_…)."""
_FORWARDING = 3


def interface(
    found: Link,
    names: Mapping[int, str],
    addresses: Iterable[Address] = (),
    peer: model.End | None = None,
    parent: model.End | None = None,
) -> model.Interface:
    """A link with its bridge's name and its addresses, as a value.

    Args:
        found: the link.
        names: of the interfaces of its namespace, by index.
        addresses: its own.
        peer: (namespace, interface) of its other end.
        parent: that of the interface that it lies on.
    """
    ordered = sorted(addresses, key=lambda address: ":" in address.text)  # stable: IPv4 first
    return model.Interface(
        found.name,
        found.kind,
        found.mac,
        found.mtu,
        found.up,
        found.carrier,
        found.state,
        tuple(address.text for address in ordered),
        peer,
        names.get(found.master),
        found.details,
        found.index,
        parent,
        found.switches,
        tuple((address.text, words) for address in ordered if (words := address.words(found.name))),
    )


class Address(NamedTuple):
    """An address as read.

    Attributes:
        index: of its interface.
        text: "10.0.0.1/24".
        label: the name by which older tools know it; mostly that of the interface.
        further: what else it has, in `ip`'s words.
    """

    index: int
    text: str
    label: str = ""
    further: str = ""

    def words(self, device: str) -> str:
        """What it has beside itself, in `ip`'s words.

        Args:
            device: the name of its interface.
        """
        label = f"label {self.label}" if self.label not in ("", device) else ""
        return " ".join(part for part in (self.further, label) if part)


def address(body: memoryview) -> Address:
    """An address (RTM_NEWADDR)."""
    return _address(bytes(body))


_STATES_OF_ADDRESSES = {
    0x02: "nodad",
    0x04: "optimistic",
    0x08: "dadfailed",
    0x10: "home",
    0x20: "deprecated",
    0x40: "tentative",
    0x100: "mngtmpaddr",
    0x200: "noprefixroute",
    0x400: "autojoin",
    0x800: "stable-privacy",
}
_FOREVER = 0xFFFFFFFF


@lru_cache(_REMEMBERED)
def _address(body: bytes) -> Address:
    family, length, flags, scope, index = _ADDRESS.unpack_from(body)
    facts = attributes(memoryview(body)[_ADDRESS.size :])
    value = facts[2] if 2 in facts else facts[1]  # IFA_LOCAL, or IFA_ADDRESS where both ends are one
    own = socket.inet_ntop(family, bytes(value))
    flags = number(facts[8]) if 8 in facts else flags  # IFA_FLAGS
    words = [f"peer {socket.inet_ntop(family, bytes(facts[1]))}"] if 1 in facts and facts[1] != value else []
    words += [f"broadcast {socket.inet_ntop(family, bytes(facts[4]))}"] if 4 in facts else []
    words += [f"metric {number(facts[9])}"] if 9 in facts and number(facts[9]) else []
    usual = ipaddress.ip_address(own)
    expected = 254 if usual.is_loopback else 253 if usual.version == 6 and usual.is_link_local else 0
    words += [f"scope {SCOPES.get(scope, str(scope))}"] if scope != expected else []
    words += [word for bit, word in _STATES_OF_ADDRESSES.items() if flags & bit]
    words += ["for a time"] if 6 in facts and struct.unpack_from("=4xI", facts[6])[0] != _FOREVER else []
    return Address(index, f"{own}/{length}", text(facts[3]) if 3 in facts else "", " ".join(words))


def _tunnelled_over(kind: str, info: Mapping[int, memoryview]) -> int:
    """The interface that a VXLAN device was told to send by (IFLA_VXLAN_LINK), 0 for none."""
    data = attributes(info[2]) if kind == "vxlan" and 2 in info else {}
    return number(data[3]) if 3 in data else 0


def mac(value: memoryview) -> str:
    """Six bytes as "02:42:ac:11:00:02"."""
    return value.hex(":")
