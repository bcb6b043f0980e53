"""A destination that has no address which one could ask."""

from __future__ import annotations

from netkit.diagnosis import commands, gateways
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding, World


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
