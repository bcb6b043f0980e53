"""What is wrong with a VXLAN tunnel: VNI, UDP port, remote, local, FDB entry, proxy, TTL, checksums (RFC 7348)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands, policy
from netkit.diagnosis.commands import each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import Packet, version_of

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Decision, World
    from netkit.model import End, Interface

_FLOOD = "00:00:00:00:00:00"
VXLAN_PORT = 4789
"""Of UDP; RFC 7348 gives it to VXLAN."""

_PROTOCOLS = {"gretap": "gre", "ip6gre": "gre", "ip6gretap": "gre", "ipip": "4", "sit": "41", "ip6tnl": "41"}
"""What packets say that carry those of a tunnel (protocols(5))."""


def unanswered(world: World, way: list[End], target: End, address: str) -> Finding | None:
    """Whether a VXLAN device that answers ARP questions itself (proxy) knows the answer.

    Args:
        way: the interfaces that the question passes.
        target: who has the address.
        address: who is asked for.
    """
    for end in way:
        link = world.link(end)
        if link.kind != "vxlan" or not link.has("proxy"):
            continue
        known = world.entries(end, address)
        mac = world.link(target).mac
        if any(each.mac == mac for each in known):
            return None
        words = f"{named(end)} answers ARP questions itself, but does not know who has {address}"
        says = f"lladdr {known[0].mac}" if known else "no entry"
        line = shown(world, end[0], f"ip neigh show to {address} dev {end[1]}", says)
        repair = typed(world, end[0], f"ip neigh replace {address} lladdr {mac} dev {end[1]} nud permanent")
        return Finding("neighbour", words, (line,), (repair,), end[0])
    return None


def itself(world: World, one: End, decision: Decision) -> Finding | None:
    """Whether a tunnel's own packets would travel through the tunnel, or have a source that their namespace lacks.

    Args:
        one: the device that sends.
        decision: the choice that led to it.
    """
    if one in world.avoided:
        words = f"the packets of the tunnel {named(one)} would travel through {one[1]} itself: so they get nowhere"
        route = world.matched(decision.question) if decision.question is not None else None
        line = shown(world, one[0], f"ip route get {decision.packet.destination}", f"dev {one[1]}")
        told = f"{route.destination} dev {decision.answer.device}{policy.table_of(route)}" if route else ""
        mend = f"ip route del {told}" if route and route.protocol != "kernel" else ""
        return Finding("route", words, (line,), (typed(world, one[0], mend),) if mend else (), one[0])
    local, home = world.link(one).detail("local"), world.topology.home(one)
    if not local or local in world.space(home).addresses:
        return None
    borne = world.topology.bearers(local)
    words = f"{named(one)} sends from {local}, an address that {home} does not have"
    ends = (end for end in world.topology.leaving(home) if end != one)
    own = ((end[1], each.network) for end in ends for each in world.topology.prefixes(end, version_of(local)))
    into = next(((name, net.prefixlen) for name, net in own if ipaddress.ip_address(local) in net), None)
    repair = (typed(world, home, f"ip addr add {local}/{into[1]} dev {into[0]}"),) if into and not borne else ()
    return Finding("address", words, (_shown(world, one),), repair, home)


def led_by_routes(world: World, one: End) -> Finding | None:
    """Whether a tunnel's device is told by routes or programs, packet for packet, where to send it (external).

    Args:
        one: the device that sends.
    """
    if not world.link(one).has("external"):
        return None
    words = (
        f"{named(one)} is told where to send each packet by routes or programs (external): from here on only a probe "
        "can tell"
    )
    line = shown(world, one[0], f"ip -d link show dev {one[1]}", "external")
    return Finding("tunnel", words, (line,), (), one[0], blind=True)


def outer(world: World, one: End, other: End, mac: str | None, *, asks: bool) -> tuple[Packet | None, Finding | None]:
    """The packet that carries a frame, None where it goes to a group, and what is wrong with where it goes.

    Args:
        one: the device that sends.
        other: the device that has to get it.
        mac: whom the frame is for.
        asks: whether questions to everybody have to get there too.
    """
    link = world.link(one)
    local = link.detail("local") or ""
    if link.kind == "vxlan":
        to, found = remote(world, one, other, mac, asks=asks and not link.has("proxy"))
        port = int(link.detail("port") or VXLAN_PORT)
        return Packet(local, to, "udp", None, port, ttl=_life(link)) if to else None, found
    to, there = link.detail("remote") or "", _addresses(world, other)
    if to and to not in there:
        right = next(iter(_joined(world, one, there)), "") or next(iter(sorted(there)), "")
        words = f"{named(one)} sends to {to}, but {named(other)} is at {right}"
        repair = (typed(world, one[0], f"ip link set dev {one[1]} type {link.kind} remote {right}"),) if right else ()
        return None, Finding("tunnel", words, (_shown(world, one),), repair, one[0])
    return Packet(local, to, _PROTOCOLS.get(link.kind, link.kind), ttl=_life(link)) if to else None, None


def _life(link: Interface) -> int:
    """The TTL of a tunnel's packets, where the tunnel itself sets it; 0 where it leaves that to its namespace."""
    return int(link.detail("ttl") or 0)


def short_lived(world: World, one: End, below: Finding) -> Finding | None:
    """Whether a tunnel sets a TTL that is too small for its way.

    Args:
        one: the device that sends.
        below: where its packets ended.
    """
    if below.layer != "tunnel" or below.repair or not _life(world.link(one)):
        return None
    life = _life(world.link(one))
    words = f"the tunnel {named(one)} gives its packets the TTL {life}, too little for their way: {below.explanation}"
    repair = typed(world, one[0], f"ip link set dev {one[1]} type {world.link(one).kind} ttl 64")
    return Finding("tunnel", words, (_shown(world, one),), (repair,), one[0])


def hidden(world: World, ends: tuple[End, End], sent: Packet, arrived: Packet) -> Finding | None:
    """Whether a translation hides where a tunnel's packets come from: the answers then go to the translator.

    Args:
        ends: the device that sends, and the one that gets it.
        sent: the outer packet.
        arrived: as it has arrived.
    """
    one, other = ends
    if not sent.source or arrived.source == sent.source or world.link(one).kind != "vxlan":
        return None
    place = next((place for place, _ in world.topology.bearers(arrived.source)), "")
    if not place or world.link(other).detail("learning") == "0":
        return None
    words = (
        f"{place} gives the packets of the tunnel {named(one)} the source {arrived.source}: {named(other)} learns that "
        f"address and sends its answers there, not to {sent.source}"
    )
    tool = sent.iptables
    rules = [rule.text for rule in world.space(place).rules if (rule.tool, rule.table) == (tool, "nat")]
    line = shown(world, place, f"{tool}-save -t nat", "\n".join(rules))
    match = f"-s {sent.source} -d {sent.destination} -p udp --dport {sent.destination_port}"
    repair = [typed(world, place, f"{tool} -t nat -I POSTROUTING {match} -j ACCEPT")]
    repair.append(typed(world, place, f"conntrack -D -p udp --orig-src {sent.source} --orig-dst {sent.destination}"))
    wrong = [e for e in world.space(other[0]).fdb if e.device == other[1] and e.destination == arrived.source]
    repair += [typed(world, other[0], f"bridge fdb del {e.mac} dev {other[1]} dst {e.destination}") for e in wrong]
    return Finding("nat", words, (line,), tuple(repair), place)


def ends(world: World, one: End, other: End) -> Finding | None:
    """Whether two VXLAN devices are of one network: the same VNI, the same UDP port.

    Args:
        one: who sends.
        other: who is to receive.
    """
    facts = (("vni", "VNI"), ("port", "UDP port")) if world.link(one).kind == "vxlan" else ()
    if facts and all(_to_many(world.link(end)) for end in (one, other)):
        facts = (*facts, ("group", "group"))
    for fact, word in facts:
        here, there = (world.link(end).detail(fact) or "" for end in (one, other))
        if here != there:
            odd, right = _odd(world, fact, (one, here), (other, there))
            words = f"{named(one)} has the {word} {here}, {named(other)} has {there}: the two do not hear each other"
            evidence = tuple(_shown(world, end) for end in (one, other))
            if world.link(odd).has("external"):  # its routes would be lost
                return Finding("tunnel", words, evidence, (), odd[0])
            repair = commands.replaced_vxlan(world, odd, world.topology.home(odd), **{fact: right})
            others = [end for end in world.topology.stations(odd) if world.link(end).addresses]
            repair += tuple(typed(world, end[0], f"ip neigh flush dev {end[1]}") for end in others)
            return Finding("tunnel", words, evidence, repair, odd[0])
    return _unsummed(world, one, other) if facts else None


def _to_many(link: Interface) -> bool:
    """Whether a device sends what everybody is to get to a multicast group, and hears only what comes to that."""
    group = link.detail("group")
    return group is not None and ipaddress.ip_address(group).is_multicast


def _unsummed(world: World, one: End, other: End) -> Finding | None:
    """Over IPv6 a VXLAN device may leave out checksums, and another one take such packets: each by its own switch."""
    six = ":" in (world.link(one).detail("local") or "")
    if not six or not world.link(one).has("udp6_zero_csum_tx") or world.link(other).has("udp6_zero_csum_rx"):
        return None
    words = (
        f"{named(one)} sends over IPv6 without a checksum of UDP (udp6zerocsumtx), and {named(other)} takes no such "
        "packets (udp6zerocsumrx is off)"
    )
    says = ((one, "udp6zerocsumtx"), (other, "noudp6zerocsumrx"))
    lines = tuple(shown(world, end[0], f"ip -d link show dev {end[1]}", each) for end, each in says)
    repair = commands.replaced_vxlan(world, other, world.topology.home(other), udp6_zero_csum_rx="1")
    return Finding("tunnel", words, lines, repair, other[0])


def _odd(world: World, fact: str, one: tuple[End, str], other: tuple[End, str]) -> tuple[End, str]:
    """Which of two devices is the odd one out, and what the others have; the receiver, where nobody else is there."""
    values = [link.detail(fact) for link in world.topology.ends.values() if link.kind == "vxlan"]
    rarer = min((other, one), key=lambda pair: values.count(pair[1]))
    return rarer[0], (one if rarer is other else other)[1]


def _shown(world: World, end: End) -> str:
    link = world.link(end)
    if link.kind != "vxlan":
        words = f"{link.kind} remote {link.detail('remote') or 'any'} local {link.detail('local') or 'any'}"
        return shown(world, end[0], f"ip -d link show dev {end[1]}", words)
    group = f" {commands.led(str(link.detail('group')))}" if _to_many(link) else ""
    words = f"vxlan id {link.vni}{group} local {link.detail('local') or 'any'} dstport {link.detail('port')}"
    return shown(world, end[0], f"ip -d link show dev {end[1]}", words)


def remote(world: World, one: End, other: End, mac: str | None, *, asks: bool) -> tuple[str, Finding | None]:
    """Where a VXLAN device sends the frames for a MAC, and what is wrong with that.

    Args:
        one: the device.
        other: the device that has to get them.
        mac: whom a frame is for.
        asks: whether ARP questions, which go to everybody, have to get there too.
    """
    entries = [e for e in world.space(one[0]).fdb if e.device == one[1] and e.master is None and e.destination]
    there = _addresses(world, other)
    exact, flood = ([str(e.destination) for e in entries if e.mac == each] for each in (mac, _FLOOD))
    right = world.link(other).detail("local") or next(iter(_joined(world, one, there)), "")
    told = not flood and not asks and world.link(one).has("proxy")  # somebody writes an entry for each MAC
    kinds = [(_FLOOD, flood)] if asks or not (exact or told) else []
    kinds += [(str(mac), exact)] if exact or told else []
    good = ""
    for kind, chosen in kinds:
        good = next((each for each in chosen if each in there), "")
        if not good and not any(ipaddress.ip_address(each).is_multicast for each in chosen):
            return "", _astray(
                world, (one, other), (kind, chosen), right, [_told(e.mac, e.destination) for e in entries]
            )
    return good, None


def _astray(world: World, ends: tuple[End, End], entry: tuple[str, list[str]], right: str, told: list[str]) -> Finding:
    """No entry, or none that is right, leads from one VXLAN device to the other."""
    (one, other), (kind, chosen) = ends, entry
    what = "frames whose way it does not know, such as ARP questions," if kind == _FLOOD else f"frames for {kind}"
    to = f"to {', '.join(chosen)}" if chosen else "nowhere"
    words = f"{named(one)} sends {what} {to}, but {named(other)} is at {right or 'an unknown address'}"
    lines = [f"bridge fdb del {kind} dev {one[1]} dst {each}" for each in chosen if kind != _FLOOD]
    lines.append(f"bridge fdb append {kind} dev {one[1]} dst {right}")
    repair = each_typed(world, one[0], lines) if right else ()
    line = shown(world, one[0], f"bridge fdb show dev {one[1]}", "\n".join(told) or "no entry")
    return Finding("tunnel", words, (line,), repair, one[0])


def _told(mac: str, destination: str | None) -> str:
    return f"{mac} dst {destination}"


def _addresses(world: World, end: End) -> set[str]:
    """The addresses of the namespace in which a VXLAN device's outer packets travel; its local one, if it has that."""
    local = world.link(end).detail("local")
    return {local} if local else set(world.space(world.topology.home(end)).addresses)


def _joined(world: World, one: End, addresses: set[str]) -> list[str]:
    """Those of some addresses that lie in a network of the other device's machine."""
    own = [
        ipaddress.ip_interface(text)
        for link in world.space(world.topology.home(one)).interfaces.values()
        if link.kind != "loopback"
        for text in link.addresses
    ]
    return [each for each in sorted(addresses) if any(ipaddress.ip_address(each) in net.network for net in own)]
