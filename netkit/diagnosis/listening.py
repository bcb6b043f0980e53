"""Who listens where, and for whom: address, version of IP, interface; as `ss` lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown

if TYPE_CHECKING:
    from netkit.diagnosis.answers import Listener
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet


def of(listener: Listener, packet: Packet) -> bool:
    """Whether somebody listens at the port that a packet is for."""
    return listener.protocol == packet.protocol and listener.port == packet.destination_port


def hears(listener: Listener, address: str, device: str = "") -> bool:
    """Whether somebody listens at an address, for its version of IP and for what comes in by an interface.

    Args:
        listener: the socket.
        address: whom packets are for.
        device: the interface that they come in by; "" for any but those that the socket is bound to.
    """
    if listener.device and listener.device != device:
        return False
    if not listener.everywhere:
        return listener.address == address
    return listener.address == "::" if ":" in address else listener.address != "::" or not listener.only_six


def told(world: World, namespace: str, protocol: str) -> str:
    """What `ss` would list, in short.

    Args:
        namespace: where.
        protocol: "tcp" or "udp".
    """
    found = sorted({(e.address, e.port, e.program) for e in world.listeners(namespace) if e.protocol == protocol})
    told = "\n".join(f"{address}:{port}" + (f" {program}" if program else "") for address, port, program in found)
    return shown(world, namespace, f"ss -ln{protocol[0]}p", told or "nobody listens")
