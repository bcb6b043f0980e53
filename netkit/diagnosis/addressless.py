"""A destination that has no address which one could ask: nothing but lo, links down, or its address is gone."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands, gateways, listening
from netkit.diagnosis.commands import each_typed, shown, typed
from netkit.diagnosis.findings import Finding, World

if TYPE_CHECKING:
    from netkit.diagnosis.packet import Packet
    from netkit.model import End


def finding(world: World, source: str, namespace: str) -> Finding:
    """Why a namespace has no address: its interfaces are down, without an address, or there are none.

    Args:
        source: who asks.
        namespace: who is asked.
    """
    ends = world.topology.leaving(namespace)
    if not ends:
        words = f"{namespace} has no interface but lo: nobody can reach it"
        return Finding("link", words, (shown(world, namespace, "ip link", "lo alone"),), (), namespace)
    starts = set(world.topology.leaving(source))
    near = next((end for end in ends if starts & set(world.topology.reach(end))), ends[0])
    wanted = gateways.free_address(world, near)
    lines = [f"ip addr add {wanted} dev {near[1]}"] if wanted else []
    lines += [] if world.link(near).up else [f"ip link set dev {near[1]} up"]
    repair = each_typed(world, namespace, lines)
    words = f"{near[1]} in {namespace} has no address that one could ask"
    return Finding("address", words, (commands.addresses_shown(world, near),), repair, namespace)


def meant(world: World, namespace: str, packet: Packet) -> tuple[End, str] | None:
    """The one interface on a link that may have lost the address that packets are for, and that address with a prefix.

    It has none at all, and somebody behind it listens at the packets' port.

    Args:
        namespace: who is on the link, in the address's network.
        packet: for an address that nobody has.
    """
    address, version = ipaddress.ip_address(packet.destination), packet.version
    for end in world.topology.leaving(namespace):
        own = [each for each in world.topology.prefixes(end, version) if address in each.network]
        bare = [each for each in world.topology.stations(end) if not world.topology.prefixes(each, version)]
        found = [each for each in bare if each[0] != namespace and _waits(world, each[0], packet)]
        if own and len(found) == 1:
            return found[0], f"{address}/{own[0].network.prefixlen}"
    return None


def _waits(world: World, namespace: str, packet: Packet) -> bool:
    there = (each for each in world.listeners(namespace) if listening.of(each, packet) and each.serves)
    return any(listening.hears(each, packet.destination) for each in there)


def bound(world: World, start: End, address: str) -> Finding | None:
    """Whether somebody on a link is meant to have an address that nobody has: it listens there, or frames go to it.

    Args:
        start: who asks on its link for the address.
        address: which nobody has.
    """
    told = {each.mac for each in world.entries(start, address) if each.state == "permanent"}
    for end in () if world.topology.bearers(address) else world.topology.stations(start):
        listener = next((each for each in world.listeners(end[0]) if each.address == address), None)
        if end[0] == start[0] or (listener is None and world.link(end).mac not in told):
            continue
        why = f"{start[0]} sends its frames to {commands.named(end)} (an entry for good)"
        lines = [commands.addresses_shown(world, end)]
        if listener is not None:
            why = f"{listener.program or 'a program'} in {end[0]} listens there"
            lines.append(listening.told(world, end[0], listener.protocol))
        mend = typed(world, end[0], f"ip addr add {ipaddress.ip_network(address)} dev {end[1]}")
        words = f"nobody on the link of {commands.named(start)} has the address {address}, though {why}"
        return Finding("address", words, tuple(lines), (mend,), end[0])
    return None
