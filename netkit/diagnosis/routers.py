"""What stops a packet in a namespace that it comes to: no router, rp_filter, martian source, route_localnet, TTL."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import commands, gateways, matching, policy, routes, translations, xtables
from netkit.diagnosis.commands import each_typed, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import Decision, World
    from netkit.diagnosis.packet import Packet
    from netkit.model import Route, Rule

_TTL = "net.ipv4.ip_default_ttl"
_STRICT, _LOOSE = "1", "2"


def refused(world: World, question: RouteQuestion, answer: RouteAnswer, decisions: list[Decision]) -> Finding | None:
    """Why a namespace does not take a packet on, or in.

    Args:
        question: which packet, and which way it came.
        answer: what the kernel says.
        decisions: who sent it there, the last one last.
    """
    namespace, address, end = question.namespace, question.destination, (question.namespace, str(question.iif))
    switch = gateways.closed(world, end, address)
    found = _loopback(world, question, answer) or policy.not_its_own(world, question, answer)
    found = found or (policy.refused(world, question, answer) if answer.error else None)
    found = found or _filtered(world, question, answer) or _strange(world, question, answer, decisions)
    if found is not None:
        return found
    own = world.route(replace(question, source=None, iif=None))
    if switch and not own.error and own.device != question.iif:
        return _closed(world, question, answer, switch)
    if switch or answer.error:
        why = f"{namespace} does not forward" if switch else f"{namespace} knows no way to it"
        stray = routes.wrong(world, decisions[-1], why)
        if stray is not None:
            return stray
    if switch:
        there = world.topology.bearers(address)
        return _closed(world, question, answer, switch) if there else _nobodys(world, question)
    return routes.none(world, question, answer) if answer.error else None


def _loopback(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """A packet that a rule has led to 127.0.0.0/8 and that came in by a cable: the kernel takes it for a forged one."""
    namespace, address = question.namespace, question.destination
    if not answer.error or ":" in address or not ipaddress.ip_address(address).is_loopback:
        return None
    switch = f"net/ipv4/conf/{question.iif}/route_localnet"
    words = (
        f"{namespace} leads what comes in by {question.iif} to {address}, but takes no packets for its loopback "
        "network from outside: route_localnet is 0"
    )
    evidence = (
        shown(world, namespace, f"sysctl {switch}", "0"),
        shown(world, namespace, question.command, answer.words),
    )
    return Finding("sysctl", words, evidence, (typed(world, namespace, f"sysctl -w {switch}=1"),), namespace)


def _nobodys(world: World, question: RouteQuestion) -> Finding:
    """A packet comes to somebody who neither has its address nor is a router, and nobody has it."""
    namespace, address = question.namespace, question.destination
    words = f"nobody has the address {address}; its packets come to {namespace}, which is no router"
    line = shown(world, namespace, "ip addr", f"no {address}")
    return Finding("address", words, (line,), (), namespace)


def _closed(world: World, question: RouteQuestion, answer: RouteAnswer, switch: str) -> Finding:
    namespace, words = question.namespace, switch.replace("/", ".")
    short = words.removeprefix("net.ipv4.").removeprefix("net.ipv6.conf.all.")
    said = (
        f"{namespace} got a packet for {question.destination}, which is not its own, but is no router: {short} is 0"
        if "conf" not in short
        else f"{namespace} does not forward what comes in by {question.iif}: {words} is 0"
    )
    evidence = [shown(world, namespace, f"sysctl {switch}", "0")]
    evidence += [shown(world, namespace, question.command, answer.words)] if answer.error else []
    return Finding("sysctl", said, tuple(evidence), (typed(world, namespace, f"sysctl -w {switch}=1"),), namespace)


def _filtered(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """Reverse-path filtering: the way back to the source leaves by another interface, or there is none (ip-sysctl)."""
    namespace, device = question.namespace, question.iif
    names = ("net.ipv4.conf.all.rp_filter", f"net/ipv4/conf/{device}/rp_filter")
    values = [world.switch(namespace, name) or "0" for name in names]
    value = max(values)
    if ":" in question.destination or value not in ("1", "2") or answer.error not in ("EINVAL", "EXDEV"):
        return None
    back = RouteQuestion(namespace, str(question.source), mark=question.mark)
    says = world.route(back)
    if not says.error and (value == _LOOSE or says.device == device):
        return None
    leads = f"leads by {says.device}" if says.device else "is not there"
    words = (
        f"{namespace} drops packets from {question.source} that come in by {device}: its own way back to that address "
        f"{leads}, and rp_filter is {'strict' if value == _STRICT else 'loose'}"
    )
    evidence = (
        shown(world, namespace, f"sysctl {names[values.index(value)]}", value),
        shown(world, namespace, back.command, f"dev {says.device}" if says.device else says.words),
        shown(world, namespace, question.command, answer.words),
    )
    ways = gateways.gateways(world, namespace, str(question.source)) if says.error else []
    repair = f"sysctl -w {names[1]}=2"
    if ways:
        repair = f"ip route add {gateways.network_of(world, str(question.source))} via {ways[0]}"
    elif says.error:
        repair = f"ip route add {question.source} dev {device}"
    return Finding("sysctl", words, evidence, (typed(world, namespace, repair),), namespace)


def _strange(world: World, question: RouteQuestion, answer: RouteAnswer, decisions: list[Decision]) -> Finding | None:
    """A source that the kernel takes for a forgery (a martian): one of its own addresses, or one of the loopback."""
    namespace, source = question.namespace, str(question.source)
    if answer.error != "EINVAL" or ":" in source:
        return None
    loop = ipaddress.ip_address(source).is_loopback
    bearers = [end for end in world.topology.bearers(source) if end[0] == namespace]
    if not loop and not bearers:
        return None
    evidence = shown(world, namespace, question.command, answer.words)
    last = decisions[-1]
    if loop or decisions[0].namespace == namespace:
        return _not_hidden(world, last, namespace, evidence)
    end, others = bearers[0], [each for each in world.topology.bearers(source) if each[0] != namespace]
    words = f"{namespace} takes packets from {source} for forged ones, since it bears that address itself, at {end[1]}"
    repair = (typed(world, namespace, f"ip addr del {world.borne(end, source)} dev {end[1]}"),) if others else ()
    line = commands.addresses_shown(world, end)
    return Finding("address", words, (line, evidence), repair, namespace)


def _not_hidden(world: World, last: Decision, namespace: str, evidence: str) -> Finding:
    """A router leads a packet to the very namespace whose source it has: the router should have hidden that."""
    packet, router = last.packet, last.namespace
    port = f" -p {packet.protocol} --dport {packet.destination_port}" if packet.destination_port else ""
    ends = f"-s {packet.source}/32 -d {packet.destination}/32"  # of IPv6 the kernel drops no such packets
    repair = typed(world, router, f"iptables -t nat -A POSTROUTING {ends}{port} -j MASQUERADE")
    words = (
        f"{router} leads a packet to {namespace} with the source {packet.source}, which {namespace} has itself: "
        f"it drops it; {router} does not hide it behind an address of its own (MASQUERADE)"
    )
    return Finding("nat", words, (translations.listed(world, router, packet), evidence), (repair,), router)


def confined(world: World, namespace: str, packet: Packet, device: str) -> Finding | None:
    """Whether a packet of 127.0.0.1's is led out of the namespace, which the kernel refuses without route_localnet.

    Args:
        namespace: whose packet it is.
        packet: as it was led.
        device: the interface that it is to leave by.
    """
    if packet.version != 4 or not packet.source.startswith("127.") or device == "lo":
        return None
    names = [f"net/ipv4/conf/{each}/route_localnet" for each in ("all", device)]
    if any(world.switch(namespace, name) == "1" for name in names):
        return None
    words = (
        f"{namespace} leads packets from {packet.source} to {packet.destination} by {device}, but lets none with a "
        f"source of its own loopback network out: route_localnet is 0"
    )
    hidden = any(r.target in translations.HIDING and _asks(r, packet, device) for r in world.space(namespace).rules)
    lines = [f"sysctl -w {names[1]}=1"]
    masquerade = f"iptables -t nat -A POSTROUTING -s {packet.source} -o {device} -j MASQUERADE"
    lines += [] if hidden else [masquerade]
    line = shown(world, namespace, f"sysctl {names[1]}", "0")
    return Finding("sysctl", words, (line,), each_typed(world, namespace, lines), namespace)


def _asks(rule: Rule, packet: Packet, device: str) -> bool:
    """Whether a rule hides a packet that leaves by an interface."""
    return rule.tool == "iptables" and xtables.matches(rule, matching.Passing(packet, oif=device)) is True


def ttl(world: World, first: Decision, namespace: str, packet: Packet) -> Finding | None:
    """Whether a packet's TTL has come to its end: a router takes one away.

    Args:
        first: the packet's sender.
        namespace: the router.
        packet: as it came there.
    """
    if packet.ttl > 1:
        return None
    began = first.packet.ttl
    if began != start_ttl(world, first.namespace, packet.version, first.answer):
        return Finding("tunnel", f"the packet's TTL was used up in {namespace}: it began as {began}", (), (), namespace)
    if first.answer.hops and first.question is not None and (route := world.matched(first.question)) is not None:
        return _short_route(world, first, namespace, route)
    switch = _ttl_switch(packet.version, str(first.answer.device))
    words = f"the packet's TTL was used up in {namespace}: {first.namespace} lets its packets pass no more routers"
    line = shown(world, first.namespace, f"sysctl {switch}", world.switch(first.namespace, switch) or "")
    repair = typed(world, first.namespace, f"sysctl -w {switch}=64")
    return Finding("sysctl", words, (line,), (repair,), first.namespace)


def _short_route(world: World, first: Decision, namespace: str, route: Route) -> Finding:
    via = f" via {first.answer.via}" if first.answer.via else ""
    again = f"{route.destination}{via} dev {first.answer.device}{policy.table_of(route)}{policy.metric_of(route)}"
    words = (
        f"the packet's TTL was used up in {namespace}: the route {route.destination} of {first.namespace} gives its "
        f"packets a TTL of {first.answer.hops} (hoplimit)"
    )
    line = shown(world, first.namespace, f"ip route get {first.packet.destination}", f"hoplimit {first.answer.hops}")
    repair = typed(world, first.namespace, f"ip route replace {again}")
    return Finding("route", words, (line,), (repair,), first.namespace)


def start_ttl(world: World, namespace: str, version: int, answer: RouteAnswer) -> int:
    """The TTL that a namespace gives to its packets.

    Args:
        namespace: the sender.
        version: of IP.
        answer: the way that they take: a route may have a hop limit, and IPv6 has one for each interface.
    """
    return answer.hops or int(world.switch(namespace, _ttl_switch(version, str(answer.device))) or 64) or 64


def _ttl_switch(version: int, device: str) -> str:
    return f"net/ipv6/conf/{device}/hop_limit" if version == 6 else _TTL
