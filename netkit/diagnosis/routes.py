"""Why a namespace has no route to an address, or a wrong one: link down, carrier, address, default route, a circle."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import addressing, commands, inner, policy, rejections, vrfs
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.gateways import default_again, forwarding, gateways, leaving, link_local, network_of, towards
from netkit.diagnosis.packet import on_one_link, version_of
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import Decision, World
    from netkit.model import End, Route


def none(world: World, question: RouteQuestion, answer: RouteAnswer) -> Finding:
    """Why the kernel knows no way to an address.

    Args:
        question: what it was asked.
        answer: its refusal.
    """
    namespace, address, bound = question.namespace, question.destination, question.oif
    evidence = shown(world, namespace, question.command, answer.words or "no answer")
    if bound and not world.link((namespace, bound)).up:
        return down(world, (namespace, bound), evidence)
    own = ipaddress.ip_address(address).is_loopback or (namespace, "lo") in world.topology.bearers(address)
    if own and not world.link((namespace, "lo")).up:
        return down(world, (namespace, "lo"), evidence)
    refusal = policy.refusal(world, question, answer)
    if refusal is not None:
        return policy.forbidden(world, question, answer, refusal)
    unasked = policy.unasked(world, question, evidence)
    if unasked is not None:
        return unasked
    near = (namespace, bound) if bound else towards(world, namespace, address)
    ends = [near] if near else _joined_first(world, leaving(world, namespace))
    if not ends:
        words = f"{namespace} has no interface but lo: nothing leads out of it"
        return Finding("link", words, (shown(world, namespace, "ip link", "lo alone"),), (), namespace)
    return (
        _switched_off(world, ends, address, evidence)
        or vrfs.outside(world, ends, evidence)
        or addressing.six_off(world, ends, address, evidence)
        or addressing.missing(world, ends, address, evidence)
        or addressing.misplaced(world, namespace, version_of(address))
        or addressing.wrong_mask(world, namespace, near, address, evidence)
        or addressing.no_network(world, namespace, address, evidence)
        or _no_route(world, namespace, address, evidence)
    )


def down(world: World, end: End, *evidence: str, address: str = "", more: str = "") -> Finding:
    """An interface is switched off.

    Args:
        end: the interface.
        evidence: beyond its own state.
        address: whom it is to lead to: where switching it on is not enough, a default route is needed as well.
        more: what follows from it, in words.
    """
    lines = (commands.link_shown(world, end), *evidence)
    repair = (commands.up(world, end), *default_again(world, end, address))
    return Finding("link", f"{named(end)} is switched off{more}", lines, repair, end[0])


def _joined_first(world: World, ends: list[End]) -> list[End]:
    """Interfaces that are joined to others before those that lead nowhere."""
    return sorted(ends, key=lambda end: not world.topology.stations(end))


def _switched_off(world: World, ends: list[End], address: str, evidence: str) -> Finding | None:
    off = [end for end in ends if not world.link(end).up]
    useful = off if len(off) == len(ends) else [e for e in off if gateways(world, e[0], address, e)]
    return down(world, useful[0], evidence, address=address) if useful else None


def _no_route(world: World, namespace: str, address: str, said: str) -> Finding:
    routes = world.space(namespace).routes
    found = gateways(world, namespace, address)
    default = any(route.is_default(version_of(address)) for route in routes)
    forwards = world.switch(namespace, forwarding(address)) not in (None, "0")
    what = "default" if not default and not forwards else network_of(world, address)
    bearers = {place for place, _ in world.topology.bearers(address)}
    if found and not forwards and any(place in bearers for place, _ in world.topology.bearers(found[0])):
        what = address  # whom one asks for is no router for others
    listed = "\n".join(f"{route.destination} {_leads(route)}" for route in routes if route.table == "main") or "nothing"
    repair = (typed(world, namespace, f"ip route add {what} via {found[0]}"),) if found else ()
    words = f"{namespace} knows no route to {address}" + ("" if default else " and has no default route")
    evidence = (said, shown(world, namespace, "ip route", listed))
    kept = None if found else _kept_in(world, namespace)
    if kept is not None:
        words, evidence = f"{words}; {kept[0]}", (*evidence, kept[1])
    deaf = None if default or ":" not in address else _unadvertised(world, namespace)
    if deaf is not None:
        words, evidence = f"{words}; {deaf[0]}", (*evidence, *deaf[1])
    return Finding("route", words, evidence, repair, namespace)


def _kept_in(world: World, namespace: str) -> tuple[str, str] | None:
    """That the network which a namespace is in has no way out, in words and with what shows it."""
    stations = [station for end in leaving(world, namespace) for station in world.topology.stations(end)]
    closed = ((station, inner.closing(world, station)) for station in stations if station[0] != namespace)
    for end, rule in closed:
        if rule is not None:
            words = f"{inner.told(end, rule)}; {namespace} gets out if it joins another network as well"
            return words, rejections.listed(world, end[0], rule)
    return None


def _unadvertised(world: World, namespace: str) -> tuple[str, tuple[str, ...]] | None:
    """That a namespace takes no router advertisements, in words and with what shows it (ip-sysctl, accept_ra).

    Only where it has one way out, and no route of IPv6 that somebody typed: then it may rest on them.
    """
    routes = [r for r in world.space(namespace).routes if r.version == 6 and r.via and r.protocol != "ra"]
    ends = leaving(world, namespace)
    for end in [] if routes or len(ends) > 1 else ends:  # with several it is a router, and tells others
        names = [f"net/ipv6/conf/{end[1]}/{each}" for each in ("accept_ra", "forwarding")]
        accepts, forwards = (world.switch(namespace, each) or "" for each in names)
        why = "accept_ra is 0" if accepts == "0" else "accept_ra is 1, and it forwards: that wants 2"
        if world.link(end).up and (accepts == "0" or (accepts == "1" and forwards != "0")):
            says = ((names[0], accepts), (names[1], forwards))
            lines = tuple(shown(world, namespace, f"sysctl {name}", value) for name, value in says)
            return f"no router advertisement gives it one at {end[1]}, since {why}", lines
    return None


def _leads(route: Route) -> str:
    via = f"via {route.via} " if route.via else ""
    return (via + (f"dev {route.device}" if route.device else "")).strip() or route.kind


def wrong(world: World, decision: Decision, because: str) -> Finding | None:
    """Whether another way would bring packets to an address: then the route that is there is wrong.

    Args:
        decision: who has chosen which way for which packet.
        because: what is wrong with it.
    """
    namespace, address, answer = decision.namespace, decision.packet.destination, decision.answer
    question = decision.question or RouteQuestion(namespace, address)
    route = world.matched(question)
    if route is None or route.kind != "unicast":
        return None
    evidence = (shown(world, namespace, question.command, f"{address} {_answered(answer)}"),)
    words = f"{namespace} sends packets for {address} {_answered(answer)}, but {because}"
    near, table = towards(world, namespace, address), policy.table_of(route)
    metric = policy.metric_of(route)
    hop = towards(world, namespace, answer.via) if answer.via else None
    behind = hop if hop is not None and hop[1] != answer.device else near
    if behind is not None and behind[1] != answer.device:
        there = f"ip route replace {route.destination} via {answer.via} dev {behind[1]}{table}{metric}"
        line = there if behind is hop else _straight(world, route, behind, address)
        said = f"{words}; it is behind {behind[1]}"
        return Finding("route", said, evidence, (typed(world, namespace, line),), namespace)
    others = [each for each in gateways(world, namespace, address) if each not in (answer.via, address)]
    if not others:
        beside = _beside(world, decision, route, words, evidence) if answer.via else None
        return beside or _off_link(world, decision, route, words, evidence)
    if route.protocol == "kernel":
        return _overlapping(world, decision, others[0], evidence)
    line = f"ip route replace {route.destination} via {others[0]}{table}{metric}"
    if decision.iif and route.destination == "default":  # others' packets may rest on it
        line = f"ip route add {network_of(world, address)} via {others[0]}{table}"
    said = f"{words}; {others[0]} knows the way"
    return Finding("route", said, evidence, (typed(world, namespace, line),), namespace)


def _beside(world: World, decision: Decision, route: Route, words: str, evidence: tuple[str, ...]) -> Finding | None:
    """Who is on the link by which its packets go to another one, or a router with a link-local address there."""
    namespace, address, end = decision.namespace, decision.packet.destination, _end(decision)
    table, metric = policy.table_of(route), policy.metric_of(route)
    if towards(world, namespace, address) == end:
        line, why = _straight(world, route, end, address), f"{address} is on that very link"
    elif on_one_link(str(decision.answer.via)) and (near := link_local(world, end, address)):
        line = f"ip route replace {route.destination} via {near} dev {end[1]}{table}{metric}"
        why = f"{near} knows the way"
    else:
        return None
    return Finding("route", f"{words}; {why}", evidence, (typed(world, namespace, line),), namespace)


def _end(decision: Decision) -> End:
    return decision.namespace, str(decision.answer.device)


def _off_link(world: World, decision: Decision, route: Route, words: str, evidence: tuple[str, ...]) -> Finding | None:
    """The one router on a link where the sender knows no network, only an address that is no longer there."""
    namespace, end = decision.namespace, _end(decision)
    version = version_of(decision.packet.destination)
    own = world.topology.prefixes(end, version)
    known = [each.ip for each in world.topology.nearby(end, version)]
    if not decision.answer.via or len(known) != 1 or any(each.network.num_addresses > 1 for each in own):
        return None
    line = f"ip route replace {route.destination} via {known[0]} dev {end[1]} onlink{policy.table_of(route)}"
    line += policy.metric_of(route)
    said = f"{words}; {known[0]} is there"
    return Finding("route", said, evidence, (typed(world, namespace, line),), namespace)


def _straight(world: World, route: Route, near: End, address: str) -> str:
    """The command that has packets for an address leave by the interface that it is joined to.

    A route that is no wider than that interface's own network goes; a wider one stays, since others rest on it.
    """
    table, version = policy.table_of(route), version_of(address)
    networks = (each.network for each in world.topology.prefixes(near, version))
    own = next((each for each in networks if addressing.within(address, each)), None)
    if own is None:
        same = policy.metric_of(route) if route.network.num_addresses == 1 else ""
        return f"ip route replace {address} dev {near[1]}{table}{same}"
    if route.protocol == "kernel":
        return f"ip route add {address} dev {near[1]}"
    if route.network.prefixlen < own.prefixlen:
        return f"ip route add {own} dev {near[1]}{table}"
    return f"ip route del {route.destination} {_leads(route)}{table}{policy.metric_of(route)}".replace("  ", " ")


def _overlapping(world: World, decision: Decision, gateway: str, evidence: tuple[str, ...]) -> Finding | None:
    """An address of the namespace's own makes it look on a link for somebody who is elsewhere."""
    namespace, address, device = decision.namespace, decision.packet.destination, str(decision.answer.device)
    own = world.topology.prefixes((namespace, device), version_of(address))
    text = next((str(each) for each in own if addressing.within(address, each.network)), None)
    here = world.topology.reach((namespace, device))
    if text is None or not world.topology.bearers(address) or set(here) & set(world.topology.bearers(gateway)):
        return None
    words = (
        f"{device} in {namespace} has {text}, so {namespace} looks for {address} on that link; who has the address is "
        f"behind {gateway}"
    )
    repair = typed(world, namespace, f"ip route add {address} via {gateway}")
    lines = (commands.addresses_shown(world, (namespace, device)), *evidence)
    return Finding("address", words, lines, (repair,), namespace)


def circle(world: World, decisions: list[Decision]) -> Finding:
    """Packets go round in circles: the one that could send them on to somebody else is to do so.

    Args:
        decisions: who sent them where, the last one last.
    """
    last = decisions[-1]
    places = list(dict.fromkeys(each.namespace for each in decisions[-1 - len(decisions) // 2 :]))
    because = f"they come back: {' and '.join(places)} send them to one another"
    for decision in decisions[::-1][: len(places)]:
        found = wrong(world, decision, because)
        if found is not None:
            return found
    return Finding("route", f"packets for {last.packet.destination} go round in circles", where=last.namespace)


def _answered(answer: RouteAnswer) -> str:
    via = f"via {answer.via} " if answer.via else ""
    return f"{via}dev {answer.device}"
