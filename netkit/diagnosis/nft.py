"""What a rule of nft does with a packet (nft(8))."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from netkit.diagnosis import matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.matching import Passing
    from netkit.model import Rule
    from netkit.model.reading import Match

    Has = Callable[[Passing], bool]
    Test = Callable[[Passing, str], bool | None]

_VERDICTS = frozenset({"accept", "drop", "reject", "return", ""})
_UNREAD = re.compile(r"[@.&|^<>=].*|v?map|.* .*")
"""What stands in a value's place and is none: named sets, concatenations, masks, comparisons, maps, timeouts."""


def does(rule: Rule, passing: Passing) -> str | None:
    """What a rule of nft does with a packet.

    Args:
        rule: of nft.

    Returns:
        "accept", "drop", "reject" or "return" where it matches; "" where it does nothing to this packet; None where it
        says more than is known here: then nobody can tell.
    """
    for match in rule.matches:
        holds = _holds(match, passing)
        if holds is not True:
            return None if holds is None else ""
    return rule.target if rule.target in _VERDICTS else None


def _holds(match: Match, passing: Passing) -> bool | None:
    """Whether a packet meets a condition, None where that is not known."""
    if match.field not in _FIELDS:
        return None
    has, test = _FIELDS[match.field]
    if not has(passing):
        return False
    found = {None if _UNREAD.fullmatch(value) else test(passing, value) for value in match.values}
    holds = True if True in found else None if None in found or not found else False
    return holds if holds is None else holds is not match.negated


def _address(address: str, text: str) -> bool | None:
    """Whether an address is the one, or in the prefix or the range, that a rule names."""
    low, dash, high = text.partition("-")
    try:
        if dash:
            first, own, last = (int(ipaddress.ip_address(each)) for each in (low, address, high))
            return first <= own <= last
        return ipaddress.ip_address(address) in ipaddress.ip_network(low, strict=False)
    except ValueError:
        return None


def _port(number: int | None, text: str) -> bool | None:
    """Whether a port is the one, or in the range, that a rule names."""
    low, _, high = text.partition("-")
    if number is None or not low.isdigit() or not (high or low).isdigit():
        return None
    return int(low) <= number <= int(high or low)


_STATES = {"0x1": "invalid", "0x2": "established", "0x4": "related", "0x8": "new", "0x40": "untracked"}
"""The states of a connection, which nft lists by name or number."""


def _state(passing: Passing, text: str) -> bool | None:
    """Whether the state of a packet's connection is one of those that a rule names."""
    names = [_STATES.get(each, each) for each in text.split(",")]
    return matching.state(passing, ",".join(names).upper()) if set(names) <= set(_STATES.values()) else None


def _family(passing: Passing, text: str) -> bool | None:
    """Whether the version of IP is the one that a rule names: "ipv4", or AF_INET, which is 2; "ipv6", AF_INET6, 10."""
    version = {"ipv4": 4, "2": 4, "ipv6": 6, "10": 6}.get(text)
    return None if version is None else passing.packet.version == version


def _device(name: str, wanted: str) -> bool:
    return matching.device(name, f"{wanted[:-1]}+" if wanted.endswith("*") else wanted)


def _any(_: Passing) -> bool:
    return True


def _version(version: int) -> Has:
    return lambda passing: passing.packet.version == version


def _protocol(*names: str) -> Has:
    return lambda passing: any(matching.protocol(passing, name) for name in names)


# Each condition's words: whether a packet has what it looks at (else it fails, negated or not), and whether that has
# a value.
_FIELDS: dict[str, tuple[Has, Test]] = {
    "iif": (_any, lambda p, value: _device(p.iif, value)),
    "oif": (_any, lambda p, value: _device(p.oif, value)),
    "iifname": (_any, lambda p, value: _device(p.iif, value)),
    "oifname": (_any, lambda p, value: _device(p.oif, value)),
    "ip saddr": (_version(4), lambda p, value: _address(p.packet.source, value)),
    "ip daddr": (_version(4), lambda p, value: _address(p.packet.destination, value)),
    "ip6 saddr": (_version(6), lambda p, value: _address(p.packet.source, value)),
    "ip6 daddr": (_version(6), lambda p, value: _address(p.packet.destination, value)),
    "ip protocol": (_version(4), matching.protocol),
    "ip6 nexthdr": (_version(6), matching.protocol),
    "meta l4proto": (_any, matching.protocol),
    "meta nfproto": (_any, _family),
    "tcp sport": (_protocol("tcp"), lambda p, value: _port(p.packet.source_port, value)),
    "tcp dport": (_protocol("tcp"), lambda p, value: _port(p.packet.destination_port, value)),
    "udp sport": (_protocol("udp"), lambda p, value: _port(p.packet.source_port, value)),
    "udp dport": (_protocol("udp"), lambda p, value: _port(p.packet.destination_port, value)),
    "th sport": (_protocol("tcp", "udp"), lambda p, value: _port(p.packet.source_port, value)),
    "th dport": (_protocol("tcp", "udp"), lambda p, value: _port(p.packet.destination_port, value)),
    "ct state": (_any, _state),
    "icmp type": (_protocol("icmp"), matching.icmp),
    "icmpv6 type": (_protocol("ipv6-icmp"), matching.icmp),
}
