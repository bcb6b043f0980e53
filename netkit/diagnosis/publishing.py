"""A published port that does not lead on: its DNAT is missing, behind another rule, for others, or elsewhere."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis import listening, nat, nft_publishing, permissions, rejections, xtables
from netkit.diagnosis.commands import addresses_shown, each_typed, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.matching import Passing, within
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.model import End, Rule


_ENDING = ("RETURN", "ACCEPT")
_LEADING = ("DNAT", "NETMAP", "REDIRECT", "dnat", "redirect")


def unpublished(world: World, namespace: str, packet: Packet, *, reserved: bool) -> Finding | None:
    """Whether a port was to be published, and the rule that leads from it to a container is missing or for others.

    Args:
        namespace: where the packet has arrived.
        packet: for a port at which nobody listens there.
        reserved: whether somebody holds the port, so that nobody else takes it.
    """
    tool = packet.iptables
    rules = [rule for rule in world.space(namespace).rules if rule.tool == tool]
    leading = [rule for rule in rules if rule.table == "nat" and rule.target == "DNAT"]
    ends = led(world, namespace, packet)
    if not reserved and not ends and not let_in(world, namespace, packet):
        return None
    elsewhere = next((rule for rule in leading if _at_another(rule, packet)), None)
    if elsewhere is not None:
        return _for_others(world, namespace, packet, elsewhere)
    here = [rule for rule in leading if _at_port(rule, packet)]
    found = _behind(world, namespace, packet, here) or _unled(world, namespace, packet, here, reserved=reserved)
    found = found or nft_publishing.unled(world, namespace, packet, reserved=reserved)
    found = found or (_misled(world, namespace, packet, leading) if reserved and not here else None)
    found = found or _for_other_ways(world, namespace, packet, here, reserved=reserved)
    if found is not None:
        return found
    twins = [nat.target(rule.option("--to-destination")) for rule in leading if _at_port(rule, packet)]
    found = (
        {(ip, port): None for ip, port in twins if ip and port}
        or dict.fromkeys(_orphans(world, namespace, packet, rules))
        or {end: None for end in _others(world, namespace, packet) if end not in ends}
    )
    if len(found) != 1:
        return _undecided(world, namespace, packet) if reserved else None
    [end] = found
    return _to_publish(world, namespace, packet, rules, end, reserved=reserved)


def let_in(world: World, namespace: str, packet: Packet) -> set[tuple[str, int]]:
    """The containers' ports that the filter of a namespace lets packets to, though no rule leads to them any more.

    Docker writes both rules for a port that is published: who is let in and not led to has lost the other one.

    Args:
        namespace: whose rules.
        packet: of the version of IP, and of the protocol, that is asked about.
    """
    tool = packet.iptables
    rules = [rule for rule in world.space(namespace).rules if rule.tool == tool and rule.chain == "DOCKER"]
    return {end for end in _orphans(world, namespace, packet, rules) if world.topology.bearers(end[0])}


def _orphans(world: World, namespace: str, packet: Packet, rules: list[Rule]) -> list[tuple[str, int]]:
    """Addresses and ports that some rules of iptables, or any of nft, let packets to, and none leads to."""
    accepted = [end for rule in rules if (end := _accepted(rule, packet.protocol))]
    accepted += nft_publishing.let_in(nft_publishing.relevant(world.space(namespace).rules, packet.version), packet)
    ends = led(world, namespace, packet)
    return [end for end in accepted if end not in ends]


def led(world: World, namespace: str, packet: Packet, but: int | None = None) -> set[tuple[str, int | None]]:
    """Where a namespace's rules lead connections to: addresses and ports.

    Args:
        namespace: whose rules.
        packet: of the version of IP, and of the protocol, that is asked about.
        but: a port whose own rules do not count; None for none.
    """
    asking = ("--dport", f"{packet.protocol} dport")
    rules = [r for r in world.space(namespace).rules if but is None or str(but) not in map(r.asks, asking)]
    tool = packet.iptables
    leading = [rule for rule in rules if (rule.tool, rule.table, rule.target) == (tool, "nat", "DNAT")]
    found = {nat.target(rule.option("--to-destination")) for rule in leading}
    return found | nft_publishing.led(nft_publishing.relevant(rules, packet.version), packet)


def _to_publish(  # noqa: PLR0913
    world: World, namespace: str, packet: Packet, rules: list[Rule], end: tuple[str, int], *, reserved: bool
) -> Finding:
    """The finding that a port is not led on to an address and a port, with the rules that do it."""
    tool = packet.iptables
    chains = {(rule.table, rule.chain) for rule in rules}
    there = endpoint(*end)
    chain = "DOCKER" if ("nat", "DOCKER") in chains else "PREROUTING"
    match = f"-p {packet.protocol} -m {packet.protocol} --dport"
    lines = [f"{tool} -t nat -A {chain} {match} {packet.destination_port} -j DNAT --to-destination {there}"]
    if chain == "PREROUTING":
        lines.append(lines[0].replace("PREROUTING", "OUTPUT -m addrtype --dst-type LOCAL"))
    elif end not in [_accepted(rule, packet.protocol) for rule in rules]:
        lines.append(f"{tool} -A DOCKER -d {ipaddress.ip_network(end[0])} {match} {end[1]} -j ACCEPT")
    leading = [rule.text for rule in rules if rule.table == "nat" and rule.target == "DNAT"]
    listed = "\n".join(leading) or "no rule that translates"
    evidence = shown(world, namespace, f"{tool} -t nat -S", listed)
    if not any(rule.table == "nat" and rule.kind == "rule" for rule in rules):
        evidence, lines = nft_publishing.to_publish(world, namespace, packet, end) or (evidence, lines)
    words = f"no rule of {namespace} leads port {packet.destination_port} on to {there}: it is not published"
    return Finding("nat", words, (evidence,), each_typed(world, namespace, lines), namespace, lasting=reserved)


def _accepted(rule: Rule, protocol: str) -> tuple[str, int] | None:
    """The address and the port that a rule lets packets of a protocol to, None for any other rule."""
    address, _, length = rule.asks("-d").partition("/")
    port = rule.asks("--dport")
    fits = rule.target == "ACCEPT" and rule.asks("-p") == protocol and port.isdigit()
    return (address, int(port)) if fits and length == ("128" if ":" in address else "32") else None


def _behind(world: World, namespace: str, packet: Packet, leading: list[Rule]) -> Finding | None:
    """A rule that would lead the packet on, but stands behind one with which it leaves the chain."""
    passing = Passing(packet, packet.scope, own=world.space(namespace).addresses)
    for rule in leading:
        chain = permissions.chain(world, namespace, rule)
        before = chain[: chain.index(rule)]
        ends = next((r for r in before if r.target in _ENDING and xtables.matches(r, passing)), None)
        if ends is not None and xtables.matches(rule, passing):
            words = (
                f"the rule `{rule.text}` of {namespace}, which leads port {packet.destination_port} on, is never "
                f"reached: `{ends.text}` stands before it"
            )
            number, table = permissions.number(world, namespace, ends), permissions.table(rule)
            lines = [f"{rule.tool} {table}-D {rule.specification}"]
            lines.append(f"{rule.tool} {table}-I {rule.chain} {number} {rule.specification.partition(' ')[2]}")
            evidence = (shown(world, namespace, f"{rule.tool} {table}-S {rule.chain}", f"{ends.text}\n{rule.text}"),)
            return Finding("nat", words, evidence, each_typed(world, namespace, lines), namespace)
    return None


def _unled(world: World, namespace: str, packet: Packet, leading: list[Rule], *, reserved: bool) -> Finding | None:
    """A rule that would lead the packet on, in a chain to which no rule leads from where the packet comes by."""
    space = world.space(namespace)
    hook = "OUTPUT" if packet.source in ("", *map(str, space.addresses)) else "PREROUTING"
    for rule in leading:
        table = [each for each in space.rules if (each.tool, each.table) == (rule.tool, "nat")]
        if rule.chain not in {"PREROUTING", "OUTPUT", *nft_publishing.reached(table, hook)}:
            words = (
                f"the rule `{rule.text}` of {namespace} leads port {packet.destination_port} on, but no rule of {hook} "
                f"leads into its chain {rule.chain}"
            )
            line = f"{rule.tool} -t nat -A {hook} -m addrtype --dst-type LOCAL -j {rule.chain}"
            listed = "\n".join(each.text for each in table if each.chain == hook) or f"no rule in {hook}"
            evidence = (shown(world, namespace, f"{rule.tool} -t nat -S {hook}", listed),)
            return Finding("nat", words, evidence, (typed(world, namespace, line),), namespace, lasting=reserved)
    return None


def _for_other_ways(
    world: World, namespace: str, packet: Packet, leading: list[Rule], *, reserved: bool
) -> Finding | None:
    """A rule that leads the port on, but not for packets that come by this way."""
    rule = leading[0] if leading else None
    addresses = world.space(namespace).addresses
    if rule is None or not rule.option("--to-destination"):
        return None
    own = packet.source in ("", *map(str, addresses))
    what = f"{namespace} itself sends" if own else f"come in by {packet.scope} from {packet.source}"
    words = (
        f"the rule `{rule.text}` of {namespace}, which leads port {packet.destination_port} on, is not for packets "
        f"that {what}"
    )
    narrow = any(match.field == "-i" for match in rule.matches)
    hook = "OUTPUT" if own else rule.chain if rule.chain != "OUTPUT" else "PREROUTING"
    ways = ["-m addrtype --dst-type LOCAL"] if own else [f"-i {packet.scope}"] if packet.scope and narrow else []
    ways += [f"-s {packet.source}"] if rule.asks("-s") and packet.source else []
    ways += [f"-p {packet.protocol} -m {packet.protocol} --dport {packet.destination_port}"]
    line = f"{rule.tool} -t nat -A {hook} {' '.join(ways)} -j DNAT --to-destination {rule.option('--to-destination')}"
    evidence = (shown(world, namespace, f"{rule.tool} -t nat -S", "\n".join(each.text for each in leading)),)
    return Finding("nat", words, evidence, (typed(world, namespace, line),), namespace, lasting=reserved)


def unborne(world: World, start: End, address: str) -> Finding | None:
    """Whether a router on a link leads packets for an address on, but does not have it, so that it gets none.

    Args:
        start: who asks on its link for the address.
        address: which nobody there answers for.
    """
    for place, name in () if world.topology.bearers(address) else world.topology.stations(start):
        if place == start[0] or not world.link((place, name)).up:
            continue
        meant = ((rule, rule.asks("-d")) for rule in world.space(place).rules)
        rule = next((r for r, wanted in meant if r.target in _LEADING and wanted and within(address, wanted)), None)
        if rule is not None:
            words = (
                f"nobody on the link has {address}; {place} would lead packets for it on, but does not have it at "
                f"{name}, and so does not answer who has it"
            )
            lines = (rejections.listed(world, place, rule), addresses_shown(world, (place, name)))
            mend = typed(world, place, f"ip addr add {ipaddress.ip_network(address)} dev {name}")
            return Finding("address", words, lines, (mend,), place)
    return None


def _misled(world: World, namespace: str, packet: Packet, leading: list[Rule]) -> Finding | None:
    """A rule that leads a port on which nobody holds, where this one is held: whoever publishes a port holds it."""
    held = {each.port for each in world.listeners(namespace) if not each.serves and each.protocol == packet.protocol}
    ports = {rule: rule.asks("--dport") for rule in leading if rule.asks("-p") == packet.protocol}
    free = [(rule, port) for rule, port in ports.items() if port.isdigit() and int(port) not in held]
    if len(free) != 1:
        return None
    [(rule, port)] = free
    words = (
        f"the rule `{rule.text}` of {namespace} leads port {port} on, which nobody holds, and none leads port "
        f"{packet.destination_port}, which is held for what is published: the rule is for the wrong one"
    )
    chain, _, matches = rule.specification.partition(" ")
    meant = matches.replace(f"--dport {port} ", f"--dport {packet.destination_port} ", 1)
    line = f"{rule.tool} -t nat -R {chain} {permissions.number(world, namespace, rule)} {meant}"
    evidence = (rejections.listed(world, namespace, rule), listening.told(world, namespace, packet.protocol))
    return Finding("nat", words, evidence, (typed(world, namespace, line),), namespace, lasting=True)


def _at_another(rule: Rule, packet: Packet) -> bool:
    """Whether a rule leads this port on, at another address of the namespace only."""
    wanted = rule.asks("-d")
    return bool(wanted) and _at_port(rule, packet) and not within(packet.destination, wanted)


def _at_port(rule: Rule, packet: Packet) -> bool:
    """Whether a rule is for the port that a packet is for."""
    return (rule.asks("-p"), rule.asks("--dport")) == (packet.protocol, str(packet.destination_port))


def _for_others(world: World, namespace: str, packet: Packet, rule: Rule) -> Finding:
    """A port is published, but not for whom this packet comes from: nothing that one mends without a decision."""
    words = (
        f"{namespace} publishes port {packet.destination_port} at {rule.asks('-d').partition('/')[0]} only, not at "
        f"{packet.destination}; publish it there too if others are meant to reach it"
    )
    return Finding("nat", words, (rejections.listed(world, namespace, rule),), (), namespace)


def _undecided(world: World, namespace: str, packet: Packet) -> Finding:
    words = (
        f"port {packet.destination_port} of {namespace} is held for somebody, but no rule leads it on; decide whom it "
        "is for, and publish it anew"
    )
    return Finding("nat", words, (listening.told(world, namespace, packet.protocol),), (), namespace, lasting=True)


def _others(world: World, router: str, packet: Packet) -> list[tuple[str, int]]:
    """Who listens in the networks of a router's bridges: (address, port)."""
    spaces = world.space(router).interfaces.values()
    bridges = [ipaddress.ip_interface(text).network for k in spaces if k.kind == "bridge" for text in k.addresses]
    ends = [(place, text) for place in world.topology.behind(router) for text in world.space(place).addresses]
    return [
        (address, each.port)
        for place, address in ends
        if any(ipaddress.ip_address(address) in network for network in bridges)
        for each in world.listeners(place)
        if each.protocol == packet.protocol and listening.hears(each, address) and each.serves
    ]
