"""Knows how packet-filter rules become facts: iptables' by their meaning, nftables' own by their words."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from netkit.comparison.chains import BUILT_IN, met
from netkit.comparison.meaning import Match, Meaning, meaning
from netkit.comparison.things import Bag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.comparison.addresses import Addresses
    from netkit.comparison.things import Network, Thing
    from netkit.model import Rule

NONE = "has no rule of that meaning"
_EMBEDDED_DNS, _DYNAMIC = "127.0.0.11", range(32768, 61000)
"""Docker's resolver listens there on a port that the kernel chose (ip(7), ip_local_port_range)."""
_ELEMENTS, _OF = "elements = { ", "__"
"""Before the elements of a map, and between what a chain is for and the interface that it is for, in Docker's names."""
_TOKEN = re.compile(r'"[^"]*"|[\w.:/+*-]+|[^\s\w]')


def tell(network: Network, place: Thing, rules: Iterable[Rule], addresses: Addresses) -> None:
    """Add the facts about a namespace's rules.

    Args:
        network: the facts are added to it.
        rules: in the order in which packets meet them.
        addresses: turns addresses into terms.
    """
    terms = _Terms(network, place, addresses)
    chains: dict[tuple[str, str], dict[str, list[Meaning]]] = defaultdict(dict)
    for rule in rules:
        where = (rule.tool, rule.table)
        if rule.tool == "nft":
            chain, own = terms.named(rule.chain)
            network.tell(place, ("rule", *where, chain), (own, *terms.words(rule.text)), _of_nft(rule), rule)
        elif rule.kind == "policy":
            _policy(network, place, rule)
        else:
            rows = chains[where].setdefault(rule.chain, [])
            if rule.kind != "chain":
                rows.append(meaning(rule, terms.of(rule)))
    for where, table in chains.items():
        for chain in BUILT_IN:
            for one in met(chain, table):
                through = "" if one.chain == chain else f", through {one.chain},"
                says = f"has in {chain} of {where[0]} table {where[1]}{through} the rule `{one.text}`"
                network.tell(place, ("rule", *where, chain), _key_of(one), (says, NONE), one)


def _policy(network: Network, place: Thing, rule: Rule) -> None:
    word = rule.policy
    if word != "ACCEPT":
        what = f"for {rule.chain} in {rule.tool} table {rule.table}"
        topic = ("policy", rule.tool, rule.table, rule.chain)
        network.tell(place, topic, (word,), (f"has the policy {word} {what}", f"has the policy ACCEPT {what}"))


def _key_of(rule: Meaning) -> tuple[Any, ...]:
    """A rule's meaning as a fact's key."""
    return _bag(rule.matches), rule.verb if rule.target else "", rule.target, rule.options


def _bag(matches: Iterable[Match]) -> Bag:
    return Bag(_part(one) for one in sorted(matches, key=lambda one: (one.option, one.negated, _text(one.value))))


def _part(one: Match) -> tuple[Any, ...]:
    return one.option, one.negated, _bag(one.value) if one.option == "unless" else one.value


def _text(value: Any) -> str:
    """A key to sort by; the order of equal options does not count."""
    if isinstance(value, frozenset):
        return str(sorted(_text((one.option, one.negated, one.value)) for one in value))
    return str([_text(one) for one in value] if isinstance(value, tuple) else value)


class _Terms:
    """What takes the place of the words of a namespace's rules."""

    def __init__(self, network: Network, place: Thing, addresses: Addresses) -> None:
        self._network, self._space, self._addresses = network, place.name[0], addresses

    def of(self, rule: Rule) -> Any:
        """The terms of one rule's words, by option."""
        said = (*(match.words for match in rule.matches), *rule.options)
        resolver = any(re.split("[/:]", word)[0] == _EMBEDDED_DNS for words in said for word in words)

        def term(option: str, word: str) -> Any:
            if option in ("-i", "-o"):
                return self._network.known("interface", self._space, word) or word
            if option in ("--dport", "--sport", "port") and resolver and word.isdigit() and int(word) in _DYNAMIC:
                return self._network.thing("port", self._space, word)
            return self._addresses.term(word)

        return term

    def words(self, text: str) -> tuple[Any, ...]:
        """The terms of a rule of nftables, or of a map; the order of its elements does not count."""
        head, sign, elements = text.partition(_ELEMENTS)
        own = tuple(self.word(word.strip('"')) for word in _TOKEN.findall(head))
        return (*own, Bag(self.words(each) for each in elements.rstrip(" }").split(", "))) if sign else own

    def named(self, chain: str) -> tuple[str, Any]:
        """A chain's name without the interface that it ends with, and that interface; None where it ends with none."""
        before, sign, name = chain.rpartition(_OF)
        device = self._network.known("interface", self._space, name) if sign else None
        return (before, device) if device is not None else (chain, None)

    def word(self, word: str) -> Any:
        """The term of a word of nftables."""
        if _OF in word:
            return self.named(word)
        address, colon, port = word.rpartition(":")
        if colon and address.count(".") == 3:
            return self._addresses.term(address), port
        return self._network.known("interface", self._space, word) or self._addresses.term(word)


def _of_nft(rule: Rule) -> tuple[str, str]:
    """What is said of a part of nft's, and of a network without it."""
    if rule.kind == "rule":
        return f"has in the chain {rule.chain} of the table {rule.table} the rule `{rule.text}`", NONE
    if rule.kind == "chain":  # listed so where it is empty: the other network may have one with rules
        return f"has in the table {rule.table} the empty chain {rule.chain}", "has no empty chain of that name"
    flags = rule.text.removeprefix("table").strip() if rule.kind == "table" else ""
    if flags:
        return f"has the table {rule.table} with `{flags}`", f"has the table {rule.table} otherwise, or not at all"
    if rule.kind == "table":
        return f"has the table {rule.table} with nothing in it", "has no empty table of that name"
    what = f"the chain {rule.chain}, " if rule.chain else ""
    return f"has in the table {rule.table} {what}`{rule.text}`", "has nothing like it"
