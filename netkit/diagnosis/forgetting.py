"""Which neighbour entries a repair flushes (failed, or a wrong MAC), so that the kernel asks for them again at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import typed
from netkit.diagnosis.resolution import KEPT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.diagnosis.findings import World
    from netkit.model import End


def again(world: World, hops: Iterable[tuple[End, str]]) -> tuple[str, ...]:
    """Commands that make the kernel ask again at once for those whom it has asked for in vain, or knows elsewhere.

    Args:
        hops: interfaces, each with an address that is looked for behind it.
    """
    vain = (hop for hop in hops if in_vain(world, hop) or _elsewhere(world, *hop))
    return tuple(typed(world, end[0], f"ip neigh flush to {address} dev {end[1]}") for end, address in vain)


def in_vain(world: World, hop: tuple[End, str]) -> bool:
    """Whether a namespace has asked for an address in vain.

    Args:
        hop: the interface that it asked by, and the address.
    """
    return any(entry.state in UNKNOWN for entry in world.entries(*hop))


def _elsewhere(world: World, end: End, address: str) -> bool:
    """Whether a namespace has learned for an address a MAC that nobody has who bears it on that link."""
    near = world.topology.reach(end)
    macs = {world.link(each).mac for each in world.topology.bearers(address) if each in near}
    learned = [entry for entry in world.entries(end, address) if entry.state not in (*UNKNOWN, *KEPT)]
    return bool(macs) and any(entry.mac not in macs for entry in learned)
