"""Knows how alike the things of two networks are, whatever they are called: by the facts around them.

Things begin with their sort as colour; round by round a thing's colour takes in those of the facts that it is part of
(colour refinement, also known as the Weisfeiler-Leman method).  What the things' colours after all rounds have in
common says whether they can correspond; how many facts look the same after a few rounds says how alike they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from netkit.comparison.things import put

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from netkit.comparison.things import Fact, Network, Thing

ROUNDS = 6
"""Enough to tell one container from another by what is at the far end of the network."""
_LOOKS = 3
"""After this many rounds a single difference has spread over most of a small network."""


class Likeness:
    """How alike the things of two networks are.

    Args:
        a: one network.
        b: the other one.
    """

    def __init__(self, a: Network, b: Network) -> None:
        self._numbers: dict[Hashable, int] = {}
        around = [network.around() for network in (a, b)]
        self._colours: dict[Thing, int] = {thing: self._number(sort(thing)) for near in around for thing in near}
        self._looks: dict[Thing, list[Counter[int]]] = defaultdict(list)
        for round_ in range(ROUNDS):
            seen = {thing: self._seen(thing, facts) for near in around for thing, facts in near.items()}
            if round_ < _LOOKS:
                for thing, colours in seen.items():
                    self._looks[thing].append(colours)
            self._colours = {
                thing: self._number((self._colours[thing], frozenset(colours.items())))
                for thing, colours in seen.items()
            }

    def same(self, a: Thing, b: Thing) -> bool:
        """Whether nothing tells them apart."""
        return self._colours[a] == self._colours[b]

    def of(self, a: Thing, b: Thing) -> float:
        """0 for nothing in common to 1 for no difference, in the mean over the first rounds."""
        looks = zip(self._looks[a], self._looks[b], strict=True)
        return sum(_overlap(one, other) for one, other in looks) / _LOOKS

    def _seen(self, thing: Thing, facts: Iterable[Fact]) -> Counter[int]:
        """The colours of the facts around a thing, as seen from it."""
        colours = self._colours
        return Counter(self._number(put(f.key, lambda one: "*" if one is thing else colours[one])) for f in facts)

    def _number(self, what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


def sort(thing: Thing) -> tuple[str, str]:
    """Only things with the same one can correspond."""
    return thing.sort, thing.kind


def _overlap(one: Counter[int], other: Counter[int]) -> float:
    most = max(one.total(), other.total())
    return (one & other).total() / most if most else 1.0
