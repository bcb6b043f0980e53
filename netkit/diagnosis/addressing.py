"""What is wrong with an interface's addresses: none, IPv6 off, tentative, prefix length, no network of its link."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands
from netkit.diagnosis.commands import each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.gateways import default_again, forwards, free_address, leaving, missed, network_of
from netkit.diagnosis.packet import version_of
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from netkit.diagnosis.answers import RouteAnswer
    from netkit.diagnosis.findings import World
    from netkit.model import End
    from netkit.validation import IPInterface, IPNetwork

_LEAST_MTU = 1280
"""Bytes: of a link that carries IPv6 (RFC 8200, 5)."""


def six_off(world: World, ends: list[End], address: str, evidence: str) -> Finding | None:
    """IPv6 is switched off at the interface: by its switch, or by an MTU below 1280 bytes (RFC 8200, 5).

    Args:
        ends: the interfaces.
        address: of whom packets are for.
        evidence: what the kernel said.
    """
    up = [end for end in ends if world.link(end).up and not world.topology.prefixes(end, 6)]
    for end in up if ":" in address else []:
        small, switch = world.link(end).mtu < _LEAST_MTU, switch_of_six(world, end)
        if not small and not switch:
            continue
        wanted = free_address(world, end, 6)
        add = (typed(world, end[0], f"ip addr add {wanted} dev {end[1]}"),) if wanted else ()
        again = (*add, *default_again(world, end, address))
        if small:
            peer = world.link(end).peer
            size = max(world.link(peer).mtu if peer and world.topology.has(peer) else 0, _LEAST_MTU)
            words = f"{named(end)} has the MTU {world.link(end).mtu}: below 1280 bytes there is no IPv6 at an interface"
            repair = typed(world, end[0], f"ip link set dev {end[1]} mtu {size}")
            return Finding("mtu", words, (commands.link_shown(world, end), evidence), (repair, *again), end[0])
        words = f"IPv6 is switched off at {named(end)}: {switch.replace('/', '.')} is 1"
        line = shown(world, end[0], f"sysctl {switch}", "1")
        repair = typed(world, end[0], f"sysctl -w {switch}=0")
        return Finding("sysctl", words, (line, evidence), (repair, *again), end[0])
    return None


def switch_of_six(world: World, end: End) -> str:
    """The switch that keeps IPv6 from an interface; "" where none does."""
    name = f"net/ipv6/conf/{end[1]}/disable_ipv6"
    return name if world.switch(end[0], name) == "1" else ""


def missing(world: World, ends: list[End], address: str, evidence: str) -> Finding | None:
    """No interface that leads on has an address of the version.

    Args:
        ends: the interfaces.
        address: of whom packets are for.
        evidence: what the kernel said.
    """
    version = ipaddress.ip_address(address).version
    if any(world.topology.prefixes(end, version) for end in ends if world.link(end).up):
        return None
    end = next(end for end in ends if world.link(end).up)
    wanted = free_address(world, end, version)
    if wanted is None and _numbered(world, end[0], version) and joined(world, end, address):
        words = f"{end[0]} knows no route to {address}, which is on the link of {end[1]}, where nobody has a network"
        way = typed(world, end[0], f"ip route add {address} dev {end[1]}")
        return Finding("route", words, (commands.addresses_shown(world, end), evidence), (way,), end[0])
    repair = (typed(world, end[0], f"ip addr add {wanted} dev {end[1]}"),) if wanted else ()
    words = f"{named(end)} has no IPv{version} address, so it knows no network"
    lines = (commands.addresses_shown(world, end), evidence)
    return Finding("address", words, lines, (*repair, *default_again(world, end, address)), end[0])


def joined(world: World, end: End, address: str) -> bool:
    """Whether who bears an address is on an interface's link."""
    reached = world.topology.reach(end)
    return any(bearer in reached for bearer in world.topology.bearers(address))


def _numbered(world: World, namespace: str, version: int) -> bool:
    """Whether a namespace has an address of a version that others can use, at any interface."""
    ends = ((namespace, name) for name in world.space(namespace).interfaces)
    return any(not each.ip.is_loopback for end in ends for each in world.topology.prefixes(end, version))


def misplaced(world: World, namespace: str, version: int) -> Finding | None:
    """An interface's addresses are of no network of its link, where others look for an address that nobody has.

    Args:
        namespace: whose interfaces.
        version: of IP.
    """
    for end in leaving(world, namespace):
        own, wanted = world.topology.prefixes(end, version), missed(world, end, version)
        theirs = world.topology.nearby(end, version)
        right = next((f"{w}/{p.network.prefixlen}" for w in wanted for p in theirs if within(w, p.network)), None)
        if own and right and not meet(own, theirs):
            words = (
                f"{named(end)} has {', '.join(map(str, own))}, but the network of its link is "
                f"{ipaddress.ip_interface(right).network}, where others send packets by {right.partition('/')[0]}"
            )
            repair = [typed(world, namespace, f"ip addr add {right} dev {end[1]}")]
            repair += [typed(world, namespace, f"ip addr del {each} dev {end[1]}") for each in own]
            return Finding("address", words, (commands.addresses_shown(world, end),), tuple(repair), namespace)
    return None


def meet(some: list[IPInterface], others: list[IPInterface]) -> bool:
    """Whether an address of the ones is in a network of the others, or the other way round."""
    return any(one.ip in other.network or other.ip in one.network for one in some for other in others)


def wrong_mask(world: World, namespace: str, near: End | None, address: str, evidence: str) -> Finding | None:
    """Somebody is on the link, but in no network that the namespace knows there.

    Args:
        namespace: whose.
        near: the interface that is joined to who bears the address; None if none is.
        address: the address.
        evidence: what the kernel said.
    """
    if near is None:
        return _alone(world, namespace, address, evidence)
    found = _unconnected(world, near, address, evidence) or mask(world, near, address)
    if found is not None:
        return found
    prefixes = world.topology.prefixes(near, version_of(address))
    own = ", ".join(map(str, prefixes))
    if all(each.network.num_addresses == 1 for each in prefixes):
        words = f"{near[0]} knows no route to {address}, which is on the link of {near[1]}; {own} is no network"
        repair = typed(world, near[0], f"ip route add {address} dev {near[1]}")
        return Finding("route", words, (evidence, commands.addresses_shown(world, near)), (repair,), near[0])
    words = f"{named(near)} has {own}: {address}, on the same link, is in no network of its own"
    wanted = free_address(world, near, version_of(address), address)
    repair = (typed(world, near[0], f"ip addr add {wanted} dev {near[1]}"),) if wanted else ()
    return Finding("address", words, (commands.addresses_shown(world, near), evidence), repair, near[0])


def _alone(world: World, namespace: str, address: str, evidence: str) -> Finding | None:
    """The one address of a host without any way is the whole of its network, and its link's is larger."""
    version, ends = version_of(address), leaving(world, namespace)
    own = [(end, each) for end in ends for each in world.topology.prefixes(end, version)]
    routes = (route for route in world.space(namespace).routes if route.via and route.version == version)
    known = any(route.table == "main" for route in routes)
    return _without_network(world, *own[0], address, evidence) if len(own) == 1 and not known else None


def no_network(world: World, namespace: str, address: str, evidence: str) -> Finding | None:
    """An address that is the whole of its network, on a link whose router, of a larger network, cannot be reached so.

    Args:
        namespace: whose.
        address: whom packets are for.
        evidence: what the kernel said.
    """
    ends = leaving(world, namespace)
    own = [(end, each) for end in ends for each in world.topology.prefixes(end, version_of(address))]
    return next(filter(None, (_without_network(world, *each, address, evidence) for each in own)), None)


def _without_network(world: World, end: End, mine: IPInterface, address: str, evidence: str) -> Finding | None:
    version, namespace = version_of(address), end[0]
    theirs = world.topology.nearby(end, version)
    right = next((p.network.prefixlen for p in theirs if mine.ip in p.network and p.network.num_addresses > 1), None)
    found = _routers(world, end, address)
    router = next((p.ip for p in theirs if mine.ip in p.network and str(p.ip) in found), None)
    if mine.network.num_addresses != 1 or right is None or router is None:
        return None
    if world.route(RouteQuestion(namespace, str(router))).device == end[1]:
        return None  # there is a route to it, as unnumbered interfaces have
    words = (
        f"{named(end)} has {mine}, which is no network: so {namespace} knows nobody on its link, where the prefix "
        f"length is /{right}, and no router to {address}"
    )
    what = network_of(world, address) if forwards(world, end, address) else "default"
    again = typed(world, namespace, f"ip route add {what} via {router}")
    repair = (*renumbered(world, end, str(mine), f"{mine.ip}/{right}"), again)
    return Finding("address", words, (commands.addresses_shown(world, end), evidence), repair, namespace)


def _routers(world: World, end: End, address: str) -> set[str]:
    """The addresses on a link of those that would bring packets on, whatever networks the end itself knows there."""
    found = set()
    for place, name in world.topology.stations(end):
        way = world.route(RouteQuestion(place, address)) if place != end[0] else None
        if way is not None and not way.error and way.device != name:
            found |= {str(each.ip) for each in world.topology.prefixes((place, name), version_of(address))}
    return found


def _unconnected(world: World, end: End, address: str, evidence: str) -> Finding | None:
    """An interface's own network has the address, but the route that came with its own address is gone."""
    covering = (each for each in world.topology.prefixes(end, version_of(address)))
    own = next((each for each in covering if ipaddress.ip_address(address) in each.network), None)
    if own is None:
        return None
    words = f"{named(end)} has {own}, but the route to its network {own.network}, which came with it, is gone"
    repair = typed(world, end[0], f"ip route add {own.network} dev {end[1]}")
    return Finding("route", words, (evidence, commands.addresses_shown(world, end)), (repair,), end[0])


def mask(world: World, end: End, address: str) -> Finding | None:
    """Whether the network of an interface's address is too small, or too large, for the one that it is joined to.

    Args:
        end: the interface.
        address: of whom it is to reach.
    """
    version = ipaddress.ip_address(address).version
    goal = ipaddress.ip_address(address)
    for own in world.topology.prefixes(end, version):
        theirs = world.topology.nearby(end, version)
        lengths = [p.network.prefixlen for p in theirs if own.ip in p.network and goal in p.network]
        agreed = any(p.network == own.network for p in theirs)
        if goal not in own.network and lengths and not agreed:
            return _mask_finding(world, end, str(own), f"{own.ip}/{max(lengths, key=lengths.count)}", address)
    return None


def _mask_finding(world: World, end: End, wrong: str, right: str, address: str) -> Finding:
    words = f"{named(end)} has {wrong}: {address} is not in the network {ipaddress.ip_interface(wrong).network}"
    repair = renumbered(world, end, wrong, right)
    said = f"{words}, though it is on the same link, where the prefix length is /{right.partition('/')[2]}"
    return Finding("address", said, (commands.addresses_shown(world, end),), repair, end[0])


def renumbered(world: World, end: End, wrong: str, right: str) -> tuple[str, ...]:
    """Commands that give an address another prefix length; of IPv6 an interface cannot have both at a time.

    Args:
        end: the interface.
        wrong: the address with the length that it has.
        right: with the one that it is to have.
    """
    add, remove = f"ip addr add {right} dev {end[1]}", f"ip addr del {wrong} dev {end[1]}"
    lines = [remove, add, settled(end, right.partition("/")[0])] if ":" in right else [add, remove]
    return each_typed(world, end[0], lines)


def settled(end: End, address: str) -> str:
    """A command that waits until an IPv6 address is no longer asked for whether somebody else has it."""
    return f"sh -c 'while ip -6 addr show dev {end[1]} tentative | grep -qF {address}; do sleep 0.1; done'"


def unnumbered(world: World, namespace: str, answer: RouteAnswer, address: str) -> Finding | None:
    """Whether a sender has an address that its packets could bear.

    Args:
        namespace: the sender.
        answer: the way that the kernel chose.
        address: of whom packets are for.
    """
    if answer.kind == "local" or answer.source not in (None, "", "0.0.0.0", "::"):  # noqa: S104  (read, not bound)
        return None
    end, version = (namespace, str(answer.device)), version_of(address)
    evidence = shown(world, namespace, f"ip route get {address}", f"dev {answer.device}")
    waiting = [text for name, text, state in world.unready(namespace) if name == end[1] and state == "tentative"]
    if version == 6 and waiting:
        return _not_ready(world, end, waiting[0])
    return missing(world, [end], address, evidence)


def _not_ready(world: World, end: End, address: str) -> Finding:
    """An IPv6 address cannot be used yet: the kernel still asks whether somebody else has it (RFC 4862, 5.4)."""
    words = f"{address} of {named(end)} is tentative: for a second or two the kernel asks who else has it"
    line = shown(world, end[0], f"ip -6 addr show dev {end[1]} tentative", address)
    wait = f"sh -c 'while ip -6 addr show dev {end[1]} tentative | grep -q inet6; do sleep 0.1; done'"
    return Finding("address", words, (line,), (typed(world, end[0], wait),), end[0])


def within(address: str, network: IPNetwork) -> bool:
    """Whether an address is in a network."""
    return ipaddress.ip_address(address) in network
