"""Packets that somebody takes in (a local route), or a bridge sends back by their port, though they are for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import addressing, bridged, l2
from netkit.diagnosis.commands import addresses_shown, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import Decision, World
    from netkit.diagnosis.packet import Packet
    from netkit.model import End
    from netkit.validation import IPInterface


def taken_in(world: World, namespace: str, packet: Packet) -> Finding | None:
    """Whether a namespace takes in what another one has the address of; a fault where nobody serves it there.

    Args:
        namespace: where the packet has arrived.
        packet: as it has arrived.
    """
    address = packet.destination
    bearers = world.topology.bearers(address)
    own = [end for end in bearers if end[0] == namespace]
    others = [end for end in bearers if end[0] != namespace]
    if not others or address.startswith("127.") or address == "::1":
        return None
    if own:
        words = f"{namespace} takes in packets for {address}: {named(own[0])} has it, and so has {named(others[0])}"
        evidence = (addresses_shown(world, own[0]), addresses_shown(world, others[0]))
        repair = typed(world, namespace, f"ip addr del {world.borne(own[0], address)} dev {own[0][1]}")
        return Finding("address", words, evidence, (repair,), namespace)
    question = RouteQuestion(namespace, address)
    answer, route = world.route(question), world.matched(question)
    if answer.kind != "local" or answer.error:
        return None
    prefix = route.destination if route is not None else address
    device = answer.device or "lo"
    words = f"a route of kind 'local' in {namespace} takes in packets for {address}, which {named(others[0])} has"
    line = shown(world, namespace, question.command, f"local {address} dev {device}")
    repair = typed(world, namespace, f"ip route del local {prefix} dev {device} table local")
    return Finding("route", words, (line,), (repair,), namespace)


def misread(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """Whether a namespace takes one station's address for that of several: a route of such a kind says so.

    Args:
        question: which packet.
        answer: the way that the kernel chose.
    """
    namespace, address = question.namespace, question.destination
    bearers = [end for end in world.topology.bearers(address) if end[0] != namespace]
    if answer.kind not in ("broadcast", "multicast", "anycast") or not bearers:
        return None
    kept = world.space(namespace).local_routes
    route = next((r for r in kept if r.kind == answer.kind and r.destination.partition("/")[0] == address), None)
    if route is None:
        return None
    words = (
        f"a route of kind '{route.kind}' in {namespace} takes {address} for the address of several, but it is that of "
        f"{named(bearers[0])}"
    )
    line = shown(world, namespace, f"ip route show table local {address}", f"{route.kind} {address} dev {route.device}")
    wide = _wider(world, (namespace, str(route.device)), bearers[0], address)
    if wide is not None:
        own, length = wide
        words += f", whose network there has the prefix length /{length}: {own} of {namespace} is another network"
        lines = addressing.renumbered(world, (namespace, str(route.device)), str(own), f"{own.ip}/{length}")
        return Finding("address", words, (line, addresses_shown(world, bearers[0])), lines, namespace)
    repair = typed(world, namespace, f"ip route del {route.kind} {address} dev {route.device} table local")
    return Finding("route", words, (line,), () if route.protocol == "kernel" else (repair,), namespace)


def _wider(world: World, end: End, other: End, address: str) -> tuple[IPInterface, int] | None:
    """An address of an interface, and the smaller prefix length of another one's network, which has it as well.

    There `address` is that of one station.
    """
    pairs = ((own, their.network) for own in world.topology.prefixes(end) for their in world.topology.prefixes(other))
    for own, network in pairs:
        last = str(network.broadcast_address) == address
        if own.ip in network and network.prefixlen < own.network.prefixlen and not last:
            return own, network.prefixlen
    return None


def sent_back(world: World, decision: Decision, packet: Packet, answer: RouteAnswer, port: End) -> Finding | None:
    """Whether a bridge has to send a packet back by the port that it came in by, which it does not do by itself.

    A bridge that shows its frames to the packet filter (br_netfilter) sends on by itself what is translated to an
    address behind it; no router sees the packet.

    Args:
        decision: who sent the packet, as it was then.
        packet: as it goes on.
        answer: the way that it has from here.
        port: the port that it came in by.
    """
    if packet.answer or decision.packet.destination == packet.destination or answer.via:
        return None
    bridge = port[0], str(world.link(port).master)
    back = answer.device == bridge[1] and world.link(port).peer in world.topology.bearers(packet.destination)
    if not back or not bridged.shows(world, bridge, packet.version):
        return None
    return l2.bridge(world, l2.Crossing(port, bridge, port, None, None))
