"""Who listens where, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Listener, World
    from netkit.diagnosis.packet import Packet


def of(listener: Listener, packet: Packet) -> bool:
    """Whether somebody listens at the port that a packet is for."""
    return listener.protocol == packet.protocol and listener.port == packet.destination_port


def hears(listener: Listener, address: str) -> bool:
    """Whether somebody listens at an address."""
    return listener.address == address or (listener.everywhere and (listener.address == "::" or ":" not in address))


def told(world: World, namespace: str, protocol: str) -> str:
    """What `ss` would list, in short.

    Args:
        namespace: where.
        protocol: "tcp" or "udp".
    """
    found = sorted({(e.address, e.port, e.program) for e in world.listeners(namespace) if e.protocol == protocol})
    told = "\n".join(f"{address}:{port}" + (f" {program}" if program else "") for address, port, program in found)
    return shown(world, namespace, f"ss -ln{protocol[0]}p", told or "nobody listens")
