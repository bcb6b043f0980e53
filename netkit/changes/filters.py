"""Knows what has changed in iptables and nft: policies, chains, rules, their order, and on request their counters."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from netkit.changes import nftables
from netkit.changes.place import arrow
from netkit.changes.result import GONE, MADE, OTHER
from netkit.changes.words import steady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.changes.place import Place
    from netkit.model import Namespace, Rule


def rules(place: Place, *, counters: bool) -> Iterator[tuple[str, str]]:
    """What has changed in the packet filter of one namespace: (sign, text), table by table, chain by chain.

    Args:
        counters: whether to tell how many packets more a rule has counted.
    """
    yield from nftables.parts(place)
    old, new = _chains(place.old), _chains(place.new)
    for chain in [*new, *(chain for chain in old if chain not in new)]:
        before, after = old.get(chain, []), new.get(chain, [])
        yield from _policies(before, after, there=place.old is not None and place.new is not None)
        own = [[rule for rule in listed if _in_order(rule)] for listed in (before, after)]
        yield from _sequence(*own)
        if counters:
            yield from _counted(before, after)


def _chains(space: Namespace | None) -> dict[tuple[str, str, str], list[Rule]]:
    """The rules of each chain, in their order."""
    found: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in space.rules if space else ():
        found.setdefault((rule.tool, rule.table, rule.chain), []).append(rule)
    return found


def _in_order(rule: Rule) -> bool:
    """Whether it has a place among others: nft's chains, sets, objects and tables have none, iptables lists chains."""
    return rule.kind == "rule" or (rule.kind == "chain" and rule.tool != "nft")


def _policies(before: list[Rule], after: list[Rule], *, there: bool) -> Iterator[tuple[str, str]]:
    """The chain's policy; ACCEPT is not listed."""
    old, new = (next((r for r in listed if r.kind == "policy"), None) for listed in (before, after))
    if (old and old.text) == (new and new.text):
        return
    if not there:
        sign, rule = (MADE, new) if new else (GONE, old)
        yield sign, _said("policy", rule)  # type: ignore[arg-type]  (one of them is there)
        return
    verdicts = [rule.policy if rule else "ACCEPT" for rule in (old, new)]
    rule = new or old
    yield OTHER, f"policy {_tool(rule)}-P {steady(rule.chain)}: {arrow(*verdicts)}"  # type: ignore[arg-type,union-attr]


def _sequence(old: list[Rule], new: list[Rule]) -> Iterator[tuple[str, str]]:
    """Rules that are gone, new, or stand elsewhere in their chain."""
    matcher = SequenceMatcher(None, [rule.text for rule in old], [rule.text for rule in new], autojunk=False)
    gone, made = [], []
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            gone += range(first, last)
            made += range(start, end)
    for at in list(gone):
        if (to := next((place for place in made if new[place].text == old[at].text), None)) is not None:
            gone.remove(at)
            made.remove(to)
            yield OTHER, f"{_said('rule', new[to])}: {arrow(f'rule {_number(old, at)}', f'rule {_number(new, to)}')}"
    yield from ((GONE, _placed(old, at, set(gone))) for at in gone)
    yield from ((MADE, _placed(new, at, set(made))) for at in made)


def _placed(listed: list[Rule], at: int, same: set[int]) -> str:
    """A rule, and its place in the chain where that has other rules behind it."""
    rule = listed[at]
    if all(place in same for place in range(at + 1, len(listed))):
        return _said(rule.kind, rule)
    return f"{_said(rule.kind, rule)} (rule {_number(listed, at)} of {_number(listed, len(listed) - 1)})"


def _number(listed: list[Rule], at: int) -> int:
    """The number by which iptables knows a rule of a chain: from 1 on, without the chain itself."""
    return sum(rule.kind != "chain" for rule in listed[: at + 1])


def _counted(before: list[Rule], after: list[Rule]) -> Iterator[tuple[str, str]]:
    """How many packets more the rules that are still there have counted."""
    matcher = SequenceMatcher(None, [rule.text for rule in before], [rule.text for rule in after], autojunk=False)
    for first, start, size in matcher.get_matching_blocks():
        for old, new in zip(before[first : first + size], after[start : start + size], strict=True):
            more = new.packets - old.packets
            if more:
                what = "policy" if new.kind == "policy" else "rule"
                unit = f"packet{'s' * (abs(more) != 1)} {'more' if more > 0 else 'less'}"
                yield OTHER, f"{_said(what, new)}: counted {abs(more)} {unit}"


def _said(what: str, rule: Rule) -> str:
    return f"{what} {_tool(rule)}{steady(rule.text)}"


def _tool(rule: Rule) -> str:
    """How the command begins that lists it."""
    if rule.tool == "nft":
        return f"nft {rule.table} {steady(rule.chain)}: "
    return rule.tool + (f" -t {rule.table} " if rule.table != "filter" else " ")
