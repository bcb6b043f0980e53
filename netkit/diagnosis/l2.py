"""What may be wrong on the way of a frame, from the interface that sends it to the one that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import commands, routes, tunnels
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End

_UNKNOWN = ("failed", "incomplete")


def link(world: World, way: list[End], address: str) -> Finding | None:
    """Whether every interface on the way is switched on.

    Args:
        way: the interfaces, sender first.
        address: whom the packets are for.
    """
    first = world.link(way[0])
    if not first.up:
        return routes.down(world, way[0], address=address)
    if first.kind != "bridge" and not first.carrier and len(way) > 1 and not world.link(way[1]).up:
        return _no_carrier(world, way[0], way[1])
    return next((routes.down(world, end) for end in way if not world.link(end).up), None)


def _no_carrier(world: World, end: End, other: End) -> Finding:
    words = f"{named(end)} is on but has no signal: its cable's other end, {named(other)}, is switched off"
    evidence = (commands.link_shown(world, end), commands.link_shown(world, other))
    return Finding("carrier", words, evidence, (commands.up(world, other),), end[0])


def duplicate_address(world: World, holders: list[End], address: str, keep: str) -> Finding | None:
    """Whether several namespaces on one link bear an address.

    Args:
        holders: who bears it, of those that the sender is joined to.
        address: the address.
        keep: the namespace that it is meant for; "" where nobody said.
    """
    if len({end[0] for end in holders}) < 2:
        return None
    own = next((end for end in holders if end[0] == keep), None)
    own = own or next((end for end in holders if world.link(end).mac == _mac(address)), holders[0])
    others = [end for end in holders if end[0] != own[0]]
    evidence = tuple(commands.addresses_shown(world, end) for end in holders)
    repair = [
        typed(world, end[0], f"ip addr del {text} dev {end[1]}")
        for end in others
        for text in world.link(end).addresses
        if text.partition("/")[0] == address
    ]
    flush = [typed(world, end[0], f"ip neigh flush to {address}") for end in _on_this_link(world, own)]
    words = f"{address} is borne by {' and by '.join(map(named, holders))}: who answers first gets the packets"
    return Finding("address", words, evidence, (*repair, *flush), others[0][0], lasting=True)


def _on_this_link(world: World, end: End) -> list[End]:
    """The stations on a link that have addresses, so that their neighbour tables may hold the other's MAC."""
    return [station for station in world.topology.stations(end) if world.link(station).addresses]


def _mac(address: str) -> str | None:
    return mac_of(address) if ":" not in address else None


def duplicate_mac(world: World, start: End, target: End) -> Finding | None:
    """Whether another station of the link has the MAC of one of the two that want to talk.

    Args:
        start: who sends.
        target: whom it is for.
    """
    stations = [start, *world.topology.stations(start)]
    for one in (target, start):
        twins = [end for end in stations if end != one and world.link(end).mac == world.link(one).mac]
        if twins and world.link(one).mac:
            return _twins(world, one, twins[0], start)
    return None


def _twins(world: World, one: End, other: End, start: End) -> Finding:
    """Two stations with one MAC: the one whose MAC does not follow from its address gets one that does."""
    mac = world.link(one).mac
    wrong = next((end for end in (other, one) if _right_mac(world, end) not in (None, mac)), other)
    right = _right_mac(world, wrong)
    words = f"{named(one)} and {named(other)} have the same MAC address {mac}: a bridge knows it behind one port only"
    evidence = tuple(shown(world, end[0], f"ip link show dev {end[1]}", f"link/ether {mac}") for end in (one, other))
    repair = [typed(world, wrong[0], f"ip link set dev {wrong[1]} address {right}")] if right and right != mac else []
    places = dict.fromkeys([start, one, *_on_this_link(world, one)])
    repair += [typed(world, end[0], f"ip neigh flush dev {end[1]}") for end in places if repair and end != wrong]
    return Finding("bridge", words, evidence, tuple(repair), wrong[0], lasting=True)


def _right_mac(world: World, end: End) -> str | None:
    own = world.topology.prefixes(end)
    return mac_of(str(own[0].ip)) if own else None


def neighbour(world: World, start: End, target: End, address: str, way: list[End]) -> Finding | None:
    """Whether the sender knows, or can learn, the MAC of whom a frame is for.

    Args:
        start: who sends.
        target: whom it is for.
        address: of whom.
        way: the interfaces between them.
    """
    space, mac = world.space(start[0]), world.link(target).mac
    known = [entry for entry in space.neighbours if entry.address == address and entry.device == start[1]]
    entry = next((each for each in known if each.state not in _UNKNOWN), None)
    if entry is not None:
        right = entry.mac == mac or entry.state != "permanent"
        return None if right else _wrong_mac(world, start, target, address, (str(entry.mac), entry.state))
    for end in (start, target):
        if not world.port(end).arp:
            return _silent(world, end)
    return tunnels.unanswered(world, way, target, address)


def known(world: World, start: End, target: End, address: str) -> bool:
    """Whether the sender knows the right MAC already, so that it need not ask for it."""
    mac = world.link(target).mac
    entries = (n for n in world.space(start[0]).neighbours if n.address == address and n.device == start[1])
    return any(each.mac == mac and each.state not in _UNKNOWN for each in entries)


def outdated(world: World, start: End, target: End, address: str) -> Finding | None:
    """Whether the sender has learned a MAC that is wrong by now; it forgets it after a while, and asks again.

    Args:
        start: who sends.
        target: whom it is for.
        address: of whom.
    """
    mac = world.link(target).mac
    entries = [n for n in world.space(start[0]).neighbours if n.address == address and n.device == start[1]]
    entry = next((each for each in entries if each.state not in _UNKNOWN and each.mac != mac), None)
    return _wrong_mac(world, start, target, address, (str(entry.mac), entry.state)) if entry else None


def _wrong_mac(world: World, start: End, target: End, address: str, entry: tuple[str, str]) -> Finding:
    mac, state = entry
    kind = "for good" if state == "permanent" else "still"
    words = f"{start[0]} has it {kind} that {address} is at {mac}, but {named(target)} has {world.link(target).mac}"
    line = shown(world, start[0], f"ip neigh show to {address}", f"lladdr {mac} {state.upper()}")
    other = shown(world, target[0], f"ip link show dev {target[1]}", f"link/ether {world.link(target).mac}")
    repair = typed(world, start[0], f"ip neigh del {address} dev {start[1]}")
    return Finding("neighbour", words, (line, other), (repair,), start[0])


def _silent(world: World, end: End) -> Finding:
    words = f"{named(end)} takes no part in ARP: it neither asks nor answers who has an address"
    evidence = shown(world, end[0], f"ip link show dev {end[1]}", "<…,NOARP,…>")
    repair = typed(world, end[0], f"ip link set dev {end[1]} arp on")
    return Finding("neighbour", words, (evidence,), (repair,), end[0])


def bridge(world: World, before: End | None, middle: End, after: End | None, mac: str | None) -> Finding | None:
    """Whether a bridge lets a frame through, out of the right port.

    Args:
        before: the port that the frame comes in by; None if the bridge itself sends it.
        middle: the bridge.
        after: the port that it has to leave by; None if the bridge itself is meant.
        mac: whom it is for.
    """
    ports = [port for port in (before, after) if port is not None]
    for port in ports:
        if world.port(port).state in ("disabled", "blocking", "listening", "learning"):
            return _shut(world, port, middle)
    if len(ports) == 2 and all(world.link(port).has("isolated") for port in ports):
        return _isolated(world, ports)
    right = after[1] if after else middle[1]
    entries = [entry for entry in world.space(middle[0]).fdb if entry.master == middle[1] and entry.mac == mac]
    entry = next((each for each in entries if each.device != right and (after or each.state != "permanent")), None)
    if entry is None or any(each.device == right for each in entries):
        return None
    words = f"the forwarding database of {named(middle)} has {mac} behind {entry.device}, but it is behind {right}"
    line = shown(world, middle[0], f"bridge fdb show br {middle[1]}", f"{mac} dev {entry.device} {entry.state}")
    repair = typed(world, middle[0], f"bridge fdb del {mac} dev {entry.device} master")
    return Finding("bridge", words, (line,), (repair,), middle[0])


def _shut(world: World, port: End, middle: End) -> Finding:
    state = world.port(port).state
    words = f"{named(port)}, a port of {middle[1]}, is in the state '{state}': it forwards nothing"
    line = shown(world, port[0], f"bridge link show dev {port[1]}", f"state {state}")
    spanning = world.link(middle).has("stp")
    mend = (
        f"ip link set dev {middle[1]} type bridge stp_state 0" if spanning else f"bridge link set dev {port[1]} state 3"
    )
    return Finding("bridge", words, (line,), (typed(world, port[0], mend),), port[0])


def _isolated(world: World, ports: list[End]) -> Finding:
    one, other = ports
    words = f"the ports {one[1]} and {other[1]} in {one[0]} are isolated: isolated ports do not reach one another"
    evidence = tuple(shown(world, p[0], f"bridge -d link show dev {p[1]}", "isolated on") for p in ports)
    return Finding(
        "bridge", words, evidence, (typed(world, one[0], f"bridge link set dev {one[1]} isolated off"),), one[0]
    )


def mtu(world: World, way: list[End], size: int) -> Finding | None:
    """Whether a packet as large as its sender may make it fits through everything that says nothing when it does not.

    Args:
        way: the interfaces, sender first.
        size: bytes of the packet.
    """
    ends = [end for place, end in enumerate(way[1:], 1) if world.link(end).kind != "bridge" or place == len(way) - 1]
    small = [end for end in ends if world.link(end).mtu < size]
    if not small:
        return None
    end = small[0]
    words = (
        f"{named(way[0])} sends packets of up to {size} bytes, {named(end)} takes at most {world.link(end).mtu}: "
        "larger ones are dropped without a word, small ones get through"
    )
    evidence = (commands.link_shown(world, way[0]), commands.link_shown(world, end))
    repair = tuple(typed(world, each[0], f"ip link set dev {each[1]} mtu {size}") for each in small)
    return Finding("mtu", words, evidence, repair, end[0], size=size)
