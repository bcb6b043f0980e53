"""Two stations of a link with one address (duplicate IP), or with one MAC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import commands, l2
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import version_of
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def audible(world: World, end: End) -> bool:
    """Whether frames of a station get to its link: it is on, has a signal, and its bridge's port is open."""
    link = world.link(end)
    port = link.peer if link.peer and world.topology.has(link.peer) else None
    if not link.up or not link.carrier:
        return False
    return port is None or not world.topology.master(port) or world.port(port).state not in l2.SHUT


def duplicate_address(world: World, holders: list[End], address: str, keep: str) -> Finding | None:
    """Whether several namespaces on one link bear an address.

    Args:
        holders: who bears it, of those that the sender is joined to.
        address: the address.
        keep: the namespace that it is meant for; "" where nobody said.
    """
    if len({end[0] for end in holders}) < 2:
        return None
    own = next((end for end in holders if end[0] == keep), None)
    own = own or next((end for end in holders if world.link(end).mac == _mac(address)), None)
    own = own or min(holders, key=lambda end: _out_of_place(world, end, address))
    others = [end for end in holders if end[0] != own[0]]
    evidence = tuple(commands.addresses_shown(world, end) for end in holders)
    repair = [
        typed(world, end[0], f"ip addr del {text} dev {end[1]}")
        for end in others
        for text in world.link(end).addresses
        if text.partition("/")[0] == address
    ]
    flush = [typed(world, end[0], f"ip neigh flush to {address}") for end in _on_this_link(world, own)]
    words = f"{address} is borne by {' and by '.join(map(named, holders))}: who answers first gets the packets"
    return Finding("address", words, evidence, (*repair, *flush), others[0][0], lasting=True)


def _out_of_place(world: World, end: End, address: str) -> bool:
    """Whether an address is where hardly anybody wants it: at a port of a bridge, or without its network."""
    own = [each for each in world.topology.prefixes(end, version_of(address)) if str(each.ip) == address]
    return bool(world.link(end).master) or all(each.network.num_addresses == 1 for each in own)


def _on_this_link(world: World, end: End) -> list[End]:
    """The stations on a link that have addresses, so that their neighbour tables may hold the other's MAC."""
    return [station for station in world.topology.stations(end) if world.link(station).addresses]


def _mac(address: str) -> str | None:
    return mac_of(address) if ":" not in address else None


def duplicate_mac(world: World, start: End, target: End) -> Finding | None:
    """Whether another station of the link has the MAC of one of the two that want to talk.

    Args:
        start: who sends.
        target: whom it is for.
    """
    stations = [start, *world.topology.stations(start)]
    for one in (target, start):
        twins = [end for end in stations if end != one and world.link(end).mac == world.link(one).mac]
        twins = [end for end in twins if end[0] != one[0] or world.topology.master(one) != end[1]]  # a port's bridge
        twins = [end for end in twins if audible(world, end)]
        if world.link(one).kind == "ipvlan":  # all on one interface have its MAC, and are told apart by addresses
            twins = [end for end in twins if world.link(end).parent != world.link(one).parent]
            twins = [end for end in twins if end != world.link(one).parent]
        if twins and world.link(one).mac:
            return _twins(world, one, twins[0], start)
    return None


def _twins(world: World, one: End, other: End, start: End) -> Finding:
    """Two stations with one MAC: the one whose MAC does not follow from its address gets one that does."""
    mac = world.link(one).mac
    wrong = next((end for end in (other, one) if _right_mac(world, end) not in (None, mac)), other)
    right = _right_mac(world, wrong)
    words = f"{named(one)} and {named(other)} have the same MAC address {mac}: a bridge knows it behind one port only"
    evidence = tuple(shown(world, end[0], f"ip link show dev {end[1]}", f"link/ether {mac}") for end in (one, other))
    repair = [typed(world, wrong[0], f"ip link set dev {wrong[1]} address {right}")] if right and right != mac else []
    places = dict.fromkeys([start, one, *_on_this_link(world, one)])
    repair += [typed(world, end[0], f"ip neigh flush dev {end[1]}") for end in places if repair and end != wrong]
    return Finding("bridge", words, evidence, tuple(repair), wrong[0], lasting=True)


def _right_mac(world: World, end: End) -> str | None:
    own = world.topology.prefixes(end)
    return mac_of(str(own[0].ip)) if own else None
