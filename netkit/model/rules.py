"""Rules, policies, chains and sets of packet filters as values: iptables', iptables-legacy's and nft's alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from netkit.handles import guarded
from netkit.model import reading

if TYPE_CHECKING:
    from netkit.model.reading import Match, Reading

_NFT_KINDS = {"type": "base", "chain": "chain", "set": "set", "map": "set", "table": "table"}
_OBJECTS = ("counter", "quota", "limit", "ct", "synproxy", "secmark", "flowtable")
"""What begins the line of an object that nft's rules use by its name: these are in no chain."""

_NOT = re.compile(r"(--?[\w-]+) ! (\S+)")
"""A condition of ebtables with its "!" behind the option, where iptables has it in front."""

_BASE = re.compile(r"type \S+ hook (\S+)(?:.*\bpolicy (\w+))?")


@guarded()
@dataclass(frozen=True)
class Rule:
    """One packet-filter rule or chain policy, in the words of the tool that lists it.

    Attributes:
        tool: "iptables", "ip6tables", "nft", "ebtables", "arptables"; "iptables-legacy" or "ip6tables-legacy" for rules
            of the older kind, where iptables itself is of the newer one.
        table: "filter", "nat" …; for nft with its family, "inet mytable".
        chain: "FORWARD", "POSTROUTING" …; "" for what is in none: nft's sets, named objects, tables.
        text: the rule, "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", a policy,
            "-P FORWARD DROP", or a chain of one's own, "-N DOCKER"; nft's set,
            "set ports { type inet_service; }", its named objects, "quota daily { 5 mbytes; }", and its tables where
            they are empty or have flags, "table { flags dormant; }".
        packets: how many packets it counted; not part of equality.
        handle: the number by which nft knows a rule of its own, 0 for others; not part of equality.
    """

    tool: str
    table: str
    chain: str
    text: str
    packets: int = field(default=0, compare=False)
    handle: int = field(default=0, compare=False)

    @property
    def kind(self) -> Literal["rule", "policy", "chain", "base", "set", "object", "table"]:
        """What it is: a rule, a chain's policy, a chain of one's own; nft's base chain, set, named object, table."""
        if self.tool == "nft" and not self.chain and self.text.startswith(_OBJECTS):
            return "object"
        if self.tool == "nft":
            return _NFT_KINDS.get(self.text.partition(" ")[0], "rule")  # type: ignore[return-value]
        return {"-P": "policy", "-N": "chain"}.get(self.text[:2], "rule")  # type: ignore[return-value]

    @property
    def policy(self) -> str:
        """What a policy, or the head of a base chain, does with packets that no rule decided on: "DROP", "accept"."""
        if self.kind == "policy":
            return self.text.split()[-1]
        return (_BASE.match(self.text) or ("", "", ""))[2] or "" if self.kind == "base" else ""

    @property
    def hook(self) -> str:
        """Where the base chain of nft that it heads is passed, "forward"; "" for all else."""
        return (_BASE.match(self.text) or ("", ""))[1] if self.kind == "base" else ""

    @property
    def declared(self) -> tuple[str, str]:
        """Of nft's sets and objects: its word, "map" or "ct timeout", and the rest of the line, the name first."""
        kind, _, words = self.text.partition(" ")
        more, _, rest = words.partition(" ")
        return (f"ct {more}", rest) if kind == "ct" else (kind, words)

    @cached_property
    def _read(self) -> Reading:
        if self.kind != "rule":
            return reading.Reading()
        if self.tool == "nft":
            return reading.of_nft(self.text)
        return reading.of_iptables(_NOT.sub(r"! \1 \2", self.text) if self.tool == "ebtables" else self.text)

    @property
    def matches(self) -> tuple[Match, ...]:
        """What a packet has to be like, in the order in which it is tried."""
        return self._read.matches

    @property
    def target(self) -> str:
        """What is done with it: "ACCEPT", "DNAT", "drop", a chain …; "" for a rule that only counts."""
        return self._read.target

    @property
    def goto(self) -> bool:
        """Whether the chain that it leads to does not come back."""
        return self._read.goto

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Of the target, each with its values: (("--to-destination", "172.17.0.2:80"),)."""
        return self._read.options

    def option(self, name: str) -> str:
        """The value of an option of the target, "" where it has none of that name."""
        return next((" ".join(words) for option, *words in self.options if option == name), "")

    def asks(self, name: str) -> str:
        """What a field, of nft also by iptables' option for it, has to be; "" where the rule does not ask for that."""
        named = (match for match in self.matches if name in (match.field, match.option))
        return next((match.value for match in named if not match.negated), "")

    @property
    def specification(self) -> str:
        """What iptables takes behind -A, -I or -D: the chain and the rule."""
        return self.text.removeprefix("-A ")
