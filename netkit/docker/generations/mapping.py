"""The rules of Docker 29 by nftables (`--firewall-backend=nftables`): verdict maps lead to four chains of each network.

A packet that has nothing to do with a network of Docker's is looked up in two maps, and in no rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker.generations.statements import Element, Part, Statement
from netkit.docker.generations.values import IP6TABLES
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Binding, How, Segment

_NAT, _RAW = "nat-prerouting-and-output", "raw-PREROUTING"
_AMONG, _PORTS, _LAST = 1, 2, 3
"""Ranks in the chain of what comes into a network: its own containers, published ports, and all else."""

_HOOKS = {
    "filter-FORWARD": "type filter hook forward priority filter",
    "nat-OUTPUT": "type nat hook output priority -100",
    "nat-POSTROUTING": "type nat hook postrouting priority srcnat",
    "nat-PREROUTING": "type nat hook prerouting priority dstnat",
    _RAW: "type filter hook prerouting priority raw",
}
_JUMPS = ("filter-forward-in", "filter-forward-out", "nat-postrouting-in", "nat-postrouting-out")
"""What each network has a chain for, and each map the elements of."""


class Mapping:
    """Four maps by interface, and a table of its own for each family."""

    def chains(self, tool: str) -> list[Value]:
        """The table, its maps, the chains at the kernel's hooks, and the one of published ports."""
        table = _table(tool)
        return [
            Part("table", table),
            *(Part("map", table, f"{name}-jumps", "{ type ifname : verdict ; }") for name in _JUMPS),
            Part("chain", table, _NAT),
            *(Part("chain", table, name, f"{{ {hook} ; policy accept ; }}") for name, hook in _HOOKS.items()),
        ]

    def skeleton(self, how: How, tool: str) -> list[Value]:
        """What a packet's interface is looked up in, and what leads packets for the machine to published ports."""
        table = _table(tool)
        family, own = table.partition(" ")[0], "::1" if tool == IP6TABLES else "127.0.0.0/8"
        local = f"fib daddr type local counter jump {_NAT}"
        unless = f"{family} daddr != {own} " if how.proxy else ""
        return [
            Statement(table, "filter-FORWARD", "oifname vmap @filter-forward-in-jumps"),
            Statement(table, "filter-FORWARD", "iifname vmap @filter-forward-out-jumps"),
            Statement(table, "nat-OUTPUT", f"{unless}{local}"),
            Statement(table, "nat-POSTROUTING", "iifname vmap @nat-postrouting-out-jumps"),
            Statement(table, "nat-POSTROUTING", "oifname vmap @nat-postrouting-in-jumps"),
            Statement(table, "nat-PREROUTING", local),
        ]

    def network(self, segment: Segment, how: How) -> list[Value]:
        """Four chains, and the elements that lead there."""
        table, bridge = _table(segment.tool), segment.bridge
        return [
            *(Part("chain", table, f"{name}__{bridge}") for name in _JUMPS),
            *(Element(table, f"{name}-jumps", bridge, f"jump {name}__{bridge}") for name in _JUMPS),
            *(self._inner(segment) if segment.internal else self._outer(segment, how)),
        ]

    def _inner(self, segment: Segment) -> list[Value]:
        bridge = segment.bridge
        return [
            _forwarded(segment, "in", "ct state established,related counter accept"),
            _forwarded(segment, "out", "ct state established,related counter accept"),
            _forwarded(segment, "in", f'iifname != "{bridge}" counter drop comment "INTERNAL NETWORK INGRESS"'),
            _forwarded(segment, "out", f'oifname != "{bridge}" counter drop comment "INTERNAL NETWORK EGRESS"'),
            _forwarded(segment, "in", f'counter {_among(segment)} comment "ICC"', _AMONG),
        ]

    def _outer(self, segment: Segment, how: How) -> list[Value]:
        bridge, family = segment.bridge, _table(segment.tool).partition(" ")[0]
        ping = "meta l4proto ipv6-icmp" if segment.tool == IP6TABLES else "ip protocol icmp"
        last = 'drop comment "UNPUBLISHED PORT DROP"' if segment.guarded else 'accept comment "UNPROTECTED"'
        verdict, named = (f"snat to {segment.source}", "SNAT") if segment.source else ("masquerade", "MASQUERADE")
        hidden = f'oifname != "{bridge}" {family} saddr {segment.subnet} counter {verdict} comment "{named}"'
        machine = f'fib saddr type local counter {verdict} comment "{named} FROM HOST"'
        routed = [_forwarded(segment, "in", f'{ping} counter accept comment "ICMP"')]
        return [
            _forwarded(segment, "in", "ct state established,related counter accept"),
            _forwarded(segment, "out", "ct state established,related counter accept"),
            _forwarded(segment, "in", f'iifname "{bridge}" counter {_among(segment)} comment "ICC"', _AMONG),
            _forwarded(segment, "out", 'counter accept comment "OUTGOING"'),
            _forwarded(segment, "in", f"counter {last}", _LAST),
            *([] if segment.translated else routed),
            *([_hiding(segment, "out", hidden)] if segment.masquerade and segment.translated else []),
            *([] if how.proxy else [_hiding(segment, "in", machine)]),
        ]

    def container(self, segment: Segment, address: str) -> list[Value]:
        """Nobody but the bridge comes straight to the address."""
        if segment.internal or not (segment.translated and segment.guarded):
            return []
        table = _table(segment.tool)
        family = table.partition(" ")[0]
        known = ", ".join(f'"{name}"' for name in (segment.bridge, *segment.trusted))
        known = f"{{ {known} }}" if segment.trusted else known
        words = f'{family} daddr {address} iifname != {known} counter drop comment "DROP DIRECT ACCESS"'
        return [Statement(table, _RAW, words)]

    def link(self, asker: str, server: str, asked: str, segment: Segment) -> list[Value]:
        """There and back, in front of what keeps a network's containers apart."""
        protocol, _, port = asked.partition(" ")
        there = f"ip saddr {asker} ip daddr {server} {protocol} dport {port} counter accept"
        back = f"ip saddr {server} {protocol} sport {port} ip daddr {asker} counter accept"
        return [_forwarded(segment, "in", there), _forwarded(segment, "in", back)]

    def order(self, published: Binding) -> tuple[int, bool, int]:
        """The container's lowest port first, and TCP before UDP."""
        return published.there, published.protocol != "tcp", published.here

    def port(self, published: Binding, address: str, segment: Segment, how: How) -> list[Value]:
        """That it is let in, where it leads, the hairpin, and that a port of loopback stays the machine's."""
        if segment.internal:
            return []
        table = _table(segment.tool)
        family, there = table.partition(" ")[0], f"{published.protocol} dport {published.there}"
        opened = _forwarded(segment, "in", f"{family} daddr {address} {there} counter accept", _PORTS)
        own = f"{family} saddr {address} {family} daddr {address} {there}"
        hairpin = _hiding(segment, "in", f'{own} counter masquerade comment "MASQ TO OWN PORT"')
        near = f'iifname != "lo" {family} daddr {published.address} {published.protocol} dport {published.here}'
        kept = Statement(table, _RAW, f'{near} counter drop comment "DROP REMOTE LOOPBACK"')
        translated = segment.translated
        return [
            *([opened] if segment.guarded else []),
            *([_translation(published, address, segment, how)] if translated else []),
            *([hairpin] if translated and not how.proxy else []),
            *([kept] if translated and published.near and ":" not in published.address else []),
        ]


def _table(tool: str) -> str:
    return f"{'ip6' if tool == IP6TABLES else 'ip'} docker-bridges"


def _among(segment: Segment) -> str:
    return "accept" if segment.icc else "drop"


def _forwarded(segment: Segment, way: str, words: str, rank: int = 0) -> Statement:
    return Statement(_table(segment.tool), f"filter-forward-{way}__{segment.bridge}", words, rank)


def _hiding(segment: Segment, way: str, words: str) -> Statement:
    return Statement(_table(segment.tool), f"nat-postrouting-{way}__{segment.bridge}", words)


def _translation(published: Binding, address: str, segment: Segment, how: How) -> Statement:
    """The DNAT; with docker-proxy a network's own containers do not come by it."""
    table = _table(segment.tool)
    family = table.partition(" ")[0]
    unless = f'iifname != "{segment.bridge}" ' if how.proxy else ""
    source = "ip6 saddr != fe80::/10 " if family == "ip6" else ""
    at = "" if published.everywhere else f"{family} daddr {published.address} "
    asked = f"{published.protocol} dport {published.here}"
    there = endpoint(address, published.there)
    return Statement(table, _NAT, f'{unless}{source}{at}{asked} counter dnat to {there} comment "DNAT"')
