"""Which source address a sender gives its packets (a route's src), where another one would bring the answers back."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import policy
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import version_of
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Decision, World


def better(world: World, first: Decision, source: str, finding: Finding) -> Finding | None:
    """Whether the sender's packets bear an address to which nobody knows the way back, and it has another one.

    Args:
        first: how the sender chose its packets' way.
        source: the address that they bear.
        finding: what is wrong with the way back.
    """
    namespace, question, device = first.namespace, first.question, str(first.answer.device)
    lost = world.route(RouteQuestion(finding.where, source)) if finding.where != namespace else None
    if question is None or lost is None or not lost.error:
        return None
    own = [str(each.ip) for each in world.topology.prefixes((namespace, device), version_of(source))]
    usable = (each for each in own if each != source and not ipaddress.ip_address(each).is_link_local)
    other = next((each for each in usable if not world.route(RouteQuestion(finding.where, each)).error), None)
    route = world.matched(replace(question, source=None))
    if other is None or route is None:
        return None
    says = shown(world, namespace, RouteQuestion(namespace, question.destination).command, f"src {source}")
    words = (
        f"{namespace} gives packets for {question.destination} the source {source}, to which {finding.where} knows no "
        f"way back; it knows one to {other}, which {device} in {namespace} has too"
    )
    via = f" via {route.via}" if route.via else ""
    line = f"ip {'-6 ' if ':' in source else ''}route replace {route.destination}{via} dev {device}"
    line += f"{policy.table_of(route)}{policy.metric_of(route)} src {other}"
    return Finding("route", words, (says, *finding.evidence), (typed(world, namespace, line),), namespace)
