"""Rules carried out for a machine, many at once, and what takes them away again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from netkit.lab import journal
from netkit.linux.acts import nat
from netkit.shell import joined

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import ExitStack

    from netkit.docker import chains
    from netkit.lab.namespaces import Namespace


def add_rules(machine: Namespace, rules: Iterable[chains.Rule], undo: ExitStack) -> None:
    """Carry rules out, all at once; what removes them is put on `undo`."""
    if own := list(rules):
        change(machine, [rule.add for rule in own], [rule.delete for rule in own], undo)


def change(machine: Namespace, lines: list[str], opposite: list[str], undo: ExitStack) -> None:
    """Carry out what stands behind `iptables` in some lines; the opposite, last line first, is put on `undo`.

    What the learner took away meanwhile, or uses, is left as it is then.
    """

    def act() -> list[bool]:
        nat.change(machine.path, lines)
        return [True] * len(lines)

    backwards = opposite[::-1]
    journal.perform_all(_typed(machine, lines), act)
    undo.callback(journal.perform_all, _typed(machine, backwards), lambda: nat.take_away(machine.path, backwards))


def _typed(machine: Namespace, lines: list[str]) -> list[str]:
    return [machine.typed(joined(["iptables", *shlex.split(line)])) for line in lines]
