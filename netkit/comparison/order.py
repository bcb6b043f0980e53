"""Knows when the order of two networks' rules differs in a way that a packet can feel."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

from netkit.comparison.meaning import Meaning, meet
from netkit.comparison.things import put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.comparison.things import Fact, Network, Thing


def reordered(a: Network, b: Network, pairs: Mapping[Thing, Thing]) -> Iterator[tuple[str, str]]:
    """For each chain the first two rules that stand the other way round in the other network, if it matters."""
    theirs = {place: [put(fact.key, lambda one: one) for fact in facts] for place, facts in _chains(b).items()}
    for (subject, topic), facts in _chains(a).items():
        there = theirs.get((pairs.get(subject), topic), [])
        places = {key: place for place, key in reversed(list(enumerate(there)))}
        ranked = [(fact, places.get(put(fact.key, lambda one: pairs.get(one, one)))) for fact in facts]
        known = [(fact, place) for fact, place in ranked if place is not None]
        for (first, before), (second, after) in combinations(known, 2):
            if before > after and _matters(first, second):
                here = f"{subject} tries in {topic[-1]} `{first.source.text}` before `{second.source.text}`"
                yield here, f"{pairs[subject]} tries the second before the first"
                break


def _chains(network: Network) -> dict[tuple[Thing, tuple[str, ...]], list[Fact]]:
    found: dict[tuple[Any, tuple[str, ...]], list[Fact]] = defaultdict(list)
    for fact in network.facts:
        if fact.topic[0] == "rule":
            found[fact.subject, fact.topic].append(fact)
    return found


def _matters(first: Fact, second: Fact) -> bool:
    one, other = first.source, second.source
    if isinstance(one, Meaning) and isinstance(other, Meaning):
        return meet(one, other)
    return True
