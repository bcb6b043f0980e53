"""Knows what an iptables rule means: its matches and its target, whatever the order and the form of its words.

Sources: iptables(8), iptables-extensions(8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netkit.model import Rule

_SAID_BY_OPTIONS = frozenset(
    ["tcp", "udp", "sctp", "icmp", "icmp6", "comment", "conntrack", "state", "addrtype", "multiport", "mark", "limit"]
)
"""Modules that match nothing by themselves: their options say it all."""
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "ipv6-icmp": "icmpv6", "132": "sctp"}
_SETS = frozenset(["--ctstate", "--dports", "--sports"])
_DEFAULTS = (("--reject-with", "icmp-port-unreachable"), ("--reject-with", "icmp6-port-unreachable"))


@dataclass(frozen=True)
class Match:
    """One condition of a rule.

    Attributes:
        option: "-i", "--dport" …; "unless" for a set of conditions that must not all hold.
        value: texts, or terms of facts.
        negated: whether "!" stood before it.
    """

    option: str
    value: Any
    negated: bool = False


@dataclass(frozen=True)
class Meaning:
    """What a rule does.

    Attributes:
        matches: all have to hold.
        verb: "jump" or "goto", or "" for a rule that only counts.
        target: "ACCEPT", "DNAT", a chain …
        options: of the target.
        text: the rule as it was listed.
        chain: the chain that it stands in.
    """

    matches: frozenset[Match]
    verb: str
    target: str
    options: tuple[Any, ...]
    text: str
    chain: str


def meaning(rule: Rule, term: Callable[[str, str], Any]) -> Meaning:
    """What a rule says.

    Args:
        rule: of iptables.
        term: called with an option and each of its values; gives what takes the value's place.
    """
    said = (one for one in rule.matches if one.field != "-m" or one.value not in _SAID_BY_OPTIONS)
    matches = frozenset(Match(one.field, _value(one.field, one.words, term), one.negated) for one in said)
    options = ((option, *(_aim(value, term) for value in values)) for option, *values in rule.options)
    kept = tuple(one for one in options if one not in _DEFAULTS)
    verb = ("goto" if rule.goto else "jump") if rule.target else ""
    return Meaning(matches, verb, rule.target, kept, rule.text, rule.chain)


def _value(option: str, values: Iterable[str], term: Callable[[str, str], Any]) -> Any:
    if option in _SETS:
        return tuple(sorted(value for word in values for value in word.split(",")))
    if option in ("--dport", "--sport"):
        values = [first if first == last else word for word in values for first, _, last in [word.partition(":")]]
    if option == "-p":
        values = [_PROTOCOLS.get(word, word) for word in values]
    return tuple(term(option, word) for word in values)


def _aim(value: str, term: Callable[[str, str], Any]) -> Any:
    """A target's value: "172.17.0.2:80" is an address and a port."""
    address, colon, port = value.rpartition(":")
    if colon and (address.count(".") == 3 or address.startswith("[")):
        return term("to", address.strip("[]")), term("port", port)
    if value.startswith(":"):
        return "", term("port", port)
    return term("to", value)


def possible(matches: Iterable[Match]) -> frozenset[Match] | None:
    """The matches without those that others imply; None when they contradict one another.

    "-i docker0 ! -o docker0 -o docker0" is never met; of "! -o br1 -o br2" only "-o br2" says something.
    """
    found = frozenset(matches)
    for one in found:
        if one.negated and replace(one, negated=False) in found:
            return None
        if one.option == "unless" and one.value <= found:
            return None
        if not one.negated and one.option in ("-i", "-o", "-p") and _others(one, found):
            return None
    named = {one.option for one in found if not one.negated and one.option in ("-i", "-o", "-p")}
    return frozenset(one for one in found if not (one.negated and one.option in named))


def _others(one: Match, found: frozenset[Match]) -> bool:
    """Whether another value of the same option is asked for as well."""
    same = (other for other in found if other.option == one.option and not other.negated)
    return any(other != one and not _wild(other) and not _wild(one) for other in same)


def _wild(match: Match) -> bool:
    """Whether it names more than one interface or protocol: "br+", "all"."""
    return any(isinstance(value, str) and (value.endswith("+") or value == "all") for value in match.value)


def unless(matches: frozenset[Match]) -> Match:
    """The condition that these do not all hold."""
    if len(matches) == 1:
        [one] = matches
        if one.option != "unless":
            return replace(one, negated=not one.negated)
    return Match("unless", matches)


def meet(one: Meaning, other: Meaning) -> bool:
    """Whether a packet may match both, and it then makes a difference which rule comes first."""
    if (one.target, one.options) == (other.target, other.options):
        return False
    return possible(one.matches | other.matches) is not None and not _apart(one.matches, other.matches)


def _apart(one: frozenset[Match], other: frozenset[Match]) -> bool:
    """Whether no packet has the ports, addresses or connection states that both ask for."""
    theirs = {match.option: match.value for match in other if not match.negated}
    exact = {match.option: match.value for match in one if not match.negated}
    for option in ("--dport", "--sport", "--ctstate"):
        if option in exact and option in theirs and _disjoint(exact[option], theirs[option]):
            return True
    return any(o in exact and o in theirs and _different(exact[o], theirs[o]) for o in ("-s", "-d"))


def _disjoint(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    ranges = any(isinstance(value, str) and ":" in value for value in (*one, *other))
    return not ranges and not set(one) & set(other)


def _different(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether both are single addresses, and not the same; of subnets, one may lie in the other."""
    subnets = any(isinstance(value, tuple) or "/" in str(value) for value in (*one, *other))
    return not subnets and one != other
