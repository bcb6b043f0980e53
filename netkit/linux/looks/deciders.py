"""Look at rules that choose a routing table, neighbour proxies, and addresses that are tentative or dadfailed."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from netkit.diagnosis.answers import PolicyRule
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import attributes, number, text

if TYPE_CHECKING:
    from netkit.linux.netlink.protocol import Talk

_RTM_GETADDR, _RTM_GETNEIGH, _RTM_GETRULE = 22, 30, 34
_RULE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_ADDRESS = struct.Struct("=BBBBi")
_NTF_PROXY = 0x8
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_TABLES = {253: "default", 254: "main", 255: "local"}
_INVERTED = 0x2
_FRA_FURTHER, _USERS = (11, 12, 19), 20
"""Realms, a tunnel, a VRF's rule; users."""

_TENTATIVE, _FAILED = 0x40, 0x08


def rules(path: str, version: int) -> tuple[PolicyRule, ...]:
    """The rules by which a namespace chooses a routing table, in the order in which they are tried.

    Args:
        path: a file that opens the namespace.
        version: of IP.
    """

    def read(talk: Talk) -> list[PolicyRule]:
        answers = talk.dump(_RTM_GETRULE, _RULE.pack(_FAMILIES[version], 0, 0, 0, 0, 0, 0, 0, 0))
        return [_rule(version, body) for body in answers]

    return tuple(sorted(sockets.use(path, read), key=lambda rule: rule.priority))


def _rule(version: int, body: memoryview) -> PolicyRule:
    family, to_length, from_length, service, table, _, _, action, flags = _RULE.unpack_from(body)
    facts = attributes(body[_RULE.size :])

    def prefix(attribute: int, length: int) -> str:
        address = socket.inet_ntop(family, bytes(facts[attribute])) if attribute in facts else ""
        return f"{address}/{length}" if address else ""

    def ports(attribute: int) -> tuple[int, int] | None:
        return struct.unpack("=HH", facts[attribute]) if attribute in facts else None

    table = number(facts[15]) if 15 in facts else table
    suppressed = number(facts[14], signed=True) if 14 in facts else -1
    return PolicyRule(
        version,
        number(facts[6]) if 6 in facts else 0,
        _ACTIONS.get(action, str(action)),
        _TABLES.get(table, str(table)),
        prefix(2, from_length),
        prefix(1, to_length),
        text(facts[3]) if 3 in facts else "",
        text(facts[17]) if 17 in facts else "",
        number(facts[10]) if 10 in facts else None,
        number(facts[16]) if 16 in facts else 0xFFFFFFFF,
        number(facts[22]) if 22 in facts else 0,
        ports(23),
        ports(24),
        bool(flags & _INVERTED),
        suppressed,
        number(facts[4]) if 4 in facts else 0,
        any(each in facts and any(facts[each]) for each in _FRA_FURTHER),
        service,
        struct.unpack("=II", facts[_USERS]) if _USERS in facts else None,
        number(facts[13], signed=True) if 13 in facts else -1,
    )


def proxies(path: str) -> tuple[tuple[str, str], ...]:
    """(address, interface) of each address of somebody else that a namespace answers for: `ip neigh show proxy`.

    Args:
        path: a file that opens the namespace.
    """

    def read(talk: Talk) -> list[tuple[str, str]]:
        found = []
        for family in _FAMILIES.values():
            for body in talk.dump(_RTM_GETNEIGH, _NEIGHBOUR.pack(family, 0, 0, _NTF_PROXY, 0)):
                _, index, _, flags, _ = _NEIGHBOUR.unpack_from(body)
                facts = attributes(body[_NEIGHBOUR.size :])
                if flags & _NTF_PROXY and 1 in facts:
                    address = socket.inet_ntop(family, bytes(facts[1]))
                    found.append((address, talk.name_of(index) if index else ""))
        return found

    return tuple(sockets.use(path, read))


def unready(path: str) -> tuple[tuple[str, str, str], ...]:
    """(interface, address, "tentative" or "dadfailed") of each address that a namespace cannot use (RFC 4862, 5.4).

    Args:
        path: a file that opens the namespace.
    """

    def read(talk: Talk) -> list[tuple[str, str, str]]:
        found = []
        for body in talk.dump(_RTM_GETADDR, _ADDRESS.pack(socket.AF_INET6, 0, 0, 0, 0)):
            _, _, flags, _, index = _ADDRESS.unpack_from(body)
            facts = attributes(body[_ADDRESS.size :])
            flags = number(facts[8]) if 8 in facts else flags  # IFA_FLAGS
            if flags & (_TENTATIVE | _FAILED) and 1 in facts:
                word = "dadfailed" if flags & _FAILED else "tentative"
                found.append((talk.name_of(index), socket.inet_ntop(socket.AF_INET6, bytes(facts[1])), word))
        return found

    return tuple(sockets.use(path, read))
