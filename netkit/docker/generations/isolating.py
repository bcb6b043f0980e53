"""The rules of Docker 20.10, until 27: networks are kept apart by two chains, DOCKER-ISOLATION-STAGE-1 and -2.

What comes from outside to a port that nobody published is stopped by the policy of FORWARD alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker.generations import common
from netkit.docker.generations.values import Chain, Rule

if TYPE_CHECKING:
    from netkit.docker.generations.values import Binding, How, Segment

ONE, TWO = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
_AFTER_THE_CHAINS = 3
"""Where a network's rules begin in FORWARD: behind the calls of DOCKER-USER and DOCKER-ISOLATION-STAGE-1."""


class Isolating:
    """Rules of every network in FORWARD, and two chains that keep networks apart."""

    def chains(self, tool: str) -> list[Chain]:
        """The learner's own rules go into DOCKER-USER, which Docker never changes."""
        return [Chain(name, tool) for name in ("-t nat DOCKER", "DOCKER", ONE, TWO, "DOCKER-USER")]

    def skeleton(self, how: How, tool: str) -> list[Rule]:
        """The learner's rules first, then what keeps networks apart."""
        return [
            *common.into_nat(how, tool),
            *(Rule(chain, "-j RETURN", tool=tool) for chain in (ONE, TWO, "DOCKER-USER")),
            *(Rule("FORWARD", f"-j {chain}", tool=tool) for chain in ("DOCKER-USER", ONE)),
        ]

    def network(self, segment: Segment, how: How) -> list[Rule]:
        """Four rules in FORWARD: what comes in, what goes out, and what stays."""
        bridge, tool = segment.bridge, segment.tool
        among = f"-i {bridge} -o {bridge} -j"
        inside = (
            Rule("FORWARD", f"{among} ACCEPT", _AFTER_THE_CHAINS, tool)
            if segment.icc
            else Rule("FORWARD", f"{among} DROP", tool=tool)
        )
        if segment.internal:
            return [
                inside,
                Rule(ONE, f"! -d {segment.subnet} -i {bridge} -j DROP", 1, tool),
                Rule(ONE, f"! -s {segment.subnet} -o {bridge} -j DROP", 1, tool),
            ]
        answers = f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
        return [
            *common.hiding(segment, how),
            *([Rule("-t nat DOCKER", f"-i {bridge} -j RETURN", 1, tool)] if how.proxy and segment.masquerade else []),
            inside,
            Rule("FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT", _AFTER_THE_CHAINS, tool),
            Rule("FORWARD", f"-o {bridge} -j DOCKER", _AFTER_THE_CHAINS, tool),
            Rule("FORWARD", answers, _AFTER_THE_CHAINS, tool),
            Rule(ONE, f"-i {bridge} ! -o {bridge} -j {TWO}", 1, tool),
            Rule(TWO, f"-o {bridge} -j DROP", 1, tool),
        ]

    def container(self, _segment: Segment, _address: str) -> list[Rule]:
        """An address alone needs none."""
        return []

    def link(self, asker: str, server: str, asked: str, segment: Segment) -> list[Rule]:
        """There and back, behind all that is in Docker's chain."""
        return common.linked(asker, server, asked, segment)

    def order(self, published: Binding) -> tuple[int, bool, int]:
        """The container's highest port first, and TCP before UDP."""
        return -published.there, published.protocol != "tcp", published.here

    def port(self, published: Binding, address: str, segment: Segment, how: How) -> list[Rule]:
        """Three rules: where it leads, that it is let in, and the hairpin, which is there with docker-proxy too."""
        if segment.internal:
            return []
        return [
            common.translation(published, address, segment, how),
            common.opening(published, address, segment, 0),
            common.hairpin(published, address, segment),
        ]
