"""By what an address or a port was translated: a reported rule, or a conntrack entry ("NAT undone by conntrack")."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.parsed import quoted
from netkit.journey.telling.targets import HOOKS, target, translating
from netkit.journey.values import ROUTING
from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.journey.telling.around import Around
    from netkit.journey.telling.targets import End
    from netkit.journey.telling.trip import Trip
    from netkit.netfilter import Connection, TraceEvent

Ends = tuple[tuple[str, int | None], tuple[str, int | None]]
"""Two of them, the addresses as texts."""


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


_FLAGS, _RST = 13, 4  # where TCP's header has its flags, and one of them (RFC 9293)
_SENDING = ("output", "postrouting")
_PROTOCOLS = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmpv6"}


class Cause(NamedTuple):
    """By what an end of a packet was translated.

    Attributes:
        text: in a few words; "" if nothing shows it.
        tracked: whether only conntrack shows it.
        record: the report, or the entry.
    """

    text: str = ""
    tracked: bool = False
    record: TraceEvent | Connection | None = None


def cause(trip: Trip, around: Around, change: Translation) -> Cause:
    """By what one end of a packet was translated.

    Args:
        trip: the packet's steps.
        around: the networks.
        change: the end.
    """
    reset, other = is_reset(trip, change.place), {"source": "destination", "destination": "source"}[change.name]
    event = translating(trip.steps[change.place].events, change.name)
    if event is not None and not reset:
        return Cause(target(event), record=event)
    undone = _of_rejected(trip, change, other) if reset else None
    if undone is not None:
        return Cause(f"{other} NAT undone by conntrack", tracked=True, record=undone)
    found = entry(trip, around, change)
    if found is None:
        return Cause()
    text = f"{other} NAT undone by conntrack" if found[1] else f"{change.name} NAT by conntrack"
    return Cause(text, tracked=True, record=found[0])


def is_reset(trip: Trip, number: int) -> bool:
    """Whether a packet is a TCP reset: none begins a connection, so that rules of NAT which it meets leave it alone.

    Only one that a rule writes for a connection which ends with it, REJECT's, meets any (nf_reject, nf_nat).

    Args:
        trip: the packet's steps.
        number: the step.
    """
    view = trip.first[number]
    head = view.ip if view is not None else None
    return head is not None and head.protocol == TCP and len(head.body) > _FLAGS and bool(head.body[_FLAGS] & _RST)


def _of_rejected(trip: Trip, change: Translation, other: str) -> TraceEvent | None:
    """The report of what had translated the packet that a reset answers: its connection is forgotten with it."""
    asked = trip.asked
    for step, view in zip(asked.steps, asked.first, strict=True) if asked is not None else ():
        event = translating(step.events, other) if step.namespace == trip.steps[change.place].namespace else None
        if event is not None and view is not None and view.ip is not None:
            return event if (view.ip.target if other == "destination" else view.ip.source) == change.now[0] else None
    return None


def entry(trip: Trip, around: Around, change: Translation) -> tuple[Connection, bool] | None:
    """The conntrack entry that explains a translation, and whether the packet is on the way back.

    Args:
        trip: the packet's steps.
        around: the networks.
        change: the end that it translates.
    """
    head = trip.start.ip if trip.start else None
    if head is None:
        return None
    if (about := quoted(head)) is not None:
        head, change = about, _of_error(trip, change)
    namespace, protocol = trip.steps[change.place].namespace, _PROTOCOLS.get(head.protocol, str(head.protocol))
    key = namespace, protocol, change.name, change.was, change.now
    if key not in around.known:
        ends = _text(around, change.was), _text(around, change.now)
        around.known[key] = _entry(around.translated(namespace), protocol, change.name, ends)
    return around.known[key]


def _of_error(trip: Trip, change: Translation) -> Translation:
    """The translation of an ICMP error, whichever router sent it: as that of the packet that it quotes (nf_nat)."""
    before = trip.shown_before(change.place)
    view = trip.last[before] if before is not None else None
    about = quoted(view.ip) if view is not None and view.ip is not None else None
    if about is None or change.name == "destination":
        return change
    return change._replace(was=(about.target, None))


def _entry(connections: Iterable[Connection], protocol: str, name: str, ends: Ends) -> tuple[Connection, bool] | None:
    for connection in connections:
        if connection.protocol == protocol:
            (source, destination), (answering, answered) = connection.there, connection.back
            there, back = (destination, answering), (answered, source)
            if name == "source":
                there, back = (source, answered), (answering, destination)
            if _same(ends, there) or _same(ends, back):
                return connection, not _same(ends, there)
    return None


def is_sent(trip: Trip, number: int) -> bool:
    """Whether a step, the first that shows a packet, is on its way out of the namespace that sends it.

    Args:
        trip: the packet's steps.
        number: the step.
    """
    step = trip.steps[number]
    return (step.direction == "out" or step.hook in _SENDING) and trip.path(None, number)[0] != number


def unseen(trip: Trip, around: Around, number: int) -> list[Translation]:
    """What a conntrack entry changed of a packet where no headers show it: before they are first seen, or after.

    A packet that a namespace sends is translated before its first frame, and before some chains of its hooks; one
    that it takes, after its last frame, and after some chains of INPUT.

    Args:
        trip: the packet's steps.
        around: the networks.
        number: the first step that shows a packet that was sent there; or of one that was taken, the routing decision
            or, if chains of INPUT saw it, that hook.
    """
    step, before = trip.steps[number], trip.shown_before(number)
    sent = step.hook not in (ROUTING, "input")
    shows = before if step.hook == ROUTING else number
    view = None if shows is None else trip.first[shows] if sent else trip.last[shows]
    head = view.ip if view is not None and not view.carrier else None
    if head is None or head.offset:
        return []
    ends = (head.source, head.ports[0]), (head.target, head.ports[1])
    key = step.namespace, _PROTOCOLS.get(head.protocol, ""), f"at {step.hook or 'an interface'}", *ends
    if key not in around.known:
        texts = _text(around, ends[0]), _text(around, ends[1])
        known = around.translated(step.namespace)
        between = step.hook in (*_SENDING, "input")
        around.known[key] = _between(known, key[1], texts, sent=sent) if between else _hidden(known, key[1], texts)
    other = around.known[key]
    return _translations(trip, trip.path(before, number), ends, other, sent=sent) if other is not None else []


def _hidden(connections: Iterable[Connection], protocol: str, ends: Ends) -> Ends | None:
    """The other face of a packet that looks like one face of a connection."""
    for connection in connections:
        if connection.protocol == protocol:
            faces = _faces(connection)
            for face, other in (*faces, *((other, face) for face, other in faces)):
                if _same(ends, face):
                    return other
    return None


def _between(connections: Iterable[Connection], protocol: str, ends: Ends, *, sent: bool) -> Ends | None:
    """A packet as its sender wrote it, or else as it arrives, that a chain saw with the destination translated."""
    for connection in connections:
        if connection.protocol == protocol:
            for written, final in _faces(connection):
                if any(_same(ends, seen) and seen != written for seen in ((written[0], final[1]), final)):
                    return written if sent else final
    return None


def _faces(connection: Connection) -> tuple[tuple[Ends, Ends], tuple[Ends, Ends]]:
    """A packet there, and one back: each as its sender wrote it, and as it arrives."""
    there, back = connection.there, connection.back
    return (there, back[::-1]), (back, there[::-1])


def _translations(trip: Trip, way: list[int], ends: tuple[End, End], other: Ends, *, sent: bool) -> list[Translation]:
    found = []
    for name, shown, known in zip(("source", "destination"), ends, other, strict=True):
        hidden = ipaddress.ip_address(known[0]).packed, known[1] if shown[1] is not None else None
        if hidden != shown:
            hook = next((number for number in way if trip.steps[number].hook in HOOKS[name]), way[-1])
            found.append(Translation(hook, name, *((hidden, shown) if sent else (shown, hidden))))
    return found[::-1]  # the destination first, as the kernel does


def _text(around: Around, end: End) -> tuple[str, int | None]:
    return around.wording.address(end[0]), end[1]


def _same(ends: Ends, known: Ends) -> bool:
    """Whether addresses are the same, and ports as far as the packet has some."""
    return all(end[0] == other[0] and (end[1] is None or end[1] == other[1])
               for end, other in zip(ends, known, strict=True))  # fmt: skip
