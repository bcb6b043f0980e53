"""nftables' netlink messages, packed and read by hand (nfnetlink; <linux/netfilter/nf_tables.h>)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.linux.netlink.protocol import (
    NEW,
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    NLM_F_REQUEST,
    attribute,
    attributes,
    every,
    text,
)
from netkit.netfilter import HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NETFILTER = 12
"""The netlink family (NETLINK_NETFILTER)."""

RULES_GROUP, TRACE_GROUP = 7, 9
"""Who belongs to them hears of changed rules, and of traced packets (NFNLGRP_NFTABLES, NFNLGRP_NFTRACE)."""

TRACED = 0xA11
"""The type of a message that tells of a traced packet: NFNL_SUBSYS_NFTABLES, NFT_MSG_TRACE."""

GET_TABLES, GET_CHAINS, GET_RULES, GET_GENERATION = 0xA01, 0xA04, 0xA07, 0xA10
"""The types of requests: NFNL_SUBSYS_NFTABLES is 10 << 8."""

EVERYTHING = struct.pack("=BBH", 0, 0, 0)
"""The header (nfgenmsg) of a request for all families."""

FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_NUMBERS = {name: number for number, name in FAMILIES.items()}

_NEW_TABLE, _NEW_CHAIN, _NEW_RULE = 0xA00, 0xA03, 0xA06
_BEGIN, _END, _SUBSYSTEM = 16, 17, 10  # NFNL_MSG_BATCH_BEGIN …, NFNL_SUBSYS_NFTABLES
_OWNER = 2  # NFT_TABLE_F_OWNER, since Linux 5.12
_NFTRACE = 12  # NFT_META_NFTRACE
_BEHIND_ALL, _BEFORE_ALL = 2**31 - 1, -(2**31)
_BEFORE_RAW = -350
_BELOW_IP = "at "
"""What the chains' names begin with where they stand at hooks of another family: they mark nothing."""

_HEADER = struct.Struct("=IHHII")
_NESTED = 0x8000  # NLA_F_NESTED
_ICMPV6 = 58
_ARP_HOOKS = ("input", "output", "forward")
_NETDEV_HOOKS = ("ingress", "egress")

_VERDICTS = {0: "drop", 1: "accept", 2: "stolen", 3: "queue", 4: "repeat", -1: "continue", -2: "break", -5: "return"}
_JUMPS = {-3: "jump", -4: "goto"}
_POLICY = 1  # NFT_TRACETYPE_POLICY


@dataclass(frozen=True)
class Chain:
    """A base chain: where the kernel begins.

    Attributes:
        key: (family, table, name).
        hook: "prerouting" …
        priority: the lower the earlier.
        devices: the interfaces that it stands at; none of IP, of bridges and of ARP does.
    """

    key: tuple[str, str, str]
    hook: str
    priority: int
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What the kernel reports of one packet at one rule or at the end of a chain (enum nft_trace_attributes).

    Attributes:
        packet: the kernel's number for it.
        chain: (family, table, name).
        kind: "rule" (it matched), "return" (a chain has no more rules) or "policy".
        verdict: in nft's words.
        handle: the rule's number; 0 for none.
        network: the IP header; with the first report of each base chain only, as what follows.
        transport: the first bytes behind it.
        iif: the number of the interface that it came in by, 0 for none.
        oif: the number of the interface that it will leave by, 0 for none.
    """

    packet: int
    chain: tuple[str, str, str]
    kind: str
    verdict: str
    handle: int
    network: bytes
    transport: bytes
    iif: int
    oif: int


def tracing(table: str, family: str, hooks: Iterable[str] = (), devices: Iterable[str] = ()) -> list[bytes]:
    """The messages of a transaction that makes a table which has every packet of a namespace traced.

    It has chains before any other's. Their rule ends with `accept`, which spares a report: it ends this chain alone,
    the next one sees the packet as if this one were not there. For IP they stand at prerouting and at output, and a
    third one stands at input behind all others', without a rule: what is reported of it is what a namespace took in.
    The table belongs to the socket that makes it, and ends with it.

    Args:
        table: its name.
        family: "inet", "ip" or "ip6"; "bridge", "arp", "netdev".
        hooks: where its chains stand in another family than those of IP.
        devices: the interfaces at which they stand, where the family is "netdev".

    Returns:
        Messages, numbered from 1 on, to be sent together; each but the first and the last is acknowledged.
    """
    named = _named(1, table)
    flags = attribute(2, struct.pack(">I", _OWNER))  # NFTA_TABLE_FLAGS
    steps = [(_NEW_TABLE, NEW, named + flags)]
    for hook in hooks or ("prerouting", "output"):
        place = attribute(1, struct.pack(">I", _hooks_of(family).index(hook)))
        place += attribute(2, struct.pack(">i", _BEFORE_ALL if hooks else _BEFORE_RAW))
        place += attribute(4 | _NESTED, b"".join(_named(1, device) for device in devices)) if devices else b""
        name = f"{_BELOW_IP}{hook}" if hooks else hook
        chain = named + _named(3, name) + attribute(4 | _NESTED, place) + _named(7, "filter")
        steps.append((_NEW_CHAIN, NLM_F_CREATE, chain))
        rule = named + _named(2, name) + attribute(4 | _NESTED, _SWITCH_ON)
        steps.append((_NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, rule))
    if not hooks:
        place = attribute(1, struct.pack(">I", HOOKS.index("input"))) + attribute(2, struct.pack(">i", _BEHIND_ALL))
        chain = named + _named(3, "input") + attribute(4 | _NESTED, place) + _named(7, "filter")
        steps.append((_NEW_CHAIN, NLM_F_CREATE, chain))
    number = _NUMBERS[family]
    batch = [
        _message(kind, flags | NLM_F_ACK, place, struct.pack(">BBH", number, 0, 0) + body)
        for place, (kind, flags, body) in enumerate(steps, 2)
    ]
    edge = struct.pack(">BBH", 0, 0, _SUBSYSTEM)
    return [_message(_BEGIN, 0, 1, edge), *batch, _message(_END, 0, len(batch) + 2, edge)]


def _message(kind: int, flags: int, number: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags | NLM_F_REQUEST, number, 0) + body


def _named(number: int, name: str) -> bytes:
    return attribute(number, name.encode() + b"\0")


def _expression(name: str, data: bytes) -> bytes:
    """NFTA_LIST_ELEM with NFTA_EXPR_NAME and NFTA_EXPR_DATA."""
    return attribute(1 | _NESTED, _named(1, name) + attribute(2 | _NESTED, data))


def _immediate(register: int, data: bytes) -> bytes:
    """Put a value or a verdict into a register: NFTA_IMMEDIATE_DREG, NFTA_IMMEDIATE_DATA."""
    return _expression("immediate", attribute(1, struct.pack(">I", register)) + attribute(2 | _NESTED, data))


_SWITCH_ON = (
    _immediate(1, attribute(1, b"\1"))  # NFT_REG_1, NFTA_DATA_VALUE
    + _expression("meta", attribute(2, struct.pack(">I", _NFTRACE)) + attribute(3, struct.pack(">I", 1)))
    + _immediate(0, attribute(2 | _NESTED, attribute(1, struct.pack(">I", 1))))  # NFT_REG_VERDICT: NF_ACCEPT
)
"""`meta nftrace set 1 accept`."""


def chain(body: memoryview) -> Chain | None:
    """One answer to GET_CHAINS; None for a chain that others jump to.

    Args:
        body: the family's header and attributes.
    """
    facts = attributes(body[4:])
    if 4 not in facts:  # NFTA_CHAIN_HOOK
        return None
    place = attributes(facts[4])
    family = FAMILIES.get(body[0], str(body[0]))
    key = family, text(facts[1]), text(facts[3])
    return Chain(key, _hook(family, _big(place[1])), _big(place[2], signed=True), tuple(_devices(place)))


def _devices(place: Mapping[int, memoryview]) -> Iterator[str]:
    """NFTA_HOOK_DEV, or each NFTA_DEVICE_NAME of NFTA_HOOK_DEVS."""
    if 3 in place:
        yield text(place[3])
    yield from (text(value) for kind, value in (every(place[4]) if 4 in place else ()) if kind == 1)


def rule(body: memoryview) -> tuple[tuple[str, str, str], int]:
    """One answer to GET_RULES: the chain (family, table, name), and the rule's number.

    Args:
        body: the family's header and attributes.
    """
    facts = attributes(body[4:])
    return (FAMILIES.get(body[0], str(body[0])), text(facts[1]), text(facts[2])), _big(facts[3])


def generation(body: memoryview) -> int:
    """The answer to GET_GENERATION: a number that grows with each change of the rules (NFTA_GEN_ID)."""
    return _big(attributes(body[4:])[1])


def report(body: memoryview) -> Report:
    """What a message of the type TRACED tells.

    Args:
        body: the family's header and attributes.
    """
    facts = attributes(body[4:])
    handle = _big(facts[3]) if 3 in facts else 0
    # The types of reports beside that of a policy (enum nft_trace_types) mean one thing in one kernel, another in
    # the next; whether there is a rule is plain.
    kind = "policy" if _big(facts[4]) == _POLICY else "rule" if handle else "return"
    return Report(
        _big(facts[6]),
        (FAMILIES.get(body[0], str(body[0])), text(facts[1]), text(facts[2])),
        kind,
        "return" if kind == "return" else _verdict(facts),
        handle,
        *_headers(bytes(facts.get(8, b"")), bytes(facts.get(9, b""))),
        _big(facts[10]) if 10 in facts else 0,
        _big(facts[12]) if 12 in facts else 0,
    )


_EXTENSIONS = frozenset([0, 43, 60])
"""Hop-by-hop options, routing header, destination options (RFC 8200, 4)."""

_ABOUT_GROUPS = frozenset([130, 131, 132, 143])
"""Types of ICMPv6 messages that have to come with hop-by-hop options (RFC 2710, RFC 3810)."""


def _headers(network: bytes, transport: bytes) -> tuple[bytes, bytes]:
    """The IP header and the upper one; the kernel leaves out the headers that extend IPv6's and stand between the two.

    Which upper one it is, only the left out headers would tell, but for the messages that always have one.
    """
    if len(network) < 40 or network[0] >> 4 != 6 or network[6] not in _EXTENSIONS:
        return network, transport
    if network[6] == 0 and transport and transport[0] in _ABOUT_GROUPS:
        return network[:6] + bytes([_ICMPV6]) + network[7:], transport
    return network, b""


def _verdict(facts: Mapping[int, memoryview]) -> str:
    """NFTA_TRACE_VERDICT with NFTA_VERDICT_CODE and NFTA_VERDICT_CHAIN; NFTA_TRACE_POLICY at the end of a chain."""
    inner = attributes(facts[5]) if 5 in facts else {}
    code = inner.get(1, facts.get(16))
    if code is None:
        return "continue"
    value = _big(code, signed=True)
    if value in _JUMPS:
        return f"{_JUMPS[value]} {text(inner[2])}" if 2 in inner else _JUMPS[value]
    return _VERDICTS.get(value if value < 0 else value & 0xFF, str(value))  # above: an error, the number of a queue


def _hooks_of(family: str) -> tuple[str, ...]:
    """The hooks of a family, in the order of their numbers."""
    return {"arp": _ARP_HOOKS, "netdev": _NETDEV_HOOKS}.get(family, (*HOOKS, "ingress"))


def _hook(family: str, number: int) -> str:
    names = _hooks_of(family)
    return names[number] if number < len(names) else str(number)


def _big(value: memoryview, *, signed: bool = False) -> int:
    """An integer in the order of the network."""
    return int.from_bytes(value, "big", signed=signed)
