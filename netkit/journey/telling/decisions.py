"""Knows who decided at a station of a packet: a route, a neighbour entry, the FDB (floods, groups), a VTEP, a rule."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.journey.telling import beside, verdicts
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.routed import routed, small
from netkit.journey.telling.translation import is_reset
from netkit.journey.values import ROUTING
from netkit.packets.arp import REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.changes import Changed
    from netkit.journey.telling.claims import Record
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.model import Interface

    _Shown = tuple[Record | None, ...]

EVERYONE = b"\xff" * 6


def decision(trip: Trip, around: Around, number: int, changed: Sequence[Changed] = ()) -> Claim:
    """Who decided what at a step, in one sentence; NOTHING where nothing was decided.

    Args:
        trip: the packet's steps.
        around: the networks.
        number: the step.
        changed: what changed there.
    """
    step = trip.steps[number]
    if step.hook == ROUTING:
        return routed(trip, around, number)
    if step.hook is not None:
        words = verdicts.sentence(step.events, untranslated=is_reset(trip, number))
        tracked = [change.claim for change in changed if change.tracked]
        begin = "The conntrack entry of the connection translates the packet; " if tracked else ""
        return said(f"{begin}{words}", *step.events, *tracked) if words else NOTHING
    if step.direction == "in":
        return _taken(trip, around, number)
    if beside.shows(around, step):
        return beside.led(trip, around, number)
    return _sentence(_ways_out(trip, around, number))


def _sentence(clauses: list[Claim]) -> Claim:
    """One sentence made of clauses, each of which begins like a sentence."""
    first, *others = clauses or [NOTHING]
    return said("; ".join([first.text, *(small(each.text) for each in others)]) + ".", *clauses) if first else NOTHING


def _ways_out(trip: Trip, around: Around, number: int) -> list[Claim]:
    """Why a frame goes out here, and to whom: as clauses of one sentence."""
    step = trip.steps[number]
    link = around.interface(*step.place)
    parts = [_forwarded(trip, around, number) or _neighbour(trip, around, number), _tunnel(trip, around, number, link)]
    return [part for part in parts if part]


def _bridge_before(trip: Trip, around: Around, number: int) -> int | None:
    """The step at which the frame entered the bridge that sends it out here; None if no bridge does."""
    step = trip.steps[number]
    master = around.master(*step.place)
    before = trip.frame_before(number)
    if master is None or before is None:
        return None
    came = trip.steps[before]
    if came.namespace != step.namespace or came.interface is None:
        return None
    through = came.direction == "in" and around.master(*came.place) == master
    return before if through or (came.direction == "out" and came.interface == master) else None


def _forwarded(trip: Trip, around: Around, number: int) -> Claim:
    """What a bridge's FDB said (bridge(8))."""
    entered = _bridge_before(trip, around, number)
    if entered is None:
        return NOTHING
    shown = trip.record(entered), trip.record(number)
    step, view = trip.steps[number], trip.first[number]
    bridge = around.master(*step.place) or ""
    mac = view.macs[0] if view and view.macs else EVERYONE
    if mac == EVERYONE:
        but = _but(around, step, bridge, "bcast_flood")
        return said(f"The frame is for everyone: {bridge} sends it to every other port{but}", *shown, but)
    if mac[0] & 1:
        return _to_group(around, step, bridge, view.ip.target if view and view.ip else b"", shown)
    known = around.meanwhile.knows(step.namespace, bridge, mac, step.frame.time) if step.frame else None
    whose = around.wording.mac(mac)
    if known is not None and known.port == step.interface:
        return said(f"The FDB of {bridge} says: {whose} is behind {step.interface}", *shown, known.record)
    if known is not None:
        return NOTHING  # it has learned, or forgotten, what no frame shows
    but, space = _but(around, step, bridge, "flood"), around.searched(step.namespace)
    words = f"The FDB of {bridge} does not know {whose}: {bridge} floods the frame to every other port{but}"
    return said(words, *shown, but, space)


def flooding(mac: bytes) -> str:
    """The switch of ports that lets them send what a bridge floods for a MAC (bridge(8))."""
    return "bcast_flood" if mac == EVERYONE else "mcast_flood" if mac[0] & 1 else "flood"


def _to_group(around: Around, step: Step, bridge: str, target: bytes, shown: _Shown) -> Claim:
    """A bridge that snoops sends what is for a group where it knows listeners, else everywhere (bridge(8))."""
    known = around.meanwhile.listeners(step.namespace, target) if target else []
    if any(each.interface == step.interface for each in known):
        words = f"The frame is for a group: the mdb of {bridge} has a listener of it behind {step.interface}"
        return said(words, *shown, *known)
    if known:
        words = f"The frame is for a group: {bridge} sends it out by {step.interface} too, where it knows no listener"
        return said(words, *shown, *known)
    but, space = _but(around, step, bridge, "mcast_flood"), around.searched(step.namespace)
    words = f"The frame is for a group of which {bridge} knows no listener: it floods it{but}"
    return said(words, *shown, but, space)


def _but(around: Around, step: Step, bridge: str, switch: str) -> Claim:
    """The ports that are told to take no such frames (bridge(8))."""
    closed = [port.name for port in around.ports(step.namespace, bridge) if port.detail(switch) == "0"]
    records = [around.record(step.namespace, name) for name in closed]
    return said(f" but {', '.join(closed)}, where {switch} is off", *records) if closed else NOTHING


def _neighbour(trip: Trip, around: Around, number: int) -> Claim:
    """What the neighbour table said (ip-neighbour(8))."""
    step, view = trip.steps[number], trip.first[number]
    if _is_carried(trip, around, number):
        return NOTHING
    if view is None or view.macs is None or view.macs[0][0] & 1 or step.interface == "lo":
        return _asks(around, step, view) if view is not None else NOTHING
    if view.ip is None:
        return NOTHING
    following = _next_hop(around, step, view)
    found = around.neighbour(*step.place, str(ipaddress.ip_address(following)))
    if found is None or found.mac is None or bytes.fromhex(found.mac.replace(":", "")) != view.macs[0]:
        return NOTHING
    target = around.wording.address(following)
    words = f"The neighbour table of {step.namespace} says: {target} is at {around.wording.mac(view.macs[0])}"
    return said(words, found, step.frame)


def _is_carried(trip: Trip, around: Around, number: int) -> bool:
    """Whether the frame is that of a macvlan, say, which lies on the interface: nobody decides anew where it goes."""
    before, step = trip.frame_before(number), trip.steps[number]
    if before is None:
        return False
    came = trip.steps[before]
    link = around.interface(*came.place)
    return link is not None and link.kind != "vxlan" and link.parent == step.place


def _asks(around: Around, step: Step, view: View) -> Claim:
    """Why somebody asks everyone for a MAC: there was no entry (RFC 826)."""
    message = view.arp
    if message is None or message.operation != REQUEST or message.sender == message.target:
        return NOTHING
    if view.macs is None or view.macs[0] != EVERYONE:
        return NOTHING
    asked = around.wording.address(message.target)
    before = around.seen.before.namespaces.get(step.namespace)
    entries = before.neighbours if before else ()
    if any((entry.address, entry.device) == (asked, step.interface) and entry.mac for entry in entries):
        return NOTHING
    words = f"{step.namespace} has no neighbour entry for {asked}: it asks everyone on the link"
    return said(words, step.frame, before or around.seen.before)


def _next_hop(around: Around, step: Step, view: View) -> bytes:
    """The address whose MAC a packet needs that goes out here: the next router's, or the destination's own."""
    assert view.ip is not None  # noqa: S101  (who calls it has looked)
    route = around.route(step.namespace, view.ip.target, step.interface, view.macs[0] if view.macs else b"")
    return ipaddress.ip_address(route.via).packed if route and route.via else view.ip.target


def _tunnel(trip: Trip, around: Around, number: int, link: Interface | None) -> Claim:
    """What a VXLAN device's FDB said: behind which VTEP a MAC is (RFC 7348)."""
    step, view = trip.steps[number], trip.first[number]
    if link is None or link.kind != "vxlan" or view is None or view.macs is None:
        return NOTHING
    outer = trip.shown_after(number)
    if outer is None or outer.vni is None or outer.ip is None:
        return NOTHING
    remote, mac = around.wording.address(outer.ip.target), view.macs[0]
    entries = [e for e in around.forwarding(step.namespace, link.name) if e.destination == remote]
    whose, own = around.wording.mac(mac), around.record(step.namespace, link.name)
    if exact := [e for e in entries if e.mac == mac.hex(":")]:
        return said(f"The FDB of {link.name} says: {whose} is behind the VTEP {remote}", exact[0], own)
    if others := [e for e in entries if e.mac == "00:00:00:00:00:00"]:
        why = "the frame is for everyone" if mac == EVERYONE else f"{link.name} does not know {whose}"
        return said(f"{why}: the FDB of {link.name} sends it to the VTEP {remote}", others[0], own)
    return said(f"{link.name} sends it to the VTEP {remote}", own, step.frame)


def _taken(trip: Trip, around: Around, number: int) -> Claim:
    """Why an interface that is not the end of a cable takes a frame in: a bridge itself, a VXLAN device."""
    step, view = trip.steps[number], trip.first[number]
    link = around.interface(*step.place)
    before = trip.frame_before(number)
    if link is None or before is None or view is None or trip.steps[before].namespace != step.namespace:
        return NOTHING
    own = around.record(step.namespace, link.name)
    if link.kind == "vxlan" and (old := trip.first[before]) is not None and old.vni is not None:
        return said(f"The VXLAN network {old.vni} is {link.name}'s.", step.frame, own)
    if link.kind == "bridge" and view.macs is not None and (words := _by_bridge(link, view.macs[0])):
        return said(words, step.frame, own)
    return NOTHING


def _by_bridge(link: Interface, mac: bytes) -> str:
    if mac == EVERYONE:
        return f"The frame is for everyone: {link.name} takes it in as well."
    if mac[0] & 1:
        return f"The frame is for a group: {link.name} takes it in as well."
    own = mac.hex(":") == link.mac
    return f"The frame is for {link.name}'s own MAC: {link.name} takes it in." if own else ""
