"""The networks that tickets begin with, by their names; the lessons that each belongs to, and what those speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.tickets import docked, far, near, six

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.tickets.draw import Draw
    from netkit.tickets.fault import Network


class Base(NamedTuple):
    """A network that works.

    Attributes:
        build: draws one.
        lessons: in which it is known by then; a fault is for those that speak of its kind.
    """

    build: Callable[[Draw], Network]
    lessons: tuple[str, ...]


BASES = {
    "cable": Base(near.two_rooms, ("00", "03", "10")),
    "bridge": Base(near.switch, ("02", "04", "10")),
    "router": Base(far.one_router, ("03", "10")),
    "routers": Base(far.two_routers, ("10",)),
    "way out": Base(docked.way_out, ("01", "02", "05", "06", "10", "11")),
    "published": Base(docked.published, ("01", "06", "10", "11", "12")),
    "published then": Base(docked.published_then, ("12",)),
    "published by nftables": Base(docked.published_by_nftables, ("13",)),
    "networks": Base(docked.two_networks, ("05", "08", "10")),
    "families": Base(six.published, ("14",)),
    "names": Base(near.by_name, ("08", "10")),
    "pod": Base(near.pod, ("07", "10")),
    "overlay": Base(far.overlay, ("09", "10")),
}

_CABLES = frozenset({"link down", "no carrier", "no address"})
_WAYS = frozenset({"no route", "no way back"})
_PORTS = frozenset({"unplugged", "bridge port", "link down", "no carrier"})
_RULES = frozenset({"no masquerade", "filter rule", "policy"})

TOPICS = {
    "00": _CABLES,
    "01": _WAYS | {"no address", "not forwarding", "address of a server"},
    "02": _PORTS | _RULES,
    "03": _CABLES | _WAYS | {"prefix length", "neighbour", "ARP", "wrong router"},
    "04": _PORTS | {"forwarding entry", "neighbour", "duplicate address"},
    "05": _WAYS | {"no address", "unplugged", "duplicate MAC"},
    "06": _RULES | {"translation", "not forwarding", "no way back"},
    "12": _RULES | {"translation", "raw rule", "neighbour"},
}
"""The kinds of faults that a lesson speaks of; those that are not here speak of all that its networks can have."""
