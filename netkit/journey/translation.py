"""Knows by what an address or a port was translated: a rule that netfilter reported, or a conntrack entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.parsed import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.around import Around
    from netkit.journey.trip import Trip
    from netkit.netfilter import Connection, TraceEvent

End = tuple[bytes, int | None]
"""An address and a port."""


class Translation(NamedTuple):
    """One end of a packet that changed.

    Attributes:
        place: the step at which it is said.
        name: "source" or "destination".
        was: the end before.
        now: the end after.
    """

    place: int
    name: str
    was: End
    now: End


TARGETS = {
    "destination": ("DNAT", "REDIRECT"),
    "source": ("MASQUERADE", "SNAT"),
}
_PROTOCOLS = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmpv6"}
_TARGET = re.compile(r"\b(DNAT|REDIRECT|MASQUERADE|SNAT|dnat|redirect|masquerade|snat)\b")


def target(rule: str) -> str:
    """What kind of translation a rule does, "DNAT"; "" for one that does none.

    Args:
        rule: as its tool lists it.

    Example:
        >>> target("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
        'MASQUERADE'
        >>> target("-A FORWARD -j ACCEPT")
        ''
    """
    found = _TARGET.search(rule.rpartition(" -j ")[2] if rule.startswith("-") else rule)
    return found[1].upper() if found else ""


def translating(events: Sequence[TraceEvent], name: str) -> TraceEvent | None:
    """The event of the rule that translates the "source" or the "destination", if there is one."""
    return next((e for e in events if e.kind == "rule" and target(e.rule) in TARGETS[name]), None)


def cause(trip: Trip, around: Around, change: Translation) -> str:
    """By what one end of a packet was translated, in a few words; "" if nothing shows it.

    Args:
        trip: the packet's steps.
        around: the networks.
        change: the end.
    """
    event = translating(trip.steps[change.place].events, change.name)
    if event is not None:
        return target(event.rule)
    found = entry(trip, around, change)
    if found is None:
        return ""
    other = {"source": "destination", "destination": "source"}[change.name]
    return f"{other} NAT undone by conntrack" if found[1] else f"{change.name} NAT by conntrack"


def entry(trip: Trip, around: Around, change: Translation) -> tuple[Connection, bool] | None:
    """The conntrack entry that explains a translation, and whether the packet is on the way back.

    Args:
        trip: the packet's steps.
        around: the networks.
        change: the end that it translates.
    """
    head = trip.start.head if trip.start else None
    if head is None:
        return None
    protocol = _PROTOCOLS.get(head.protocol, str(head.protocol))
    ends = _text(around, change.was), _text(around, change.now)
    for connection in around.connections(trip.steps[change.place].namespace):
        if connection.protocol == protocol:
            there, back = _ends(connection, change.name)
            if _same(ends, there):
                return connection, False
            if _same(ends, back):
                return connection, True
    return None


def _text(around: Around, end: End) -> tuple[str, int | None]:
    return around.wording.address(end[0]), end[1]


Ends = tuple[tuple[str, int | None], tuple[str, int | None]]


def _ends(c: Connection, name: str) -> tuple[Ends, Ends]:
    """How an entry translates that end: on the way there, and on the way back."""
    first, second = (c.source, c.source_port), (c.destination, c.destination_port)
    reply_first, reply_second = (c.reply_source, c.reply_source_port), (c.reply_destination, c.reply_destination_port)
    if name == "destination":
        return (second, reply_first), (reply_second, first)
    return (first, reply_second), (reply_first, second)


def _same(ends: Ends, known: Ends) -> bool:
    """Whether addresses are the same, and ports as far as the packet has some."""
    return all(end[0] == other[0] and (end[1] is None or end[1] == other[1])
               for end, other in zip(ends, known, strict=True))  # fmt: skip
