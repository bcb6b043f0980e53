"""Whether a socket took what a namespace took in: answers show it, or counters (TcpExtListenDrops, UdpNoPorts)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.trip import taken_as
from netkit.journey.values import TAKEN
from netkit.packets.ip import TCP, UDP

if TYPE_CHECKING:
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.arrivals import End
    from netkit.journey.telling.trip import Trip
    from netkit.packets.ip import IpHeader

_SYN, _ACK = 2, 16
_FLAGS = 14  # bytes of a TCP header up to its flags
_NOBODY, _NO_ROOM = ("UdpNoPorts", "Udp6NoPorts"), ("UdpRcvbufErrors", "Udp6RcvbufErrors")


def heeded(trip: Trip, around: Around, taken: list[End]) -> Claim:
    """Why it is not known that a socket took a packet that was not answered; NOTHING where it did, or none is due.

    Args:
        trip: the packet's steps.
        around: the networks.
        taken: where it was taken in.
    """
    head = trip.start.ip if trip.start is not None else None
    places = [step for step in trip.steps if step.fate == TAKEN]
    if head is None or not places or head.offset:
        return NOTHING
    place, last = places[-1].namespace, taken_as(places[-1]) or head
    if around.meanwhile.sends(place, (head.protocol, last.target, last.source, last.ports[1], last.ports[0])):
        return NOTHING  # to another packet of the same flow
    if head.protocol == TCP and len(head.body) >= _FLAGS and head.body[13] & (_SYN | _ACK) == _SYN:
        return _asked(around, place, taken[0].claim, last)
    return _unheard(around, place, taken[0].claim, last) if head.protocol == UDP else NOTHING


def _asked(around: Around, place: str, to: Claim, last: IpHeader) -> Claim:
    """The first packet of a TCP connection."""
    counted = around.meanwhile.counted(place, "TcpExtListenOverflows", "TcpExtListenDrops")
    if counted is not None:
        full = f"the queue of those who wait at port {last.ports[1]} was full"
        return said(f"reached {to}; {full}: {place} counted a drop (TcpExtListenDrops)", to, counted)
    return said(f"reached {to}; whether a socket took it was not seen: nobody answered", to)


def _unheard(around: Around, place: str, to: Claim, last: IpHeader) -> Claim:
    """A datagram of UDP to which nothing came back, though its port may have nobody, or no room."""
    nobody = around.meanwhile.counted(place, *_NOBODY)
    if nobody is not None:
        words = f"whether anything listens on port {last.ports[1]} is not known"
        return said(f"reached {to}; {words}: {place} counted {nobody.name} {nobody.more}", to, nobody)
    full = around.meanwhile.counted(place, *_NO_ROOM)
    if full is not None:
        words = f"whether its socket had room is not known: {place} counted {full.name} {full.more}"
        return said(f"reached {to}; {words}", to, full)
    return NOTHING
