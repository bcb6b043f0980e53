"""Why nobody on a link has an address that a packet is sent to there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import commands, routes
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import on_one_link

if TYPE_CHECKING:
    from netkit.diagnosis.findings import RouteAnswer, World
    from netkit.model import End


def there(world: World, start: End, hop: str, destination: str, answer: RouteAnswer) -> Finding:
    """Why nobody answers for an address: it is elsewhere, on the wrong interface, cut off, or nowhere.

    Args:
        start: the interface that asks.
        hop: the address that it asks for: the next router's, or the destination's.
        destination: whom the packet is for.
        answer: the route that led here.
    """
    reached = world.topology.reach(start)
    return (
        _cut_off(world, start, hop, reached)
        or (_not_on_this_link(world, start, hop) if hop == destination and on_one_link(hop) else None)
        or _elsewhere(world, start, hop, reached)
        or routes.wrong(world, start[0], destination, answer, f"nobody there has {hop}")
        or _too_wide(world, start, destination)
        or _missing(world, start, hop, destination)
        or Finding(
            "address" if hop == destination else "route",
            f"nobody that {named(start)} is joined to has the address {hop}",
            (_asked(world, start, hop),),
            (),
            start[0],
        )
    )


def _asked(world: World, start: End, hop: str) -> str:
    found = next((n for n in world.space(start[0]).neighbours if n.address == hop and n.device == start[1]), None)
    return shown(world, start[0], f"ip neigh show to {hop}", found.state.upper() if found else "no entry")


def _cut_off(world: World, start: End, hop: str, reached: dict[End, End | None]) -> Finding | None:
    """A cable's end that should be a bridge's port: behind it is the sender, or whom it asks for."""
    for bearer in world.topology.bearers(hop):
        if bearer in reached:
            continue
        beyond = world.topology.reach(bearer)
        for loose in (*reached, *beyond):
            link = world.link(loose)
            bare = not world.topology.prefixes(loose) and not world.topology.prefixes(loose, 6)
            alone = link.master is None and link.peer is not None and bare and loose not in (start, bearer)
            other = beyond if loose in reached else reached
            masters = [end for end in other if end[0] == loose[0] and world.link(end).kind == "bridge"]
            if alone and masters:
                return _attach(world, loose, masters[0])
    return None


def _not_on_this_link(world: World, start: End, address: str) -> Finding:
    """A link-local address that nobody on this link has; perhaps somebody on another one."""
    words = f"nobody that {named(start)} is joined to has the address {address}, which is valid on one link only"
    near = routes.towards(world, start[0], address)
    words += f"; who has it is behind {near[1]}: {address}%{near[1]}" if near else ""
    return Finding("address", words, (_asked(world, start, address),), (), start[0])


def _attach(world: World, loose: End, bridge: End) -> Finding:
    words = f"{named(loose)} is no port of the bridge {bridge[1]}: the cable ends in the void"
    ports = [port.name for port in world.space(bridge[0]).ports(bridge[1])]
    line = shown(world, bridge[0], f"ip link show master {bridge[1]}", "\n".join(ports) or "no port")
    repair = typed(world, loose[0], f"ip link set dev {loose[1]} master {bridge[1]}")
    up = () if world.link(loose).up else (commands.up(world, loose),)
    return Finding("bridge", words, (line,), (repair, *up), loose[0])


def _elsewhere(world: World, start: End, hop: str, reached: dict[End, End | None]) -> Finding | None:
    """The address is borne by the right namespace, on another interface than the one that is joined to the sender."""
    for bearer in world.topology.bearers(hop):
        same = [end for end in reached if end[0] == bearer[0] and world.link(end).master is None and end != start]
        empty = [end for end in same if not world.topology.prefixes(end, 6 if ":" in hop else 4)]
        if empty and bearer not in reached and bearer[0] != start[0]:
            text = next(t for t in world.link(bearer).addresses if t.partition("/")[0] == hop)
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
    import ipaddress

    version = 6 if ":" in address else 4
    known = [p for station in world.topology.stations(end) for p in world.topology.prefixes(station, version)]
    return next((str(p.network.prefixlen) for p in known if ipaddress.ip_address(address) in p.network), None)


def _too_wide(world: World, start: End, destination: str) -> Finding | None:
    """The sender's own network is larger than its neighbours', so that it looks for strangers on the link."""
    version = 6 if ":" in destination else 4
    borne = world.topology.bearers(destination)
    for own in world.topology.prefixes(start, version) if borne else []:
        theirs = [p for s in world.topology.stations(start) for p in world.topology.prefixes(s, version)]
        lengths = [p.network.prefixlen for p in theirs if own.ip in p.network]
        if lengths and min(lengths) > own.network.prefixlen:
            right = max(lengths, key=lengths.count)
            words = (
                f"{named(start)} has {own}, so it looks for {destination} on its own link; the network there "
                f"has the prefix length /{right}"
            )
            repair = [typed(world, start[0], f"ip addr add {own.ip}/{right} dev {start[1]}")]
            repair += [typed(world, start[0], f"ip addr del {own} dev {start[1]}")]
            found = routes.gateways(world, start[0], destination, start)
            if found and not any(route.is_default(version) for route in world.space(start[0]).routes):
                repair.append(typed(world, start[0], f"ip route add default via {found[0]}"))
            return Finding("address", words, (commands.addresses_shown(world, start),), tuple(repair), start[0])
    return None


def _missing(world: World, start: End, hop: str, destination: str) -> Finding | None:
    """Somebody on the link has no address at all: it is the one that is missing."""
    version = 6 if ":" in hop else 4
    own = next((p for p in world.topology.prefixes(start, version)), None)
    length = _length(world, start, hop) or (own.network.prefixlen if own else 32)
    bare = [end for end in world.topology.stations(start) if not world.topology.prefixes(end, version)]
    hosts = [end for end in bare if world.link(end).kind not in ("bridge", "vxlan") and end[0] != start[0]]
    bridges = [end for end in bare if world.link(end).kind == "bridge"]
    end = next(iter(bridges if hop != destination else hosts or bridges), None)
    if end is None:
        return None
    role = "the router" if hop != destination else "the destination"
    words = f"nobody on the link has {hop}; {named(end)}, {role} as it seems, has no address"
    repair = typed(world, end[0], f"ip addr add {hop}/{length} dev {end[1]}")
    evidence = (commands.addresses_shown(world, end), _asked(world, start, hop))
    return Finding("address", words, evidence, (repair,), end[0])
