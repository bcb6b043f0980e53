"""Where a link takes smaller packets only, and the router's word of that does not get back (RFC 1191, RFC 8201)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import link_shown
from netkit.diagnosis.findings import Finding, Found
from netkit.diagnosis.packet import Packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.findings import World
    from netkit.model import End

_WORDS = {4: "fragmentation-needed", 6: "packet-too-big"}


def untold(
    world: World, send: Callable[[str, Packet], object], start: End, packet: Packet, sender: str
) -> Finding | None:
    """Whether the sender of large packets is not told that they are too large for a link.

    Args:
        send: follows a packet that a namespace sends.
        start: the router's interface that leads to the link.
        packet: as it is about to leave by it.
        sender: the namespace that it comes from.
    """
    router = start[0]
    own = next(
        (str(p.ip) for end in world.topology.leaving(router) for p in world.topology.prefixes(end, packet.version)), ""
    )
    word = Packet(own, packet.source, kind=_WORDS[packet.version], answer=False)
    try:
        send(router, word)
    except Found as found:
        below = found.finding
        if below.layer not in ("filter", "route", "sysctl"):
            return None
        room = world.link(start).mtu
        words = (
            f"{start[1]} in {router} takes packets of at most {room} bytes; {router} tells {packet.source}, who sends "
            f"larger ones, but the word does not get there: {below.explanation}"
        )
        asks = sender, packet.destination
        evidence = (link_shown(world, start), *below.evidence)
        return Finding("mtu", words, evidence, below.repair, router, size=packet.size, asks=asks)
    return None
