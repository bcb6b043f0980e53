"""Destinations that mean several at once: broadcast (icmp_echo_ignore_broadcasts, ping -b) and multicast."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import routes
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.model import End

_IGNORE = "net.ipv4.icmp_echo_ignore_broadcasts"


def several(world: World, namespace: str, packet: Packet) -> bool:
    """Whether a packet is for several at once, as its sender sees it.

    Args:
        namespace: the sender.
        packet: what it sends.
    """
    if ipaddress.ip_address(packet.destination).is_multicast:
        return True
    return world.route(RouteQuestion(namespace, packet.destination, oif=packet.bound)).kind == "broadcast"


def unheard(world: World, namespace: str, packet: Packet) -> Finding | None:
    """Why none of those whom a packet is for answers it.

    Args:
        namespace: the sender.
        packet: what it sends.
    """
    question = RouteQuestion(namespace, packet.destination, oif=packet.bound)
    answer = world.route(question)
    if answer.error:
        return routes.none(world, question, answer)
    start = (namespace, str(answer.device))
    return routes.down(world, start) if not world.link(start).up else _deaf(world, packet, start, answer)


def directed(world: World, namespace: str, packet: Packet, answer: RouteAnswer) -> Finding | None:
    """Whether a router keeps a packet for all on one of its links to itself, and does not answer it.

    Args:
        namespace: the router.
        packet: as it came.
        answer: the way that the router chose.
    """
    if answer.kind != "broadcast" or packet.protocol == "tcp":
        return None
    if packet.protocol == "icmp" and world.switch(namespace, _IGNORE) == "0":
        return None
    words = (
        f"{packet.destination} means everybody on a link of {namespace}, which takes such packets in and sends them to "
        "nobody there (bc_forwarding)"
    )
    lines = [shown(world, namespace, f"ip route get {packet.destination}", f"broadcast {packet.destination}")]
    if packet.protocol == "icmp":
        words += ", and does not answer them itself: icmp_echo_ignore_broadcasts is 1"
        lines.append(shown(world, namespace, f"sysctl {_IGNORE}", "1"))
    return Finding("sysctl", words, tuple(lines), (), namespace)


def _deaf(world: World, packet: Packet, start: End, answer: RouteAnswer) -> Finding | None:
    """All on a link pass over what is for everybody there."""
    namespace = start[0]
    places = list(dict.fromkeys(end[0] for end in world.topology.stations(start)))
    whom = f"{packet.destination} means everybody on the link of {start[1]} in {namespace}"
    if packet.protocol == "tcp":
        return Finding("service", f"{whom}: TCP connects with one only", (), (), namespace)
    if not places:
        return Finding("address", f"{whom}, but nobody is there", (), (), namespace)
    if packet.protocol != "icmp" or packet.version == 6:
        return None
    deaf = [place for place in places if world.switch(place, _IGNORE) != "0"]
    if len(deaf) < len(places):
        return None
    words = f"{whom}, and all there, {', '.join(deaf)}, ignore such echo requests: icmp_echo_ignore_broadcasts is 1"
    words += "; ping sends them with -b only" if answer.kind == "broadcast" else ""
    evidence = tuple(shown(world, place, f"sysctl {_IGNORE}", "1") for place in deaf)
    return Finding("sysctl", words, evidence, tuple(typed(world, p, f"sysctl -w {_IGNORE}=0") for p in deaf), deaf[0])
