"""The rules of Podman's netavark by nftables: one table for all, and for each network two chains of nat.

Networks are not kept apart, and what nobody published is not stopped; the policy of FORWARD stays as it was.
A container that asks for its own published port, and the machine that asks at 127.0.0.1, are marked, and then hidden.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from netkit.docker.generations.statements import Part, Statement
from netkit.docker.generations.values import IP6TABLES
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Binding, How, Segment

_TABLE = "inet netavark"
_DNAT, _MARKING = "NETAVARK-HOSTPORT-DNAT", "NETAVARK-HOSTPORT-SETMARK"
_ONE, _TWO, _THREE = (f"NETAVARK-ISOLATION-{number}" for number in (1, 2, 3))
_HOOKS = {
    "INPUT": "type filter hook input priority filter",
    "FORWARD": "type filter hook forward priority filter",
    "POSTROUTING": "type nat hook postrouting priority srcnat",
    "PREROUTING": "type nat hook prerouting priority dstnat",
    "OUTPUT": "type nat hook output priority -100",
}
_MARK = "0x00002000"


class Podman:
    """One table of both families."""

    def chains(self, tool: str) -> list[Value]:
        """The table and its chains; those of isolation are there for networks that ask for it."""
        if tool == IP6TABLES:
            return []
        return [
            Part("table", _TABLE),
            *(Part("chain", _TABLE, name, f"{{ {hook} ; policy accept ; }}") for name, hook in _HOOKS.items()),
            *(Part("chain", _TABLE, name) for name in (_DNAT, _MARKING, _TWO, _THREE, _ONE)),
        ]

    def skeleton(self, _how: How, tool: str) -> list[Value]:
        """What leads to published ports, and what hides the marked."""
        if tool == IP6TABLES:
            return []
        return [
            Statement(_TABLE, "FORWARD", "ct state invalid drop"),
            Statement(_TABLE, "FORWARD", f"jump {_ONE}"),
            Statement(_TABLE, "POSTROUTING", f"meta mark & {_MARK} == {_MARK} masquerade"),
            Statement(_TABLE, "PREROUTING", f"fib daddr type local jump {_DNAT}"),
            Statement(_TABLE, "OUTPUT", f"fib daddr type local jump {_DNAT}"),
            Statement(_TABLE, _MARKING, f"meta mark set meta mark | {_MARK}"),
            Statement(_TABLE, _THREE, f"jump {_TWO}", 1),
        ]

    def network(self, segment: Segment, _how: How) -> list[Value]:
        """The way out, hidden; an internal network has none, and needs no rule for that."""
        if segment.internal:
            return []
        family, subnet, own = _family(segment), segment.subnet, _chain(segment)
        apart = Statement(_TABLE, _THREE, f'oifname "{segment.bridge}" drop', first=True)
        # Of IPv6 it should be ff00::/8, which netavark 1.17 does not write.
        others = "::/8" if family == "ip6" else "224.0.0.0/4"
        return [
            Part("chain", _TABLE, own),
            Part("chain", _TABLE, f"{own}_dnat"),
            Statement(_TABLE, "INPUT", f"{family} saddr {subnet} meta l4proto {{ tcp, udp }} th dport 53 accept"),
            Statement(_TABLE, "FORWARD", f"{family} daddr {subnet} ct state established,related accept"),
            Statement(_TABLE, "FORWARD", f"{family} saddr {subnet} accept"),
            *([apart] if family == "ip" else []),
            Statement(_TABLE, own, f"{family} daddr {subnet} accept"),
            Statement(_TABLE, own, f"{family} daddr != {others} masquerade"),
            Statement(_TABLE, "POSTROUTING", f"{family} saddr {subnet} jump {own}"),
        ]

    def container(self, _segment: Segment, _address: str) -> list[Value]:
        """An address alone needs none."""
        return []

    def link(self, _asker: str, _server: str, _asked: str, _segment: Segment) -> list[Value]:
        """There are no links."""
        return []

    def order(self, _published: Binding) -> tuple[int, bool, int]:
        """As they were typed."""
        return 0, False, 0

    def port(self, published: Binding, address: str, segment: Segment, _how: How) -> list[Value]:
        """Where it leads, and who is marked on the way."""
        if segment.internal:
            return []
        family, chain = _family(segment), f"{_chain(segment)}_dnat"
        at = "" if published.everywhere else f"{family} daddr {published.address} "
        asked = f"{at}{published.protocol} dport {published.here}"
        there = endpoint(address, published.there)
        near = [] if family == "ip6" else [Statement(_TABLE, chain, f"ip saddr 127.0.0.1 {asked} jump {_MARKING}")]
        return [
            Statement(_TABLE, chain, f"{family} saddr {segment.subnet} {asked} jump {_MARKING}"),
            *near,
            Statement(_TABLE, chain, f"{asked} dnat {family} to {there}"),
            Statement(_TABLE, _DNAT, f"{asked} jump {chain}"),
        ]


def _family(segment: Segment) -> str:
    return "ip6" if segment.tool == IP6TABLES else "ip"


def _chain(segment: Segment) -> str:
    """A network's chain: netavark has eight digits of the network's id in it, here drawn from the bridge's name."""
    address, _, length = segment.subnet.partition("/")
    drawn = hashlib.sha256(segment.bridge.encode()).hexdigest()[:8]
    return f"nv_{drawn}_{address.replace('.', '_').replace(':', '-')}_nm{length}"
