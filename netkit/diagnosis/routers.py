"""What may be wrong in a namespace that a packet comes to: switches, the filter of return paths, the TTL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import routes
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding, RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Decision, RouteAnswer, World
    from netkit.diagnosis.packet import Packet

_TTL = "net.ipv4.ip_default_ttl"
_HOPS = "net.ipv6.conf.all.hop_limit"
_STRICT = "1"


def refused(world: World, question: RouteQuestion, answer: RouteAnswer, decisions: list[Decision]) -> Finding | None:
    """Why a namespace does not take a packet on, or in.

    Args:
        question: which packet, and which way it came.
        answer: what the kernel says.
        decisions: who sent it there, the last one last.
    """
    namespace, address = question.namespace, question.destination
    closed = world.switch(namespace, routes.forwarding(address)) == "0"
    filtered = _filtered(world, question, answer)
    if filtered is not None:
        return filtered
    if closed or answer.error:
        last = decisions[-1]
        why = f"{namespace} does not forward" if closed else f"{namespace} knows no way to it"
        stray = routes.wrong(world, last.namespace, last.packet.destination, last.answer, why)
        if stray is not None:
            return stray
    if closed:
        return _closed(world, question, answer)
    return routes.none(world, namespace, address, answer) if answer.error else None


def _closed(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding:
    switch, namespace = routes.forwarding(question.destination), question.namespace
    words = (
        f"{namespace} got a packet for {question.destination}, which is not its own, but is no router: "
        f"{switch.rpartition('.')[2]} is 0"
    )
    evidence = [shown(world, namespace, f"sysctl {switch}", "0")]
    evidence += [shown(world, namespace, question.command, answer.words)] if answer.error else []
    return Finding("sysctl", words, tuple(evidence), (typed(world, namespace, f"sysctl -w {switch}=1"),), namespace)


def _filtered(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """Strict reverse-path filtering: the way back to the source would leave by another interface (ip-sysctl)."""
    namespace, device = question.namespace, question.iif
    names = ("net.ipv4.conf.all.rp_filter", f"net/ipv4/conf/{device}/rp_filter")
    values = [world.switch(namespace, name) or "0" for name in names]
    if ":" in question.destination or max(values) != _STRICT or answer.error not in ("EINVAL", "EXDEV"):
        return None
    back = RouteQuestion(namespace, str(question.source))
    says = world.route(back)
    if says.device == device and not says.error:
        return None
    leads = f"by {says.device}" if says.device else "nowhere"
    words = (
        f"{namespace} drops packets from {question.source} that come in by {device}: its own way back to that address "
        f"leads {leads}, and rp_filter is strict"
    )
    evidence = (
        shown(world, namespace, f"sysctl {names[0 if values[0] == _STRICT else 1]}", _STRICT),
        shown(world, namespace, back.command, f"dev {says.device}" if says.device else says.words),
        shown(world, namespace, question.command, answer.words),
    )
    repair = typed(world, namespace, f"sysctl -w {names[1]}=2")
    return Finding("sysctl", words, evidence, (repair,), namespace)


def ttl(world: World, first: Decision, namespace: str, packet: Packet) -> Finding | None:
    """Whether a packet's TTL has come to its end: a router takes one away.

    Args:
        first: the packet's sender.
        namespace: the router.
        packet: as it came there.
    """
    if packet.ttl > 1:
        return None
    switch = _HOPS if packet.version == 6 else _TTL
    words = f"the packet's TTL was used up in {namespace}: {first.namespace} lets its packets pass no more routers"
    line = shown(world, first.namespace, f"sysctl {switch}", world.switch(first.namespace, switch) or "")
    repair = typed(world, first.namespace, f"sysctl -w {switch}=64")
    return Finding("sysctl", words, (line,), (repair,), first.namespace)


def start_ttl(world: World, namespace: str, version: int) -> int:
    """The TTL that a namespace gives to its packets."""
    return int(world.switch(namespace, _HOPS if version == 6 else _TTL) or 64)
