"""Two generations of Docker's rules side by side: what they do in different ways and why, and which rules differ."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from netkit.docker.generations.history import FACTS, ORDER
from netkit.docker.generations.statements import Element, Statement
from netkit.docker.generations.values import IPTABLES, How, Rule, Segment
from netkit.handles import guarded
from netkit.markup import broken, row, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.docker.generations.releases import Generation
    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Chain

_WIDTH = 112
_SHOWN = "docker0 with -p 8080:80, and an internal network at br-inner"


class _Port(NamedTuple):
    """The published port that is shown."""

    protocol: str = "tcp"
    here: int = 8080
    there: int = 80
    address: str = "0.0.0.0"  # noqa: S104  (what Docker writes for all addresses)
    everywhere: bool = True
    near: bool = False


class Point(NamedTuple):
    """Something that two generations do in different ways.

    Attributes:
        what: it is about.
        a: what the one does.
        b: what the other does.
        why: with the release, "28.0.0: …"; empty where there is nothing to say.
    """

    what: str
    a: str
    b: str
    why: str


@guarded()
@dataclass(frozen=True, repr=False)
class Differences:
    """What differs between two generations of rules; a notebook shows it as tables.

    Attributes:
        names: of the two.
        points: what they do in different ways, and why.
        only_a: rules that only the one writes, by chain, for docker0 with a published port and an internal network.
        only_b: rules that only the other one writes.
    """

    names: tuple[str, str]
    points: tuple[Point, ...]
    only_a: dict[str, list[str]]
    only_b: dict[str, list[str]]

    def __repr__(self) -> str:
        a, b = self.names
        lines = [f"Docker's rules: {a} and {b}"]
        for point in self.points:
            lines += ["", point.what, f"  {a}: {point.a}", f"  {b}: {point.b}"]
            lines += wrap(point.why, _WIDTH, initial_indent="  ", subsequent_indent="    ")
        lines += ["", f"Rules of one only, for {_SHOWN}:"]
        for name, only in zip(self.names, (self.only_a, self.only_b), strict=True):
            lines += ["", f"only {name}:", *(f"  {chain}: {rule}" for chain, rules in only.items() for rule in rules)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        a, b = self.names
        points = [row((point.what, point.a, point.b, point.why), scope="row") for point in self.points]
        rules = [
            row((name, chain, rule), scope="row")
            for name, only in zip(self.names, (self.only_a, self.only_b), strict=True)
            for chain, held in only.items()
            for rule in held
        ]
        told = f"<p>Rules of one only, for {_SHOWN}:</p>"
        return broken(table(("what", a, b, "since, and why"), points) + told + table(("only", "chain", "rule"), rules))


def compared(a: Generation, b: Generation) -> Differences:
    """What differs between two generations.

    Args:
        a: the one.
        b: the other.
    """
    return Differences((a.name, b.name), tuple(_points(a.name, b.name)), _missing(a, b), _missing(b, a))


def _points(a: str, b: str) -> Iterable[Point]:
    earlier, later = sorted((ORDER.index(a), ORDER.index(b)))
    between = ORDER[earlier + 1 : later + 1] if ORDER[later] != "netavark" else ("netavark",)
    for fact in FACTS:
        if fact.way(a) != fact.way(b):
            changes = [each for each in fact.changes if each.generation in between]
            why = "; ".join(": ".join(filter(None, (each.release, each.why))) for each in changes)
            yield Point(fact.what, fact.way(a), fact.way(b), why)


def _missing(a: Generation, b: Generation) -> dict[str, list[str]]:
    """What only the first one writes."""
    own, other = _written(a), _written(b)
    left = {chain: [rule for rule in rules if rule not in other.get(chain, ())] for chain, rules in own.items()}
    return {chain: rules for chain, rules in left.items() if rules}


def _written(generation: Generation) -> dict[str, list[str]]:
    """What a generation writes for what is shown, by table and chain."""
    writer, how, port = generation.writer, How(), _Port()
    outer, inner = Segment("docker0", "172.17.0.0/16"), Segment("br-inner", "172.30.0.0/16", internal=True)
    values: list[Rule | Chain | Value] = [
        *writer.skeleton(how, IPTABLES),
        *writer.network(outer, how),
        *writer.container(outer, "172.17.0.2"),
        *writer.port(port, "172.17.0.2", outer, how),
        *writer.network(inner, how),
        *writer.container(inner, "172.30.0.2"),
    ]
    found: dict[str, list[str]] = {}
    for each in values:
        if isinstance(each, Rule):
            table_, _, chain = each.chain.rpartition(" ")
            found.setdefault(f"{table_[3:] or 'filter'} {chain}", []).append(each.words)
        elif isinstance(each, Statement):
            found.setdefault(f"{each.table} {each.chain}", []).append(each.words)
        elif isinstance(each, Element):
            found.setdefault(f"{each.table} {each.map}", []).append(f'"{each.key}" : {each.verdict}')
    return found
