"""Whether a station learns another one's MAC by ARP or NDP: failed or wrong entries, proxy_arp (RFC 826, RFC 4861)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import arp, gateways, permissions, rejections, tunnels
from netkit.diagnosis.addressing import settled
from netkit.diagnosis.commands import each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import version_of
from netkit.diagnosis.questions import RouteQuestion
from netkit.model.details import usual

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End, Rule

UNKNOWN = ("failed", "incomplete")
"""States of entries that have no MAC."""

KEPT = ("permanent", "noarp")
"""States of entries that the kernel never asks about again."""


def neighbour(  # noqa: PLR0913, PLR0917  (a question is what all this meets)
    world: World, start: End, target: End, address: str, way: list[End], source: str
) -> Finding | None:
    """Whether the sender knows, or can learn, the MAC of whom a frame is for.

    Args:
        start: who sends.
        target: whom it is for.
        address: of whom.
        way: the interfaces between them.
        source: of the packet.
    """
    entry = next((each for each in world.entries(start, address) if each.state not in UNKNOWN), None)
    if entry is not None:
        right = entry.mac == world.link(target).mac or entry.state not in KEPT
        return None if right else _wrong_mac(world, start, target, address, (str(entry.mac), entry.state))
    unasked = _unasked(world, start, address)
    if unasked is not None:
        return unasked
    return (
        _silent(world, start)
        or _silent(world, target)
        or tunnels.unanswered(world, way, target, address)
        or arp.ignored(world, start, target, address, source)
    )


def mute(world: World, start: End, target: End, address: str) -> Finding | None:
    """Whether a station that bears an address does not answer who has it.

    Args:
        start: who asks.
        target: the station.
        address: the address.
    """
    return failed(world, target, address) or _silent(world, target) or arp.ignored(world, start, target, address)


def _unasked(world: World, start: End, address: str) -> Finding | None:
    """Whether the sender's kernel asks for nobody there: how often it does, switches say (ip-sysctl, neigh/…)."""
    version = version_of(address)
    name, other = (f"net/ipv{version}/neigh/{start[1]}/{each}_solicit" for each in ("mcast", "app"))
    if world.switch(start[0], name) != "0":
        return None
    words = f"{start[0]} does not know the MAC of {address}, and asks nobody at {start[1]} (mcast_solicit is 0)"
    left = world.switch(start[0], other) or "0"
    words += f", but leaves that to a program (app_solicit is {left})" if left != "0" else ""
    line = shown(world, start[0], f"sysctl {name}", "0")
    again = typed(world, start[0], f"sysctl -w {name}=3{f' {other}=0' if left != '0' else ''}")
    return Finding("neighbour", words, (line,), (again,), start[0])


def known(world: World, start: End, target: End, address: str) -> bool:
    """Whether the sender knows the right MAC already, so that it need not ask for it."""
    mac = world.link(target).mac
    return any(each.mac == mac and each.state not in UNKNOWN for each in world.entries(start, address))


def outdated(world: World, start: End, target: End, address: str) -> Finding | None:
    """Whether the sender has learned a MAC that is wrong by now; it forgets it after a while, and asks again.

    Args:
        start: who sends.
        target: whom it is for.
        address: of whom.
    """
    mac = world.link(target).mac
    entries = (each for each in world.entries(start, address) if each.state not in UNKNOWN)
    entry = next((each for each in entries if each.mac != mac), None)
    return _wrong_mac(world, start, target, address, (str(entry.mac), entry.state)) if entry else None


def _wrong_mac(world: World, start: End, target: End, address: str, entry: tuple[str, str]) -> Finding:
    mac, state = entry
    writing = next((rule for rule in world.space(target[0]).rules if _writes(rule, mac)), None)
    if writing is not None and state not in KEPT:
        return _rewritten(world, start, target, address, writing)
    kind = "for good" if state in KEPT else "still"
    words = f"{start[0]} has it {kind} that {address} is at {mac}, but {named(target)} has {world.link(target).mac}"
    line = shown(world, start[0], f"ip neigh show to {address}", f"lladdr {mac} {state.upper()}")
    other = shown(world, target[0], f"ip link show dev {target[1]}", f"link/ether {world.link(target).mac}")
    repair = typed(world, start[0], f"ip neigh del {address} dev {start[1]}")
    return Finding("neighbour", words, (line, other), (repair,), start[0])


def _writes(rule: Rule, mac: str) -> bool:
    """Whether a rule writes a MAC into ARP answers (arptables(8), nft(8))."""
    text = rule.text.lower()
    return mac in text and ((rule.tool == "arptables" and rule.target == "mangle") or "arp saddr ether set" in text)


def _rewritten(world: World, start: End, target: End, address: str, rule: Rule) -> Finding:
    words = (
        f"the rule `{rule.text}` of {target[0]} writes another MAC than that of {named(target)} into the answer to who "
        f"has {address}"
    )
    repair = each_typed(world, target[0], permissions.without(world, target[0], rule))
    repair += (typed(world, start[0], f"ip neigh del {address} dev {start[1]}"),)
    return Finding("filter", words, (rejections.listed(world, target[0], rule),), repair, target[0])


def _silent(world: World, end: End) -> Finding | None:
    if world.port(end).arp or usual("arp", world.link(end).kind) == "0":
        return None
    words = f"{named(end)} takes no part in ARP: it neither asks nor answers who has an address"
    evidence = shown(world, end[0], f"ip link show dev {end[1]}", "<…,NOARP,…>")
    repair = typed(world, end[0], f"ip link set dev {end[1]} arp on")
    return Finding("neighbour", words, (evidence,), (repair,), end[0])


def of_lo(world: World, start: End, address: str) -> End | None:
    """The station of a link, with an address there, whose namespace has an IPv4 address at lo: it answers for that.

    Args:
        start: who asks.
        address: whom for.
    """
    places = {place for place, name in world.topology.bearers(address) if name == "lo"} if ":" not in address else ()
    stations = (end for end in world.topology.stations(start) if end[0] in places and end[0] != start[0])
    return next((end for end in stations if world.link(end).up and world.topology.prefixes(end, 4)), None)


def proxy(world: World, start: End, address: str) -> End | None:
    """The station of a link that answers for an address of somebody else, and takes the packets on.

    Proxy ARP: a router answers where its own way to the address leads by another interface, or where it was told to
    answer for that address; neighbour discovery's proxies are all told (ip-sysctl, ip-neighbour(8)).

    Args:
        start: who asks.
        address: whom for.
    """
    return next((end for end in world.topology.stations(start) if _answers_for(world, end, start, address)), None)


def _answers_for(world: World, end: End, start: End, address: str) -> bool:
    if end[0] == start[0] or not world.link(end).up or gateways.closed(world, end, address):
        return False
    told = any(entry[0] == address and entry[1] in (end[1], "") for entry in world.proxies(end[0]))
    if ":" in address:
        switches = (world.switch(end[0], f"net/ipv6/conf/{each}/proxy_ndp") for each in ("all", end[1]))
        return told and "1" in switches
    return (told or arp.switch(world, end, "proxy_arp") > 0) and _way_by_another(world, end, address) is not None


def _way_by_another(world: World, end: End, address: str) -> str | None:
    """The other interface by which a namespace's way to an address leads, None where it does not."""
    way = world.route(RouteQuestion(end[0], address))
    return way.device if not way.error and way.kind == "unicast" and way.device != end[1] else None


def unproxied(world: World, start: End, address: str) -> Finding | None:
    """Whether a router on the link knows the way to who is looked for there, but does not answer for the address.

    Args:
        start: who looks for it on its link.
        address: whose.
    """
    borne = bool(world.topology.bearers(address))
    for end in world.topology.stations(start):
        if not borne and not _proxied_beside(world, end, address):
            continue
        ready = end[0] != start[0] and world.link(end).up and world.link(end).addresses
        way = _way_by_another(world, end, address) if ready else None
        if way is None or gateways.closed(world, end, address):
            continue
        words = (
            f"{start[0]} looks for {address} on the link of {start[1]}; {end[0]}, which knows the way by {way}, does "
            f"not answer for it at {end[1]}: it is no neighbour proxy for that address"
        )
        line = shown(world, end[0], "ip neigh show proxy", "no entry for it")
        six = ":" in address
        repair = [f"sysctl -w net/ipv6/conf/{end[1]}/proxy_ndp=1"] if six else []
        repair.append(f"ip {'-6 ' if six else ''}neigh add proxy {address} dev {end[1]}")
        return Finding("neighbour", words, (line,), each_typed(world, end[0], repair), end[0])
    return None


def _proxied_beside(world: World, end: End, address: str) -> bool:
    """Whether a namespace answers for everybody at other interfaces, and has no address of its own at this one."""
    others = (each for each in gateways.leaving(world, end[0]) if each != end)
    bare = ":" not in address and not world.topology.prefixes(end, 4)
    return bare and any(world.switch(end[0], f"net/ipv4/conf/{each[1]}/proxy_arp") == "1" for each in others)


def failed(world: World, end: End, address: str) -> Finding | None:
    """Whether an IPv6 address cannot be used by who bears it: somebody else had it first, or may have (RFC 4862, 5.4).

    Args:
        end: who bears it.
        address: the address.
    """
    if ":" not in address:
        return None
    unready = world.unready(end[0])
    if (end[1], address, "dadfailed") not in unready:
        return _tentative(world, end, address) if (end[1], address, "tentative") in unready else None
    words = (
        f"{address} of {named(end)} is out of use: when it was added, somebody else on the link had it (duplicate "
        "address detection failed)"
    )
    line = shown(world, end[0], f"ip -6 addr show dev {end[1]} dadfailed", f"{address} dadfailed")
    others = [each for each in world.topology.bearers(address) if each != end]
    repair = () if others else each_typed(world, end[0], _given_again(world, end, address))
    return Finding("address", words, (line,), repair, end[0])


def _given_again(world: World, end: End, address: str) -> list[str]:
    """Commands that give an interface its address once more, and wait until it can be used."""
    text = world.borne(end, address)
    return [f"ip addr del {text} dev {end[1]}", f"ip addr add {text} dev {end[1]}", settled(end, address)]


def _tentative(world: World, end: End, address: str) -> Finding:
    """An address that is still asked for whether somebody else has it; how often, a switch says."""
    switch = f"net/ipv6/conf/{end[1]}/dad_transmits"
    times = world.switch(end[0], switch) or "1"
    words = (
        f"{address} of {named(end)} is not in use yet: whether somebody else on the link has it is still being asked "
        f"(duplicate address detection, dad_transmits is {times})"
    )
    line = shown(world, end[0], f"ip -6 addr show dev {end[1]} tentative", f"{address} tentative")
    often = times.isdigit() and int(times) > 1
    lines = [f"sysctl -w {switch}=1", *_given_again(world, end, address)] if often else [settled(end, address)]
    return Finding("address", words, (line,), each_typed(world, end[0], lines), end[0])
