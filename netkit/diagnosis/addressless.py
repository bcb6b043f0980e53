"""A destination that has no address which one could ask."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands, gateways, listening
from netkit.diagnosis.commands import shown, typed
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
    repair = tuple(typed(world, namespace, line) for line in lines)
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
    there = (each for each in world.listeners(namespace) if listening.of(each, packet) and not each.reserved)
    return any(listening.hears(each, packet.destination) for each in there)
