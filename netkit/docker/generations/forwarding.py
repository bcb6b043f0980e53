"""The rules of Docker 28 and 29 by iptables: FORWARD leads into DOCKER-FORWARD, and all else stands in own chains.

What nobody published is dropped, whatever FORWARD's policy is, and table raw drops what comes from outside straight
to a container's address, before any other rule sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker.generations import common
from netkit.docker.generations.isolating import ONE, TWO
from netkit.docker.generations.values import IP6TABLES, IPTABLES, Chain, Rule, alone

if TYPE_CHECKING:
    from netkit.docker.generations.values import Binding, How, Segment

_FORWARD, _BRIDGE, _CT, _INTERNAL, _USER = (
    f"DOCKER-{name}" for name in ("FORWARD", "BRIDGE", "CT", "INTERNAL", "USER")
)


class Forwarding:
    """Rules of every network in chains of Docker's own.

    Args:
        isolating: whether two chains still keep networks apart (28), or DOCKER-INTERNAL holds the rules of internal
            networks, and there is nothing else to keep apart (29).
    """

    def __init__(self, *, isolating: bool) -> None:
        self._isolating = isolating
        self._apart = ONE if isolating else _INTERNAL

    def chains(self, tool: str) -> list[Chain]:
        """The learner's own rules go into DOCKER-USER, which Docker never changes."""
        apart = (ONE, TWO) if self._isolating else (_INTERNAL,)
        return [Chain(name, tool) for name in ("-t nat DOCKER", "DOCKER", _FORWARD, _BRIDGE, _CT, *apart, _USER)]

    def skeleton(self, how: How, tool: str) -> list[Rule]:
        """Two rules in FORWARD, in front of all others; in DOCKER-FORWARD answers first, then what keeps apart."""
        return [
            *common.into_nat(how, tool),
            *(Rule(_FORWARD, f"-j {chain}", tool=tool) for chain in (_CT, self._apart, _BRIDGE)),
            *(Rule("FORWARD", f"-j {chain}", 1, tool) for chain in (_FORWARD, _USER)),
        ]

    def network(self, segment: Segment, how: How) -> list[Rule]:
        """What goes out is let out; what comes in is an answer, a published port, or dropped."""
        return self._inner(segment) if segment.internal else self._outer(segment, how)

    def _inner(self, segment: Segment) -> list[Rule]:
        bridge, tool = segment.bridge, segment.tool
        verdict = "ACCEPT" if segment.icc else "DROP"
        # Neighbours of IPv6 speak by link-local addresses, which are in no subnet.
        out, into = (f" ! -o {bridge}", f"! -i {bridge} ") if tool == IP6TABLES else ("", "")
        return [
            Rule(self._apart, f"! -d {segment.subnet} -i {bridge}{out} -j DROP", 1, tool),
            Rule(self._apart, f"! -s {segment.subnet} {into}-o {bridge} -j DROP", 1, tool),
            Rule(_FORWARD, f"-i {bridge} -o {bridge} -j {verdict}", tool=tool),
        ]

    def _outer(self, segment: Segment, how: How) -> list[Rule]:
        bridge, tool = segment.bridge, segment.tool
        away = f"-i {bridge} -j ACCEPT" if segment.icc else f"-i {bridge} ! -o {bridge} -j ACCEPT"
        last = "DROP" if segment.guarded else "ACCEPT"
        return [
            *common.hiding(segment, how),
            *([] if segment.icc else [Rule(_FORWARD, f"-i {bridge} -o {bridge} -j DROP", tool=tool)]),
            *([] if segment.translated else [Rule("DOCKER", f"-o {bridge} -p {_ping(tool)} -j ACCEPT", tool=tool)]),
            Rule(_FORWARD, away, tool=tool),
            *(self._isolation(segment, how) if self._isolating else []),
            Rule("DOCKER", f"! -i {bridge} -o {bridge} -j {last}", tool=tool),
            Rule(_CT, f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", tool=tool),
            Rule(_BRIDGE, f"-o {bridge} -j DOCKER", tool=tool),
        ]

    def _isolation(self, segment: Segment, how: How) -> list[Rule]:
        bridge, tool = segment.bridge, segment.tool
        skipped = Rule("-t nat DOCKER", f"-i {bridge} -j RETURN", 1, tool)
        # Whoever knows the way comes into a routed network, from other networks too.
        routed = [
            Rule(ONE, f"-o {bridge} -j RETURN", 1, tool),
            Rule(ONE, f"-i {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", 1, tool),
        ]
        return [
            *([skipped] if how.proxy and segment.masquerade else []),
            *([] if segment.translated else routed),
            Rule(ONE, f"-i {bridge} ! -o {bridge} -j {TWO}", tool=tool),
            Rule(TWO, f"-o {bridge} -j DROP", 1, tool),
        ]

    def container(self, segment: Segment, address: str) -> list[Rule]:
        """In table raw: nobody but the bridge comes straight to the address."""
        if segment.internal or not (segment.translated and segment.guarded):
            return []
        there, tool = f"-d {alone(address)}", segment.tool
        trusted = [Rule("-t raw PREROUTING", f"{there} -i {name} -j ACCEPT", tool=tool) for name in segment.trusted]
        return [*trusted, Rule("-t raw PREROUTING", f"{there} ! -i {segment.bridge} -j DROP", tool=tool)]

    def link(self, asker: str, server: str, asked: str, segment: Segment) -> list[Rule]:
        """There and back, behind all that is in Docker's chain."""
        return common.linked(asker, server, asked, segment)

    def order(self, published: Binding) -> tuple[int, bool, int]:
        """The container's lowest port first, and TCP before UDP."""
        return published.there, published.protocol != "tcp", published.here

    def port(self, published: Binding, address: str, segment: Segment, how: How) -> list[Rule]:
        """Where it leads, that it is let in, in front of the drop, and that a port of loopback stays the machine's."""
        if segment.internal:
            return []
        near = f"-d {alone(published.address)} ! -i lo {common.asked(published, published.here)} -j DROP"
        translated, tool = segment.translated, segment.tool
        return [
            *(
                [Rule("-t raw PREROUTING", near, tool=tool)]
                if translated and published.near and tool == IPTABLES
                else []
            ),
            *([common.translation(published, address, segment, how)] if translated else []),
            *([common.hairpin(published, address, segment)] if translated and not how.proxy else []),
            *([common.opening(published, address, segment, 1)] if segment.guarded else []),
        ]


def _ping(tool: str) -> str:
    return "ipv6-icmp" if tool == IP6TABLES else "icmp"
