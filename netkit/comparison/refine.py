"""Knows how alike the things of two networks are, whatever they are called: by the facts around them.

Things begin with their sort as colour; round by round a thing's colour takes in those of the facts that it is part of
(colour refinement, also known as the Weisfeiler-Leman method).  What the things' colours after all rounds have in
common says whether they can correspond; how many facts look the same after a few rounds says how alike they are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from netkit.comparison.things import put

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from netkit.comparison.things import Fact, Network, Thing

ROUNDS = 6
"""Enough to tell one container from another by what is at the far end of the network."""
_LOOKS = 3
"""After this many rounds a single difference has spread over most of a small network."""


class Likeness:
    """How alike the things of two networks are."""

    def __init__(self, a: Network, b: Network) -> None:
        self._numbers: dict[Hashable, int] = {}
        around = {**a.around(), **b.around()}
        self._colours: dict[Thing, int] = {thing: self._number(sort(thing)) for thing in around}
        places = {thing: [(fact, self._place(fact, thing)) for fact in facts] for thing, facts in around.items()}
        self._looks: dict[Thing, list[Counter[int]]] = {thing: [] for thing in around}
        for _ in range(ROUNDS):
            before = len(set(self._colours.values()))
            seen = self._round((*a.facts, *b.facts), places)
            if len(self._looks[next(iter(seen))] if seen else ()) < _LOOKS:
                for thing, colours in seen.items():
                    self._looks[thing].append(colours)
            elif len(set(self._colours.values())) == before:
                break  # nothing more will be told apart

    def same(self, a: Thing, b: Thing) -> bool:
        """Whether nothing tells them apart."""
        return self._colours[a] == self._colours[b]

    def of(self, a: Thing, b: Thing) -> float:
        """0 for nothing in common to 1 for no difference, in the mean over the first rounds."""
        looks = zip(self._looks[a], self._looks[b], strict=True)
        return sum(_overlap(one, other) for one, other in looks) / _LOOKS

    def _round(
        self, facts: Iterable[Fact], places: Mapping[Thing, list[tuple[Fact, int]]]
    ) -> dict[Thing, Counter[int]]:
        """Give every thing its next colour; returns the colours of the facts around each, as seen from it."""
        colours = self._colours
        coloured = {fact: self._number(put(fact.key, colours.__getitem__)) for fact in facts}
        seen = {
            thing: Counter(self._number((coloured[fact], place)) for fact, place in near)
            for thing, near in places.items()
        }
        self._colours = {
            thing: self._number((colours[thing], frozenset(around.items()))) for thing, around in seen.items()
        }
        return seen

    def _place(self, fact: Fact, thing: Thing) -> int:
        """Which part a thing plays in a fact, as a number."""
        return self._number(put(fact.key, lambda one: "*" if one is thing else sort(one)))

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


def sort(thing: Thing) -> tuple[str, str]:
    """Only things with the same one can correspond."""
    return thing.sort, thing.kind


def _overlap(one: Counter[int], other: Counter[int]) -> float:
    most = max(one.total(), other.total())
    return (one & other).total() / most if most else 1.0
