"""Why nobody on a link has an address: it is elsewhere, on the wrong interface, no bridge port, out of sight."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import (
    addressing,
    addressless,
    commands,
    gateways,
    policy,
    publishing,
    resolution,
    routes,
    sharing,
    vlans,
)
from netkit.diagnosis.commands import each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import on_one_link, version_of
from netkit.model import HOST
from netkit.model.topology import TUNNELS

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Decision, World
    from netkit.model import End


def there(world: World, start: End, hop: str, decision: Decision) -> Finding:
    """Why nobody answers for an address: it is elsewhere, on the wrong interface, cut off, out of sight, or nowhere.

    Args:
        start: the interface that asks.
        hop: the address that it asks for: the next router's, or the destination's.
        decision: the choice that led here.
    """
    reached, destination = world.topology.reach(start), decision.packet.destination
    return (
        sharing.apart(world, start, hop)
        or vlans.apart(world, start, hop)
        or _cut_off(world, start, hop, reached)
        or (_not_on_this_link(world, start, hop) if hop == destination and on_one_link(hop) else None)
        or _exchanged(world, start, hop, reached)
        or _elsewhere(world, start, hop, reached)
        or _too_wide(world, start, destination)
        or routes.wrong(world, decision, f"nobody there has {hop}")
        or resolution.unproxied(world, start, hop)
        or publishing.unborne(world, start, hop)
        or addressless.bound(world, start, hop)
        or _out_of_sight(world, start, hop)
        or _elsewhere_addressed(world, start, hop)
        or (_strange(world, start, hop) if hop == destination else None)
        or _missing(world, start, hop, destination)
        or _nobody(world, start, hop, destination)
    )


def _elsewhere_addressed(world: World, start: End, hop: str) -> Finding | None:
    """The router that is looked for has addresses of another network than its link's."""
    version = version_of(hop)
    for place in dict.fromkeys(end[0] for end in world.topology.stations(start)):
        found = addressing.misplaced(world, place, version)
        if found is not None and any(f"ip addr add {hop}/" in line for line in found.repair):
            return found
    return None


def _nobody(world: World, start: End, hop: str, destination: str) -> Finding:
    layer = "address" if hop == destination else "route"
    borne = world.topology.bearers(hop)
    words = f"nobody that {named(start)} is joined to has the address {hop}"
    words += f"; {named(borne[0])}, who has it, is not joined to it" if borne else ""
    return Finding(layer, words, (_asked(world, start, hop),), (), start[0])


def _out_of_sight(world: World, start: End, hop: str) -> Finding | None:
    """Behind an interface there may be more than can be seen, and the address may be there."""
    unseen = world.topology.unseen(start)
    if not unseen or world.topology.bearers(hop):
        return None
    kind = world.link(unseen[0]).kind
    words = (
        f"what is behind {named(unseen[0])} ({kind}) cannot be seen from here: who has {hop} may be there, and from "
        "here on only a probe can tell"
    )
    return Finding("link", words, (_asked(world, start, hop),), (), unseen[0][0], blind=True)


def _exchanged(world: World, start: End, hop: str, reached: dict[End, End | None]) -> Finding | None:
    """A namespace has the addresses of two of its interfaces the wrong way round."""
    version = version_of(hop)
    for bearer in world.topology.bearers(hop):
        facing = [end for end in reached if end[0] == bearer[0] != start[0] and world.link(end).master is None]
        for end in facing if bearer not in reached else []:
            here, there_ = (world.topology.prefixes(each, version) for each in (end, bearer))
            strangers = world.topology.nearby(end, version)
            if len(here) != 1 or len(there_) != 1 or any(p.ip in here[0].network for p in strangers):
                continue
            words = f"{bearer[0]} has {here[0]} at {end[1]} and {there_[0]} at {bearer[1]}: the wrong way round"
            moves = [f"ip addr del {here[0]} dev {end[1]}", f"ip addr del {there_[0]} dev {bearer[1]}"]
            moves += [f"ip addr add {there_[0]} dev {end[1]}", f"ip addr add {here[0]} dev {bearer[1]}"]
            moves += policy.again(world, bearer[0], {end[1], bearer[1]})
            evidence = (commands.addresses_shown(world, end), commands.addresses_shown(world, bearer))
            return Finding("address", words, evidence, each_typed(world, bearer[0], moves), bearer[0])
    return None


def _asked(world: World, start: End, hop: str) -> str:
    found = next(iter(world.entries(start, hop)), None)
    return shown(world, start[0], f"ip neigh show to {hop}", found.state.upper() if found else "no entry")


def _cut_off(world: World, start: End, hop: str, reached: dict[End, End | None]) -> Finding | None:
    """A cable's or tunnel's end that should be a bridge's port, or another one's: behind it is one of the two."""
    for bearer in world.topology.bearers(hop):
        if bearer in reached:
            continue
        beyond = world.topology.reach(bearer)
        for loose in (*reached, *beyond):
            link = world.link(loose)
            bare = not world.topology.prefixes(loose) and not world.topology.prefixes(loose, 6)
            other = beyond if loose in reached else reached
            masters = [end for end in other if end[0] == loose[0] and world.link(end).kind == "bridge"]
            joins = link.peer is not None or link.kind in TUNNELS
            if not joins or not bare or not masters or loose in (start, bearer):
                continue
            if link.master is None:
                return _attach(world, loose, masters[0])
            if loose in beyond and _of_one_network(world, start, bearer):
                return _move(world, loose, masters[0], bearer)
    return None


def _of_one_network(world: World, one: End, other: End) -> bool:
    """Whether two interfaces have addresses of one network."""
    return any(
        here.ip in there_.network and there_.ip in here.network
        for version in (4, 6)
        for here in world.topology.prefixes(one, version)
        for there_ in world.topology.prefixes(other, version)
    )


def _move(world: World, port: End, bridge: End, bearer: End) -> Finding | None:
    """A port belongs to another bridge than that of its network, whose other stations are none of the bearer's."""
    wrong = str(world.link(port).master)
    peer, stations = world.link(port).peer, world.topology.stations(bearer)
    if peer != bearer or any(_of_one_network(world, bearer, station) for station in stations):
        return None
    words = (
        f"{named(bearer)} is joined to the bridge {wrong}, by its port {port[1]}, but the network of its address is "
        f"that of the bridge {bridge[1]}"
    )
    line = shown(world, port[0], f"ip link show dev {port[1]}", f"master {wrong}")
    repair = typed(world, port[0], f"ip link set dev {port[1]} master {bridge[1]}")
    return Finding("bridge", words, (line,), (repair,), port[0])


def _not_on_this_link(world: World, start: End, address: str) -> Finding:
    """A link-local address that nobody on this link has; perhaps somebody on another one."""
    words = f"nobody that {named(start)} is joined to has the address {address}, which is valid on one link only"
    near = gateways.towards(world, start[0], address)
    words += f"; who has it is behind {near[1]}: {address}%{near[1]}" if near else ""
    return Finding("address", words, (_asked(world, start, address),), (), start[0])


def _attach(world: World, loose: End, bridge: End) -> Finding:
    what = "tunnel" if world.link(loose).kind in TUNNELS else "cable"
    words = f"{named(loose)} is no port of the bridge {bridge[1]}: the {what} ends in the void"
    ports = [port.name for port in world.space(bridge[0]).ports(bridge[1])]
    line = shown(world, bridge[0], f"ip link show master {bridge[1]}", "\n".join(ports) or "no port")
    repair = typed(world, loose[0], f"ip link set dev {loose[1]} master {bridge[1]}")
    up = () if world.link(loose).up else (commands.up(world, loose),)
    return Finding("bridge", words, (line,), (repair, *up), loose[0])


def _elsewhere(world: World, start: End, hop: str, reached: dict[End, End | None]) -> Finding | None:
    """The address is borne by the right namespace, on another interface than the one that is joined to the sender."""
    for bearer in world.topology.bearers(hop):
        same = [end for end in reached if end[0] == bearer[0] and world.link(end).master is None and end != start]
        empty = [end for end in same if not world.topology.prefixes(end, version_of(hop))]
        if empty and bearer not in reached and bearer[0] != start[0]:
            text = world.borne(bearer, hop)
            words = f"{hop} is on {named(bearer)}, but the cable to {start[0]} ends at {named(empty[0])}"
            evidence = (commands.addresses_shown(world, bearer), commands.addresses_shown(world, empty[0]))
            length = _length(world, empty[0], hop) or text.partition("/")[2]
            repair = (
                typed(world, bearer[0], f"ip addr del {text} dev {bearer[1]}"),
                typed(world, bearer[0], f"ip addr add {hop}/{length} dev {empty[0][1]}"),
            )
            return Finding("address", words, evidence, repair, bearer[0])
    return None


def _length(world: World, end: End, address: str) -> str | None:
    """The prefix length that the stations of a link have in the network of an address."""
    version = version_of(address)
    known = world.topology.nearby(end, version)
    return next((str(p.network.prefixlen) for p in known if ipaddress.ip_address(address) in p.network), None)


def _too_wide(world: World, start: End, destination: str) -> Finding | None:
    """The sender's own network is larger than its neighbours', so that it looks for strangers on the link."""
    version = version_of(destination)
    borne = world.topology.bearers(destination)
    for own in world.topology.prefixes(start, version) if borne else []:
        theirs = world.topology.nearby(start, version)
        lengths = [p.network.prefixlen for p in theirs if own.ip in p.network]
        if lengths and min(lengths) > own.network.prefixlen:
            right = max(lengths, key=lengths.count)
            words = (
                f"{named(start)} has {own}, so it looks for {destination} on its own link; the network there "
                f"has the prefix length /{right}"
            )
            repair = [*addressing.renumbered(world, start, str(own), f"{own.ip}/{right}")]
            found = gateways.gateways(world, start[0], destination, start)
            if found and not any(route.is_default(version) for route in world.space(start[0]).routes):
                repair.append(typed(world, start[0], f"ip route add default via {found[0]}"))
            return Finding("address", words, (commands.addresses_shown(world, start),), tuple(repair), start[0])
    return None


def _missing(world: World, start: End, hop: str, destination: str) -> Finding | None:
    """Somebody on the link has no address at all: it is the one that is missing."""
    if world.topology.bearers(hop):
        return None  # it is somebody else's
    version = version_of(hop)
    own = next((p for p in world.topology.prefixes(start, version)), None)
    length = _length(world, start, hop) or (own.network.prefixlen if own else 32)
    bare = [end for end in world.topology.stations(start) if not world.topology.prefixes(end, version)]
    hosts = [end for end in bare if world.link(end).kind not in ("bridge", "vxlan") and end[0] != start[0]]
    bridges = [end for end in bare if world.link(end).kind == "bridge" and _is_host(world, end, start, hop)]
    routers = [end for end in hosts if _routes_on(world, end, hop)] if len(hosts) == 1 else []
    end = next(iter(bridges or routers if hop != destination else hosts or bridges), None)
    if end is None:
        return None
    role = "the router" if hop != destination else "the destination"
    words = f"nobody on the link has {hop}; {named(end)}, {role} as it seems, has no address"
    lines = [f"ip addr add {hop}/{length} dev {end[1]}"]
    if ":" in hop and (switch := addressing.switch_of_six(world, end)):
        words += f": IPv6 is switched off there ({switch.replace('/', '.')} is 1)"
        lines.insert(0, f"sysctl -w {switch}=0")
    evidence = (commands.addresses_shown(world, end), _asked(world, start, hop))
    return Finding("address", words, evidence, each_typed(world, end[0], lines), end[0])


def _is_host(world: World, bridge: End, start: End, address: str) -> bool:
    """Whether a bridge's namespace is more than a switch: it has addresses, or others too send packets by this one."""
    namespace, version = bridge[0], version_of(address)
    ends = ((namespace, name) for name in world.space(namespace).interfaces)
    own = (each for end in ends for each in world.topology.prefixes(end, version))
    others = (each for each in world.topology.stations(bridge) if each[0] not in (start[0], namespace))
    leading = any(route.via == address for place, _ in others for route in world.space(place).routes)
    return namespace == HOST or leading or any(not each.ip.is_loopback for each in own)


def _strange(world: World, start: End, hop: str) -> Finding | None:
    """The one station of a link whose addresses are of no network there, where nobody has the one that is asked for."""
    version = version_of(hop)
    stations = [] if world.topology.bearers(hop) else world.topology.stations(start)
    known = {end: world.topology.prefixes(end, version) for end in (start, *stations)}
    odd = []
    for end in stations:
        others = [p for other, each in known.items() if other != end for p in each]
        odd += [end] if known[end] and not addressing.meet(known[end], others) else []
    near = next((p for p in known[start] if addressing.within(hop, p.network)), None)
    if len(odd) != 1 or near is None:
        return None
    [end], own = odd, ", ".join(map(str, known[odd[0]]))
    words = f"nobody on the link has {hop}; {named(end)} has {own}, which is of none of the networks there"
    repair = [f"ip addr add {hop}/{near.network.prefixlen} dev {end[1]}"]
    repair += [f"ip addr del {each} dev {end[1]}" for each in known[end]]
    evidence = (commands.addresses_shown(world, end), _asked(world, start, hop))
    return Finding("address", words, evidence, each_typed(world, end[0], repair), end[0])


def _routes_on(world: World, end: End, address: str) -> bool:
    """Whether a namespace would send on what comes in by an interface: it forwards, and has another way."""
    others = (each for each in gateways.leaving(world, end[0]) if each != end)
    ways = any(world.link(e).addresses or (":" in address and addressing.switch_of_six(world, e)) for e in others)
    return gateways.forwards(world, end, address) and ways
