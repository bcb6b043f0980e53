"""Which packets a rule of the packet filter matches, read from the words of the tool that lists it."""

from __future__ import annotations

import ipaddress
import shlex
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.values import Packet

_SKIPPED = frozenset({"-m", "--match", "--comment"})
_WITH_VALUE = _SKIPPED | {"-j", "-g"}
"""Options that always have a value; others have one if the next word is no option: "--physdev-is-bridged" has none."""


@dataclass(frozen=True)
class Passing:
    """A packet at a hook.

    Attributes:
        packet: the packet.
        iif: the interface that it came in by, "" for one of the namespace's own.
        oif: the interface that it leaves by, "" where that is not decided or it is delivered.
        own: the namespace's addresses.
        port_in: the bridge's port that it came in by, where a bridge shows its packets to the filter.
        port_out: the port that it leaves by.
        masquerade: the address that MASQUERADE would give it.
    """

    packet: Packet
    iif: str = ""
    oif: str = ""
    own: frozenset[str] = frozenset()
    port_in: str = ""
    port_out: str = ""
    masquerade: str = ""


@dataclass(frozen=True)
class Parsed:
    """A rule as read.

    Attributes:
        conditions: (option, whether it is negated, value).
        target: "ACCEPT", "DNAT", a chain's name …; "" for a rule that only counts.
        goto: whether the chain that it leads to does not come back.
        options: of the target: {"--to-destination": "172.17.0.2:80"}.
    """

    conditions: tuple[tuple[str, bool, str], ...]
    target: str
    goto: bool
    options: tuple[tuple[str, str], ...]


@lru_cache(4096)
def parsed(text: str) -> Parsed:
    """A rule of iptables-save: "-A FORWARD -i br0 -j DROP".

    Args:
        text: as iptables lists it (iptables(8), iptables-extensions(8)).
    """
    words = shlex.split(text)[2:]
    conditions: list[tuple[str, bool, str]] = []
    options: list[tuple[str, str]] = []
    target, goto, negated = "", False, False
    position = 0
    while position < len(words):
        word = words[position]
        following = words[position + 1] if position + 1 < len(words) else ""
        value = following if word in _WITH_VALUE or not following.startswith(("-", "!")) else ""
        if word == "!":
            negated, position = True, position + 1
            continue
        if word in ("-j", "-g"):
            target, goto = value, word == "-g"
        elif target:
            options.append((word, value))
        elif word not in _SKIPPED:
            conditions.append((word, negated, value))
        negated = False
        position += 2 if value else 1
        position += int(word == "--tcp-flags")
    return Parsed(tuple(conditions), target, goto, tuple(options))


def matches(rule: Parsed, passing: Passing) -> bool:
    """Whether a rule matches a packet at a hook; a condition that is not known here, negated or not, never holds.

    Args:
        rule: as read.
        passing: the packet.
    """
    return all(_holds(option, value, passing) is (not negated) for option, negated, value in rule.conditions)


def _holds(option: str, value: str, passing: Passing) -> bool | None:
    test = _TESTS.get(option)
    return test(passing, value) if test else None


def _in(address: str, prefix: str) -> bool | None:
    try:
        return bool(address) and ipaddress.ip_address(address) in ipaddress.ip_network(prefix, strict=False)
    except ValueError:  # a mask with gaps, 10.0.0.1/255.0.0.255
        return None


def device(name: str, wanted: str) -> bool:
    """Whether an interface is the one that a rule names; "veth+" means every one that begins so.

    Args:
        name: the packet's; "" for none.
        wanted: the rule's.
    """
    return bool(name) and (name == wanted or (wanted.endswith("+") and name.startswith(wanted[:-1])))


def _port(number: int | None, ranges: str) -> bool:
    if number is None:
        return False
    bounds = ((part.partition(":")[0], part.rpartition(":")[2]) for part in ranges.split(","))
    return any(int(low or 0) <= number <= int(high or 65535) for low, high in bounds)


def state(passing: Passing, states: str) -> bool:
    """Whether the state of a packet's connection is one of those that a rule names.

    Args:
        passing: the packet.
        states: "RELATED,ESTABLISHED".
    """
    return ("ESTABLISHED" if passing.packet.answer else "NEW") in states.split(",")


def _kind(address: str, kind: str, passing: Passing) -> bool:
    local = address in passing.own or address.startswith("127.")
    return {"LOCAL": local, "UNICAST": not local}.get(kind, False)


def icmp(passing: Passing, kind: str) -> bool:
    """Whether a packet is an echo request or reply, and of the kind that a rule names.

    Args:
        passing: the packet.
        kind: its number or name.
    """
    asked = kind in ("8", "echo-request", "8/0", "128", "any")
    replied = kind in ("0", "echo-reply", "129", "any")
    return passing.packet.protocol == "icmp" and (replied if passing.packet.answer else asked)


def protocol(passing: Passing, name: str) -> bool:
    """Whether a packet is of the protocol that a rule names; ICMP is IPv4's, ICMPv6 is IPv6's.

    Args:
        passing: the packet.
        name: of the protocol, or its number (protocols(5)).
    """
    own = "ipv6-icmp" if passing.packet.protocol == "icmp" and passing.packet.version == 6 else passing.packet.protocol
    return name in ("all", "0") or _PROTOCOLS.get(name, name) == own


_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp"}


def _first(passing: Passing) -> bool:
    return passing.packet.protocol == "tcp" and not passing.packet.answer


_TESTS: dict[str, Callable[[Passing, str], bool | None]] = {
    "-s": lambda p, value: _in(p.packet.source, value),
    "-d": lambda p, value: _in(p.packet.destination, value),
    "-i": lambda p, value: device(p.iif, value),
    "-o": lambda p, value: device(p.oif, value),
    "-p": protocol,
    "--dport": lambda p, value: _port(p.packet.destination_port, value),
    "--sport": lambda p, value: _port(p.packet.source_port, value),
    "--dports": lambda p, value: _port(p.packet.destination_port, value),
    "--sports": lambda p, value: _port(p.packet.source_port, value),
    "--ctstate": state,
    "--state": state,
    "--dst-type": lambda p, value: _kind(p.packet.destination, value, p),
    "--src-type": lambda p, value: _kind(p.packet.source, value, p),
    "--physdev-in": lambda p, value: device(p.port_in, value),
    "--physdev-out": lambda p, value: device(p.port_out, value),
    "--physdev-is-in": lambda p, _: bool(p.port_in),
    "--physdev-is-out": lambda p, _: bool(p.port_out),
    "--physdev-is-bridged": lambda p, _: bool(p.port_in and p.port_out),
    "--icmp-type": icmp,
    "--icmpv6-type": icmp,
    "--syn": lambda p, _: _first(p),
    "--tcp-flags": lambda p, _: _first(p),
    "--limit": lambda _p, _value: True,
    "--limit-burst": lambda _p, _value: True,
}
