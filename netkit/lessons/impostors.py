"""Which lines end an answer in another's place: a double address, a DNAT or REDIRECT, a server on the host."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from netkit.lessons.rooms import in_room
from netkit.linux.entering import HOST_PATH
from netkit.linux.looks import sockets
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.model import Rule, Snapshot

_LEADING = ("DNAT", "REDIRECT")


def ended(world: Snapshot, room: str, address: str, port: int | None, at: str) -> list[str]:
    """The lines for the host after which nobody answers in a room's place.

    Args:
        world: the network.
        room: who asks.
        address: whom.
        port: of TCP; None for an echo request.
        at: who is to answer; "" for whoever is no machine that the packets only pass.
    """
    return [*_borne(world, address, at), *_led(world, room, address, port), *_served(port, at)]


def _borne(world: Snapshot, address: str, at: str) -> list[str]:
    """The address is taken from those who have it as well."""
    if not at or address not in world[at].addresses:
        return []
    links = [(space.name, link) for space in world if space.name != at for link in space.interfaces.values()]
    return [
        in_room(room, f"ip addr del {text} dev {quote(link.name)}")
        for room, link in links
        for text in link.addresses
        if text.partition("/")[0] == address
    ]


def _led(world: Snapshot, room: str, address: str, port: int | None) -> list[str]:
    """The rules that lead the question elsewhere are deleted, where it leaves and where it is forwarded."""
    return [
        in_room(place, f"{rule.tool} -t nat -D {rule.specification}")
        for place in dict.fromkeys((room, HOST))
        for rule in world[place].rules
        if rule.table == "nat" and rule.target in _LEADING and _about(rule, address, port)
    ]


def _about(rule: Rule, address: str, port: int | None) -> bool:
    whom, where = rule.asks("-d").partition("/")[0], rule.asks("--dport")
    return whom in ("", address) and where in ("", str(port)) and bool(whom or where)


def _served(port: int | None, at: str) -> list[str]:
    """A server of the host's own is ended."""
    there = sockets.listeners(HOST_PATH) if port and at != HOST else ()
    return [f"kill {each.pid}" for each in there if each.port == port and each.pid and not each.reserved]
