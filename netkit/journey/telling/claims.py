"""Knows that nothing is said without a record: a claim is a sentence with what was recorded that it rests on.

A sentence that something is not there rests on the snapshots, or the namespaces, in which it was looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, get_args

from netkit.model import (
    ForwardingEntry,
    Frame,
    Interface,
    Namespace,
    Neighbour,
    PolicyRule,
    Queue,
    Route,
    Rule,
    Snapshot,
)
from netkit.netfilter import Connection, Loss, Mark, TraceEvent


class Counted(NamedTuple):
    """How much more a namespace counted meanwhile, by one of nstat(8)'s names."""

    namespace: str
    name: str
    more: int


class Switch(NamedTuple):
    """The value of a switch of a namespace: "net.ipv4.ip_forward"."""

    namespace: str
    name: str
    value: str


class Group(NamedTuple):
    """That an interface has joined a group, or that a bridge knows a listener of it behind a port."""

    namespace: str
    interface: str
    address: str


class PortState(NamedTuple):
    """That a bridge keeps a port from forwarding, and in which state."""

    namespace: str
    port: str
    state: str


Record = (
    Frame | TraceEvent | Mark | Connection | Loss | Route | Neighbour | ForwardingEntry | Interface | Queue | Rule
    | PolicyRule | Namespace | Snapshot | Counted | Switch | Group | PortState
)  # fmt: skip
"""What a claim can rest on."""
_RECORDS = get_args(Record)


class Unfounded(TypeError):
    """Something was to be said that nothing recorded shows."""


@dataclass(frozen=True)
class Claim:
    """A sentence, or a part of one, and the records that it rests on.

    Attributes:
        text: in words; "" where there is nothing to say.
        evidence: the records.

    Raises:
        Unfounded: there is a text and no record, or something else than a record.
    """

    text: str
    evidence: tuple[Record, ...]

    def __post_init__(self) -> None:
        if self.text and not self.evidence:
            raise Unfounded(f"nothing recorded shows that {self.text!r}")
        for record in self.evidence:
            if not isinstance(record, _RECORDS):
                raise Unfounded(f"{type(record).__name__} is no record, but shall show that {self.text!r}")

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


NOTHING = Claim("", ())
"""Where there is nothing to say."""


def said(text: str, *sources: Record | Claim | None) -> Claim:
    """A claim that rests on records, and on other claims whose words it takes over.

    Args:
        text: in words.
        sources: records and claims; None for what is not there.

    Raises:
        Unfounded: there is none at all.
    """
    found: dict[int, Record] = {}
    for source in sources:
        if isinstance(source, Claim):
            for record in source.evidence:
                found[id(record)] = record
        elif source is not None:
            found[id(source)] = source
    return Claim(text, tuple(found.values()))
