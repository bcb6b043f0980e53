"""Where a DNAT leads: nobody has that address or listens at that port, and what was probably meant."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import addressless, commands, listening, nat, permissions, publishing, rejections
from netkit.diagnosis.commands import each_typed, typed
from netkit.diagnosis.findings import Finding
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.model import End, Rule


def translated(world: World, namespace: str, before: Packet, after: Packet, rule: Rule | None) -> Finding | None:
    """Whether a translation leads to somebody who listens.

    Args:
        namespace: whose rule.
        before: the packet as it came.
        after: the packet as it goes on.
        rule: the rule that did it, None where that is not known.

    Returns:
        None where somebody listens there, or somebody has the address and listens nowhere else: then nobody listens.
    """
    places = _places(world, namespace, after.destination)
    served = places and (after.destination_port is None or _heard(world, places, after))
    if after.answer or after.kind or served:
        return None
    right = _right(world, namespace, places, before, after)
    here = _served_here(world, namespace, before, right)
    needless = rule is not None and (here or _needless(world, namespace, before, after))
    if places and not needless and (not right or rule is None):
        return _shadowed(world, namespace, before, after, rule) if rule is not None else None
    nobody = "listens there" if places else "has that address"
    words = f"{_leading(namespace, before, after, rule)}, but nobody {nobody}"
    repair: list[str] = []
    if rule is not None and needless:
        words += f"; without that rule, they would reach {_end(before.destination, before.destination_port)}"
        repair = permissions.without(world, namespace, rule)
    elif rule is not None and rule.target == "NETMAP" and (network := _network(world, namespace, rule, after)):
        words += f"; the network {network} is there"
        repair = permissions.instead(world, namespace, rule, f"--to {rule.option('--to')}", f"--to {network}")
    elif right:
        words += f"; somebody listens at {_end(*right)}"
        repair = _led(world, namespace, rule, before, right) if rule is not None else []
    elif not places and (lost := addressless.meant(world, namespace, after)) is not None:
        return _lost(world, namespace, (before, after), *lost)
    else:
        words += "; decide where the rule is to lead, or delete it"
    evidence = [rejections.listed(world, namespace, rule)] if rule is not None else []
    evidence += [listening.told(world, place, after.protocol) for place in places[:1]]
    return Finding("nat", words, tuple(evidence), each_typed(world, namespace, repair), namespace)


def _places(world: World, namespace: str, address: str) -> list[str]:
    """Where packets of a namespace's get to: who has the address; with one of its loopback network, itself."""
    loop = ipaddress.ip_address(address).is_loopback
    return [namespace] if loop else [place for place, _ in world.topology.bearers(address)]


def _lost(world: World, namespace: str, ends: tuple[Packet, Packet], bare: End, address: str) -> Finding:
    """Nobody has the address that packets are led to, and just one interface there can be meant."""
    before, after = ends
    words = (
        f"{_leading(namespace, before, after)}, but nobody has that address; {commands.named(bare)}, on "
        "that link, has none at all, and somebody listens at that port there"
    )
    evidence = (commands.addresses_shown(world, bare), listening.told(world, bare[0], after.protocol))
    repair = typed(world, bare[0], f"ip addr add {address} dev {bare[1]}")
    return Finding("address", words, evidence, (repair,), bare[0])


def _later(world: World, namespace: str, before: Packet, rule: Rule) -> Rule | None:
    """The one other rule of the same chain that leads the same port to somebody who listens there."""
    found = []
    for other in world.space(namespace).rules:
        same = other != rule and (other.tool, other.table, other.chain) == (rule.tool, rule.table, rule.chain)
        if not same or other.target != "DNAT" or other.asks("--dport") != str(before.destination_port):
            continue
        led = nat.to(before, *nat.target(other.option("--to-destination")))
        places = [place for place, _ in world.topology.bearers(led.destination)]
        found += [other] if other.asks("-p") == before.protocol and places and _heard(world, places, led) else []
    return found[0] if len(found) == 1 else None


def _shadowed(world: World, namespace: str, before: Packet, after: Packet, first: Rule) -> Finding | None:
    """A rule that leads to nobody stands before one that leads the same port to somebody."""
    later = _later(world, namespace, before, first)
    if later is None:
        return None
    words = (
        f"{namespace} leads {_asked(before)} to {_end(after.destination, after.destination_port)}, where nobody "
        f"listens, by the rule `{first.text}`; behind it stands `{later.text}`, which leads to somebody who does"
    )
    tool = f"{later.tool} -t {later.table}"
    added = later.text.partition(" ")[2].partition(" ")[2]
    lines = [f"{tool} -D {later.chain} {added}", f"{tool} -I {later.chain} {added}"]
    evidence = (rejections.listed(world, namespace, first),)
    return Finding("nat", words, evidence, each_typed(world, namespace, lines), namespace)


def _leading(namespace: str, before: Packet, after: Packet, rule: Rule | None = None) -> str:
    """Who leads what where; of several ends that a rule draws from, one."""
    drawn = rule is not None and any(word in rule.text for word in ("numgen ", "jhash ", "symhash "))
    return f"{namespace} leads {_asked(before)} to {_end(*after.aim)}" + (" or another end of its map" if drawn else "")


def _asked(packet: Packet) -> str:
    port = packet.destination_port
    return f"port {port}" if port is not None else f"packets for {packet.destination}"


def _end(address: str, port: int | None) -> str:
    return address if port is None else endpoint(address, port)


def _heard(world: World, places: list[str], packet: Packet) -> bool:
    """Whether somebody in some namespaces has a packet's port; at which address is asked where the packet arrives."""
    found = (each for place in places for each in world.listeners(place) if listening.of(each, packet))
    return any(not each.reserved or listening.hears(each, packet.destination) for each in found)


def _needless(world: World, namespace: str, before: Packet, after: Packet) -> bool:
    """Whether a packet would have found somebody, as its sender wrote it, and is led to nobody, or to another port."""
    led_to = _places(world, namespace, after.destination)
    if led_to not in ([], [namespace]) and before.destination != after.destination:
        return False
    places = [place for place, _ in world.topology.bearers(before.destination) if place != namespace]
    port = str(before.destination_port)
    led = any(rule.asks("--dport") == port and rule.target == "DNAT" for p in places for rule in world.space(p).rules)
    return bool(places) and (before.destination_port is None or led or _heard(world, places, before))


def _served_here(world: World, namespace: str, before: Packet, right: tuple[str, int | None] | None) -> bool:
    """Whether somebody in the namespace itself serves what it leads to nobody, and no other end can be meant."""
    end = before.destination, before.destination_port
    here = any(place == namespace for place, _ in world.topology.bearers(before.destination))
    servers = (each for each in world.listeners(namespace) if each.serves and listening.of(each, before))
    heard = any(listening.hears(each, before.destination) for each in servers)
    return here and heard and right in (None, end)


def _right(
    world: World, namespace: str, places: list[str], before: Packet, packet: Packet
) -> tuple[str, int | None] | None:
    """The one server that can be meant: another port of whom is meant, else the same port of somebody else there.

    Args:
        namespace: whose rule.
        places: the namespaces that have the address.
        before: the packet as it came.
        packet: as it is translated.
    """
    if places:
        ports = {port for place in places for _, port in _served(world, place, packet)}
        led = publishing.led(world, namespace, packet, before.destination_port)
        ports -= {port for address, port in led if address == packet.destination}  # which are others' ends already
        return (packet.destination, ports.pop()) if len(ports) == 1 else None
    found = {end for place in world.topology.behind(namespace) for end in _served(world, place, packet)}
    found = found or {end for space in world.snapshot for end in _served(world, space.name, packet)}
    same = {end for end in found if end[1] == packet.destination_port}
    chosen = same or found
    chosen = chosen if len(chosen) == 1 else chosen & publishing.let_in(world, namespace, packet)
    return chosen.pop() if len(chosen) == 1 else None


def _served(world: World, place: str, packet: Packet) -> set[tuple[str, int]]:
    """Where a namespace serves a packet's protocol, in the network of its destination."""
    links = [link for link in world.space(place).interfaces.values() if link.kind != "loopback"]
    own = [ipaddress.ip_interface(text) for link in links for text in link.addresses]
    near = [str(each.ip) for each in own if ipaddress.ip_address(packet.destination) in each.network]
    servers = [e for e in world.listeners(place) if e.protocol == packet.protocol and e.serves]
    return {(address, each.port) for address in near for each in servers if listening.hears(each, address)}


def _led(world: World, namespace: str, rule: Rule, before: Packet, right: tuple[str, int | None]) -> list[str]:
    """The rule is replaced by one that leads to the right end."""
    address, port = right
    if rule.tool == "nft":
        family = "" if rule.table.startswith(("ip ", "ip6 ")) else f"{'ip' if before.version == 4 else 'ip6'} "
        asked = f"{before.protocol} dport {before.destination_port} " if before.destination_port is not None else ""
        asked = "".join(f'{key} "{rule.asks(key)}" ' for key in ("iifname", "oifname") if rule.asks(key)) + asked
        line = f"nft insert rule {rule.table} {rule.chain} handle {rule.handle} {asked}dnat {family}to {_end(*right)}"
        return [line] if rule.handle else []
    if rule.target == "REDIRECT":
        wrong = f"--to-ports {rule.option('--to-ports')}"
        return permissions.instead(world, namespace, rule, wrong, f"--to-ports {port}")
    if rule.target != "DNAT":
        return []
    aim = _end(address, port if port != before.destination_port or ":" in rule.option("--to-destination") else None)
    wrong = f"--to-destination {rule.option('--to-destination')}"
    return permissions.instead(world, namespace, rule, wrong, f"--to-destination {aim}")


def _network(world: World, namespace: str, rule: Rule, packet: Packet) -> str:
    """The one network behind a router in which somebody serves the packet whose last bits are kept; "" for none."""
    length = ipaddress.ip_network(rule.option("--to"), strict=False).prefixlen
    found = set()
    for place in world.topology.behind(namespace):
        texts = [text for link in world.space(place).interfaces.values() for text in link.addresses]
        for own in map(ipaddress.ip_interface, texts):
            network = ipaddress.ip_network((own.ip, length), strict=False)
            kept = int(ipaddress.ip_address(packet.destination)) & int(network.hostmask)
            if own.version == packet.version and not own.ip.is_loopback and network[kept] == own.ip:
                moved = replace(packet, destination=str(own.ip))
                found |= {str(network)} if packet.destination_port is None or _heard(world, [place], moved) else set()
    return found.pop() if len(found) == 1 else ""
