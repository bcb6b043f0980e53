"""VRFs, with routing tables of their own: who is outside, l3mdev_accept (Documentation/networking/vrf.rst)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.answers import Listener
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.model import End


def of(world: World, end: End) -> str | None:
    """The VRF that an interface belongs to; None for those of none."""
    master = world.link(end).master if world.topology.has(end) else None
    return master if master and world.link((end[0], master)).kind == "vrf" else None


def answering(world: World, namespace: str, packet: Packet) -> str | None:
    """The VRF by whose table an answer goes back: that of the interface by which the question came."""
    return of(world, (namespace, packet.scope)) if packet.answer and packet.scope else None


def outside(world: World, ends: list[End], evidence: str) -> Finding | None:
    """Whether the interface that leads on belongs to a VRF, whose table nobody asks who is not bound to it.

    Args:
        ends: the interfaces that may lead on, of a namespace that knows no way.
        evidence: what the kernel said.
    """
    for end in ends:
        vrf = of(world, end)
        if vrf is not None:
            table = world.link((end[0], vrf)).detail("table")
            words = (
                f"{named(end)} belongs to the VRF {vrf}, whose routes are in the table {table}: packets that are not "
                f"bound to {vrf} are sent by the table main, which knows no way"
            )
            line = shown(world, end[0], f"ip link show dev {end[1]}", f"master {vrf}")
            repair = typed(world, end[0], f"ip link set dev {end[1]} nomaster")
            return Finding("link", words, (line, evidence), (repair,), end[0])
    return None


def unheard(world: World, namespace: str, packet: Packet, hearing: list[Listener]) -> Finding | None:
    """Whether packets come in by a VRF, and nobody listens in it.

    Args:
        namespace: where they have arrived.
        packet: as it has arrived.
        hearing: the sockets that would take it in no VRF.
    """
    vrf = of(world, (namespace, packet.scope)) if packet.scope else None
    switch = f"net.ipv4.{packet.protocol}_l3mdev_accept"
    if vrf is None or any(each.device for each in hearing) or world.switch(namespace, switch) != "0":
        return None
    words = (
        f"{hearing[0].program or 'a program'} in {namespace} listens outside of the VRF {vrf}, to which {packet.scope} "
        f"belongs: what comes in by that is for sockets bound to {vrf} only ({switch} is 0)"
    )
    line = shown(world, namespace, f"sysctl {switch}", "0")
    return Finding("service", words, (line,), (typed(world, namespace, f"sysctl -w {switch}=1"),), namespace)
