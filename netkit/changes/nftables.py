"""Knows what has changed of nft's tables, chains, sets and named objects, each by nft's own word for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.changes.place import Entry, against
from netkit.changes.words import steady

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from netkit.changes.place import Place
    from netkit.model import Namespace, Rule

    Key = tuple[str, ...]

_ELEMENTS = re.compile(r"elements = \{ (.*) \}(?= \}$)")
_ELEMENT = re.compile(r'(?:"[^"]*"|[^",])+')
_POLICY = re.compile(r"(.*; )(policy \w+);")


def parts(place: Place) -> Iterator[tuple[str, str]]:
    """What is gone, new, or other than it was, but for rules: they have an order."""
    old, new = ([rule for rule in _of(space) if rule.tool == "nft"] for space in (place.old, place.new))
    for told in (_tables, _chains, _declared):
        before, after = told(old), told(new)
        yield from against(_entries(before, after), _entries(after, before))
    kept = _declared(old).keys() & _declared(new).keys()
    yield from against(_elements(old, kept), _elements(new, kept))


def _of(space: Namespace | None) -> Iterable[Rule]:
    return space.rules if space else ()


def _tables(rules: list[Rule]) -> dict[Key, str]:
    """Each table, and its flags: what lists them says nothing of a table that has none, and has something in it."""
    flags = {rule.table: rule.text.removeprefix("table").strip() for rule in rules if rule.kind == "table"}
    return {("table", rule.table): flags.get(rule.table, "") for rule in rules}


def _chains(rules: list[Rule]) -> dict[Key, str]:
    """Each chain, and where it is passed, if it is a base chain."""
    heads = {(rule.table, rule.chain): rule.text for rule in rules if rule.kind == "base"}
    places = dict.fromkeys((rule.table, rule.chain) for rule in rules if rule.chain)
    return {("base chain" if each in heads else "chain", *each): _in_braces(heads.get(each, "")) for each in places}


def _declared(rules: list[Rule]) -> dict[Key, str]:
    """Each set, map and named object, and what it is declared to be."""
    found = {}
    for rule in rules:
        if rule.kind in ("set", "object"):
            word, rest = rule.declared
            name, _, says = rest.partition(" ")
            found[word, rule.table, name] = says
    return found


def _elements(rules: list[Rule], kept: AbstractSet[Key]) -> Iterator[Entry]:
    """The elements of sets and maps that are on both sides, each by what it is looked up by."""
    for key, says in _declared(rules).items():
        match = _ELEMENTS.search(says)
        if match and key in kept:
            about = steady(" ".join(("element nft", *key[1:])))
            for one in map(str.strip, _ELEMENT.findall(match[1])):
                yield Entry((*key, one.partition(" : ")[0]), (key, one), about, steady(_in_braces(one)))


def _entries(side: dict[Key, str], other: dict[Key, str]) -> Iterator[Entry]:
    """Each with what it is."""
    for key, own in side.items():
        word, *where = key
        says = _kept(own, other[key]) if key in other else own
        yield Entry(key, (key, says), steady(" ".join((word, "nft", *where))), steady(says))


def _kept(own: str, other: str) -> str:
    """What to tell of one that is on both sides: no elements; of a base chain its policy, if only that differs."""
    match, its = _POLICY.search(own), _POLICY.search(other)
    if match and its and match[1] == its[1]:
        return match[2]
    return _ELEMENTS.sub("", own).replace(";  }", "; }") or "plain"


def _in_braces(words: str) -> str:
    return f"{{ {words} }}" if words else ""
