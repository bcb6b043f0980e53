"""Who is joined to whom by cables, bridges and tunnels, whether or not anything works: the intended network."""

from __future__ import annotations

import ipaddress
from collections import deque
from typing import TYPE_CHECKING

from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.diagnosis.values import End, World


def neighbours(world: World, end: End) -> Iterator[End]:
    """The ends that an interface is joined to: cable's other end, bridge, ports, tunnel's other ends.

    Args:
        world: the networks.
        end: the interface.
    """
    space, link = world.space(end[0]), world.link(end)
    if link.peer is not None:
        yield link.peer
    if link.master is not None and link.master in space.interfaces:
        yield end[0], link.master
    if link.kind == "bridge":
        yield from ((end[0], port.name) for port in space.interfaces.values() if port.master == link.name)
    if link.kind == "vxlan":
        yield from others_of_tunnel(world, end)


def others_of_tunnel(world: World, end: End) -> list[End]:
    """The other ends that a VXLAN device may be meant for: those of its VNI, else those that share some fact with it.

    Args:
        world: the networks.
        end: the device.
    """
    own = dict(world.link(end).details)
    others = [
        ((space.name, link.name), dict(link.details))
        for space in world.snapshot
        for link in space.interfaces.values()
        if link.kind == "vxlan" and (space.name, link.name) != end and underlay(world, (space.name, link.name))
    ]
    there = underlay(world, end)
    apart = [(other, facts) for other, facts in others if underlay(world, other) != there]
    same = [other for other, facts in apart if facts.get("vni") == own.get("vni")]
    found = same or [o for o, facts in apart if _points_at(world, end, facts) or _points_at(world, o, own)]
    near = {place for start in leaving(world, there) for place, _ in _cabled(world, start)}
    return [other for other in found if underlay(world, other) in near] or found


def _cabled(world: World, start: End) -> set[End]:
    """The interfaces that one is joined to by cables and bridges alone."""
    found, waiting = {start}, [start]
    while waiting:
        end = waiting.pop()
        link = world.link(end)
        others = neighbours(world, end) if link.kind != "vxlan" else ()
        new = {each for each in others if each[1] in world.space(each[0]).interfaces} - found
        found |= new
        waiting += new
    return found


def _points_at(world: World, end: End, other: dict[str, str]) -> bool:
    """Whether a device sends frames to another one's address: all of them (group), or some (an FDB entry)."""
    told = {e.destination for e in world.space(end[0]).fdb if e.device == end[1] and e.destination}
    told |= {address for fact, address in world.link(end).details if fact == "group"}
    return other.get("local") in told


def underlay(world: World, end: End) -> str:
    """The namespace in which a VXLAN device's outer packets travel: that which bears its local address.

    Args:
        world: the networks.
        end: the device.
    """
    local = dict(world.link(end).details).get("local")
    places = [place for place, _ in bearers(world, local)] if local else []
    return end[0] if end[0] in places or not places else places[0]


def reach(world: World, start: End) -> dict[End, End | None]:
    """Every interface that one is joined to, each with the one before it on the shortest way.

    Args:
        world: the networks.
        start: the interface.
    """
    before: dict[End, End | None] = {start: None}
    waiting = deque([start])
    while waiting:
        end = waiting.popleft()
        for other in neighbours(world, end):
            if other not in before and other[1] in world.space(other[0]).interfaces:
                before[other] = end
                waiting.append(other)
    return before


def way(before: dict[End, End | None], end: End) -> list[End]:
    """The interfaces from the start to an end, both included."""
    found: list[End] = []
    here: End | None = end
    while here is not None:
        found.append(here)
        here = before[here]
    return found[::-1]


def stations(world: World, start: End) -> list[End]:
    """The interfaces joined to one that can bear addresses, itself excluded: bridges, and what is nobody's port.

    Args:
        world: the networks.
        start: the interface.
    """
    return [end for end in reach(world, start) if end != start and world.link(end).master is None]


def bearers(world: World, address: str | None) -> list[End]:
    """The interfaces that bear an address.

    Args:
        world: the networks.
        address: without a prefix length.
    """
    return [
        (space.name, link.name)
        for space in world.snapshot
        for link in space.interfaces.values()
        if any(text.partition("/")[0] == address for text in link.addresses)
    ]


def prefixes(world: World, end: End, version: int = 4) -> list[ipaddress.IPv4Interface | ipaddress.IPv6Interface]:
    """An interface's addresses of a version, without IPv6's link-local ones."""
    found = [ipaddress.ip_interface(text) for text in world.link(end).addresses]
    return [each for each in found if each.version == version and not (version == 6 and each.ip.is_link_local)]


def leaving(world: World, namespace: str) -> list[End]:
    """The interfaces of a namespace by which packets can leave it: not lo, and nobody's port."""
    links = world.space(namespace).interfaces.values()
    return [(namespace, link.name) for link in links if link.kind != "loopback" and link.master is None]


def behind(world: World, namespace: str) -> list[str]:
    """The other namespaces that are joined to one's interfaces, the host last."""
    found = {end[0] for start in leaving(world, namespace) for end in reach(world, start)}
    return sorted(found - {namespace}, key=lambda name: (name == HOST, name))
