"""Netfilter's reports, put together again to the hooks that one packet passed in one namespace."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from netkit.netfilter import TRACE_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.journey.joining.headers import Heads
    from netkit.journey.joining.keys import Packet
    from netkit.netfilter import Mark, TraceEvent

_NEXT = {
    "prerouting": ("input", "forward", "postrouting"),
    "forward": ("postrouting",),
    "output": ("postrouting",),
}
_GOING_ON = ("continue", "return", "jump", "goto")
_BELOW_IP, _AT_INTERFACES = ("bridge", "arp", "netdev"), ("ingress", "egress")


@dataclass(eq=False, slots=True)
class Visit:
    """One hook, passed once by one packet.

    Attributes:
        namespace: where.
        hook: one of netfilter.HOOKS, "ingress" or "egress".
        packet: what the headers tell, as the hook began.
        events: in order; those of an x-ray's own table may be marks.
        shown: those of all other tables: the x-ray's own only says that the packet was there.
    """

    namespace: str
    hook: str
    packet: Packet
    events: list[TraceEvent | Mark]
    shown: list[TraceEvent]

    def add(self, event: TraceEvent | Mark) -> None:
        """Add a later event."""
        self.events.append(event)
        if event.table != TRACE_TABLE:
            self.shown.append(event)  # type: ignore[arg-type]

    @property
    def told(self) -> bool:
        """Whether there is something to show: what others than the x-ray did, or a packet that nothing else shows."""
        return self.hook == "output" or bool(self.shown)

    @property
    def is_taken(self) -> bool:
        """Whether the packet has passed all that filters at INPUT."""
        return self.hook == "input" and self.events[-1].table == TRACE_TABLE

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
        return _ends(self.events[-1])


def _visit(first: TraceEvent | Mark, heads: Heads) -> Visit:
    shown: list[TraceEvent] = [] if first.table == TRACE_TABLE else [first]  # type: ignore[list-item]
    return Visit(first.namespace, first.hook, heads.reported(first), [first], shown)


def passages(events: Iterable[TraceEvent], marks: Iterable[Mark], heads: Heads) -> list[list[Visit]]:
    """The hooks that each packet passed in a namespace, one after the other.

    The kernel gives a packet a number, and another one when it copies it: then its way is told in several pieces.

    Args:
        events: those of all namespaces, each namespace's in order.
        marks: the same.
        heads: what reads their headers.
    """
    found: list[list[Visit]] = []
    latest: dict[tuple[str, int], list[Visit]] = {}
    for event in _merged(events, marks) if marks else events:
        if _is_below(event):
            continue
        key = event.namespace, event.packet
        known = latest.get(key)
        if known is None or not _goes_on(known[-1], event):
            known = latest[key] = [_visit(event, heads)]
            found.append(known)
        elif known[-1].hook == event.hook:
            known[-1].add(event)
        else:
            known.append(_visit(event, heads))
    return found


def _is_below(event: TraceEvent | Mark) -> bool:
    """Whether a chain stands below IP: on a bridge, at an interface, for ARP."""
    return event.family in _BELOW_IP or event.hook in _AT_INTERFACES


def dropped_below(events: Iterable[TraceEvent], heads: Heads) -> list[Visit]:
    """The hooks below IP at which packets were dropped, each with what was reported there of that packet.

    Args:
        events: those of all namespaces, each namespace's in order.
        heads: what reads their headers.
    """
    found: list[Visit] = []
    open_ones: dict[tuple[str, int], Visit] = {}
    for event in filter(_is_below, events):
        key = event.namespace, event.packet
        known = open_ones.get(key)
        if known is None or _station(known.events[-1]) != _station(event):
            known = open_ones[key] = _visit(event, heads)
        else:
            known.add(event)
        if known.ends:
            found.append(known)
            del open_ones[key]
    return found


def _station(event: TraceEvent) -> tuple:
    return event.family, event.hook, event.iif, event.oif, event.network


def _merged(events: Iterable[TraceEvent], marks: Iterable[Mark]) -> list[TraceEvent | Mark]:
    """Events, and marks where they belong among them; all in the order of time, but each namespace's as they are."""
    by_space: dict[str, tuple[list[TraceEvent], list[Mark]]] = defaultdict(lambda: ([], []))
    for event in events:
        by_space[event.namespace][0].append(event)
    for mark in marks:
        by_space[mark.namespace][1].append(mark)
    reports: list[TraceEvent | Mark] = []
    times: list[int] = []
    for both in by_space.values():
        own = _in_order(*both)
        reports += own
        times += accumulate([report.time for report in own], max)
    return [reports[place] for place in sorted(range(len(times)), key=times.__getitem__)]


def _in_order(events: list[TraceEvent], marks: list[Mark]) -> list[TraceEvent | Mark]:
    told, found = 0, []
    for mark in marks:
        found += events[told : mark.at]
        told = mark.at
        found.append(mark)
    return found + events[told:]


def _goes_on(visit: Visit, event: TraceEvent | Mark) -> bool:
    """Whether an event belongs to the same packet as what was reported under its number before."""
    last, hook = visit.events[-1], event.hook
    if not _may_be_same(last.network, event.network) or _ends(last):
        return False
    if hook != visit.hook:
        return hook in _NEXT.get(visit.hook, ())
    if _base(last) == _base(event):
        return last.kind != "policy" and last.verdict.split()[0] in _GOING_ON and last.network == event.network
    return last.priority <= event.priority and _base(event) not in map(_base, visit.events)


def _ends(event: TraceEvent | Mark) -> bool:
    return event.verdict in ("drop", "stolen") or event.verdict.startswith("queue")


def _may_be_same(header: bytes, other: bytes) -> bool:
    """Whether IP headers agree in what no hook changes: protocol and identification."""
    protocol = 9 if header[:1] < b"\x60" else 6
    return header == other or (header[4:6] == other[4:6] and header[protocol:][:1] == other[protocol:][:1])


def _base(event: TraceEvent | Mark) -> tuple[str, str, int]:
    return event.family, event.table, event.priority
