"""How rules are carried out for a machine, many at once, by iptables or by nft; and what takes them away again."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from netkit.docker.generations.statements import Chains
from netkit.docker.generations.values import Chain
from netkit.lab import journal
from netkit.linux.acts import nat, nft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack

    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Rule
    from netkit.lab.namespaces import Namespace

    _Act = Callable[[list[list[Any]]], None]


class Scribe:
    """Writes the rules of one docker, each on its own, or many together.

    Args:
        machine: where.
    """

    def __init__(self, machine: Namespace) -> None:
        self._machine = machine
        self._waiting: list[tuple[_Act, list[Any]]] | None = None

    def write(self, values: Iterable[Rule | Chain | Value], undo: ExitStack) -> None:
        """Carry rules out; what removes them is put on `undo`.

        What the learner took away meanwhile, or uses, is left as it is then.
        """
        own = list(values)
        if own:
            undo.callback(self._act, self._take_away, own)
            self._act(self._add, own)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written or taken away within is carried out at the end, by as few programs as it can be."""
        if self._waiting is not None:
            yield  # within another one, whose end is soon enough
            return
        self._waiting = []
        try:
            yield
        finally:
            waiting, self._waiting = self._waiting, None
            for act, group in groupby(waiting, key=lambda each: each[0]):
                act([values for _, values in group])

    def _act(self, act: _Act, values: list[Any]) -> None:
        if self._waiting is not None:
            self._waiting.append((act, values))
        else:
            act([values])

    def _add(self, groups: list[list[Any]]) -> None:
        """Carry out groups of values."""
        raise NotImplementedError

    def _take_away(self, groups: list[list[Any]]) -> None:
        """Remove groups of values, each from its end to its beginning."""
        raise NotImplementedError


class OfIptables(Scribe):
    """Writes by iptables and ip6tables, all of one program at once."""

    def _add(self, groups: list[list[Rule | Chain]]) -> None:
        """A chain that the learner has left there is taken as it is."""
        for tool, own in _by_tool(chain.from_iterable(groups)).items():
            missing = self._missing(tool) if any(isinstance(each, Chain) for each in own) else None
            lines = [each.add for each in own if not isinstance(each, Chain) or missing is None or missing(each)]
            if lines:
                act = partial(nat.change, self._machine.path, lines, tool)
                journal.perform_all(self._typed(tool, lines), partial(_done, lines, act))

    def _take_away(self, groups: list[list[Rule | Chain]]) -> None:
        for tool, own in _by_tool(each for group in groups for each in reversed(group)).items():
            lines = [each.delete for each in own]
            act = partial(nat.take_away, self._machine.path, lines, tool)
            journal.perform_all(self._typed(tool, lines), act)

    def _missing(self, tool: str) -> Callable[[Chain], bool]:
        """What tells whether a chain is not there yet."""
        rules = self._machine.state.rules
        there = {(rule.table, rule.chain) for rule in rules if (rule.kind, rule.tool) == ("chain", tool)}
        return lambda chain: (chain.table, chain.name) not in there

    def _typed(self, tool: str, lines: list[str]) -> list[str]:
        return [self._machine.typed(f"{tool} {line}") for line in lines]


class OfNftables(Scribe):
    """Writes by nft in one transaction, and knows its own chains.

    One that changes anywhere but at its end is written anew.
    """

    def __init__(self, machine: Namespace) -> None:
        super().__init__(machine)
        self._chains = Chains()

    def _add(self, groups: list[list[Value]]) -> None:
        lines = self._chains.adding(list(chain.from_iterable(groups)))
        act = partial(nft.change, self._machine.path, lines)
        journal.perform_all(self._typed(lines), partial(_done, lines, act))

    def _take_away(self, groups: list[list[Value]]) -> None:
        lines = self._chains.removing(list(chain.from_iterable(reversed(groups))))
        journal.perform_all(self._typed(lines), partial(nft.take_away, self._machine.path, lines))

    def _typed(self, lines: list[str]) -> list[str]:
        return [self._machine.typed(f"nft {shlex.quote(line)}") for line in lines]


def _by_tool(values: Iterable[Rule | Chain]) -> dict[str, list[Rule | Chain]]:
    """Values by the program that writes them, in their order."""
    found: dict[str, list[Rule | Chain]] = {}
    for each in values:
        found.setdefault(each.tool, []).append(each)
    return found


def _done(lines: list[str], act: Callable[[], None]) -> list[bool]:
    act()
    return [True] * len(lines)
