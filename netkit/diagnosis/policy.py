"""Which `ip rule` or route refuses a packet (blackhole, unreachable, prohibit, throw); what to ask the kernel.

What is found is said only where it refuses in the way in which the kernel did.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netkit.diagnosis import gateways
from netkit.diagnosis.commands import link_shown, named, shown, typed, up
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import NUMBERS, version_of

if TYPE_CHECKING:
    from netkit.diagnosis.answers import PolicyRule, RouteAnswer
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.diagnosis.questions import RouteQuestion
    from netkit.model import End, Route

_METRIC_OF_SIX = 1024
"""The metric that a route of IPv6 has where nobody says which (IP6_RT_PRIO_USER)."""

_REFUSALS = {"blackhole": "EINVAL", "unreachable": "EHOSTUNREACH", "prohibit": "EACCES", "throw": "ENETUNREACH"}


@dataclass(frozen=True)
class Refusal:
    """What refuses a packet: a rule, or the route of the table that a rule led to."""

    rule: PolicyRule
    route: Route | None = None


def question(world: World, asked: RouteQuestion, packet: Packet) -> RouteQuestion:
    """What to ask the kernel for a packet's way: with all that the rules of a namespace look at.

    Args:
        asked: without the packet's mark, protocol and ports.
        packet: which packet.
    """
    rules = world.rules(asked.namespace, packet.version)
    if any(rule.mark is not None for rule in rules):
        asked = replace(asked, mark=packet.mark or 0)
    if any(rule.protocol or rule.source_ports or rule.destination_ports for rule in rules):
        ports = packet.source_port, packet.destination_port
        asked = replace(asked, protocol=packet.protocol, ports=ports)
    if any(rule.service for rule in rules):
        asked = replace(asked, service=packet.service or 0)
    return asked


def refusal(world: World, asked: RouteQuestion, answer: RouteAnswer) -> Refusal | None:
    """The rule or the route that refuses a packet; None where nothing is found that refuses as the kernel did.

    Args:
        asked: which packet.
        answer: how the kernel refused.
    """
    found = _deciding(world, asked)
    if found is None:
        return None
    how = _REFUSALS.get(found.route.kind, "") if found.route is not None else found.rule.refusal
    return found if how == answer.error else None


def _deciding(world: World, asked: RouteQuestion) -> Refusal | None:
    """What decides that a packet goes nowhere, rule by rule as the kernel tries them (ip-rule(8))."""
    version = version_of(asked.destination)
    thrown, start = None, 0
    for rule in world.rules(asked.namespace, version):
        if rule.priority < start:
            continue
        fits = _fits(rule, asked, world.user)
        if fits is None:
            return None
        if not fits or rule.action == "nop":
            continue
        if rule.action == "goto":
            start = rule.target
            continue
        if rule.refusal:
            return Refusal(rule)
        route = _best(world, rule, asked)
        if route is None:
            continue
        if route.kind != "throw":
            return Refusal(rule, route) if route.kind in _REFUSALS else None
        thrown = Refusal(rule, route)
    return thrown


def _best(world: World, rule: PolicyRule, asked: RouteQuestion) -> Route | None:
    """The route of a rule's table that an address falls under, the most specific of the lowest metric."""
    goal = ipaddress.ip_address(asked.destination)
    routes = [r for r in world.space(asked.namespace).routes if r.table == rule.table and r.version == goal.version]
    fitting = [
        r for r in routes if goal in r.network and not _suppressed(world, asked.namespace, rule, r) and _from(r, asked)
    ]
    return min(fitting, key=lambda r: (-r.network.prefixlen, r.metric), default=None)


def _suppressed(world: World, namespace: str, rule: PolicyRule, route: Route) -> bool:
    """Whether a rule leaves out a route of its table: one as wide as that, or by an interface of such a group."""
    links = world.space(namespace).interfaces
    link = links.get(route.device or "")
    group = int(link.detail("group_number") or 0) if link is not None else 0
    return route.network.prefixlen <= rule.suppressed or group == rule.group


def _fits(rule: PolicyRule, asked: RouteQuestion, user: int) -> bool | None:
    """Whether a rule is for a packet; None where it looks at more than is known."""
    tests = [
        not rule.source or (bool(asked.source) and _in(str(asked.source), rule.source)),
        not rule.destination or _in(asked.destination, rule.destination),
        not rule.iif or rule.iif == (asked.iif or "lo"),
        not rule.oif or rule.oif == asked.oif,
        rule.mark is None or asked.mark & rule.mask == rule.mark,
        not rule.protocol or rule.protocol == NUMBERS.get((asked.protocol, rule.version)),
        rule.source_ports is None or _between(asked.ports[0], rule.source_ports),
        rule.destination_ports is None or _between(asked.ports[1], rule.destination_ports),
        not rule.service or rule.service == asked.service,
        rule.users is None or (not asked.iif and _between(user, rule.users)),
    ]
    fits = all(tests)
    if rule.further:
        return None if fits else rule.inverted and None
    return fits is not rule.inverted


def _from(route: Route, asked: RouteQuestion) -> bool:
    """Whether a route is for packets of this source: one of IPv6 may be for those of one network only."""
    of = route.detail("from")
    return of is None or (bool(asked.source) and _in(str(asked.source), of))


def _in(address: str, prefix: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(prefix, strict=False)


def _between(port: int | None, bounds: tuple[int, int]) -> bool:
    return port is not None and bounds[0] <= port <= bounds[1]


def refused(world: World, asked: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """Whether a rule or a route refuses a packet.

    Args:
        asked: which packet.
        answer: how the kernel refused.
    """
    found = refusal(world, asked, answer)
    return forbidden(world, asked, answer, found) if found is not None else None


def forbidden(world: World, asked: RouteQuestion, answer: RouteAnswer, found: Refusal) -> Finding:
    """A rule or a route refuses a packet.

    Args:
        asked: which packet.
        answer: how the kernel refused.
        found: what refuses it.
    """
    namespace, ip = asked.namespace, "ip -6" if found.rule.version == 6 else "ip"
    evidence = (shown(world, namespace, asked.command, answer.words or "no answer"),)
    if found.route is None:
        words = f"the routing rule `{found.rule.text}` of {namespace} refuses packets for {asked.destination}"
        line = shown(world, namespace, f"{ip} rule", found.rule.text)
        return Finding("route", words, (line, *evidence), (typed(world, namespace, found.rule.removal),), namespace)
    route, table = found.route, table_of(found.route)
    does = "ends the look-up of" if route.kind == "throw" else "refuses"
    words = f"a route of kind '{route.kind}' in {namespace} {does} packets to {route.destination}"
    words += f", in the table {route.table}, which the rule `{found.rule.text}` asks" if table else ""
    metric = metric_of(route)
    line = shown(world, namespace, f"{ip} route show{table}", f"{route.kind} {route.destination}")
    hop = route.detail("nhid")  # the route itself is a plain one then, whose next hop refuses
    which = f"{route.destination} nhid {hop}" if hop else f"{route.kind} {route.destination}"
    which += f" from {route.detail('from')}" if route.detail("from") else ""
    mend = f"{ip} route del {which}{table}{metric}"
    near = _unnumbered(world, namespace, asked.destination)
    if near is not None and route.network.num_addresses > 1:  # what it refuses beside that is meant
        mend = f"{ip} route add {asked.destination} dev {near[1]}{table}"
        if not world.link(near).up:
            said = f"{named(near)} is switched off, and so no route leads to {asked.destination} alone: {words}"
            repair = (up(world, near), typed(world, namespace, mend))
            return Finding("link", said, (link_shown(world, near), line, *evidence), repair, namespace)
        words += f"; no route leads to {asked.destination} alone, which is behind {near[1]}"
    return Finding("route", words, (line, *evidence), (typed(world, namespace, mend),), namespace)


def _unnumbered(world: World, namespace: str, address: str) -> End | None:
    """The interface that is joined to who bears an address, where none of its own networks has that address."""
    near = gateways.towards(world, namespace, address)
    goal = ipaddress.ip_address(address)
    if near is None or any(goal in each.network for each in world.topology.prefixes(near, goal.version)):
        return None
    return near


def unasked(world: World, asked: RouteQuestion, evidence: str) -> Finding | None:
    """Whether the main table has a way, but no rule leads to it.

    Args:
        asked: which packet.
        evidence: what the kernel said.
    """
    namespace, goal = asked.namespace, ipaddress.ip_address(asked.destination)
    rules = world.rules(namespace, goal.version)
    ways = [r for r in world.space(namespace).routes if r.table == "main" and r.version == goal.version]
    leading = [r for r in ways if goal in r.network]
    asking = [rule for rule in rules if rule.action == "lookup" and rule.table == "main"]
    counts = any(not _suppressed(world, namespace, rule, route) for rule in asking for route in leading)
    if not leading or not rules or counts:
        return None
    ip = "ip -6" if goal.version == 6 else "ip"
    words = f"no routing rule of {namespace} asks the table main, which has a route to {goal}"
    if asking:
        words = (
            f"the routing rule `{asking[0].text}` of {namespace} leaves out the route to {goal} that the table main "
            f"has: {_why(asking[0], max(leading, key=lambda route: route.network.prefixlen))}"
        )
    listed = shown(world, namespace, f"{ip} rule", "\n".join(rule.text for rule in rules) or "nothing")
    repair = typed(world, namespace, f"{ip} rule add priority 32766 lookup main")
    return Finding("route", words, (listed, evidence), (repair,), namespace)


def _why(rule: PolicyRule, route: Route) -> str:
    wide = route.network.prefixlen <= rule.suppressed
    return f"it is as wide as /{route.network.prefixlen}" if wide else f"{route.device} is in the group {rule.group}"


def not_its_own(world: World, asked: RouteQuestion, answer: RouteAnswer) -> Finding | None:
    """Whether a namespace takes an address of its own for somebody else's: its table local is not asked, or lacks it.

    Args:
        asked: which packet.
        answer: what the kernel says.
    """
    namespace, address = asked.namespace, asked.destination
    version = version_of(address)
    device = next((name for place, name in world.topology.bearers(address) if place == namespace), None)
    if device is None or any(name == device and text == address for name, text, _ in world.unready(namespace)):
        return None
    ip, rules = "ip -6" if version == 6 else "ip", world.rules(namespace, version)
    says = shown(world, namespace, asked.command, answer.words or f"dev {answer.device}")
    if not any(rule.action == "lookup" and rule.table == "local" for rule in rules):
        words = f"{namespace} does not take {address} for its own: no routing rule asks the table local, which has it"
        listed = shown(world, namespace, f"{ip} rule", "\n".join(rule.text for rule in rules) or "nothing")
        repair = typed(world, namespace, f"{ip} rule add priority 0 lookup local")
        return Finding("route", words, (listed, says), (repair,), namespace)
    listed = shown(world, namespace, f"{ip} route show table local {address}", "nothing")
    kept = (r.destination for r in world.space(namespace).local_routes if r.table == "local")
    if address in (each.partition("/")[0] for each in kept):
        return None
    words = (
        f"{namespace} does not take {address} for its own: {device} has it, but the route of kind 'local' that came "
        "with it is gone"
    )
    line = f"{ip} route add local {address} dev {'lo' if version == 6 else device} table local"
    return Finding("route", words, (listed, says), (typed(world, namespace, line),), namespace)


def table_of(route: Route) -> str:
    """What commands need to speak of a route of another table than the main one: " table 50"."""
    return "" if route.table == "main" else f" table {route.table}"


def again(world: World, namespace: str, devices: set[str]) -> list[str]:
    """The commands for routes by some interfaces that somebody set, which go away with the interfaces' addresses."""
    routes = [r for r in world.space(namespace).routes if r.device in devices and r.via and r.protocol != "kernel"]
    return [f"ip route replace {r.destination} via {r.via}{table_of(r)}" for r in routes]


def metric_of(route: Route) -> str:
    """What commands need to speak of a route of another metric than the usual one: " metric 50"."""
    return "" if route.metric == (_METRIC_OF_SIX if route.version == 6 else 0) else f" metric {route.metric}"
