"""The wording where a rule keeps a network to itself: who is inside needs another way out, others have to join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import gateways, inner, policy
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Place
    from netkit.diagnosis.packet import Packet
    from netkit.model import End, Rule


def between(world: World, place: Place, packet: Packet, rule: Rule, listed: str) -> Finding | None:
    """What is to be said of a packet that a rule dropped between such a network and others; None for other rules.

    Args:
        place: the hook.
        packet: what was dropped.
        rule: what dropped it.
        listed: what shows the rule.
    """
    for ends, interface in ((inner.LEAVING, place.iif), (inner.COMING, place.oif)):
        end = place.namespace, interface
        if interface and inner.keeps(rule, ends) == interface and inner.closing(world, end) is not None:
            words = inner.told(end, rule, ends)
            if ends is inner.LEAVING:
                return _way_round(world, end, packet, words, listed)
            return Finding("filter", f"{words}; who is to ask there has to join it", (listed,), (), place.namespace)
    return None


def _way_round(world: World, router: End, packet: Packet, because: str, listed: str) -> Finding:
    """The sender has another router, on a network that has a way out; or else it needs one."""
    near = world.topology.reach(router)
    sender = next((end for end in world.topology.bearers(packet.source) if end in near), router)[0]
    question = RouteQuestion(sender, packet.destination)
    answer, route = world.route(question), world.matched(question)
    free = gateways.gateways(world, sender, packet.destination)
    if sender == router[0] or not free or route is None or not answer.via:
        words = f"{because}; {sender} gets out if it joins another network as well"
        return Finding("filter", words, (listed,), (), router[0])
    line = f"ip route replace {route.destination} via {free[0]}{policy.table_of(route)}{policy.metric_of(route)}"
    words = f"{sender} sends packets for {packet.destination} via {answer.via} dev {answer.device}, but {because}"
    evidence = (shown(world, sender, question.command, f"via {answer.via} dev {answer.device}"), listed)
    return Finding("route", f"{words}; {free[0]} knows the way", evidence, (typed(world, sender, line),), sender)
