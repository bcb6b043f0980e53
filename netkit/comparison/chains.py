"""Knows which rules a packet meets from a built-in chain on: those of one's own chains stand where they are jumped to.

So it does not count whether a rule stands in a chain of its own, as Docker's do, or directly in FORWARD.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.comparison.meaning import Match, Meaning, possible, unless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BUILT_IN = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")


def met(chain: str, chains: Mapping[str, Sequence[Meaning]]) -> list[Meaning]:
    """The rules that a packet may meet, from this chain on, in their order.

    Args:
        chain: a built-in one.
        chains: the rules of one table, by chain.

    Returns:
        Rules that jump to no chain any more; a rule's matches are also those of the jumps that lead to it.
    """
    return list(_walk(chain, chains, frozenset(), ()))


def _walk(
    chain: str, chains: Mapping[str, Sequence[Meaning]], before: frozenset[Match], path: tuple[str, ...]
) -> Iterator[Meaning]:
    """Follow the jumps; `before` holds what a packet must match to come here."""
    here, inner = before, (*path, chain)
    for rule in chains.get(chain, ()):
        matches = possible(here | rule.matches)
        if matches is None:
            continue
        returns = rule.target == "RETURN" and bool(path)
        if rule.target in chains and rule.target not in inner:
            yield from _walk(rule.target, chains, matches, inner)
            returns = rule.verb == "goto"
        elif not returns:
            yield replace(rule, matches=matches)
        if returns:  # the rest of this chain is for packets that do not match
            if not rule.matches:
                return
            rest = possible(here | {unless(rule.matches)})
            if rest is None:
                return
            here = rest
