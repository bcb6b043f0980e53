"""What may be wrong with a VXLAN tunnel between two devices (RFC 7348)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import commands, topology
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.values import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.values import End, World

_FLOOD = "00:00:00:00:00:00"


def unanswered(world: World, way: list[End], target: End, address: str) -> Finding | None:
    """Whether a VXLAN device that answers ARP questions itself (proxy) knows the answer.

    Args:
        world: the networks.
        way: the interfaces that the question passes.
        target: who has the address.
        address: who is asked for.
    """
    for end in way:
        link = world.link(end)
        if link.kind != "vxlan" or ("proxy", "1") not in link.details:
            continue
        known = [n for n in world.space(end[0]).neighbours if n.device == end[1] and n.address == address]
        mac = world.link(target).mac
        if any(each.mac == mac for each in known):
            return None
        words = f"{named(end)} answers ARP questions itself, but does not know who has {address}"
        says = f"lladdr {known[0].mac}" if known else "no entry"
        line = shown(world, end[0], f"ip neigh show to {address} dev {end[1]}", says)
        repair = typed(world, end[0], f"ip neigh replace {address} lladdr {mac} dev {end[1]} nud permanent")
        return Finding("neighbour", words, (line,), (repair,), end[0])
    return None


def ends(world: World, one: End, other: End) -> Finding | None:
    """Whether two VXLAN devices are of one network: the same VNI, the same UDP port.

    Args:
        world: the networks.
        one: who sends.
        other: who is to receive.
    """
    for fact, word in (("vni", "VNI"), ("port", "UDP port")):
        here, there = dict(world.link(one).details).get(fact, ""), dict(world.link(other).details).get(fact, "")
        if here != there:
            odd, right = _odd(world, fact, (one, here), (other, there))
            words = f"{named(one)} has the {word} {here}, {named(other)} has {there}: the two do not hear each other"
            evidence = tuple(_shown(world, end) for end in (one, other))
            repair = commands.replaced_vxlan(world, odd, topology.underlay(world, odd), **{fact: right})
            return Finding("tunnel", words, evidence, repair, odd[0])
    return None


def _odd(world: World, fact: str, one: tuple[End, str], other: tuple[End, str]) -> tuple[End, str]:
    """Which of two devices is the odd one out, and what the others have; the receiver, where nobody else is there."""
    values = [
        dict(link.details).get(fact)
        for space in world.snapshot
        for link in space.interfaces.values()
        if link.kind == "vxlan"
    ]
    rarer = min((other, one), key=lambda pair: values.count(pair[1]))
    return rarer[0], (one if rarer is other else other)[1]


def _shown(world: World, end: End) -> str:
    facts = dict(world.link(end).details)
    words = f"vxlan id {facts.get('vni')} local {facts.get('local', 'any')} dstport {facts.get('port')}"
    return shown(world, end[0], f"ip -d link show dev {end[1]}", words)


def remote(world: World, one: End, other: End, mac: str | None) -> tuple[str, Finding | None]:
    """Where a VXLAN device sends the frames for a MAC, and what is wrong with that.

    Args:
        world: the networks.
        one: the device.
        other: the device that has to get them.
        mac: whom a frame is for.
    """
    entries = [e for e in world.space(one[0]).fdb if e.device == one[1] and e.master is None and e.destination]
    exact = [str(e.destination) for e in entries if e.mac == mac]
    flood = [str(e.destination) for e in entries if e.mac == _FLOOD]
    group = dict(world.link(one).details).get("group")
    flood += [group] if group and group not in flood else []
    there = _addresses(world, other)
    right = dict(world.link(other).details).get("local") or next(iter(_joined(world, one, there)), "")
    chosen = exact or flood
    good = next((each for each in chosen if each in there), None)
    if good or any(_multicast(each) for each in chosen):
        return good or "", None
    words = f"{named(one)} has no entry that leads to {named(other)}"
    if chosen:
        words = f"{named(one)} sends frames for {mac} to {', '.join(chosen)}, but {named(other)} is at {right}"
    line = shown(
        world,
        one[0],
        f"bridge fdb show dev {one[1]}",
        "; ".join(_told(e.mac, e.destination) for e in entries) or "no entry",
    )
    lines = [f"bridge fdb del {mac} dev {one[1]} dst {each}" for each in exact]
    kind = mac if exact or "learning" in dict(world.link(one).details) else _FLOOD
    lines.append(f"bridge fdb append {kind} dev {one[1]} dst {right}")
    repair = tuple(typed(world, one[0], each) for each in lines) if right else ()
    return "", Finding("tunnel", words, (line,), repair, one[0])


def _told(mac: str, destination: str | None) -> str:
    return f"{mac} dst {destination}"


def _multicast(address: str) -> bool:
    return 224 <= int(address.partition(".")[0]) < 240 if "." in address else address.startswith("ff")


def _addresses(world: World, end: End) -> set[str]:
    """The addresses of the namespace in which a VXLAN device's outer packets travel; its local one, if it has that."""
    local = dict(world.link(end).details).get("local")
    links = world.space(topology.underlay(world, end)).interfaces.values()
    return {local} if local else {text.partition("/")[0] for link in links for text in link.addresses}


def _joined(world: World, one: End, addresses: set[str]) -> list[str]:
    """Those of some addresses that lie in a network of the other device's machine."""
    import ipaddress

    own = [
        ipaddress.ip_interface(text)
        for link in world.space(topology.underlay(world, one)).interfaces.values()
        if link.kind != "loopback"
        for text in link.addresses
    ]
    return [each for each in sorted(addresses) if any(ipaddress.ip_address(each) in net.network for net in own)]
