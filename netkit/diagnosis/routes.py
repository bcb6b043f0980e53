"""Why a namespace knows no way to an address, or a wrong one: link, carrier, address and route, in this order."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding, RouteQuestion
from netkit.model.routing import matching
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.diagnosis.findings import RouteAnswer, World
    from netkit.model import End, Route


def towards(world: World, namespace: str, address: str) -> End | None:
    """The interface of a namespace that is joined, by cables and bridges, to who bears an address; None if none is.

    Args:
        namespace: whose interface.
        address: whom it is to lead to.
    """
    goals = set(world.topology.bearers(address))
    joined = ((start, goals & set(world.topology.reach(start))) for start in world.topology.leaving(namespace))
    return next((start for start, met in joined if met), None)


def none(world: World, namespace: str, address: str, answer: RouteAnswer, bound: str | None = None) -> Finding:
    """Why the kernel knows no way to an address.

    Args:
        namespace: who has no way.
        address: to whom.
        answer: the kernel's refusal.
        bound: the interface that packets have to leave by; None where the kernel chooses one.
    """
    question = RouteQuestion(namespace, address, oif=bound)
    evidence = shown(world, namespace, question.command, answer.words or "no answer")
    if bound and not world.link((namespace, bound)).up:
        return down(world, (namespace, bound), evidence)
    if ipaddress.ip_address(address).is_loopback or (namespace, "lo") in world.topology.bearers(address):
        return down(world, (namespace, "lo"), evidence)
    near = (namespace, bound) if bound else towards(world, namespace, address)
    ends = [near] if near else _joined_first(world, world.topology.leaving(namespace))
    if not ends:
        words = f"{namespace} has no interface but lo: nothing leads out of it"
        return Finding("link", words, (shown(world, namespace, "ip link", "lo alone"),), (), namespace)
    version = ipaddress.ip_address(address).version
    blocked = _refusing(world, namespace, address)
    if blocked is not None:
        return _forbidden(world, namespace, blocked, evidence)
    return (
        _switched_off(world, ends, address, evidence)
        or _no_address(world, ends, address, evidence)
        or _wrong_mask(world, near, address, version, evidence)
        or _no_route(world, namespace, address, evidence)
    )


def down(world: World, end: End, *more: str, address: str = "") -> Finding:
    """An interface is switched off.

    Args:
        end: the interface.
        more: further evidence.
        address: whom it is to lead to: where switching it on is not enough, a default route is needed as well.
    """
    evidence = (commands.link_shown(world, end), *more)
    repair = (commands.up(world, end), *_default_again(world, end, address))
    return Finding("link", f"{named(end)} is switched off", evidence, repair, end[0])


def _joined_first(world: World, ends: list[End]) -> list[End]:
    """Interfaces that are joined to others before those that lead nowhere."""
    return sorted(ends, key=lambda end: not world.topology.stations(end))


def _switched_off(world: World, ends: list[End], address: str, evidence: str) -> Finding | None:
    off = [end for end in ends if not world.link(end).up]
    useful = off if len(off) == len(ends) else [e for e in off if gateways(world, e[0], address, e)]
    return down(world, useful[0], evidence, address=address) if useful else None


def _no_address(world: World, ends: list[End], address: str, evidence: str) -> Finding | None:
    version = ipaddress.ip_address(address).version
    if any(world.topology.prefixes(end, version) for end in ends if world.link(end).up):
        return None
    end = next(end for end in ends if world.link(end).up)
    wanted = free_address(world, end, version)
    repair = (typed(world, end[0], f"ip addr add {wanted} dev {end[1]}"),) if wanted else ()
    return Finding(
        "address",
        f"{named(end)} has no IPv{version} address, so it knows no network",
        (commands.addresses_shown(world, end), evidence),
        (*repair, *_default_again(world, end, address)),
        end[0],
    )


def _default_again(world: World, end: End, address: str) -> tuple[str, ...]:
    """The default route, which the kernel removes with an interface's last address or when it is switched off."""
    goal = address and world.topology.bearers(address)
    has_one = any(route.is_default(_version(address)) for route in world.space(end[0]).routes)
    if not goal or has_one or towards(world, end[0], address):
        return ()
    found = gateways(world, end[0], address, end)
    return (typed(world, end[0], f"ip route add default via {found[0]}"),) if found else ()


def free_address(world: World, end: End, version: int = 4) -> str | None:
    """An address, with its prefix length, that an interface could bear in the network that it is joined to.

    That which follows from its MAC, as Docker's do, if it is free; else the first free one.
    """
    stations = world.topology.stations(end)
    known = [prefix for station in stations for prefix in world.topology.prefixes(station, version)]
    if not known:
        return None
    network = known[0].network
    taken = {prefix.ip for prefix in known}
    mac = world.link(end).mac
    hosts = (host for host in network.hosts() if host not in taken)
    if version == 4 and mac:
        behind = ipaddress.ip_address(bytes.fromhex(mac.replace(":", ""))[2:])
        if mac_of(str(behind)) == mac and behind in network and behind not in taken:
            return f"{behind}/{network.prefixlen}"
    return next((f"{host}/{network.prefixlen}" for host in hosts), None)


def mask(world: World, end: End, address: str) -> Finding | None:
    """Whether the network of an interface's address is too small, or too large, for the one that it is joined to.

    Args:
        end: the interface.
        address: of whom it is to reach.
    """
    version = ipaddress.ip_address(address).version
    goal = ipaddress.ip_address(address)
    for own in world.topology.prefixes(end, version):
        theirs = [p for station in world.topology.stations(end) for p in world.topology.prefixes(station, version)]
        lengths = [p.network.prefixlen for p in theirs if own.ip in p.network and goal in p.network]
        if goal not in own.network and lengths:
            return _mask_finding(world, end, str(own), f"{own.ip}/{max(lengths, key=lengths.count)}", address)
    return None


def _mask_finding(world: World, end: End, wrong: str, right: str, address: str) -> Finding:
    words = f"{named(end)} has {wrong}: {address} is not in the network {ipaddress.ip_interface(wrong).network}"
    repair = (
        typed(world, end[0], f"ip addr add {right} dev {end[1]}"),
        typed(world, end[0], f"ip addr del {wrong} dev {end[1]}"),
    )
    said = f"{words}, though it is on the same link, where the prefix length is /{right.partition('/')[2]}"
    return Finding("address", said, (commands.addresses_shown(world, end),), repair, end[0])


def _wrong_mask(world: World, near: End | None, address: str, version: int, evidence: str) -> Finding | None:
    if near is None:
        return None
    found = mask(world, near, address)
    if found is not None:
        return found
    own = ", ".join(map(str, world.topology.prefixes(near, version)))
    words = f"{named(near)} has {own}: {address}, on the same link, is in no network of its own"
    wanted = free_address(world, near, version)
    repair = (typed(world, near[0], f"ip addr add {wanted} dev {near[1]}"),) if wanted else ()
    return Finding("address", words, (commands.addresses_shown(world, near), evidence), repair, near[0])


def _no_route(world: World, namespace: str, address: str, evidence: str) -> Finding:
    routes = world.space(namespace).routes
    found = gateways(world, namespace, address)
    default = any(route.is_default(_version(address)) for route in routes)
    forwards = world.switch(namespace, forwarding(address)) == "1"
    what = "default" if not default and not forwards else network_of(world, address)
    listed = "\n".join(f"{route.destination} {_leads(route)}" for route in routes if route.table == "main") or "nothing"
    repair = (typed(world, namespace, f"ip route add {what} via {found[0]}"),) if found else ()
    words = f"{namespace} knows no route to {address}" + ("" if default else " and has no default route")
    return Finding("route", words, (evidence, shown(world, namespace, "ip route", listed)), repair, namespace)


def _leads(route: Route) -> str:
    via = f"via {route.via} " if route.via else ""
    return (via + (f"dev {route.device}" if route.device else "")).strip() or route.kind


def network_of(world: World, address: str) -> str:
    """The network that an address is in, as its bearer knows it; the address itself where nobody bears it."""
    texts = [text for end in world.topology.bearers(address) for text in world.link(end).addresses]
    found = [ipaddress.ip_interface(text) for text in texts]
    return next((str(each.network) for each in found if str(each.ip) == address), address)


def forwarding(address: str) -> str:
    """The switch that makes a namespace a router for addresses of this kind."""
    return "net.ipv6.conf.all.forwarding" if ":" in address else "net.ipv4.ip_forward"


def gateways(world: World, namespace: str, address: str, by: End | None = None) -> list[str]:
    """The routers on a namespace's links that could bring packets to an address, the best first.

    Args:
        namespace: who looks for a router.
        address: whom packets are for.
        by: only routers on this interface's link, even if it has no address (yet).
    """
    version = ipaddress.ip_address(address).version
    found: dict[str, int] = {}
    for end in [by] if by else world.topology.leaving(namespace):
        own = world.topology.prefixes(end, version)
        for station in world.topology.stations(end):
            for prefix in world.topology.prefixes(station, version):
                if station[0] != namespace and (not own or any(prefix.ip in each.network for each in own)):
                    found[str(prefix.ip)] = _worth(world, station, address)
    return sorted((each for each in found if found[each]), key=lambda each: -found[each])


def _worth(world: World, station: End, address: str) -> int:
    """How good a router a namespace would be: 0 for none at all."""
    namespace = station[0]
    if any(place == namespace for place, _ in world.topology.bearers(address)):
        return 4
    answer = world.route(RouteQuestion(namespace, address))
    if answer.error or answer.device == station[1]:
        return 0
    forwards = world.switch(namespace, forwarding(address)) == "1"
    return 3 if forwards else 1


def _refusing(world: World, namespace: str, address: str) -> Route | None:
    """The most specific route to an address, if it is one that refuses: blackhole, unreachable, prohibit."""
    route = matched(world, namespace, address)
    return route if route is not None and route.kind in ("blackhole", "unreachable", "prohibit") else None


def matched(world: World, namespace: str, address: str) -> Route | None:
    """The route of the main table that an address falls under, the most specific of the lowest metric."""
    routes = matching(world.space(namespace).routes, address)
    return next((route for route in routes if route.table == "main"), None)


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _forbidden(world: World, namespace: str, route: Route, evidence: str) -> Finding:
    words = f"a route of kind '{route.kind}' in {namespace} refuses packets to {route.destination}"
    ip = "ip -6" if route.is_default(6) else "ip"
    line = shown(world, namespace, f"{ip} route", f"{route.kind} {route.destination}")
    repair = typed(world, namespace, f"{ip} route del {route.kind} {route.destination}")
    return Finding("route", words, (line, evidence), (repair,), namespace)


def wrong(world: World, namespace: str, address: str, answer: RouteAnswer, because: str) -> Finding | None:
    """Whether another route would bring packets to an address: then the one that is there is wrong.

    Args:
        namespace: who has the route.
        address: whom packets are for.
        answer: what the kernel does with them.
        because: what is wrong with it.
    """
    route, near = matched(world, namespace, address), towards(world, namespace, address)
    if route is None:
        return None
    says = f"{address} {_answered(answer)}"
    evidence = (shown(world, namespace, RouteQuestion(namespace, address).command, says),)
    words = f"{namespace} sends packets for {address} {_answered(answer)}, but {because}"
    if near is not None and near[1] != answer.device and route.protocol != "kernel":
        metric = f" metric {route.metric}" if route.metric else ""
        leads = " ".join(part for part in (_leads(route),) if part)
        repair = typed(world, namespace, f"ip route del {route.destination} {leads}{metric}")
        return Finding("route", f"{words}; it is behind {near[1]}", evidence, (repair,), namespace)
    others = [each for each in gateways(world, namespace, address) if each != answer.via]
    if not others or route.protocol == "kernel":
        return None
    repair = typed(world, namespace, f"ip route replace {route.destination} via {others[0]}")
    return Finding("route", f"{words}; {others[0]} knows the way", evidence, (repair,), namespace)


def _answered(answer: RouteAnswer) -> str:
    via = f"via {answer.via} " if answer.via else ""
    return f"{via}dev {answer.device}"
