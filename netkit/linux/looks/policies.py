"""Read rules of routing (`ip rule`, <linux/fib_rules.h>) and shared next hops (`ip nexthop`) as values."""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit import model
from netkit.errors import KernelRefused
from netkit.linux.netlink.protocol import attributes, number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from netkit.linux.netlink.protocol import Talk

_RTM_GETRULE, _RTM_GETNEXTHOP = 34, 106
_RULE, _HOP, _MEMBER = struct.Struct("=BBBBBBBBI"), struct.Struct("=BBBxI"), struct.Struct("=IBBxx")
_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_TABLES = {253: "default", 254: "main", 255: "local"}
_INVERTED, _ONLINK = 2, 4
_REMEMBERED = 4096
_KERNEL = 2  # RTPROT_KERNEL


def policy_rules(talk: Talk) -> tuple[model.PolicyRule, ...]:
    """The rules of routing of both versions of IP, in the order in which the kernel tries them, but the usual ones."""
    return _policy_rules(tuple(map(bytes, talk.dump(_RTM_GETRULE, bytes(12)))))


@lru_cache(_REMEMBERED)
def _policy_rules(bodies: tuple[bytes, ...]) -> tuple[model.PolicyRule, ...]:
    found = [_rule(body) for body in bodies if body[0] in _IP]
    mine = [rule for rule in found if not rule.is_usual]
    return tuple(sorted((*mine, *_missing(found)), key=lambda rule: (rule.version, rule.priority)))


_IP = (socket.AF_INET, socket.AF_INET6)
_BORN = {
    version: tuple(model.PolicyRule(priority, (), "lookup", table, (), version) for priority, table in pairs)
    for version, pairs in {
        4: ((0, "local"), (32766, "main"), (32767, "default")),
        6: ((0, "local"), (32766, "main")),
    }.items()
}


def _missing(found: list[model.PolicyRule]) -> Iterator[model.PolicyRule]:
    """The usual rules that somebody took away: no packet looks in that table at that place."""
    for version in {rule.version for rule in found}:
        for rule in _BORN[version]:
            if rule not in found:
                yield model.PolicyRule(rule.priority, (), "missing", rule.table, (), version)


def next_hops(talk: Talk, names: Mapping[int, str]) -> tuple[model.NextHop, ...]:
    """The next hops that have a number; none where this kernel knows none.

    Args:
        talk: with the kernel.
        names: of interfaces, by index.
    """
    try:
        bodies = list(talk.dump(_RTM_GETNEXTHOP, bytes(8)))
    except KernelRefused:  # before Linux 5.3
        return ()
    return tuple(sorted((_next_hop(body, names) for body in bodies), key=lambda hop: hop.number))


def _number(value: memoryview) -> str:
    return str(number(value))


def _range(value: memoryview) -> str:
    first, last = struct.unpack("=HH", value)
    return str(first) if first == last else f"{first}-{last}"


def _users(value: memoryview) -> str:
    return "{}-{}".format(*struct.unpack("=II", value))


def _protocol(value: memoryview) -> str:
    return {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}.get(number(value), _number(value))


_SELECTORS: dict[int, tuple[str, Callable[[memoryview], str]]] = {
    3: ("iif", text),
    17: ("oif", text),
    12: ("tun_id", lambda value: str(int.from_bytes(value, "big"))),
    19: ("l3mdev", lambda value: "" if number(value) else "0"),
    20: ("uidrange", _users),
    22: ("ipproto", _protocol),
    23: ("sport", _range),
    24: ("dport", _range),
    25: ("dscp", _number),
    26: ("flowlabel", lambda value: hex(int.from_bytes(value, "big"))),
}


_NOT = memoryview(bytes(1))
_RESILIENT = (
    (1, "buckets", _number),
    (2, "idle_timer", lambda value: f"{number(value) / 100:g}"),
    (3, "unbalanced_timer", lambda value: f"{number(value) / 100:g}"),
)


def _rule(body: bytes) -> model.PolicyRule:
    family, to, source, tos, table, _, _, action, flags = _RULE.unpack_from(body)
    facts = attributes(memoryview(body)[_RULE.size :])
    found = [("not", "")] if flags & _INVERTED else []
    for attribute, length, word in ((2, source, "from"), (1, to, "to")):
        if attribute in facts:
            found.append((word, _prefix(family, facts[attribute], length)))
        elif length:
            found.append((word, f"0/{length}"))
    found += [("tos", hex(tos))] if tos else []
    if 10 in facts and (number(facts[10]) or number(facts.get(16, facts[10]))):
        mask = number(facts[16]) if 16 in facts else 0xFFFFFFFF
        found.append(("fwmark", hex(number(facts[10])) + (f"/{mask:#x}" if mask != 0xFFFFFFFF else "")))
    found += [(word, read(facts[name])) for name, (word, read) in _SELECTORS.items() if name in facts]
    goal = number(facts[15]) if 15 in facts else table
    if action == 2:
        named = _number(facts[4]) if 4 in facts else "0"
    else:
        named = _TABLES.get(goal, str(goal)) if action == 1 and not number(facts.get(19, _NOT)) else ""
    return model.PolicyRule(
        number(facts[6]) if 6 in facts else 0,
        tuple(found),
        _ACTIONS.get(action, str(action)),
        named,
        tuple(_further(facts)),
        4 if family == socket.AF_INET else 6,
    )


def _further(facts: Mapping[int, memoryview]) -> Iterator[tuple[str, str]]:
    for attribute, word in ((14, "suppress_prefixlength"), (13, "suppress_ifgroup")):
        if attribute in facts and number(facts[attribute]) != 0xFFFFFFFF:
            yield word, _number(facts[attribute])
    if 11 in facts and number(facts[11]):
        yield "realms", hex(number(facts[11]))
    if 21 in facts and number(facts[21]) > _KERNEL + 1:
        yield "protocol", _number(facts[21])


def _prefix(family: int, value: memoryview, length: int) -> str:
    address = socket.inet_ntop(family, bytes(value))
    return address if length == 8 * len(value) else f"{address}/{length}"


def _next_hop(body: memoryview, names: Mapping[int, str]) -> model.NextHop:
    family, scope, protocol, flags = _HOP.unpack_from(body)
    facts = attributes(body[_HOP.size :])
    members = [_MEMBER.unpack_from(facts[2], at) for at in range(0, len(facts[2]), _MEMBER.size)] if 2 in facts else []
    kind = "group" if members else "blackhole" if 4 in facts else "fdb" if 11 in facts else "unicast"
    details = [("onlink", "")] if flags & _ONLINK else []
    if members and 3 in facts and number(facts[3]) == 1:
        kept = attributes(facts[12]) if 12 in facts else {}
        details += [("type", "resilient"), *((word, read(kept[n])) for n, word, read in _RESILIENT if n in kept)]
    details += [("proto", str(protocol))] if protocol > _KERNEL + 1 else []
    details += [("encap", _number(facts[7]))] if 7 in facts else []
    details += [("scope", str(scope))] if scope not in (0, 253, 254) else []
    return model.NextHop(
        number(facts[1]),
        socket.inet_ntop(family, bytes(facts[6])) if 6 in facts else None,
        names.get(number(facts[5])) if 5 in facts else None,
        tuple((other, weight + (high << 8) + 1) for other, weight, high in members),
        kind,
        tuple(details),
    )
