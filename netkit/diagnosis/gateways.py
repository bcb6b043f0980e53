"""Which routers on a link could bring packets on, whether one forwards (ip_forward), which addresses are free."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import inner
from netkit.diagnosis.commands import typed
from netkit.diagnosis.packet import version_of
from netkit.diagnosis.questions import RouteQuestion
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def towards(world: World, namespace: str, address: str) -> End | None:
    """The interface of a namespace that is joined, by cables and bridges, to who bears an address; None if none is.

    Args:
        namespace: whose interface.
        address: whom it is to lead to.
    """
    goals = set(world.topology.bearers(address))
    joined = ((start, goals & set(world.topology.reach(start))) for start in leaving(world, namespace))
    return next((start for start, met in joined if met), None)


def leaving(world: World, namespace: str) -> list[End]:
    """The interfaces by which packets may leave a namespace, without the tunnels that they are to carry."""
    return [end for end in world.topology.leaving(namespace) if end not in world.avoided]


def gateways(world: World, namespace: str, address: str, by: End | None = None) -> list[str]:
    """The routers on a namespace's links that could bring packets to an address, the best first.

    Args:
        namespace: who looks for a router.
        address: whom packets are for.
        by: only routers on this interface's link, even if it has no address (yet).
    """
    version = version_of(address)
    found: dict[str, int] = {}
    for end in [by] if by else leaving(world, namespace):
        own = world.topology.prefixes(end, version)
        for station in world.topology.stations(end):
            for prefix in world.topology.prefixes(station, version):
                near = not own or any(prefix.ip in each.network for each in own)
                if station[0] != namespace and (near or _straight(world, end, str(prefix.ip))):
                    found[str(prefix.ip)] = _worth(world, station, address)
    return sorted((each for each in found if found[each]), key=lambda each: -found[each])


def link_local(world: World, end: End, address: str) -> str:
    """The link-local address of a router on an interface's link that could bring packets to an address; "" for none.

    Args:
        end: the interface.
        address: whom packets are for.
    """
    routers = (each for each in world.topology.stations(end) if each[0] != end[0] and _worth(world, each, address))
    own = (text for each in routers for text in world.link(each).bare_addresses if text.startswith("fe80:"))
    return next(own, "")


def _straight(world: World, end: End, address: str) -> bool:
    """Whether a route leads straight to an address on an interface's link, as to the peer of an address."""
    way = world.route(RouteQuestion(end[0], address))
    return not way.error and way.device == end[1] and not way.via


def _worth(world: World, station: End, address: str) -> int:
    """How good a router a namespace would be: 0 for none at all."""
    namespace = station[0]
    if any(place == namespace for place, _ in world.topology.bearers(address)):
        return 4
    answer = world.route(RouteQuestion(namespace, address))
    if answer.device != station[1] and inner.closing(world, station) is not None:
        return 0
    if answer.error or (namespace, str(answer.device)) in world.avoided:
        return 0
    if answer.device == station[1]:  # one of several networks on the link, which it routes between
        return 2 if not answer.via and forwards(world, station, address) else 0
    return 3 if forwards(world, station, address) else 1


def forwarding(address: str) -> str:
    """The switch that makes a namespace a router for addresses of this kind."""
    return "net.ipv6.conf.all.forwarding" if ":" in address else "net.ipv4.ip_forward"


def closed(world: World, end: End, address: str) -> str:
    """The switch that keeps a namespace from forwarding what comes in by an interface; "" where it forwards.

    For IPv4 each interface's own switch decides, which `ip_forward` sets for all; for IPv6 that of all interfaces, or
    `force_forwarding` of one (ip-sysctl).

    Args:
        end: the interface.
        address: of the packets.
    """
    everywhere = forwarding(address)
    if ":" in address:
        switches = everywhere, f"net/ipv6/conf/{end[1]}/force_forwarding"
        return "" if any((world.switch(end[0], name) or "0") != "0" for name in switches) else everywhere
    own = f"net/ipv4/conf/{end[1]}/forwarding"
    if world.switch(end[0], own) != "0":
        return ""
    return everywhere if world.switch(end[0], everywhere) == "0" else own


def forwards(world: World, end: End, address: str) -> bool:
    """Whether a namespace forwards what comes in by an interface.

    Args:
        end: the interface.
        address: of the packets.
    """
    return not closed(world, end, address)


def network_of(world: World, address: str) -> str:
    """The network that an address is in, as its bearer knows it; the address itself where nobody bears it."""
    texts = [text for end in world.topology.bearers(address) for text in world.link(end).addresses]
    found = [ipaddress.ip_interface(text) for text in texts]
    return next((str(each.network) for each in found if str(each.ip) == address), address)


def free_address(world: World, end: End, version: int = 4, whom: str = "") -> str | None:
    """An address, with its prefix length, that an interface could bear in the network that it is joined to.

    The one by which others send packets there, and which nobody has; that which follows from its MAC, as Docker's do,
    if it is free; else the first free one.

    Args:
        end: the interface.
        version: of IP.
        whom: whose network it is to be, where the link has several; "" for the first one.
    """
    known = world.topology.nearby(end, version)
    known.sort(key=lambda prefix: not whom or ipaddress.ip_address(whom) not in prefix.network)
    if not known:
        return None
    network, length = known[0].network, known[0].network.prefixlen
    wanted = next((each for each in missed(world, end, version) if ipaddress.ip_address(each) in network), None)
    if wanted is not None:
        return f"{wanted}/{length}"
    taken, mac = {prefix.ip for prefix in (*known, *world.topology.prefixes(end, version))}, world.link(end).mac
    hosts = (host for host in network.hosts() if host not in taken)
    if version == 4 and mac:
        behind = ipaddress.ip_address(bytes.fromhex(mac.replace(":", ""))[2:])
        if mac_of(str(behind)) == mac and behind in network and behind not in taken:
            return f"{behind}/{length}"
    return next((f"{host}/{length}" for host in hosts), None)


def missed(world: World, end: End, version: int = 4) -> list[str]:
    """The addresses that others on an interface's link take for a router's, and that nobody has."""
    found: dict[str, None] = {}
    for place, name in world.topology.stations(end):
        for route in world.space(place).routes:
            if route.via and route.device == name and version_of(route.via) == version and place != end[0]:
                found.setdefault(route.via)
    return [each for each in found if not world.topology.bearers(each)]


def default_again(world: World, end: End, address: str) -> tuple[str, ...]:
    """The default route, which the kernel removes with an interface's last address or when it is switched off.

    Args:
        end: the interface.
        address: whom packets are for.
    """
    goal = address and world.topology.bearers(address)
    has_one = any(route.is_default(version_of(address)) for route in world.space(end[0]).routes)
    if not goal or has_one or towards(world, end[0], address):
        return ()
    found = gateways(world, end[0], address, end)
    router = any(forwards(world, each, address) for each in leaving(world, end[0]) if each != end)
    what = network_of(world, address) if router else "default"
    return (typed(world, end[0], f"ip route add {what} via {found[0]}"),) if found else ()
