"""Look at what else iproute2 lists: `bridge vlan`, `bridge mdb`, `ip token`, `ip addrlabel`, `ip xfrm`.

VLANs of a bridge's ports and its groups that somebody set, tokens and labels of IPv6, IPsec.  The kernel is asked only
for what can be there: groups where there is a bridge, VLANs where one heeds them, unless all is wanted.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.diagnosis.answers import Member
from netkit.linux.looks import ipsec
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import Talk, attribute, attributes, number, text
from netkit.model.listed import GROUPS, LABELS, TOKENS, Listed, in_vlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netkit.linux.looks.records import Link

_RTM_GETLINK, _RTM_GETADDRLABEL, _RTM_GETMDB = 18, 74, 86
_AF_BRIDGE, _EXT_MASK, _VLANS_TOO = 7, 29, 2
_NAME, _SPECIFIC = 3, 26
_VLAN = struct.Struct("=HH")
_OWN, _UNTAGGED = 2, 4
_PORT, _GROUP = struct.Struct("=BxxxI"), struct.Struct("=IBBH16s2sxx")
_PERMANENT, _IP, _IP6 = 1, 0x0800, 0x86DD
_USUAL = frozenset(
    (ipaddress.IPv6Network(prefix), label, 0)
    for prefix, label in (
        *(("::1/128", 0), ("::/0", 1), ("2002::/16", 2), ("::/96", 3), ("::ffff:0:0/96", 4), ("fc00::/7", 5)),
        *(("2001::/32", 6), ("2001:10::/28", 7), ("fec0::/10", 11), ("3ffe::/16", 12)),
    )
)
"""Those that the kernel gives each namespace (RFC 6724 and its older kin; net/ipv6/addrlabel.c)."""
_LABEL = struct.Struct("=BxBxII")
_HEEDING = "vlan_filtering"


def lines_here(talk: Talk, links: Iterable[Link], *, everything: bool = False) -> tuple[Listed, ...]:
    """Each thing, sorted, in the namespace that the calling thread is in.

    Args:
        talk: with the kernel, there.
        links: all that are there.
        everything: whether to list VLANs, too, that no bridge heeds.
    """
    names = {link.index: link.name for link in links}
    bridges = [link for link in links if link.kind == "bridge"]
    found = [Listed(TOKENS, (("token", link.token), ("dev", link.name))) for link in links if link.token]
    found += _labels(talk, names)
    if bridges and (everything or any((_HEEDING, "1") in link.details for link in bridges)):
        found += [in_vlan(one.port, one.vlan, own=one.own, untagged=one.untagged) for one in _vlans(talk)]
    if bridges:
        found += _members(talk, names)
    return tuple(sorted([*found, *ipsec.lines_here()]))


def _nested(value: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Attributes in their order, also several of one number."""
    place = 0
    while place + 4 <= len(value):
        length, kind = struct.unpack_from("=HH", value, place)
        yield kind & 0x3FFF, value[place + 4 : place + length]
        place += max((length + 3) & ~3, 4)


def vlans(path: str) -> tuple[Member, ...]:
    """In which VLANs the ports of a namespace's bridges, and these themselves, are: `bridge vlan show`.

    Args:
        path: a file that opens the namespace.
    """
    return tuple(sockets.use(path, lambda talk: list(_vlans(talk))))


def _vlans(talk: Talk) -> Iterator[Member]:
    request = struct.pack("=B15x", _AF_BRIDGE) + attribute(_EXT_MASK, struct.pack("=I", _VLANS_TOO))
    for body in talk.dump(_RTM_GETLINK, request):
        facts = attributes(body[16:])
        for kind, value in _nested(facts.get(_SPECIFIC, memoryview(b""))):
            if kind == 2:  # IFLA_BRIDGE_VLAN_INFO
                flags, vlan = _VLAN.unpack_from(value)
                yield Member(text(facts[_NAME]), vlan, bool(flags & _OWN), bool(flags & _UNTAGGED))


def _members(talk: Talk, names: Mapping[int, str]) -> Iterator[Listed]:
    """Which groups somebody led to a port: `bridge mdb show`, but what ports have joined by themselves."""
    for body in talk.dump(_RTM_GETMDB, _PORT.pack(_AF_BRIDGE, 0)):
        _, bridge = _PORT.unpack_from(body)
        tables = (value for kind, value in _nested(body[_PORT.size :]) if kind == 1)
        for _, entry in (each for table in tables for each in _nested(table)):
            for _, info in _nested(entry):
                port, state, _, vlan, group, protocol = _GROUP.unpack_from(info)
                if state == _PERMANENT:
                    where = [("dev", names.get(bridge, str(bridge))), ("port", names.get(port, str(port)))]
                    whom = ("grp", _group(group, int.from_bytes(protocol, "big")))
                    yield Listed(GROUPS, (*where, whom, *([("vid", str(vlan))] if vlan else [])))


def _group(data: bytes, protocol: int) -> str:
    """The address of a group; its MAC where it is of no version of IP."""
    if protocol in (_IP, _IP6):
        return str(ipaddress.ip_address(data[:4] if protocol == _IP else data))
    return data[:6].hex(":")


def _labels(talk: Talk, names: Mapping[int, str]) -> Iterator[Listed]:
    """By which prefixes of IPv6 a source is chosen, where a namespace has others than all have: `ip addrlabel`."""
    bodies = talk.dump(_RTM_GETADDRLABEL, _LABEL.pack(socket.AF_INET6, 0, 0, 0))
    for one in _differing(tuple(map(bytes, bodies))):
        prefix, label, device = one
        of = (("dev", names.get(device, str(device))),) if device else ()
        yield Listed(LABELS, (("prefix", str(prefix)), *of, ("label", str(label))), missing=one in _USUAL)


@lru_cache(64)
def _differing(bodies: tuple[bytes, ...]) -> frozenset[tuple[ipaddress.IPv6Network, int, int]]:
    found = set()
    for body in bodies:
        _, length, device, _ = _LABEL.unpack_from(body)
        facts = attributes(memoryview(body)[_LABEL.size :])
        prefix = ipaddress.IPv6Network((bytes(facts[1]) if 1 in facts else 0, length))
        found.add((prefix, number(facts[2]), device))
    return _USUAL ^ found
