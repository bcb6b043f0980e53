"""The wording where a rule or policy drops a packet, changes its TTL or hands it to TPROXY: what shows, what mends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.diagnosis import bridged, listening, permissions, shut
from netkit.diagnosis.commands import each_typed, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Passing, Place, Setting
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

_PORT = re.compile(r"tproxy (?:ip6? )?to \S*:(\d+)")
"""Where nft says that a packet goes."""


_ELSEWHERE = ("sends", " to another MAC than that of whom they are for,")
_DOING = {
    "arpreply": ("answers, with another MAC,", ""),
    "redirect": ("takes in", ", for its own machine,"),
    "dnat": _ELSEWHERE,
    "ether daddr set": _ELSEWHERE,
    "fwd to": ("leads", " to another interface,"),
}
"""What rules do that neither let packets pass nor drop them, by the target of ebtables or the words of nft."""


def dropped(world: World, place: Place, passing: Passing, rule: Rule, *, known: bool = False) -> Finding:
    """A packet was dropped at a hook.

    Args:
        place: the hook.
        passing: the packet.
        rule: the rule or the policy that did it.
        known: whether it answers one that has passed there.
    """
    namespace, packet = place.namespace, passing.packet
    if place.hook == "FORWARD" and (found := shut.between(world, place, packet, rule, listed(world, namespace, rule))):
        return found
    does, how = next((does for word, does in _DOING.items() if _has(rule, word)), ("drops", ""))
    words = f"{_who(place)} {does} {_what(packet)}{how} in {place.hook}{_at(place)}: {_why(rule)}"
    evidence = [listed(world, namespace, rule)]
    if place.ports[0]:
        bridge = passing.iif or passing.oif
        words += f"; the bridge {bridge} shows it what goes from port to port"
        evidence.append(bridged.shows(world, (namespace, bridge), packet.version))
    if passing.tracked == "INVALID" and not known and not place.layer:
        words += f"; {namespace} never saw what this answers, so it belongs to no connection there"
    repair = each_typed(world, namespace, permissions.lines(world, place, passing, rule))
    repair += _forgotten(world, packet) if repair else ()
    return Finding("filter", words, tuple(evidence), repair, namespace)


def _has(rule: Rule, word: str) -> bool:
    return f" {word} " in f" {rule.text} " if rule.tool == "nft" else rule.target == word


def _forgotten(world: World, packet: Packet) -> tuple[str, ...]:
    """Who asked for a neighbour in vain asks again when it has forgotten that."""
    if packet.protocol != "arp" and not packet.kind.startswith("neighbour"):
        return ()
    answers = packet.answer or packet.kind == "neighbour-advertisement"
    asks = packet.source, packet.asked or packet.destination
    asker, asked = (packet.destination, packet.source) if answers else asks
    places = dict.fromkeys(place for place, _ in world.topology.bearers(asker))
    return tuple(typed(world, place, f"ip neigh flush to {asked}") for place in places)


def _who(place: Place) -> str:
    if place.layer == "bridge":
        return f"the filter of the bridge {place.bridge} in {place.namespace}"
    return f"the packet filter of {place.namespace}"


def _at(place: Place) -> str:
    return f" of {place.iif or place.oif}" if place.layer == "netdev" else ""


def _what(packet: Packet) -> str:
    if packet.protocol == "arp":
        words = "answers" if packet.answer else "questions"
        return f"the ARP {words} of {packet.source} for {packet.destination}"
    if packet.kind.startswith("neighbour"):
        return f"the {packet.kind}s of {packet.source} for {packet.asked or packet.destination}"
    later = " that follow a connection's first" if packet.kind == "later" else ""
    return f"{packet.protocol} packets from {packet.source} to {packet.destination}{later}"


def _why(rule: Rule) -> str:
    if rule.kind == "policy":
        return f"no rule allows them, and the policy is {rule.policy}"
    if rule.kind == "base":
        return f"no rule of {rule.table} {rule.chain} allows them (policy drop)"
    return f"by the rule `{rule.text}`"


def listed(world: World, namespace: str, rule: Rule) -> str:
    """What lists a rule, and the rule.

    Args:
        namespace: where it is.
        rule: the rule.
    """
    if rule.tool == "nft":
        return shown(world, namespace, f"nft list chain {rule.table} {rule.chain}", rule.text)
    table = permissions.table(rule)
    listing = f"{table}-L {rule.chain}" if rule.tool in ("ebtables", "arptables") else f"{table}-S {rule.chain}"
    return shown(world, namespace, f"{rule.tool} {listing}", rule.text)


def short_lived(world: World, setting: Setting, namespace: str) -> Finding:
    """A rule lets packets pass so few routers that they end here.

    Args:
        setting: the rule, and where it is.
        namespace: the router in which the packet's TTL came to its end.
    """
    rule = setting.rule
    words = f"the packet's TTL was used up in {namespace}: the rule `{rule.text}` of {setting.namespace} changes it"
    lines = permissions.without(world, setting.namespace, rule)
    repair = each_typed(world, setting.namespace, lines)
    return Finding("filter", words, (listed(world, setting.namespace, rule),), repair, setting.namespace)


def from_afar(world: World, place: Place, packet: Packet, rule: Rule) -> Finding:
    """A rule changes the hop limit of neighbour discovery, which has to be 255: nobody else's router sent it on then.

    RFC 4861, 7.1.

    Args:
        place: the hook.
        packet: the question or the answer.
        rule: the rule.
    """
    namespace = place.namespace
    words = (
        f"the rule `{rule.text}` of {namespace} changes the hop limit of {_what(packet)} in {place.hook}: "
        "with another one than 255 they count as come from afar, and are dropped"
    )
    repair = each_typed(world, namespace, permissions.without(world, namespace, rule)) + _forgotten(world, packet)
    return Finding("filter", words, (listed(world, namespace, rule),), repair, namespace)


def _port(rule: Rule) -> str:
    """The port that a rule hands packets to, "" for their own."""
    return rule.option("--on-port") or (_PORT.search(rule.text) or ("", ""))[1]


def _waits(world: World, namespace: str, packet: Packet, port: str) -> bool:
    return any(e.protocol == packet.protocol and str(e.port) == port for e in world.listeners(namespace))


def unproxied(world: World, place: Place, packet: Packet, rule: Rule) -> bool:
    """Whether a rule hands packets to a program that is not there, and lets them go on as nft does.

    Args:
        place: the hook.
        packet: the packet.
        rule: the rule.
    """
    return rule.tool == "nft" and bool(_port(rule)) and not _waits(world, place.namespace, packet, _port(rule))


def proxied(world: World, namespace: str, packet: Packet, rule: Rule) -> Finding:
    """A rule gives a packet to a program of the namespace (TPROXY): there the walk ends.

    Args:
        namespace: where.
        packet: the packet.
        rule: the rule.
    """
    port = _port(rule)
    evidence = (listed(world, namespace, rule), listening.told(world, namespace, packet.protocol))
    words = f"the rule `{rule.text}` of {namespace} hands these packets to a program at port {port} of {namespace}"
    if port and not _waits(world, namespace, packet, port):
        repair = each_typed(world, namespace, permissions.without(world, namespace, rule))
        return Finding("filter", f"{words}, but nobody listens there", evidence, repair, namespace)
    return Finding("filter", f"{words}; what that makes of them cannot be seen from here", evidence, (), namespace)
