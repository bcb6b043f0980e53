"""Knows why a packet ended where an ICMP error says so to its sender (RFC 792, RFC 4443)."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from netkit.journey.joining.parsed import quoted
from netkit.packets.ip import ICMP, ICMPV6

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip

_ROUNDS = 3  # questions until a kernel gives up (arp(7), mcast_solicit)

_NAMES = {
    (ICMP, 3, 0): "network unreachable",
    (ICMP, 3, 1): "host unreachable",
    (ICMP, 3, 3): "port unreachable",
    (ICMP, 3, 4): "fragmentation needed",
    (ICMP, 3, 9): "network prohibited",
    (ICMP, 3, 10): "host prohibited",
    (ICMP, 3, 13): "prohibited by a filter",
    (ICMP, 11, 0): "time exceeded",
    (ICMP, 11, 1): "reassembly took too long",
    (ICMPV6, 1, 0): "no route",
    (ICMPV6, 1, 1): "prohibited by a filter",
    (ICMPV6, 1, 3): "address unreachable",
    (ICMPV6, 1, 4): "port unreachable",
    (ICMPV6, 2, 0): "packet too big",
    (ICMPV6, 3, 0): "hop limit exceeded",
    (ICMPV6, 3, 1): "reassembly took too long",
}


def unheard(replies: Sequence[Trip]) -> bool:
    """Whether an ICMP error says that nothing listens on the port."""
    return any(_name(reply) == "port unreachable" for reply in replies)


def told_by_icmp(trip: Trip, around: Around, replies: Sequence[Trip]) -> tuple[str, tuple[str, ...]] | None:
    """Why a packet ended, as an ICMP error told, and where; None if none did.

    Args:
        trip: the packet's steps.
        around: the networks.
        replies: the packets that answer it.
    """
    for reply in replies:
        name = _name(reply)
        if name:
            place = reply.steps[0].namespace
            return f"{_why(trip, around, reply, name)}; {place} told the sender so (ICMP {name})", (place,)
    return None


def _name(reply: Trip) -> str:
    head = reply.start.ip if reply.start else None
    if head is None or quoted(head) is None:
        return ""
    kind, code = head.body[:2]
    return _NAMES.get((head.protocol, kind, code), f"type {kind}, code {code}" if kind in (1, 3, 4, 12) else "")


def _why(trip: Trip, around: Around, reply: Trip, name: str) -> str:
    place = reply.steps[0].namespace
    target = _target(trip, place)
    words = around.wording.address(target)
    if name in ("time exceeded", "hop limit exceeded"):
        return f"its {'TTL' if len(target) == 4 else 'hop limit'} ran out in {place}"
    if name in ("network unreachable", "no route"):
        return no_route(around, place, target)
    if name in ("host unreachable", "address unreachable"):
        return no_neighbour(around, place, target) or f"{place} does not reach {words}"
    if name in ("fragmentation needed", "packet too big"):
        head = reply.start.ip if reply.start else None
        limit = struct.unpack_from("!HHI", head.body)[2] & 0xFFFF if head else 0
        return f"too big for the next link, which takes {limit} bytes, and not to be fragmented"
    return f"refused in {place}"


def _target(trip: Trip, place: str) -> bytes:
    """The destination as it was in that namespace."""
    views = [view for step, view in zip(trip.steps, trip.last, strict=True) if step.namespace == place]
    heads = [view.ip for view in (trip.start, *views) if view is not None and view.ip is not None]
    return heads[-1].target if heads else b""


def no_route(around: Around, namespace: str, target: bytes) -> str:
    """That a namespace has no route to an address, or one that refuses it."""
    routes = around.routes(namespace, target)
    name = around.wording.address(target)
    if routes and routes[0].kind != "unicast":
        return f"the {routes[0].kind} route {routes[0].destination} of {namespace} refuses {name}"
    return f"no route to {name} in {namespace}" if not routes else f"{namespace} found no way to {name}"


def no_neighbour(around: Around, namespace: str, target: bytes, device: str | None = None) -> str:
    """That nobody answered the question for a MAC; "" if it was not asked, or answered.

    Args:
        around: the networks.
        namespace: who asked.
        target: the packet's destination.
        device: the interface that the packet was to leave by, as far as known.
    """
    route = around.route(namespace, target, device)
    if route is None or route.device is None:
        return ""
    wanted = route.via or str(ipaddress.ip_address(target))
    times = around.asked(namespace, route.device, ipaddress.ip_address(wanted).packed)
    if not times:
        return ""
    protocol = "ARP" if ":" not in wanted else "neighbour discovery"
    count = f": {_ROUNDS} requests" if times == _ROUNDS else ""
    return f"nobody answered {protocol} for {wanted} at {namespace}:{route.device}{count}"
