"""Knows who decided what at a station of a packet: a route, a neighbour entry, a forwarding database, a rule."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.journey.telling import verdicts
from netkit.journey.telling.translation import Translation, entry
from netkit.journey.telling.trip import taken_as
from netkit.journey.values import ROUTING
from netkit.packets.arp import REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.changes import Changed
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.model import Interface, Route

EVERYONE = bytes.fromhex("ffffffffffff")


def decision(trip: Trip, around: Around, number: int, changed: Sequence[Changed] = ()) -> str:
    """Who decided what at a step, in one sentence; "" where nothing was decided.

    Args:
        trip: the packet's steps.
        around: the networks.
        number: the step.
        changed: what changed there.
    """
    step = trip.steps[number]
    if step.hook == ROUTING:
        return _route(trip, around, number)
    if step.hook is not None:
        said = verdicts.sentence(step.events)
        tracked = any(change.tracked for change in changed)
        return f"The conntrack entry of the connection translates the packet; {said}" if tracked and said else said
    if step.direction == "in":
        return _taken(trip, around, number)
    return _sentence(_ways_out(trip, around, number))


def _sentence(clauses: list[str]) -> str:
    """One sentence made of clauses, each of which begins like a sentence."""
    first, *others = clauses or [""]
    return "; ".join([first, *(_small(clause) for clause in others)]) + "." if first else ""


def _small(clause: str) -> str:
    return f"the{clause[3:]}" if clause.startswith("The ") else clause


def _ways_out(trip: Trip, around: Around, number: int) -> list[str]:
    """Why a frame goes out here, and to whom: as clauses of one sentence."""
    step = trip.steps[number]
    link = around.interface(step.namespace, step.interface or "")
    parts = [_forwarded(trip, around, number) or _neighbour(trip, around, number), _tunnel(trip, around, number, link)]
    return [part for part in parts if part]


def bridge_before(trip: Trip, around: Around, number: int) -> int | None:
    """The step at which the frame entered the bridge that sends it out here; None if no bridge does."""
    step = trip.steps[number]
    master = around.master(step.namespace, step.interface or "")
    before = trip.frame_before(number)
    if master is None or before is None:
        return None
    came = trip.steps[before]
    if came.namespace != step.namespace or came.interface is None:
        return None
    through = came.direction == "in" and around.master(came.namespace, came.interface) == master
    return before if through or (came.direction == "out" and came.interface == master) else None


def _forwarded(trip: Trip, around: Around, number: int) -> str:
    """What a bridge's FDB said (bridge(8))."""
    entered = bridge_before(trip, around, number)
    if entered is None:
        return ""
    step, view = trip.steps[number], trip.first[number]
    bridge = around.master(step.namespace, step.interface or "") or ""
    mac = view.macs[0] if view and view.macs else EVERYONE
    if mac == EVERYONE:
        but = _but(around, step, bridge, "bcast_flood")
        return f"The frame is for everyone: {bridge} sends it to every other port{but}"
    if mac[0] & 1:
        return f"The frame is for a group: {bridge} sends it to every port with listeners"
    if _known(trip, around, number, bridge, mac) == step.interface:
        return f"The FDB of {bridge} says: {around.wording.mac(mac)} is behind {step.interface}"
    but = _but(around, step, bridge, "flood")
    whose = around.wording.mac(mac)
    return f"The FDB of {bridge} does not know {whose}: {bridge} floods the frame to every other port{but}"


def _but(around: Around, step: Step, bridge: str, switch: str) -> str:
    """The ports that are told to take no such frames (bridge(8))."""
    closed = [port.name for port in around.ports(step.namespace, bridge) if port.detail(switch) == "0"]
    return f" but {', '.join(closed)}, where {switch} is off" if closed else ""


def _known(trip: Trip, around: Around, number: int, bridge: str, mac: bytes) -> str | None:
    step = trip.steps[number]
    return around.knows(step.namespace, bridge, mac, step.frame.time) if step.frame else None


def _neighbour(trip: Trip, around: Around, number: int) -> str:
    """What the neighbour table said (ip-neighbour(8))."""
    step, view = trip.steps[number], trip.first[number]
    if _is_carried(trip, around, number):
        return ""
    if view is None or view.macs is None or view.macs[0][0] & 1 or step.interface == "lo":
        return _asks(around, step, view) if view is not None else ""
    if view.ip is None:
        return ""
    following = _next_hop(around, step, view)
    mac = around.neighbour(step.namespace, step.interface or "", str(ipaddress.ip_address(following)))
    if mac is None or bytes.fromhex(mac.replace(":", "")) != view.macs[0]:
        return ""
    target = around.wording.address(following)
    return f"The neighbour table of {step.namespace} says: {target} is at {around.wording.mac(view.macs[0])}"


def _is_carried(trip: Trip, around: Around, number: int) -> bool:
    """Whether the frame is that of a macvlan, say, which lies on the interface: nobody decides anew where it goes."""
    before, step = trip.frame_before(number), trip.steps[number]
    if before is None:
        return False
    came = trip.steps[before]
    link = around.interface(came.namespace, came.interface or "")
    return link is not None and link.kind != "vxlan" and link.parent == (step.namespace, step.interface)


def _asks(around: Around, step: Step, view: View) -> str:
    """Why somebody asks everyone for a MAC: there was no entry (RFC 826)."""
    message = view.arp
    if message is None or message.operation != REQUEST or message.sender == message.target:
        return ""
    if view.macs is None or view.macs[0] != EVERYONE:
        return ""
    asked = around.wording.address(message.target)
    before = around.seen.before.namespaces.get(step.namespace)
    entries = before.neighbours if before else ()
    if any((entry.address, entry.device) == (asked, step.interface) and entry.mac for entry in entries):
        return ""
    return f"{step.namespace} has no neighbour entry for {asked}: it asks everyone on the link"


def _next_hop(around: Around, step: Step, view: View) -> bytes:
    """The address whose MAC a packet needs that goes out here: the next router's, or the destination's own."""
    assert view.ip is not None  # noqa: S101  (who calls it has looked)
    route = around.route(step.namespace, view.ip.target, step.interface, view.macs[0] if view.macs else b"")
    return ipaddress.ip_address(route.via).packed if route and route.via else view.ip.target


def _route(trip: Trip, around: Around, number: int) -> str:
    step = trip.steps[number]
    view = _looked_at(trip, number)
    if view is None or view.ip is None:
        return ""
    out, before = trip.way_out(number), trip.frame_before(number)
    taken = taken_as(trip.steps[before]) if before is not None and out is None else None
    target = taken.target if taken is not None else view.ip.target
    name = around.wording.address(target)
    if out is not None and (again := _looked_up_again(trip, around, number, out)) != "":
        return again
    if (stays := _stays(trip, around, number, target)) != "":
        return stays
    if taken is not None:
        return f"A route of the table local takes {name} in."
    device = trip.steps[out].interface if out is not None else None
    left = trip.first[out] if out is not None else None
    mac = left.macs[0] if left is not None and left.macs else b""
    if (told := _translated_back(trip, around, number)) and out is not None:
        return _sentence([told, _led(around, step.namespace, target, device, mac)])
    return _sentence([_led(around, step.namespace, target, device, mac)])


def _stays(trip: Trip, around: Around, number: int, target: bytes) -> str:
    """What is decided of a packet for the namespace itself, or for everyone; "" for any other."""
    space, out = trip.steps[number].namespace, trip.way_out(number)
    if around.own(space, target):
        whose = f"{around.wording.address(target)} is {space}'s own address"
        return f"{whose}: the packet stays here." if out is not None else f"{whose}: the packet is taken in."
    if around.everyone(space, target):
        way = "is taken in" if out is None else f"goes out by {trip.steps[out].interface}"
        return f"The packet is for everyone, or for a group: it {way}."
    return ""


def _looked_up_again(trip: Trip, around: Around, number: int, out: int) -> str:
    """A packet whose destination is translated at OUTPUT is routed a second time (nf_nat, ip_route_me_harder)."""
    first, last = trip.shown_after(number), trip.first[out]
    if first is None or last is None or first.ip is None or last.ip is None or first.depth != last.depth:
        return ""
    if first.ip.target == last.ip.target or trip.shown_before(number) is not None:
        return ""
    step, target = trip.steps[number], first.ip.target
    own = f"{around.wording.address(target)} is {step.namespace}'s own address"
    begin = own if around.own(step.namespace, target) else _led(around, step.namespace, target, None)
    then = _small(_led(around, step.namespace, last.ip.target, trip.steps[out].interface))
    return f"{begin}; OUTPUT changes the destination, and the kernel looks again: {then}."


def _looked_at(trip: Trip, number: int) -> View | None:
    """The packet that is routed: as it goes on, but a tunnel's packet as it came."""
    before = trip.shown_before(number)
    old, new = trip.last[before] if before is not None else None, trip.shown_after(number)
    return new if new is not None and (old is None or old.depth <= new.depth) else old


def _led(around: Around, namespace: str, target: bytes, device: str | None, mac: bytes = b"") -> str:
    name, route = around.wording.address(target), around.route(namespace, target, device, mac)
    if route is None:
        routes = around.routes(namespace, target)
        if device is not None and around.passing(namespace, device):
            return f"It leaves by {device}, which was there for a while only"
        if not routes:
            return f"No route of {namespace} leads to {name}" if device is None else f"It leaves by {device}"
        return f"It leaves by {device}, by a rule of policy routing: {written(routes[0])} does not lead there"
    if route.kind != "unicast":
        return f"The route {route.kind} {written(route)} refuses {name}"
    return f"The route {written(route)} leads to {name}"


def written(route: Route) -> str:
    """A route as `ip route` writes it: "default via 10.0.0.1 dev eth0"."""
    via = f" via {route.via}" if route.via else ""
    table = "" if route.table == "main" else f" table {route.table}"
    return f"{route.destination}{via}{f' dev {route.device}' if route.device else ''}{table}"


def _translated_back(trip: Trip, around: Around, number: int) -> str:
    """What a conntrack entry made of the destination before the route was looked up, where no hook shows it."""
    before, after = trip.shown_before(number), trip.shown_after(number)
    step = trip.steps[number]
    if before is None or after is None or step.after is None or trip.steps[step.after].hook is not None:
        return ""
    old, new = trip.last[before].ip, after.ip
    if old is None or new is None or old.target == new.target or trip.last[before].depth != after.depth:
        return ""
    change = Translation(number, "destination", (old.target, old.ports[1]), (new.target, new.ports[1]))
    words = around.wording.end
    was, now = words(old.target, old.ports[1]), words(new.target, new.ports[1])
    return f"The conntrack entry of the connection turns {was} into {now}" if entry(trip, around, change) else ""


def _tunnel(trip: Trip, around: Around, number: int, link: Interface | None) -> str:
    """What a VXLAN device's FDB said: behind which VTEP a MAC is (RFC 7348)."""
    step, view = trip.steps[number], trip.first[number]
    if link is None or link.kind != "vxlan" or view is None or view.macs is None:
        return ""
    outer = trip.shown_after(number)
    if outer is None or outer.vni is None or outer.ip is None:
        return ""
    remote, mac = around.wording.address(outer.ip.target), view.macs[0]
    entries = around.forwarding(step.namespace, link.name)
    if any(e.mac == mac.hex(":") and e.destination == remote for e in entries):
        return f"The FDB of {link.name} says: {around.wording.mac(mac)} is behind the VTEP {remote}"
    if any(e.mac == "00:00:00:00:00:00" and e.destination == remote for e in entries):
        why = "the frame is for everyone" if mac == EVERYONE else f"{link.name} does not know {around.wording.mac(mac)}"
        return f"{why}: the FDB of {link.name} sends it to the VTEP {remote}"
    return f"{link.name} sends it to the VTEP {remote}"


def _taken(trip: Trip, around: Around, number: int) -> str:
    """Why an interface that is not the end of a cable takes a frame in: a bridge itself, a VXLAN device."""
    step, view = trip.steps[number], trip.first[number]
    link = around.interface(step.namespace, step.interface or "")
    before = trip.frame_before(number)
    if link is None or before is None or view is None or trip.steps[before].namespace != step.namespace:
        return ""
    if link.kind == "vxlan" and (old := trip.first[before]) is not None and old.vni is not None:
        return f"The VXLAN network {old.vni} is {link.name}'s."
    if link.kind == "bridge" and view.macs is not None:
        return _by_bridge(link, view.macs[0])
    return ""


def _by_bridge(link: Interface, mac: bytes) -> str:
    if mac == EVERYONE:
        return f"The frame is for everyone: {link.name} takes it in as well."
    if mac[0] & 1:
        return f"The frame is for a group: {link.name} takes it in as well."
    if mac.hex(":") == link.mac:
        return f"The frame is for {link.name}'s own MAC: {link.name} takes it in."
    return ""
