"""Knows how differences are worded: what one network has against what the other has, or "has nothing like it"."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from netkit.comparison.facts import summary
from netkit.comparison.matching import leftover, unpaired
from netkit.comparison.order import reordered
from netkit.comparison.things import Thing, put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.comparison.things import Fact, Network


class Difference(NamedTuple):
    """One difference: what is said of each network."""

    a: str
    b: str

    def sentence(self, names: tuple[str, str]) -> str:
        """Both in one sentence.

        Args:
            names: of the two networks.
        """
        return f"{names[0]}: {self.a}; {names[1]}: {self.b}"


def differences(a: Network, b: Network, pairs: Mapping[Thing, Thing]) -> list[Difference]:
    """What one network has and the other lacks, in the order of the first one, each said once."""
    back = {other: one for one, other in pairs.items()}
    found = [Difference(f"has {summary(one, a)}", "has nothing like it") for one in unpaired(a, pairs)]
    found += [Difference("has nothing like it", f"has {summary(one, b)}") for one in unpaired(b, back)]
    only_a, only_b = leftover(a, b, pairs)
    slots: dict[tuple[Thing, tuple[str, ...]], tuple[list[Fact], list[Fact]]] = defaultdict(lambda: ([], []))
    for fact in only_a:
        if fact.subject in pairs:
            slots[fact.subject, fact.topic][0].append(fact)
    for fact in only_b:
        if fact.subject in back:
            slots[back[fact.subject], fact.topic][1].append(fact)
    for (subject, _), (ours, theirs) in slots.items():
        found += _against(subject, pairs[subject], ours, theirs, pairs)
    found += [Difference(*told) for told in reordered(a, b, pairs)]
    return list(dict.fromkeys(found))


def _against(
    one: Thing, other: Thing, ours: list[Fact], theirs: list[Fact], pairs: Mapping[Thing, Thing]
) -> Iterator[Difference]:
    """The facts about one subject and topic, the likest against one another."""
    rest = list({fact.says: fact for fact in theirs}.values())
    for fact in {fact.says: fact for fact in ours}.values():
        nearest = max(rest, key=lambda candidate: _shared(fact, candidate, pairs), default=None)
        if nearest is not None:
            rest.remove(nearest)
            yield Difference(f"{one} {fact.says}", f"{other} {nearest.says}")
        else:
            yield Difference(f"{one} {fact.says}", f"{other} {fact.lacks}")
    for fact in rest:
        yield Difference(f"{one} {fact.lacks}", f"{other} {fact.says}")


def _shared(fact: Fact, candidate: Fact, pairs: Mapping[Thing, Thing]) -> int:
    """How many parts of two facts are the same."""
    ours = put(fact.key, lambda thing: pairs.get(thing, thing))
    theirs = put(candidate.key, lambda thing: thing)
    return len(_parts(ours) & _parts(theirs))


def _parts(key: object) -> set[object]:
    if not isinstance(key, tuple | frozenset):
        return {key}
    return {key}.union(*(_parts(part) for part in key))
