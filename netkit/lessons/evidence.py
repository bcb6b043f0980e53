"""What the rules of a packet filter tell of a cell: which ones are new, and which one has dropped a packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.changes import diff
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.lessons.prediction import Ran
    from netkit.model import Rule

_TABLES = ("raw", "nat", "filter")


def new_rules(ran: Ran) -> list[str]:
    """The rules of iptables that a cell has added, as a list of changes says them.

    Args:
        ran: the cell.
    """
    return [text for change in diff(ran.before, ran.after) if (text := str(change)).startswith("+ rule")]


def by_table(rules: list[str]) -> str:
    """How many of them stand in which table, in words: "1 in the table raw, 2 in the table nat".

    Args:
        rules: as `new_rules` gives them.
    """
    tables = [next((name for name in _TABLES if f"-t {name}" in rule), "filter") for rule in rules]
    return ", ".join(f"{tables.count(name)} in the table {name}" for name in _TABLES if name in tables)


def dropping(ran: Ran) -> Rule | None:
    """The rule or policy of the host that drops, and has met more packets than before the cell; None if there is none.

    Args:
        ran: the cell.
    """
    earlier = {(rule.table, rule.chain, rule.text): rule.packets for rule in ran.before[HOST].rules}
    drops = [rule for rule in ran.after[HOST].rules if "DROP" in (rule.target, rule.policy)]
    return next((rule for rule in drops if rule.packets > earlier.get((rule.table, rule.chain, rule.text), 0)), None)
