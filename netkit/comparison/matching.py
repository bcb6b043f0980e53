"""Knows which thing of one network corresponds to which of the other, so that as many facts as possible are the same.

The likest pair comes first; each pair speaks for those that facts join to it.  Where things look the same, several
orders are tried and the best result counts; the same networks always give the same pairs.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from netkit.comparison.refine import Likeness, sort
from netkit.comparison.things import Thing, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.comparison.things import Fact, Network

Pairs = dict[Thing, Thing]
TRIES = 4
"""How many orders are tried when no pairing leaves nothing over."""
_BY_A_FACT, _INDISTINGUISHABLE, _BY_NAME = 2.0, 1.0, 0.1
_LATER = {"subnet": -2.5, "address": -3.0, "mac": -3.0, "port": -3.0}
"""What is looked at after the namespaces and interfaces that it belongs to."""


def match(a: Network, b: Network) -> Pairs:
    """The pairs of things that leave the fewest facts over.

    Returns:
        A thing of `b` for things of `a`; no thing of `b` twice.
    """
    likeness, best, fewest = Likeness(a, b), {}, float("inf")
    candidates = _candidates(a, b, likeness)
    for order in range(TRIES):
        pairs = _Pairing(a, b, candidates, order).pairs
        left = sum(len(side) for side in leftover(a, b, pairs))
        if left < fewest:
            best, fewest = pairs, left
        if not left:
            break
    return best


def leftover(a: Network, b: Network, pairs: Mapping[Thing, Thing]) -> tuple[list[Fact], list[Fact]]:
    """The facts of each network that have none of the same meaning in the other one, in their order."""
    there = Counter(put(fact.key, lambda one: one) for fact in b.facts)
    here = Counter(put(fact.key, lambda one: pairs.get(one, one)) for fact in a.facts)
    missing, more = here - there, there - here
    only_a = [fact for fact in a.facts if _take(missing, put(fact.key, lambda one: pairs.get(one, one)))]
    return only_a, [fact for fact in b.facts if _take(more, put(fact.key, lambda one: one))]


def _take(counts: Counter[Any], key: Any) -> bool:
    if counts[key] <= 0:
        return False
    counts[key] -= 1
    return True


def _candidates(a: Network, b: Network, likeness: Likeness) -> dict[tuple[Thing, Thing], float]:
    """How alike the things are that may correspond."""
    alike = defaultdict(list)
    for thing in b.things.values():
        alike[sort(thing)].append(thing)
    return {(one, other): _worth(one, other, likeness) for one in a.things.values() for other in alike[sort(one)]}


def _worth(one: Thing, other: Thing, likeness: Likeness) -> float:
    return likeness.of(one, other) + _INDISTINGUISHABLE * likeness.same(one, other) + _LATER.get(one.sort, 0.0)


class _Pairing:
    """Pairs one after the other, the one that most speaks for first."""

    def __init__(self, a: Network, b: Network, candidates: Mapping[tuple[Thing, Thing], float], order: int) -> None:
        self.pairs: Pairs = {}
        self._back: Pairs = {}
        self._a, self._b = a, b
        self._near = {**a.around(), **b.around()}
        self._scores = {pair: score + _preference(pair, order) for pair, score in candidates.items()}
        rank = {pair: number for number, pair in enumerate(self._scores)}
        self._rank = {pair: (number * (2 * order + 1)) % 9973 if order else number for pair, number in rank.items()}
        self._heap = [(-score, self._rank[pair], rank[pair], *pair) for pair, score in self._scores.items()]
        self._order = rank
        heapq.heapify(self._heap)
        while self._heap:
            worth, _, _, one, other = heapq.heappop(self._heap)
            if -worth == self._scores[one, other]:  # else there is a newer entry
                self._settle(one, other)

    def _settle(self, one: Thing, other: Thing) -> None:
        """Make a pair, unless it contradicts those that are made; an interface takes its namespace along."""
        if one in self.pairs or other in self._back:
            return
        if one.sort == "interface":
            places = self._a.things["namespace", one.name[:1]], self._b.things["namespace", other.name[:1]]
            if (places[0] in self.pairs or places[1] in self._back) and self.pairs.get(places[0]) is not places[1]:
                return
            if places not in self._scores:
                return
            self._settle(*places)
        self.pairs[one], self._back[other] = other, one
        self._speak(one, other)

    def _speak(self, one: Thing, other: Thing) -> None:
        """Let the facts around a new pair speak for the pairs that they would complete."""
        theirs = defaultdict(list)
        for fact in self._near[other]:
            for last in _last(fact, self._back):
                theirs[self._form(fact, last, self._back)].append(last)
        for fact in self._near[one]:
            for last in _last(fact, self.pairs):
                there = theirs.get(self._form(fact, last, self.pairs), [])
                for choice in there:
                    self._raise((last, choice), _BY_A_FACT / len(there))

    def _form(self, fact: Fact, last: Thing, settled: Mapping[Thing, Thing]) -> Any:
        """A fact with the things of `b` in their places, and the one that has no pair yet left open."""
        ours = settled is self.pairs
        return put(fact.key, lambda one: sort(one) if one is last else settled[one] if ours else one)

    def _raise(self, pair: tuple[Thing, Thing], by: float) -> None:
        if pair in self._scores and pair[0] not in self.pairs and pair[1] not in self._back:
            self._scores[pair] += by
            heapq.heappush(self._heap, (-self._scores[pair], self._rank[pair], self._order[pair], *pair))


def _last(fact: Fact, settled: Mapping[Thing, Thing]) -> list[Thing]:
    """The only thing of a fact that has no pair yet; none if there are several."""
    open_ones = [one for one in fact.things if one not in settled]
    return open_ones if len(open_ones) == 1 else []


def _preference(pair: tuple[Thing, Thing], order: int) -> float:
    """Equal names are a hint; in the second try, a strong one."""
    return (20 * _BY_NAME if order == 1 else _BY_NAME) * (pair[0].name == pair[1].name)


_PLAIN = frozenset(["place", "state", "mtu", "mac", "cable", "master", "detail", "switch", "connected"])
"""What every end of a cable has."""


def unpaired(network: Network, paired: Iterable[Thing]) -> list[Thing]:
    """The namespaces and interfaces to which nothing corresponds, in the network's order.

    The interfaces of such a namespace go without saying, and so do the far ends of its cables that have nothing else.
    """
    known = set(paired)
    alone = [one for one in network.things.values() if one.sort in ("namespace", "interface") and one not in known]
    places = {one.name[0] for one in alone if one.sort == "namespace"}
    cables = [fact.things for fact in network.facts if fact.topic == ("cable",)]
    busy = {fact.subject for fact in network.facts if fact.topic[0] not in _PLAIN}
    said = {one for ends in cables if any(end.name[0] in places for end in ends) for one in ends} - busy
    return [one for one in alone if one.sort == "namespace" or (one.name[0] not in places and one not in said)]
