"""Knows what a network is made of for a comparison: things whose names do not count, and facts that join them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, eq=False)
class Thing:
    """What has a name that may be another one in the other network; two things are equal only if they are the same.

    Attributes:
        sort: "namespace", "interface", "address", "subnet", "mac" or "port"; only like corresponds to like.
        name: in its own network: ("web", "eth0") for an interface.
        kind: what else has to be alike: an interface's kind, an address's IP version.
    """

    sort: str
    name: tuple[str, ...]
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.name[1]} in {self.name[0]}" if self.sort == "interface" else self.name[-1]


class Bag(tuple):
    """Parts of a fact whose order does not matter: the matches of a rule."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Fact:
    """One fact: texts, numbers and things, nested in tuples and bags.

    Attributes:
        key: what counts.
        subject: the namespace or interface that it is told of.
        topic: facts of one topic about one subject are told against one another.
        says: the fact in words, after the subject: "has the MTU 1450".
        lacks: what is said of the other network's subject when it has nothing on this topic.
        source: of a rule: its meaning, or the rule of nft itself; both have a text.
    """

    key: tuple[Any, ...]
    subject: Thing
    topic: tuple[str, ...]
    says: str
    lacks: str
    source: Any = None

    @cached_property
    def things(self) -> list[Thing]:
        """The things that it joins, each once, in a fixed order."""
        return list(dict.fromkeys(_inner(self.key)))


@dataclass(eq=False)
class Network:
    """One network: its things by sort and name, and the facts about them."""

    things: dict[tuple[str, tuple[str, ...]], Thing] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)

    def thing(self, sort: str, *name: str, kind: str = "") -> Thing:
        """The thing of that sort and name, the same one each time."""
        return self.things.setdefault((sort, name), Thing(sort, name, kind))

    def known(self, sort: str, *name: str) -> Thing | None:
        """The thing of that sort and name, None if nothing bears it."""
        return self.things.get((sort, name))

    def tell(
        self, subject: Thing, topic: tuple[str, ...], key: tuple[Any, ...], words: tuple[str, str], source: Any = None
    ) -> None:
        """Add a fact about the subject; the words are what it says and what the subject without it lacks."""
        self.facts.append(Fact((*topic, subject, *key), subject, topic, *words, source))

    def around(self) -> dict[Thing, list[Fact]]:
        """The facts that each thing is part of."""
        near: dict[Thing, list[Fact]] = {thing: [] for thing in self.things.values()}
        for fact in self.facts:
            for thing in fact.things:
                near[thing].append(fact)
        return near


def _inner(part: Any) -> Iterator[Thing]:
    if isinstance(part, Thing):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from _inner(inner)


def put(part: Any, instead: Callable[[Thing], Any]) -> Any:
    """A fact's key with something else in each thing's place; bags become sets, which compare without order.

    Args:
        part: the key, or a part of it.
        instead: called with each thing.
    """
    if isinstance(part, Thing):
        return instead(part)
    if isinstance(part, Bag):
        return frozenset(put(inner, instead) for inner in part)
    if isinstance(part, tuple):
        return tuple(put(inner, instead) for inner in part)
    return part
