"""When ARP is asked, from which address, and answered: arp_announce, arp_ignore, arp_filter (arp(7), ip-sysctl)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def switch(world: World, end: End, name: str) -> int:
    """What a switch amounts to at an interface: the larger of its own value and that for all (ip-sysctl).

    Args:
        end: the interface.
        name: the switch's.
    """
    values = (world.switch(end[0], f"net/ipv4/conf/{each}/{name}") for each in ("all", end[1]))
    return max(int(value) if value and value.isdigit() else 0 for value in values)


def _asking(world: World, start: End, address: str, source: str) -> str:
    """The address that an ARP question comes from: that of the packet, or one of the interface (arp_announce)."""
    own, level = world.topology.prefixes(start, 4), switch(world, start, "arp_announce")
    near = [str(each.ip) for each in own if ipaddress.ip_address(address) in each.network]
    if source in world.space(start[0]).addresses and (level == 0 or (level == 1 and source in near)):
        return source
    return next(iter(near), "") or next((str(each.ip) for each in own), "")


def ignored(world: World, start: End, target: End, address: str, source: str = "") -> Finding | None:
    """Whether who has an IPv4 address answers ARP questions for it: arp_ignore and arp_filter.

    Args:
        start: who asks.
        target: who has the address.
        address: the address.
        source: of the packet for which it is asked; "" where nobody knows.
    """
    borne = address in world.link(target).bare_addresses
    if ":" in address or not (borne or address in world.space(target[0]).addresses):
        return None
    asking = _asking(world, start, address, source)
    word, why = "arp_ignore", f"arp_ignore is {switch(world, target, 'arp_ignore')}"
    ignored = _ignoring(world, target, borne=borne, asking=asking)
    if not ignored and asking and switch(world, target, "arp_filter"):
        back = world.route(RouteQuestion(target[0], asking))
        ignored, word = bool(back.error) or back.device not in (target[1], "lo"), "arp_filter"
        why = f"arp_filter is 1, and its way to {asking} leads {f'by {back.device}' if back.device else 'nowhere'}"
    if not ignored:
        return None
    words = f"{target[0]} does not answer who has {address} at {target[1]}: {why}"
    names = [f"net/ipv4/conf/{each}/{word}" for each in ("all", target[1])]
    on = [name for name in names if (world.switch(target[0], name) or "0") != "0"]
    evidence = tuple(shown(world, target[0], f"sysctl {name}", world.switch(target[0], name) or "") for name in on)
    repair = tuple(typed(world, target[0], f"sysctl -w {name}=0") for name in on)
    return Finding("neighbour", words, evidence, repair, target[0])


def _ignoring(world: World, target: End, *, borne: bool, asking: str) -> bool:
    """Whether an ARP question is passed over for what arp_ignore says."""
    level, own = switch(world, target, "arp_ignore"), world.topology.prefixes(target)
    near = not asking or any(ipaddress.ip_address(asking) in each.network for each in own)
    return level == 8 or (level in (1, 2) and not borne) or (level == 2 and not near)
