"""An SNAT or MASQUERADE of the sender's address that is missing, or leads the answers astray."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import mapped, matching, nft_publishing, permissions, rejections, xtables
from netkit.diagnosis.commands import each_typed, shown
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.questions import RouteQuestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.diagnosis.findings import World
    from netkit.diagnosis.flows import Flows
    from netkit.diagnosis.matching import Place
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

_SNAT = re.compile(r"snat (?:ip6? )?to \S+")
_WRITTEN = "saddr set "
HIDING = ("SNAT", "MASQUERADE", "snat", "masquerade")
"""The targets of rules that translate the sender's address."""


def missing(world: World, flows: Flows, finding: Finding, ways: dict[str, str]) -> Finding | None:
    """Whether a router should have hidden the sender behind its own address: then the way back needs no route.

    A router that hides a bridge's network, as Docker does, has packets come in by the bridge and leave by another way;
    any other router shows by its table nat that it translates.

    Args:
        flows: the connection.
        finding: what is wrong with the way back.
        ways: by namespace, the interface that the packet left by.
    """
    for namespace, packets in flows.known.items():
        first, last = packets[-1]
        if first.destination != last.destination:
            continue  # whoever is led on to a server here comes from outside
        if namespace == finding.where:
            if first.source != last.source and (renamed := _renamed(world, namespace, last, finding)) is not None:
                return renamed
            continue
        if namespace in {place for place, _ in world.topology.bearers(first.source)}:
            continue
        if first.source != last.source:
            found = _astray(world, namespace, last, finding)
        else:
            why = f"to which {finding.where} knows no way back"
            found = _unhidden(world, namespace, last, (why, finding.evidence), ways.get(namespace, ""))
        if found is not None:
            return found
    return None


def exposed(world: World, place: Place, rule: Rule, flow: tuple[Packet, Packet]) -> Finding | None:
    """Whether a rule drops answers since it keeps everybody from the sender's own address, which was to be hidden.

    Args:
        place: the hook where the answer comes in.
        rule: what drops it.
        flow: the first packet of its connection, as it came there and as it left.
    """
    first, last = flow
    if first.source != last.source or not {"-d"} <= {match.option for match in rule.matches} <= {"-d", "-i"}:
        return None
    why = f"and answers to that address are dropped there by the rule `{rule.text}`"
    listed = rejections.listed(world, place.namespace, rule)
    return _unhidden(world, place.namespace, last, (why, (listed,)), place.iif)


def led_astray(world: World, flows: Flows, finding: Finding) -> Finding | None:
    """Whether answers come back to an address that a router has written as the sender's, and is not its own.

    Args:
        flows: the connection.
        finding: what is wrong with the way back.
    """
    changed = ((name, *packets[-1]) for name, packets in flows.known.items() if name != finding.where)
    found = (_astray(world, name, last, finding) for name, first, last in changed if first.source != last.source)
    return next(filter(None, found), None)


def forged(world: World, flows: Flows, question: RouteQuestion, finding: Finding) -> Finding | None:
    """Whether a packet is refused for its source, which a namespace on its way has written, and is not its own.

    Args:
        flows: the connection.
        question: which packet, and which way it came.
        finding: why it is refused.
    """
    if not world.route(question).error or world.route(replace(question, source=None, iif=None)).error:
        return None
    return led_astray(world, flows, finding)


def _astray(world: World, namespace: str, packet: Packet, finding: Finding) -> Finding | None:
    """A router hides the sender behind an address that is not its own, so that answers do not come back to it."""
    if any(place == namespace for place, _ in world.topology.bearers(packet.source)):
        return None
    rules = [r for r in world.space(namespace).rules if packet.source in r.text]
    rules = [r for r in rules if r.target in HIDING or _WRITTEN in r.text]
    if len(rules) != 1:
        return None
    [rule] = rules
    theirs = any(place == finding.where for place, _ in world.topology.bearers(packet.source))
    words = (
        f"{namespace} hides the sender behind {packet.source}, which is not an address of its own, and {finding.where} "
        f"{'has it itself' if theirs else 'knows no way to it'}"
    )
    written = _WRITTEN in rule.text  # without conntrack, which is to translate the answers back
    lines = permissions.without(world, namespace, rule) if written else _masqueraded(world, namespace, rule)
    evidence = (rejections.listed(world, namespace, rule), *finding.evidence)
    return Finding("nat", words, evidence, each_typed(world, namespace, lines), namespace)


def _renamed(world: World, namespace: str, packet: Packet, finding: Finding) -> Finding | None:
    """A rule gives packets that a namespace takes in a source to which it knows no way itself."""
    rules = [r for r in world.space(namespace).rules if packet.source in r.text and r.target in HIDING]
    if len(rules) != 1:
        return None
    words = (
        f"the rule `{rules[0].text}` of {namespace} gives packets for it the source {packet.source}, to which "
        f"{namespace} knows no way"
    )
    evidence = (rejections.listed(world, namespace, rules[0]), *finding.evidence)
    repair = each_typed(world, namespace, permissions.without(world, namespace, rules[0]))
    return Finding("nat", words, evidence, repair, namespace)


def _masqueraded(world: World, namespace: str, rule: Rule) -> list[str]:
    """A rule in its place that hides senders behind the namespace's own address instead."""
    if rule.tool == "nft":
        again = _SNAT.sub("masquerade", rule.text)
        return [f"nft replace rule {rule.table} {rule.chain} handle {rule.handle} {again}"]
    options = f"-j {rule.target} --to-source {rule.option('--to-source')}"
    return permissions.instead(world, namespace, rule, options, "-j MASQUERADE")


def _unhidden(
    world: World, namespace: str, packet: Packet, why: tuple[str, tuple[str, ...]], device: str
) -> Finding | None:
    """A router that translates lets the packet pass as it is.

    Args:
        why: what is wrong with that, and what shows it.
        device: the interface that it leaves by, "" where that is not known.
    """
    if bridge_of(world, namespace, packet.destination):  # whoever is behind a bridge of its own has its way by it
        return None
    came = None if _routed(world, namespace, packet) else bridge_of(world, namespace, packet.source)
    _, network = came or next(_networks(world, namespace, packet.source), ("", ""))
    if not network or not (came or _translates(world, namespace, packet)):
        return None
    out = f"! -o {came[0]}" if came else f"-o {device}"
    lines = _led(world, namespace, packet, came[0] if came else "", device)
    lines = lines or _hiding(world, namespace, packet, (network, out, device))
    words = (
        f"packets leave {namespace} with the source {packet.source}, {why[0]}: "
        f"{namespace} does not hide the network {network} behind its own address"
    )
    words += f" when they leave by {device}" if device and not came else ""
    repair = each_typed(world, namespace, lines)
    return Finding("nat", words, (listed(world, namespace, packet), *why[1]), repair, namespace)


def _led(world: World, namespace: str, packet: Packet, iif: str, oif: str) -> list[str]:
    """What leads the packet into a chain that hides it, where there is one that nothing leads to."""
    own = world.topology.prefixes((namespace, oif), packet.version) if oif else []
    if not own:
        return []
    passing = matching.Passing(packet, iif, oif, world.space(namespace).addresses, masquerade=str(own[0].ip))
    hidden = packet.source
    return mapped.lines(world, namespace, "POSTROUTING", passing, lambda verdict: verdict.packet.source != hidden)


def _routed(world: World, namespace: str, packet: Packet) -> bool:
    """Whether somebody has told a router the way to a packet's network: so the other end may know the way back too."""
    route = world.matched(RouteQuestion(namespace, packet.destination))
    return route is not None and bool(route.via) and route.destination != "default"


def _hiders(world: World, namespace: str, packet: Packet) -> tuple[Rule | None, list[Rule]]:
    """The base chain of nft's own in which a namespace hides senders, and its rules; where none is, iptables' rules."""
    base = _own_base(world, namespace, packet.version)
    place = ("nft", base.table, base.chain) if base else (packet.iptables, "nat", "POSTROUTING")
    rules = world.space(namespace).rules
    return base, [r for r in rules if r.kind == "rule" and (r.tool, r.table, r.chain) == place]


def listed(world: World, namespace: str, packet: Packet) -> str:
    """What lists the rules of a namespace that may hide senders.

    Args:
        namespace: whose.
        packet: of the version of IP that they are for.
    """
    base, rules = _hiders(world, namespace, packet)
    listing = f"nft list chain {base.table} {base.chain}" if base else f"{packet.iptables} -t nat -S POSTROUTING"
    return shown(world, namespace, listing, "\n".join(rule.text for rule in rules) or "no rule")


def _hiding(world: World, namespace: str, packet: Packet, what: tuple[str, str, str]) -> list[str]:
    """The command that has a network hidden: behind all other rules, or in front where one of them takes the packet.

    Args:
        what: the network, the interface that its packets leave by as iptables asks for it, and that interface.
    """
    network, out, device = what
    base, rules = _hiders(world, namespace, packet)
    if base is not None:
        family = "ip" if packet.version == 4 else "ip6"
        verb = "insert" if any(rule.target in ("accept", "return") for rule in rules) else "add"
        return [f'nft {verb} rule {base.table} {base.chain} {family} saddr {network} oifname "{device}" masquerade']
    passing = matching.Passing(packet, oif=device)
    taken = any(xtables.matches(rule, passing) is not False for rule in rules)
    return [f"{packet.iptables} -t nat {'-I' if taken else '-A'} POSTROUTING -s {network} {out} -j MASQUERADE"]


def _own_base(world: World, namespace: str, version: int) -> Rule | None:
    """The base chain of nft's own in which a namespace hides senders."""
    rules = nft_publishing.relevant(world.space(namespace).rules, version)
    return next((rule for rule in rules if nft_publishing.translates(rule, "postrouting")), None)


def _translates(world: World, namespace: str, packet: Packet) -> bool:
    """Whether a namespace has a place for rules that hide senders, and none in it names other senders than this one."""
    version = packet.version
    hiding = [rule for rule in world.space(namespace).rules if rule.target in HIDING]
    named = [rule.asks("-s") for rule in hiding]
    if named and not any(not each or matching.within(packet.source, each) for each in named):
        return False
    if _own_base(world, namespace, version) is not None:
        return True
    families = ("ip", "inet") if version == 4 else ("ip6", "inet")
    heads = [said["chain"] for said in world.tables(namespace) if "chain" in said]
    hooks = ((head.get("type"), head.get("hook")) for head in heads if head["family"] in families)
    return ("nat", "postrouting") in hooks


def bridge_of(world: World, namespace: str, address: str) -> tuple[str, str] | None:
    """A bridge of a namespace in whose network an address is, and that network.

    Args:
        namespace: whose.
        address: not the namespace's own.
    """
    bridges = {link.name for link in world.space(namespace).interfaces.values() if link.kind == "bridge"}
    return next((each for each in _networks(world, namespace, address) if each[0] in bridges), None)


def _networks(world: World, namespace: str, address: str) -> Iterator[tuple[str, str]]:
    """The interfaces of a namespace in whose network an address is, and is not the namespace's; with that network."""
    for link in world.space(namespace).interfaces.values():
        for own in map(ipaddress.ip_interface, link.addresses):
            if ipaddress.ip_address(address) in own.network and str(own.ip) != address:
                yield link.name, str(own.network)
