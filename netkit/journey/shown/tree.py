"""Knows the shape of a journey: one line of hops, or a tree where a flood or fragments made one packet many."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from netkit.journey.values import Hop


class Branch(NamedTuple):
    """A hop and how far it is indented."""

    hop: Hop
    indent: str


def following(hops: Iterable[Hop]) -> dict[int | None, list[Hop]]:
    """The hops that follow each hop, by its number; under None the first ones.

    Args:
        hops: of one journey; a hop that follows one which is not among them is a first one.
    """
    hops = list(hops)
    known = {hop.number for hop in hops}
    after: dict[int | None, list[Hop]] = defaultdict(list)
    for hop in hops:
        after[hop.after if hop.after in known and hop.after != hop.number else None].append(hop)
    return after


def tree(hops: Sequence[Hop]) -> list[Branch]:
    """The hops in the order of reading: each branch to its end before the next one begins.

    Args:
        hops: of one journey, in causal order.
    """
    after, rows = following(hops), []
    waiting = [Branch(hop, "") for hop in reversed(after[None])]
    while waiting:
        branch = waiting.pop()
        rows.append(branch)
        waiting += reversed(_below(after[branch.hop.number], branch.indent))
    return rows


def _below(hops: Sequence[Hop], indent: str) -> list[Branch]:
    """The hops that follow one; several are indented below it, the last of them with a corner."""
    if len(hops) < 2:
        return [Branch(hop, _continued(indent)) for hop in hops]
    inner = _continued(indent)
    return [*(Branch(hop, f"{inner}├ ") for hop in hops[:-1]), Branch(hops[-1], f"{inner}└ ")]


def _continued(indent: str) -> str:
    """What stands below an indentation: the line goes on where another branch comes."""
    return indent.replace("├ ", "│ ").replace("└ ", "  ")


def main_way(hops: Sequence[Hop]) -> tuple[list[tuple[str, str]], int]:
    """The points, (namespace, interface), of the branch that leads farthest, and how many other branches there are.

    Args:
        hops: of one journey. Branches that pass the same points, as fragments do, count as one.
    """
    of = {hop.number: hop for hop in hops}
    after = following(hops)
    ways = list(dict.fromkeys(tuple(points(chain(hop, of))) for hop in hops if not after[hop.number]))
    if not ways:
        return [], 0
    longest = max(reversed(ways), key=len)
    others = [one for one in ways if one != longest[: len(one)]]
    return list(longest), len(others)


def chain(hop: Hop, of: Mapping[int, Hop]) -> list[Hop]:
    """The hops that led to a hop, from the first on, and itself.

    Args:
        hop: the last one.
        of: all hops by number.
    """
    found = [hop]
    while (before := of.get(found[-1].after if found[-1].after is not None else -1)) and len(found) <= len(of):
        found.append(before)
    return found[::-1]


def finish(hops: Sequence[Hop], places: Container[str]) -> Hop | None:
    """The hop at which a journey ended: of a flood's many ends the one that counts.

    Args:
        hops: of one journey.
        places: the namespaces in which it ended.

    Returns:
        A hop that none follows; None if there are no hops.
    """
    after = following(hops)
    last = [hop for hop in hops if not after[hop.number]] or list(hops)
    named = [hop for hop in last if hop.namespace in places]
    return (named or last or [None])[-1]


def thinned(hops: Sequence[Hop], places: Container[str], most: int) -> tuple[list[Hop], dict[int, int]]:
    """The hops without all but some branches where there are many.

    Args:
        hops: of one journey.
        places: the namespaces in which it ended; the branch that leads there stays.
        most: how many branches of one hop stay.

    Returns:
        The hops that stay, and by the number of a hop how many branches from there do not.
    """
    of, after = {hop.number: hop for hop in hops}, following(hops)
    last = finish(hops, places)
    main = {hop.number for hop in chain(last, of)} if last else set()
    gone: set[int] = set()
    missing: dict[int, int] = {}
    for number, branches in after.items():
        others = [hop for hop in branches if hop.number not in main]
        spare = others[max(0, most - (len(branches) - len(others))) :]
        gone.update(hop.number for hop in spare)
        if spare and number is not None:
            missing[number] = len(spare)
    staying = [hop for hop in hops if not any(one.number in gone for one in chain(hop, of))]
    return staying, {number: count for number, count in missing.items() if number in {hop.number for hop in staying}}


def points(hops: Iterable[Hop]) -> list[tuple[str, str]]:
    """The interfaces passed, (namespace, interface), each stay at one once."""
    found: list[tuple[str, str]] = []
    for hop in hops:
        if hop.interface is not None and found[-1:] != [(hop.namespace, hop.interface)]:
            found.append((hop.namespace, hop.interface))
    return found
