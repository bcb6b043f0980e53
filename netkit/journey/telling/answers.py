"""Knows which packet answers which: echo replies, ARP replies, SYN-ACKs, DNS answers, ICMP errors."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from netkit.journey.joining.parsed import quoted
from netkit.journey.telling.meanwhile import ADVERTISEMENT, SOLICITATION
from netkit.packets import arp
from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.trip import Trip
    from netkit.packets.ip import IpHeader

_SYN, _RST, _ACK = 2, 4, 16
_DNS = 53


def answers(trips: Sequence[Trip]) -> list[int | None]:
    """For each packet the place of the one that it answers, None if it answers none.

    A question is answered once by a packet of the same kind, the oldest one first; errors may quote it as well.

    Args:
        trips: in the order in which their packets were first seen.
    """
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    passed: dict[Hashable, int] = {}
    found: list[int | None] = []
    for number, trip in enumerate(trips):
        found.append(_question(trip, waiting, passed))
        for key in dict.fromkeys(_questions(trip)):
            waiting[key].append(number)
        for key in _marks(trip):
            passed[key] = number
    return found


def _question(trip: Trip, waiting: dict[Hashable, deque[int]], passed: dict[Hashable, int]) -> int | None:
    """The packet that this one answers."""
    view = trip.start
    if view is None:
        return None
    if view.ip is not None and (about := quoted(view.ip)) is not None:
        return passed.get(_mark(about))
    key = _answer(view)
    return waiting[key].popleft() if key is not None and waiting.get(key) else None


def _questions(trip: Trip) -> Iterator[Hashable]:
    """What answers this packet hopes for, as it looked at its end: NAT may have changed it under way."""
    views = [trip.start, *(view.innermost for view in trip.last[-1:] if view is not None)]
    views += [trip.last[leaf].innermost for leaf in trip.leaves if trip.last[leaf] is not None]
    for number in trip.leaves:
        before = trip.shown_before(number)
        if trip.last[number] is None and before is not None:
            views.append(trip.last[before].innermost)
    for view in views:
        if view is not None and (key := _hope(view)) is not None:
            yield key


def _hope(view: View) -> Hashable | None:
    """What an answer to this packet is known by."""
    if view.arp is not None and view.arp.operation == arp.REQUEST:
        return ("arp", view.arp.target, view.arp.sender)
    head = view.ip
    if head is None or head.offset or len(head.body) < 8:
        return None
    key = None
    ends, body = (head.source, head.target), head.body
    if (head.protocol, body[0]) in ((ICMP, 8), (ICMPV6, 128)):
        key = "echo", *ends, body[4:8]
    elif head.protocol == ICMPV6 and body[0] == SOLICITATION:
        key = "neighbour", body[8:24]
    elif head.protocol == TCP and len(body) >= 14 and body[13] & (_SYN | _ACK) == _SYN:
        key = "tcp", *ends, head.ports, (int.from_bytes(body[4:8]) + 1) & 0xFFFFFFFF
    elif head.protocol == UDP and head.ports[1] == _DNS:
        key = "dns", *ends, head.ports, body[8:10]
    return key


def _answer(view: View) -> Hashable | None:
    """What the packet is known by that this one answers."""
    if view.arp is not None and view.arp.operation == arp.REPLY:
        return ("arp", view.arp.sender, view.arp.target)
    head = view.ip
    if head is None or head.offset or len(head.body) < 8:
        return None
    ends, body, ports = (head.target, head.source), head.body, head.ports[::-1]
    key = None
    if (head.protocol, body[0]) in ((ICMP, 0), (ICMPV6, 129)):
        key = "echo", *ends, body[4:8]
    elif head.protocol == ICMPV6 and body[0] == ADVERTISEMENT:
        key = "neighbour", body[8:24]
    elif head.protocol == TCP and len(body) >= 14 and body[13] & _ACK and body[13] & (_SYN | _RST):
        key = "tcp", *ends, ports, int.from_bytes(body[8:12])
    elif head.protocol == UDP and head.ports[0] == _DNS:
        key = "dns", *ends, ports, body[8:10]
    return key


def _marks(trip: Trip) -> Iterator[Hashable]:
    """What an ICMP error would quote of this packet, as it looked at any of its steps."""
    last = None
    for view in (*trip.first, *trip.last):
        head = view.innermost.ip if view is not None else None
        if head is not None and head is not last and len(head.body) >= 8:
            last = head
            yield _mark(head)


def _mark(head: IpHeader) -> Hashable:
    """What stays the same when a packet is quoted: the whole of its addresses, and its first bytes."""
    start = head.body[:8]
    if head.protocol == UDP:
        start = start[:6]  # the checksum may be filled in late
    elif head.protocol in (ICMP, ICMPV6):
        start = start[:2] + start[4:]
    return head.source, head.target, head.protocol, head.ident, head.offset, start
