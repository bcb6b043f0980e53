"""How rules are carried out for a machine, many at once, by iptables or by nft; and what takes them away again."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from netkit.docker.generations.statements import Chains
from netkit.docker.generations.values import Chain
from netkit.lab import journal
from netkit.linux.acts import nat, nft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Rule
    from netkit.lab.namespaces import Namespace


class Scribe(Protocol):
    """Writes the rules of one docker."""

    def write(self, values: Iterable[Rule | Chain | Value], undo: ExitStack) -> None:
        """Carry rules out; what removes them is put on `undo`.

        What the learner took away meanwhile, or uses, is left as it is then.
        """
        ...


class OfIptables:
    """Writes by iptables and ip6tables.

    Args:
        machine: where.
    """

    def __init__(self, machine: Namespace) -> None:
        self._machine = machine

    def write(self, values: Iterable[Rule | Chain], undo: ExitStack) -> None:
        """All of one program at once; a chain that the learner has left there is taken as it is."""
        for tool, group in groupby(values, key=lambda each: each.tool):
            own = list(group)
            missing = self._missing(tool) if any(isinstance(each, Chain) for each in own) else None
            new = [each.add for each in own if not isinstance(each, Chain) or missing is None or missing(each)]
            self._carry(tool, new, [each.delete for each in reversed(own)], undo)

    def _missing(self, tool: str) -> Callable[[Chain], bool]:
        """What tells whether a chain is not there yet."""
        rules = self._machine.state.rules
        there = {(rule.table, rule.chain) for rule in rules if (rule.kind, rule.tool) == ("chain", tool)}
        return lambda chain: (chain.table, chain.name) not in there

    def _carry(self, tool: str, lines: list[str], opposite: list[str], undo: ExitStack) -> None:
        path = self._machine.path
        if lines:
            journal.perform_all(self._typed(tool, lines), lambda: _done(lines, nat.change(path, lines, tool)))
        undo.callback(journal.perform_all, self._typed(tool, opposite), lambda: nat.take_away(path, opposite, tool))

    def _typed(self, tool: str, lines: list[str]) -> list[str]:
        return [self._machine.typed(f"{tool} {line}") for line in lines]


class OfNftables:
    """Writes by nft, and knows its own chains: one that changes anywhere but at its end is written anew.

    Args:
        machine: where.
    """

    def __init__(self, machine: Namespace) -> None:
        self._machine, self._chains = machine, Chains()

    def write(self, values: Iterable[Value], undo: ExitStack) -> None:
        """All at once, in one transaction."""
        own, path = list(values), self._machine.path
        if not own:
            return
        lines = self._chains.adding(own)
        undo.callback(self._remove, own)
        journal.perform_all(self._typed(lines), lambda: _done(lines, nft.change(path, lines)))

    def _remove(self, values: list[Value]) -> None:
        lines, path = self._chains.removing(values), self._machine.path
        journal.perform_all(self._typed(lines), lambda: nft.take_away(path, lines))

    def _typed(self, lines: list[str]) -> list[str]:
        return [self._machine.typed(f"nft {shlex.quote(line)}") for line in lines]


def _done(lines: list[str], _nothing: None) -> list[bool]:
    return [True] * len(lines)
