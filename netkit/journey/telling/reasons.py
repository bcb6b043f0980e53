"""Why a packet ended, by the ICMP error: "host unreachable", "no route", "time exceeded", "fragmentation needed"."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from netkit.journey.joining.parsed import quoted
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.model.routing import matching
from netkit.packets.ip import ICMP, ICMPV6

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.telling.around import Around
    from netkit.journey.telling.claims import Record
    from netkit.journey.telling.trip import Trip
    from netkit.model import Route

_WITHOUT_ROUTE = ("IpExtInNoRoutes", "IpOutNoRoutes", "Ip6InNoRoutes", "Ip6OutNoRoutes")
_REFUSING = ("blackhole", "unreachable", "prohibit")
_REFUSALS = (
    *("network unreachable", "host unreachable", "no route", "address unreachable", "prohibited by a filter"),
    *("network prohibited", "host prohibited"),
)
"""Errors that a route, or a rule of routing, tells as well (ip-route(8), ip-rule(8))."""
_OWN_TABLES = ("local", "main", "default")
_IPV4 = 4  # bytes of an address
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


def told_by_icmp(trip: Trip, around: Around, replies: Sequence[Trip]) -> tuple[Claim, tuple[str, ...]] | None:
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
            why = _why(trip, around, reply, name)
            told = reply.record(len(reply.steps) - 1)
            return said(f"{why}; {place} told the sender so (ICMP {name})", told, why), (place,)
    return None


def _name(reply: Trip) -> str:
    head = reply.start.ip if reply.start else None
    if head is None or quoted(head) is None:
        return ""
    kind, code = head.body[:2]
    return _NAMES.get((head.protocol, kind, code), f"type {kind}, code {code}" if kind in (1, 3, 4, 12) else "")


def _why(trip: Trip, around: Around, reply: Trip, name: str) -> Claim:
    place, told = reply.steps[0].namespace, reply.record(len(reply.steps) - 1)
    target = _target(trip, around, reply)
    words = around.wording.address(target)
    if name in _REFUSALS and (refused := _refused(around, place, target, told)):
        return refused
    if name in ("time exceeded", "hop limit exceeded"):
        return said(f"its {'TTL' if len(target) == _IPV4 else 'hop limit'} ran out in {place}", told)
    if name in ("network unreachable", "no route"):
        return no_route(around, place, target)
    if name in ("host unreachable", "address unreachable"):
        return no_neighbour(around, place, target) or said(f"{place} does not reach {words}", told)
    if name in ("fragmentation needed", "packet too big"):
        head = reply.start.ip if reply.start else None
        limit = struct.unpack_from("!HHI", head.body)[2] & 0xFFFF if head else 0
        return said(f"too big for the next link, which takes {limit} bytes, and not to be fragmented", told)
    return said(f"refused in {place}", told)


def _refused(around: Around, place: str, target: bytes, told: Record | None) -> Claim:
    """That a route, or a rule of routing, refused a packet; NOTHING where there is none that does."""
    routes = around.routes(place, target)
    if routes and routes[0].kind in _REFUSING:
        return no_route(around, place, target)
    rule = by_policy(around, place, len(target))
    return said(f"refused in {place}, which has {rule}", told, rule) if rule else NOTHING


def _target(trip: Trip, around: Around, reply: Trip) -> bytes:
    """The destination as it was where an error comes from, behind what conntrack made of it there."""
    place, error = reply.steps[0].namespace, reply.start.ip if reply.start else None
    about = quoted(error) if error is not None else None
    came = next((step for step in reversed(trip.steps) if (step.namespace, step.direction) == (place, "in")), None)
    if came is not None and (now := around.meanwhile.rewritten(came)) is not None:
        return now
    views = [view for step, view in zip(trip.steps, trip.last, strict=True) if step.namespace == place]
    heads = [view.ip for view in (trip.start, *views) if view is not None and view.ip is not None]
    same = [head for head in heads if about is not None and head.source == about.source]  # not of another copy
    return (same or heads)[-1].target if heads else b""


def by_policy(around: Around, namespace: str, size: int) -> Claim:
    """The rules of routing that refuse packets in a namespace; NOTHING for none.

    Args:
        around: the networks.
        namespace: where.
        size: of the packet's addresses, in bytes.
    """
    version = 6 if size > _IPV4 else 4
    every = around.last(namespace).policies
    policies = [policy for policy in every if policy.version == version and policy.action in _REFUSING]
    told = " and ".join(f"`{policy}`" for policy in policies)
    return said(f"the rule{'s' * (len(policies) > 1)} of routing {told}", *policies) if policies else NOTHING


def by_table(around: Around, namespace: str, target: bytes) -> Claim:
    """The rules of routing that lead to tables in which a route refuses an address; NOTHING for none.

    Args:
        around: the networks.
        namespace: where.
        target: the packet's destination.
    """
    space, version = around.last(namespace), 6 if len(target) > _IPV4 else 4
    for policy in space.policies:
        if (policy.version, policy.action) == (version, "lookup") and policy.table not in _OWN_TABLES:
            routes = [route for route in space.routes if route.table == policy.table]
            found = matching(routes, str(ipaddress.ip_address(target)))
            if found and found[0].kind in _REFUSING:
                words = f"the rule of routing `{policy}`, and in that table the {found[0].kind} route"
                return said(f"{words} {found[0].destination}", policy, found[0])
    return NOTHING


def no_route(around: Around, namespace: str, target: bytes) -> Claim:
    """That a namespace has no route to an address, or one that refuses it."""
    routes = around.routes(namespace, target)
    name, counted = around.wording.address(target), around.meanwhile.counted(namespace, *_WITHOUT_ROUTE)
    if routes and routes[0].kind != "unicast":
        words = f"the {routes[0].kind} route {routes[0].destination} of {namespace} refuses {name}"
        return said(words, routes[0], counted)
    words = f"{namespace} found no way to {name}" if routes else f"no route to {name} in {namespace}"
    return said(words, around.searched(namespace), counted)


def no_neighbour(around: Around, namespace: str, target: bytes, device: str | None = None) -> Claim:
    """That nobody answered the question for a MAC; NOTHING if it was not asked, or answered.

    Args:
        around: the networks.
        namespace: who asked.
        target: the packet's destination.
        device: the interface that the packet was to leave by, as far as known.
    """
    route = around.route(namespace, target, device)
    if route is None or route.device is None:
        return NOTHING
    wanted = route.via or str(ipaddress.ip_address(target))
    asked = around.meanwhile.asked(namespace, route.device, ipaddress.ip_address(wanted).packed)
    if not asked:
        return _unknown_neighbour(around, namespace, route, wanted)
    protocol = "ARP" if ":" not in wanted else "neighbour discovery"
    count = f": {_ROUNDS} requests" if len(asked) == _ROUNDS else ""
    words = f"nobody answered {protocol} for {wanted} at {namespace}:{route.device}{count}"
    return said(words, route, *asked)


def _unknown_neighbour(around: Around, namespace: str, route: Route, wanted: str) -> Claim:
    """That the neighbour table has an address without a MAC: the answer, or the question itself, was stopped."""
    for entry in around.last(namespace).neighbours:
        if (entry.address, entry.device) == (wanted, route.device) and entry.state in ("failed", "incomplete"):
            where = f"{namespace}:{route.device}"
            words = f"{namespace} does not get the MAC of {wanted} at {where}: its neighbour entry is {entry.state}"
            return said(words, route, entry)
    return NOTHING
