"""What became of a question of ARP or NDP that nobody answered: who has the address, who heard, what kept it away."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.journey.telling.around import without_signal
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.decisions import EVERYONE, flooding
from netkit.journey.telling.meanwhile import SOLICITATION
from netkit.packets.arp import REQUEST
from netkit.packets.ip import ICMPV6

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.model import Interface

NAMED = 3  # more namespaces than these that heard what was not for them are counted, not named
_WITH_TARGET, _GROUP = 24, 0xFF
_ON_ANOTHER = ("macvlan", "ipvlan")


def asked_for(view: View | None) -> bytes:
    """The address whose MAC a packet asks for; b"" of all else, and of one that tells or tries its sender's own."""
    if view is not None and view.arp is not None:
        asks = view.arp.operation == REQUEST and view.arp.sender != view.arp.target
        return view.arp.target if asks else b""
    head = view.ip if view is not None else None
    if head is None or head.protocol != ICMPV6 or len(head.body) < _WITH_TARGET or head.body[0] != SOLICITATION:
        return b""
    asks = any(head.source) and head.target[0] == _GROUP  # else it asks whether an address is free (RFC 4862)
    return head.body[8:_WITH_TARGET] if asks else b""


def unanswered(trip: Trip, around: Around) -> bytes:
    """The address that a packet asks for in vain; b"" if it asks for none, or somebody answered."""
    address, step = asked_for(trip.start), _asker(trip)
    if not address or step is None or not around.meanwhile.asked(*step.place, address):
        return b""
    return address


def unreached(trip: Trip, around: Around, address: bytes, heard: Sequence[str]) -> Claim:
    """That nobody has an address that was asked for, or who has it, and why the question did not reach them.

    Args:
        trip: the question's steps.
        around: the networks.
        address: what was asked for.
        heard: the namespaces that the question reached.
    """
    name, asker, question = around.wording.address(address), _asker(trip), trip.record(len(trip.steps) - 1)
    others = listed(heard) if len(heard) <= NAMED else f"{len(heard)} others"
    place = asker.namespace if asker is not None else ""
    bearers = [(space, link) for space, link in _bearers(around, address) if space != place]
    if not bearers:
        nobody = "nobody else" if place and around.own(place, address) else "nobody"
        words = f"{nobody} has {name}{f': {others} heard the question' if heard else ''}"
        return said(words, question, around.seen.before, around.seen.after)
    places = list(dict.fromkeys(space for space, _ in bearers))
    if reached := [bearer for bearer in places if bearer in heard]:
        return said(silent(reached), *_copies(trip, reached))
    has, it = ("has", "it") if len(places) == 1 else ("have", "them")
    why = next(filter(None, (_kept_from(trip, around, *bearer) for bearer in bearers)), NOTHING)
    words = f"{listed(places)} {has} {name}, but the question did not reach {it}{f': {why}' if why else ''}"
    return said(f"{words}; {others} heard it" if heard else words, question, *(link for _, link in bearers), why)


def _copies(trip: Trip, places: Sequence[str]) -> Iterator[object]:
    """What shows that a question came to some namespaces."""
    return (step.frame for step in trip.steps if step.namespace in places and step.frame is not None)


def silent(reached: Sequence[str]) -> str:
    """That those who have the address heard the question, and that is all that is known."""
    return f"heard by {listed(reached)}, which did not answer"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: "ns1, ns2 and ns3"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _asker(trip: Trip) -> Step | None:
    """The step at which the question was first seen at an interface."""
    return next((step for step in trip.steps if step.interface is not None), None)


def _bearers(around: Around, address: bytes) -> Iterator[tuple[str, Interface]]:
    """The interfaces that have an address, each with its namespace."""
    text = str(ipaddress.ip_address(address))
    for place in dict.fromkeys(space.name for shot in (around.seen.before, around.seen.after) for space in shot):
        if around.own(place, address):
            yield from ((place, link) for link in around.links(place) if text in link.bare_addresses)


def _kept_from(trip: Trip, around: Around, place: str, link: Interface) -> Claim:
    """What kept a question from an interface; NOTHING where that is not known."""
    asker = _asker(trip)
    own = around.record(*asker.place) if asker is not None else None
    if asker is None or own is None:
        return NOTHING
    for upper, lower in ((link, asker.place), (own, (place, link.name))):
        if upper.kind in _ON_ANOTHER and upper.parent == lower:
            below = ":".join(upper.parent)
            return said(f"the {upper.kind} {upper.name} and {below}, on which it lies, never hear one another", upper)
    return _kept_by_bridge(trip, around, link)


def _kept_by_bridge(trip: Trip, around: Around, link: Interface) -> Claim:
    """The port of a bridge, at the other end of an interface's cable, that did not pass a question on (bridge(8))."""
    space, name = link.peer or ("", "")
    port, bridge = around.interface(space, name), around.master(space, name)
    if port is None or bridge is None or not around.is_watched(space, name):
        return NOTHING
    here = [step for step in trip.steps if step.namespace == space and step.interface is not None]
    entered = [step.interface for step in here if step.direction == "in" and _is_port(around, step, bridge)]
    sent = any(step.interface == bridge and step.direction == "out" for step in here)
    if not (entered or sent) or any(step.interface == name and step.direction == "out" for step in here):
        return NOTHING
    words = f"{bridge} did not send it out of {name}"
    shown = [step.frame for step in here], around.record(space, name)
    if not (port.up and port.carrier):
        return said(f"{words}, which {without_signal(port)}", *shown[0], shown[1])
    if (blocked := around.blocked(space, name)) is not None:
        return said(f"{words}, which {bridge} keeps {blocked.state}", *shown[0], blocked)
    switch = flooding(trip.start.macs[0] if trip.start is not None and trip.start.macs else EVERYONE)
    if port.detail(switch) == "0":
        return said(f"{words}, where {switch} is off", *shown[0], shown[1])
    came = around.interface(space, entered[0] or "") if entered else None
    apart = came is not None and came.has("isolated") and port.has("isolated")
    other = around.record(space, came.name) if came is not None else None
    return said(f"{words}: {entered[0]} and {name} are isolated" if apart else words, *shown[0], shown[1], other)


def kept_from_owner(trip: Trip, around: Around) -> Claim:
    """What kept a frame from the interface that has the MAC that it is for; NOTHING where that is not known."""
    mac = trip.start.macs[0].hex(":") if trip.start is not None and trip.start.macs else ""
    spaces = (space for shot in (around.seen.after, around.seen.before) for space in shot)
    links = (link for space in spaces for link in space.interfaces.values())
    owner = next((link for link in links if link.mac == mac and link.peer is not None), None)
    return _kept_by_bridge(trip, around, owner) if owner is not None else NOTHING


def _is_port(around: Around, step: Step, bridge: str) -> bool:
    return around.master(*step.place) == bridge
