"""The networks that tickets begin with, by their names, and the lessons that each belongs to."""

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
        lessons: in which it is known by then.
    """

    build: Callable[[Draw], Network]
    lessons: tuple[str, ...]


BASES = {
    "cable": Base(near.two_rooms, ("00", "03")),
    "bridge": Base(near.switch, ("00", "02", "04")),
    "router": Base(far.one_router, ("03", "05")),
    "routers": Base(far.two_routers, ("03", "05")),
    "way out": Base(docked.way_out, ("01", "05", "06", "11", "12")),
    "published": Base(docked.published, ("01", "06", "11", "12", "13")),
    "networks": Base(docked.two_networks, ("06", "08")),
    "families": Base(six.published, ("14",)),
    "names": Base(near.by_name, ("08",)),
    "pod": Base(near.pod, ("07",)),
    "overlay": Base(far.overlay, ("09",)),
}
