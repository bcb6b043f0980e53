"""The rules of a machine's docker: carried out many at once, and what takes them away again."""

from __future__ import annotations

import shlex
from itertools import groupby
from typing import TYPE_CHECKING

from netkit.docker import six
from netkit.docker.generations.values import IP6TABLES, IPTABLES
from netkit.lab import journal
from netkit.linux.acts import nat
from netkit.shell import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import ExitStack

    from netkit.docker.generations.releases import Generation
    from netkit.docker.generations.values import Binding, How, Rule, Segment
    from netkit.lab.namespaces import Namespace


class Rulebook:
    """What writes the rules of a machine's docker.

    Args:
        machine: it.
        generation: whose rules.
        how: how the daemon was started.
    """

    def __init__(self, machine: Namespace, generation: Generation, how: How) -> None:
        self.machine, self.generation, self.how = machine, generation, how

    @property
    def filters_six(self) -> bool:
        """Whether it writes rules for IPv6 as well."""
        return self.generation.since(six.OWN_RULES)

    def begin(self, undo: ExitStack, tool: str = IPTABLES) -> None:
        """The chains, what leads into them, and the policy that nothing is forwarded unless a rule allows it."""
        own = self.generation.writer.chains(tool)
        rules = self.machine.state.rules
        left = {(rule.table, rule.chain) for rule in rules if (rule.kind, rule.tool) == ("chain", tool)}
        new = [each for each in own if (each.table, each.name) not in left]
        _change(self.machine, tool, [each.add for each in new], [each.delete for each in own], undo)
        self._carry(self.generation.writer.skeleton(self.how, tool), undo)
        self._set_policy(tool, "DROP")
        undo.callback(self._set_policy, tool, "ACCEPT")

    def begin_six(self, undo: ExitStack) -> None:
        """What the first network with IPv6 needs: the machine hands its packets on, and filters them."""
        six.forward(self.machine, undo)
        if self.filters_six:
            self.begin(undo, IP6TABLES)

    def _set_policy(self, tool: str, verdict: str) -> None:
        if tool == IPTABLES:
            self.machine.set_policy("FORWARD", verdict)
        else:
            words = [tool, "-P", "FORWARD", verdict]
            journal.perform(self.machine.typed(joined(words)), lambda: nat.iptables(self.machine.path, words[1:], tool))

    def network(self, segment: Segment, undo: ExitStack) -> None:
        """The rules of a network."""
        self._carry(self.generation.writer.network(segment, self.how), undo)

    def container(self, segment: Segment, address: str, undo: ExitStack) -> None:
        """The rules of a container's address on a network."""
        self._carry(self.generation.writer.container(segment, address), undo)

    def ports(self, published: Iterable[Binding], address: str, segment: Segment, undo: ExitStack) -> None:
        """The rules of a container's published ports.

        Two ports of the machine may lead to the same one of the container: what both need is written once.
        """
        writer = self.generation.writer
        groups = (writer.port(one, address, segment, self.how) for one in sorted(published, key=writer.order))
        self._carry(dict.fromkeys(rule for group in groups for rule in group), undo)

    def _carry(self, rules: Iterable[Rule], undo: ExitStack) -> None:
        """Carry rules out, all of one program at once; what removes them is put on `undo`."""
        for tool, group in groupby(rules, key=lambda rule: rule.tool):
            own = list(group)
            _change(self.machine, tool, [rule.add for rule in own], [rule.delete for rule in own], undo)


def _change(machine: Namespace, tool: str, lines: list[str], opposite: list[str], undo: ExitStack) -> None:
    """Carry out what stands behind `iptables` in some lines; the opposite, last line first, is put on `undo`.

    What the learner took away meanwhile, or uses, is left as it is then.
    """

    def act() -> list[bool]:
        nat.change(machine.path, lines, tool)
        return [True] * len(lines)

    backwards = opposite[::-1]
    if lines:
        journal.perform_all(_typed(machine, tool, lines), act)
    undo.callback(
        journal.perform_all, _typed(machine, tool, backwards), lambda: nat.take_away(machine.path, backwards, tool)
    )


def _typed(machine: Namespace, tool: str, lines: Sequence[str]) -> list[str]:
    return [machine.typed(joined([tool, *shlex.split(line)])) for line in lines]
