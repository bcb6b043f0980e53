"""Netfilter's reports, put together again to the hooks that one packet passed in one namespace."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from netkit.journey.joining.keys import Packet, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.netfilter import TraceEvent

_NEXT = {
    "prerouting": ("input", "forward", "postrouting"),
    "forward": ("postrouting",),
    "output": ("postrouting",),
}
_GOING_ON = ("continue", "return", "jump", "goto")


@dataclass(eq=False)
class Visit:
    """One hook, passed once by one packet.

    Attributes:
        namespace: where.
        hook: one of netfilter.HOOKS.
        events: in order.
    """

    namespace: str
    hook: str
    events: list[TraceEvent] = field(default_factory=list)

    @cached_property
    def packet(self) -> Packet:
        """What the headers tell, as the hook began."""
        first = self.events[0]
        return read(first.network + first.transport, len(first.network) + len(first.transport), "ip")

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


def passages(events: Iterable[TraceEvent]) -> list[list[Visit]]:
    """The hooks that each packet passed in a namespace, one after the other.

    The kernel gives a packet a number, and another one when it copies it: then its way is told in several pieces.

    Args:
        events: those of all namespaces, each namespace's in order.
    """
    found: list[list[Visit]] = []
    latest: dict[tuple[str, int], list[Visit]] = {}
    for event in events:
        key = event.namespace, event.packet
        known = latest.get(key)
        if known is None or not _goes_on(known[-1], event):
            known = latest[key] = []
            found.append(known)
        if not known or known[-1].hook != event.hook:
            known.append(Visit(event.namespace, event.hook))
        known[-1].events.append(event)
    return found


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
