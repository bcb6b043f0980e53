"""Which rule a number stands for: what iptables' and nftables' chains held while packets were traced."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.linux.looks import rules
from netkit.linux.netlink import nftables
from netkit.linux.netlink.protocol import Talk
from netkit.netfilter import TRACE_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ATTEMPTS = 3

Name = tuple[str, str, str]
"""(family, table, chain)."""


class Rulebook:
    """The base chains and rules that one namespace has, or had since this began.

    The kernel numbers the rules of a table and never uses a number again, so what was read earlier stays true.

    Attributes:
        chains: the base chains.
        texts: (tool, text) of a rule, by (family, table, number).
    """

    def __init__(self) -> None:
        self.chains: dict[Name, nftables.Chain] = {}
        self.texts: dict[tuple[str, str, int], tuple[str, str]] = {}
        self._generation: int | None = None

    def read_here(self) -> None:
        """Add what is there now, in the namespace that the calling thread is in; nothing if nothing has changed.

        The numbers come from the kernel, the words from a program; if the rules change in between, both are
        read again.

        Raises:
            KernelRefused: with the kernel's own reason.
        """
        with Talk(nftables.NETFILTER) as talk:
            for _ in range(_ATTEMPTS):
                generation = _generation(talk)
                if generation == self._generation:
                    return
                self._read(talk)
                if _generation(talk) == generation:
                    self._generation = generation

    def _read(self, talk: Talk) -> None:
        chains = filter(None, map(nftables.chain, talk.dump(nftables.GET_CHAINS, nftables.EVERYTHING)))
        self.chains |= {chain.key: chain for chain in chains if not chain.key[1].startswith(TRACE_TABLE)}
        numbers: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for (family, table, chain), handle in map(nftables.rule, talk.dump(nftables.GET_RULES, nftables.EVERYTHING)):
            if not table.startswith(TRACE_TABLE):
                numbers[family, table][chain].append(handle)
        self.texts |= _texts(numbers)


def _generation(talk: Talk) -> int:
    answer = talk.ask(nftables.GET_GENERATION, nftables.EVERYTHING)
    return nftables.generation(answer)


def _texts(numbers: Mapping[tuple[str, str], Mapping[str, Sequence[int]]]) -> dict:
    """The words for all rules; iptables' for those that iptables can list."""
    listed = {family for family, table in numbers if table in rules.TABLES.get(family, ())}
    saved = {family: _saved(family) for family in listed}
    found = {}
    for (family, table), chains in numbers.items():
        lines = saved.get(family, {})
        if all(len(lines.get((table, chain), ())) == len(handles) for chain, handles in chains.items()):
            tool = rules.SAVE[family].removesuffix("-save")
            for chain, handles in chains.items():
                pairs = zip(handles, lines[table, chain], strict=True)
                found |= {(family, table, handle): (tool, line) for handle, line in pairs}
        else:
            listing = rules.said("nft", "-nn", "-a", "list", "table", family, table)
            found |= {(family, table, r.handle): ("nft", r.text) for r in rules.parse_nft(listing, table) if r.handle}
    return found


def _saved(family: str) -> dict[tuple[str, str], list[str]]:
    """The rules of each (table, chain), in their order."""
    program = rules.SAVE[family]
    found = defaultdict(list)
    for rule in rules.parse_save(rules.said(program, "-c"), program.removesuffix("-save")):
        if rule.text.startswith("-A "):
            found[rule.table, rule.chain].append(rule.text)
    return found
