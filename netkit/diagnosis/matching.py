"""Which packets a rule of iptables matches."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule


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


def matches(rule: Rule, passing: Passing) -> bool:
    """Whether a rule matches a packet at a hook; a condition that is not known here, negated or not, never holds.

    Args:
        rule: of iptables.
    """
    conditions = (match for match in rule.matches if match.field != "-m")
    return all(_holds(match.field, "".join(match.words[:1]), passing) is (not match.negated) for match in conditions)


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
        states: "RELATED,ESTABLISHED".
    """
    return ("ESTABLISHED" if passing.packet.answer else "NEW") in states.split(",")


def _kind(address: str, kind: str, passing: Passing) -> bool:
    local = address in passing.own or address.startswith("127.")
    return {"LOCAL": local, "UNICAST": not local}.get(kind, False)


def icmp(passing: Passing, kind: str) -> bool:
    """Whether a packet is an echo request or reply, and of the kind that a rule names.

    Args:
        kind: its number or name.
    """
    asked = kind in ("8", "echo-request", "8/0", "128", "any")
    replied = kind in ("0", "echo-reply", "129", "any")
    return passing.packet.protocol == "icmp" and (replied if passing.packet.answer else asked)


def protocol(passing: Passing, name: str) -> bool:
    """Whether a packet is of the protocol that a rule names; ICMP is IPv4's, ICMPv6 is IPv6's.

    Args:
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
