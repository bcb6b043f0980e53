"""Knows what the routing decision was about a packet, and by which route it went: said of a ROUTING step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.translation import Translation, entry
from netkit.journey.telling.trip import taken_as

if TYPE_CHECKING:
    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.model import Route


def routed(trip: Trip, around: Around, number: int) -> Claim:
    """What was decided of a packet's way at a routing step, in one sentence.

    Args:
        trip: the packet's steps.
        around: the networks.
        number: the step.
    """
    step, view = trip.steps[number], _looked_at(trip, number)
    if view is None or view.ip is None:
        return NOTHING
    out, before = trip.way_out(number), trip.frame_before(number)
    came = trip.steps[before] if before is not None and out is None else None
    taken = taken_as(came) if came is not None else None
    target = taken.target if taken is not None else view.ip.target
    if out is not None and (again := _looked_up_again(trip, around, number, out)):
        return again
    if stays := _stays(trip, around, number, target):
        return stays
    if taken is not None and came is not None:
        local = around.bearer(step.namespace, target)
        return said(f"A route of the table local takes {around.wording.address(target)} in.", came.mark, local)
    device = trip.steps[out].interface if out is not None else None
    shown = trip.record(out if out is not None else number)
    left = trip.first[out] if out is not None else None
    mac = left.macs[0] if left is not None and left.macs else b""
    led = _led(around, step.namespace, target, device, mac)
    if out is not None and (told := _translated_back(trip, around, number)):
        return said(f"{told}; {small(led.text)}.", told, led, shown)
    return said(f"{led}.", led, shown)


def small(clause: str) -> str:
    """A clause as it stands behind another one."""
    return f"the{clause[3:]}" if clause.startswith("The ") else clause


def _stays(trip: Trip, around: Around, number: int, target: bytes) -> Claim:
    """What is decided of a packet for the namespace itself, or for everyone; NOTHING for any other."""
    space, out = trip.steps[number].namespace, trip.way_out(number)
    shown = trip.record(out if out is not None else number)
    if out is not None and (led := _redirected(trip, around, out)):
        return said(f"{led}.", led, shown)
    if around.own(space, target) and (out is None or _is_loop(trip, around, out)):
        whose, bearer = f"{around.wording.address(target)} is {space}'s own address", around.bearer(space, target)
        return said(f"{whose}: the packet {'is taken in' if out is None else 'stays here'}.", bearer, shown)
    if around.everyone(space, target):
        way = "is taken in" if out is None else f"goes out by {trip.steps[out].interface}"
        return said(f"The packet is for everyone, or for a group: it {way}.", shown)
    return NOTHING


def _redirected(trip: Trip, around: Around, out: int) -> Claim:
    """What a filter of tc sends out by an interface that no route leads to; its source is somebody else's."""
    step, view = trip.steps[out], trip.first[out]
    if view is None or view.ip is None or around.own(step.namespace, view.ip.source):
        return NOTHING
    route = around.route(step.namespace, view.ip.target, step.interface, b"")
    return _by_a_filter(around, *step.place) if route is None else NOTHING


def _by_a_filter(around: Around, namespace: str, device: str) -> Claim:
    """A filter of tc that leads packets to an interface (tc-mirred(8))."""
    filters = (each for each in around.last(namespace).queues if f" Redirect to device {device})" in each.text)
    found = next(filters, None)
    return said(f"A filter of tc at {found.device} leads it to {device}", found) if found is not None else NOTHING


def _is_loop(trip: Trip, around: Around, out: int) -> bool:
    """Whether what leaves there comes back at once: by the interface of loopback."""
    step = trip.steps[out]
    link = around.interface(*step.place)
    return link.kind == "loopback" if link is not None else step.interface == "lo"


def _looked_up_again(trip: Trip, around: Around, number: int, out: int) -> Claim:
    """A packet whose destination is translated at OUTPUT is routed a second time (nf_nat, ip_route_me_harder)."""
    first, last = trip.shown_after(number), trip.first[out]
    if first is None or last is None or first.ip is None or last.ip is None or first.depth != last.depth:
        return NOTHING
    if first.ip.target == last.ip.target or trip.shown_before(number) is not None:
        return NOTHING
    step, target = trip.steps[number], first.ip.target
    begin = _led(around, step.namespace, target, None)
    if around.own(step.namespace, target):
        words = f"{around.wording.address(target)} is {step.namespace}'s own address"
        begin = said(words, around.bearer(step.namespace, target) or trip.record(out))
    then = _led(around, step.namespace, last.ip.target, trip.steps[out].interface)
    words = f"{begin}; OUTPUT changes the destination, and the kernel looks again: {small(then.text)}."
    return said(words, begin, then, trip.record(out))


def _looked_at(trip: Trip, number: int) -> View | None:
    """The packet that is routed: as it goes on, but a tunnel's packet as it came."""
    before = trip.shown_before(number)
    old, new = trip.last[before] if before is not None else None, trip.shown_after(number)
    return new if new is not None and (old is None or old.depth <= new.depth) else old


def _led(around: Around, namespace: str, target: bytes, device: str | None, mac: bytes = b"") -> Claim:
    name, route = around.wording.address(target), around.route(namespace, target, device, mac)
    if route is not None:
        refuses = route.kind != "unicast"
        words = f"The route {route.kind} {written(route)} refuses {name}" if refuses else None
        return said(words or f"The route {written(route)} leads to {name}", route)
    routes, space = around.routes(namespace, target), around.searched(namespace)
    if device is not None and around.passing(namespace, device):
        return said(f"It leaves by {device}, which was there for a while only", space)
    if device is not None and (local := around.bearer(namespace, target)) is not None:
        return said(f"{name} is {namespace}'s own address, but it leaves by {device}", local)
    if device is not None and (filtered := _by_a_filter(around, namespace, device)):
        return filtered
    if not routes:
        words = f"No route of {namespace} leads to {name}" if device is None else f"It leaves by {device}"
        return said(words, space)
    why = "by a rule of policy routing" if around.last(namespace).policies else "and it is not seen why"
    return said(f"It leaves by {device}, {why}: {written(routes[0])} does not lead there", routes[0], space)


def written(route: Route) -> str:
    """A route as `ip route` writes it: "default via 10.0.0.1 dev eth0"."""
    via = f" via {route.via}" if route.via else ""
    table = "" if route.table == "main" else f" table {route.table}"
    return f"{route.destination}{via}{f' dev {route.device}' if route.device else ''}{table}"


def _translated_back(trip: Trip, around: Around, number: int) -> Claim:
    """What a conntrack entry made of the destination before the route was looked up, where no hook shows it."""
    before, after = trip.shown_before(number), trip.shown_after(number)
    step = trip.steps[number]
    if before is None or after is None or step.after is None or trip.steps[step.after].hook is not None:
        return NOTHING
    old, new = trip.last[before].ip, after.ip
    if old is None or new is None or old.target == new.target or trip.last[before].depth != after.depth:
        return NOTHING
    change = Translation(number, "destination", (old.target, old.ports[1]), (new.target, new.ports[1]))
    found, words = entry(trip, around, change), around.wording.end
    if found is None:
        return NOTHING
    was, now = words(old.target, old.ports[1]), words(new.target, new.ports[1])
    return said(f"The conntrack entry of the connection turns {was} into {now}", found[0])
