"""Netfilter's reports, put together again to the hooks that one packet passed in one namespace."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from netkit.journey.joining.headers import head
from netkit.netfilter import TRACE_TABLE, TraceEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.journey.joining.keys import Packet
    from netkit.netfilter import Mark

_NEXT = {
    "prerouting": ("input", "forward", "postrouting"),
    "forward": ("postrouting",),
    "output": ("postrouting",),
}
_GOING_ON = ("continue", "return", "jump", "goto")
_BELOW_IP, _AT_INTERFACES = ("bridge", "arp", "netdev"), ("ingress", "egress")


@dataclass(eq=False)
class Visit:
    """One hook, passed once by one packet.

    Attributes:
        namespace: where.
        hook: one of netfilter.HOOKS, "ingress" or "egress".
        events: in order.
    """

    namespace: str
    hook: str
    events: list[TraceEvent] = field(default_factory=list)

    @cached_property
    def shown(self) -> tuple[TraceEvent, ...]:
        """The events but those of an x-ray's own table, which only say that the packet was there."""
        return tuple(event for event in self.events if event.table != TRACE_TABLE)

    @property
    def told(self) -> bool:
        """Whether there is something to show: what others than the x-ray did, or a packet that nothing else shows."""
        return self.hook == "output" or bool(self.shown)

    @property
    def is_taken(self) -> bool:
        """Whether the packet has passed all that filters at INPUT."""
        return self.hook == "input" and self.events[-1].table == TRACE_TABLE

    @cached_property
    def packet(self) -> Packet:
        """What the headers tell, as the hook began."""
        return head(self.events[0].network, self.events[0].transport)

    @property
    def iif(self) -> str | None:
        """The interface that it came in by."""
        return self.events[-1].iif

    @property
    def oif(self) -> str | None:
        """The interface that it will leave by; a rule at OUTPUT may change it, the next hook knows."""
        return self.events[-1].oif

    @property
    def ends(self) -> bool:
        """Whether the packet was dropped, or taken away, here."""
        return self.events[-1].verdict in ("drop", "stolen") or self.events[-1].verdict.startswith("queue")


def passages(events: Iterable[TraceEvent], marks: Iterable[Mark] = ()) -> list[list[Visit]]:
    """The hooks that each packet passed in a namespace, one after the other.

    The kernel gives a packet a number, and another one when it copies it: then its way is told in several pieces.

    Args:
        events: those of all namespaces, each namespace's in order.
        marks: the same.
    """
    found: list[list[Visit]] = []
    latest: dict[tuple[str, int], list[Visit]] = {}
    for event in _merged(events, marks) if marks else events:
        if is_below(event):
            continue
        key = event.namespace, event.packet
        known = latest.get(key)
        if known is None or not _goes_on(known[-1], event):
            known = latest[key] = []
            found.append(known)
        if not known or known[-1].hook != event.hook:
            known.append(Visit(event.namespace, event.hook))
        known[-1].events.append(event)
    return found


def is_below(event: TraceEvent) -> bool:
    """Whether a chain stands below IP: on a bridge, at an interface, for ARP."""
    return event.family in _BELOW_IP or event.hook in _AT_INTERFACES


def dropped_below(events: Iterable[TraceEvent]) -> list[Visit]:
    """The hooks below IP at which packets were dropped, each with what was reported there of that packet.

    Args:
        events: those of all namespaces, each namespace's in order.
    """
    found: list[Visit] = []
    open_ones: dict[tuple[str, int], Visit] = {}
    for event in filter(is_below, events):
        key = event.namespace, event.packet
        known = open_ones.get(key)
        if known is None or _station(known.events[-1]) != _station(event):
            known = open_ones[key] = Visit(event.namespace, event.hook)
        known.events.append(event)
        if known.ends:
            found.append(known)
            del open_ones[key]
    return found


def _station(event: TraceEvent) -> tuple:
    return event.family, event.hook, event.iif, event.oif, event.network


def _merged(events: Iterable[TraceEvent], marks: Iterable[Mark]) -> Iterator[TraceEvent]:
    """Events, and marks as events of the x-ray's table where they belong among them; all in the order of time."""
    by_space: dict[str, tuple[list[TraceEvent], list[Mark]]] = defaultdict(lambda: ([], []))
    for event in events:
        by_space[event.namespace][0].append(event)
    for mark in marks:
        by_space[mark.namespace][1].append(mark)
    return heapq.merge(*(_in_order(*both) for both in by_space.values()), key=lambda event: event.time)


def _in_order(events: list[TraceEvent], marks: list[Mark]) -> Iterator[TraceEvent]:
    told = 0
    for mark in marks:
        yield from events[told : mark.at]
        told = mark.at
        yield _as_event(mark)
    yield from events[told:]


def _as_event(mark: Mark) -> TraceEvent:
    priority = _LAST if mark.hook == "input" else _FIRST
    heads = {"iif": mark.iif, "network": mark.network, "transport": mark.transport, "time": mark.time}
    where = mark.namespace, mark.packet, "inet", TRACE_TABLE, mark.hook, mark.hook, priority
    return TraceEvent(*where, "policy", "accept", **heads)


_FIRST, _LAST = -(2**31), 2**31 - 1


def _goes_on(visit: Visit, event: TraceEvent) -> bool:
    """Whether an event belongs to the same packet as what was reported under its number before."""
    last = visit.events[-1]
    if _who(last) != _who(event) or visit.ends:
        return False
    if event.hook != visit.hook:
        return event.hook in _NEXT.get(visit.hook, ())
    if _base(last) == _base(event):
        return last.kind != "policy" and last.verdict.split()[0] in _GOING_ON and last.network == event.network
    return last.priority <= event.priority and _base(event) not in map(_base, visit.events)


def _who(event: TraceEvent) -> tuple:
    """What no hook changes: protocol and identification."""
    network = event.network
    return (network[9:10], network[4:6]) if network[:1] < b"\x60" else (network[6:7], network[4:6])


def _base(event: TraceEvent) -> tuple[str, str, int]:
    return event.family, event.table, event.priority
