"""Path MTU: a link takes smaller packets only, and "fragmentation needed" does not get back (RFC 1191, RFC 8201)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import link_shown, named
from netkit.diagnosis.findings import Finding, Found
from netkit.diagnosis.packet import TOO_LARGE, Packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import Decision, World
    from netkit.model import End


def room(world: World, start: End, answer: RouteAnswer, version: int) -> int:
    """How large a packet may be that leaves by an interface on a way: that of the link, of the route, of IPv6 there.

    Args:
        start: the interface.
        answer: the way.
        version: of IP.
    """
    link = world.link(start).mtu
    own = world.switch(start[0], f"net/ipv6/conf/{start[1]}/mtu") or "" if version == 6 else ""
    return min(link, answer.mtu or link, int(own) if own.isdigit() else link)


def untold(
    world: World, send: Callable[[str, Packet], object], decision: Decision, packet: Packet, sender: str
) -> Finding | None:
    """Whether the sender of large packets is not told that they are too large for a link.

    Args:
        send: follows a packet that a namespace sends.
        decision: the router's choice of the way that has no room for it.
        packet: as it is about to leave that way.
        sender: the namespace that it comes from.
    """
    router, start = decision.namespace, (decision.namespace, str(decision.answer.device))
    ends = world.topology.leaving(router)
    own = next((str(p.ip) for end in ends for p in world.topology.prefixes(end, packet.version)), "")
    word = Packet(own, packet.source, kind=TOO_LARGE[packet.version], answer=False)
    try:
        send(router, word)
    except Found as found:
        below = found.finding
        if below.layer not in ("filter", "route", "sysctl"):
            return None
        most = room(world, start, decision.answer, packet.version)
        what = f"the route of {router} by {start[1]}" if decision.answer.mtu == most else named(start)
        words = (
            f"{what} takes packets of at most {most} bytes; {router} tells {packet.source}, who "
            f"sends larger ones, but the word does not get there: {below.explanation}"
        )
        asks = sender, packet.destination
        evidence = (link_shown(world, start), *below.evidence)
        return Finding("mtu", words, evidence, below.repair, router, size=packet.size, asks=asks)
    return None
