"""How a packet's steps become a journey: its protocol, ends, one line, hops, and whether it is housekeeping."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.parsed import ARP, as_frame
from netkit.journey.shown.table import Journey
from netkit.journey.telling.around import Around
from netkit.journey.telling.changes import changes
from netkit.journey.telling.claims import said
from netkit.journey.telling.decisions import decision
from netkit.journey.telling.ends import Ending, ending, in_vain
from netkit.journey.telling.translation import is_sent, unseen
from netkit.journey.telling.trip import Trip
from netkit.journey.values import Hop
from netkit.packets.arp import REQUEST
from netkit.packets.dissect import read
from netkit.packets.ip import ICMP, ICMPV6, IGMP, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.changes import Changed
    from netkit.journey.telling.targets import End
    from netkit.journey.values import Seen, Step
    from netkit.packets.ip import IpHeader

_UDP = 8  # bytes of its header
_PROTOCOLS = {ICMP: "ICMP", IGMP: "IGMP", TCP: "TCP", UDP: "UDP", ICMPV6: "ICMPv6", 47: "GRE", 50: "ESP", 132: "SCTP"}


class Ends(NamedTuple):
    """Between whom a packet travels, in the sender's words: addresses and ports."""

    source: str
    destination: str
    source_port: int | None = None
    destination_port: int | None = None


class Known(NamedTuple):
    """What is known of a packet beside its own steps.

    Attributes:
        around: the networks.
        trip: its steps with their headers.
        replies: the packets that answer it.
        answers: the number of the journey that it answers.
    """

    around: Around
    trip: Trip
    replies: Sequence[Trip] = ()
    answers: int | None = None


def tell(number: int, steps: Sequence[Step], seen: Seen, known: Known | None = None) -> Journey:
    """The journey that a packet's steps make.

    Args:
        number: the journey's, from 1 on.
        steps: in causal order.
        seen: what was recorded.
        known: what is known beside; None when the packet is looked at alone.

    Example:
        >>> from netkit.journey.values import Seen
        >>> tell(1, [], Seen(())).end
        'nothing of it was seen'
    """
    if known is None:
        around = Around(seen)
        known = Known(around, Trip(steps, around.seen.tunnels))
    around, trip = known.around, known.trip
    end = ending(trip, around, known.replies) if steps else Ending(said("nothing of it was seen", seen.before))
    what, housekeeping = _said(trip, around)
    return Journey(
        number,
        _protocol(trip.start),
        *_ends(trip, around),
        what,
        _hops(trip, around),
        end.delivered,
        end.claim.text,
        known.answers,
        (housekeeping and not in_vain(trip, around)) or _makes_sure(trip.start),
        end.places,
        end.dropped,
        end.claim.evidence,
    )


def _hops(trip: Trip, around: Around) -> tuple[Hop, ...]:
    changed = changes(trip, around)
    return tuple(_hop(trip, around, number, changed[number]) for number in range(len(trip.steps)))


def _hop(trip: Trip, around: Around, number: int, changed: list[Changed]) -> Hop:
    step, decided = trip.steps[number], decision(trip, around, number, changed)
    evidence = decided.evidence
    if changed:
        evidence = (*(record for change in changed for record in change.claim.evidence), *evidence)
    time = None if step.frame is None or trip.start_time is None else (step.frame.time - trip.start_time) / 1e9
    return Hop(
        number,
        step.after,
        step.namespace,
        step.interface,
        step.hook,
        step.direction,
        time,
        step.frame,
        step.events,
        [change.claim.text for change in changed],
        decided.text,
        around.seen.tunnels,
        evidence,
    )


def _protocol(view: View | None) -> str:
    if view is None:
        return "?"
    if view.kind == ARP:
        return "ARP"
    if view.ip is not None:
        return _PROTOCOLS.get(view.ip.protocol, f"IP protocol {view.ip.protocol}")
    return "802.3" if view.kind < 0x600 else f"0x{view.kind:04x}"


def _ends(trip: Trip, around: Around) -> Ends:
    view = trip.start
    if view is None:
        return Ends("?", "?")
    words = around.wording
    if view.arp is not None:
        return Ends(words.address(view.arp.sender), words.address(view.arp.target))
    if view.ip is not None:
        source, destination = _as_sent(trip, around, view.ip)
        return Ends(words.address(source[0]), words.address(destination[0]), source[1], destination[1])
    return Ends(words.mac(view.macs[1]), words.mac(view.macs[0])) if view.macs else Ends("?", "?")


def _as_sent(trip: Trip, around: Around, head: IpHeader) -> tuple[End, End]:
    """The ends as the sender wrote them: what first shows the packet may show them translated."""
    ports = head.ports
    ends = {"source": (head.source, ports[0]), "destination": (head.target, ports[1])}
    first = next((number for number, view in enumerate(trip.first) if view is not None), 0)
    if is_sent(trip, first):
        ends |= {change.name: change.was for change in unseen(trip, around, first)}
    return ends["source"], ends["destination"]


def _said(trip: Trip, around: Around) -> tuple[str, bool]:
    """One line about the packet without its protocol's name, and whether it is housekeeping."""
    frame = next((step.frame for step in trip.steps if step.frame is not None), None)
    if frame is None:
        return _reported(trip, around)
    head = trip.start.ip if trip.start is not None else None
    if head is not None and head.protocol == UDP and head.fragment and not head.offset and len(head.body) >= _UDP:
        return f"{int.from_bytes(head.body[4:6]) - _UDP} bytes", False  # as its own header says, in all fragments
    reading = read(frame.data, frame.link, around.wording, around.seen.tunnels)
    return reading.carried.removeprefix(f"{_protocol(trip.start)} "), reading.housekeeping


def _makes_sure(view: View | None) -> bool:
    """Whether a kernel asks a neighbour that it knows whether it is still there: ARP to one MAC (RFC 1122, 2.3.2.1)."""
    if view is None or view.arp is None or view.macs is None:
        return False
    return view.arp.operation == REQUEST and not view.macs[0][0] & 1


def _reported(trip: Trip, around: Around) -> tuple[str, bool]:
    """The same of a packet of which only netfilter told: its data is cut short."""
    view, heads = trip.start, next(_heads(trip.steps), b"")
    if view is not None and view.arp is not None:
        reading = read(as_frame(heads), "ethernet", around.wording, around.seen.tunnels)
        return reading.carried.removeprefix("ARP "), reading.housekeeping
    if view is None or view.ip is None:
        return "?", False
    head, data = view.ip, heads
    if head.protocol == UDP:
        return f"{head.size - 8} bytes", False
    reading = read(data + bytes(max(head.size - len(head.body), 0)), "ip", around.wording, around.seen.tunnels)
    words = reading.carried.removeprefix(f"{_protocol(view)} ")
    about_another = head.protocol in (ICMP, ICMPV6)  # of which the report shows too little
    return words.partition(" (")[0] if about_another else words, reading.housekeeping


def _heads(steps: Sequence[Step]) -> Iterator[bytes]:
    """The headers that netfilter reported of a packet."""
    for step in steps:
        yield from (event.network + event.transport for event in step.events if event.network)
        if step.mark is not None:
            yield step.mark.network + step.mark.transport
