"""What may be wrong with a VXLAN tunnel between two devices (RFC 7348)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import commands
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End

_FLOOD = "00:00:00:00:00:00"


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
        one: who sends.
        other: who is to receive.
    """
    for fact, word in (("vni", "VNI"), ("port", "UDP port")):
        here, there = (world.link(end).detail(fact) or "" for end in (one, other))
        if here != there:
            odd, right = _odd(world, fact, (one, here), (other, there))
            words = f"{named(one)} has the {word} {here}, {named(other)} has {there}: the two do not hear each other"
            evidence = tuple(_shown(world, end) for end in (one, other))
            repair = commands.replaced_vxlan(world, odd, world.topology.home(odd), **{fact: right})
            others = [end for end in world.topology.stations(odd) if world.link(end).addresses]
            repair += tuple(typed(world, end[0], f"ip neigh flush dev {end[1]}") for end in others)
            return Finding("tunnel", words, evidence, repair, odd[0])
    return None


def _odd(world: World, fact: str, one: tuple[End, str], other: tuple[End, str]) -> tuple[End, str]:
    """Which of two devices is the odd one out, and what the others have; the receiver, where nobody else is there."""
    values = [link.detail(fact) for link in world.topology.ends.values() if link.kind == "vxlan"]
    rarer = min((other, one), key=lambda pair: values.count(pair[1]))
    return rarer[0], (one if rarer is other else other)[1]


def _shown(world: World, end: End) -> str:
    link = world.link(end)
    words = f"vxlan id {link.vni} local {link.detail('local') or 'any'} dstport {link.detail('port')}"
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
    repair = tuple(typed(world, one[0], each) for each in lines) if right else ()
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
