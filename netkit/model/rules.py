"""Rules of the packet filter."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """One packet-filter rule or chain policy, in the words of the tool that lists it.

    Attributes:
        tool: "iptables", "ip6tables" or "nft".
        table: "filter", "nat" …; for nft with its family, "inet mytable".
        chain: "FORWARD", "POSTROUTING" …
        text: the rule, "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", a policy,
            "-P FORWARD DROP", or a chain of one's own, "-N DOCKER".
        packets: how many packets it counted; not part of equality.
    """

    tool: str
    table: str
    chain: str
    text: str
    packets: int = field(default=0, compare=False)
