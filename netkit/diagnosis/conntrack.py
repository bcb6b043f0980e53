"""What goes wrong in conntrack itself: notrack, zones, stale entries, a timeout of 0, no port left for a sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import permissions, rejections
from netkit.diagnosis.commands import addresses_shown, each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.diagnosis.findings import World
    from netkit.diagnosis.flows import Flows
    from netkit.diagnosis.packet import Packet
    from netkit.model import End, Rule

_TRANSLATING = ("SNAT", "MASQUERADE", "DNAT", "REDIRECT", "NETMAP", "snat", "masquerade", "dnat", "redirect")

_TIMEOUT = "net.netfilter.nf_conntrack_"
_STATES = {
    ("icmp", False): "icmp_timeout",
    ("icmpv6", False): "icmpv6_timeout",
    ("udp", False): "udp_timeout",
    ("tcp", False): "tcp_timeout_syn_sent",
    ("tcp", True): "tcp_timeout_established",
}
"""How long a connection is remembered, by protocol and whether it is there already (nf_conntrack-sysctl)."""

_SECONDS = {"tcp_timeout_syn_sent": 120, "tcp_timeout_established": 432000}
_USUAL = {f"{_TIMEOUT}{each}": _SECONDS.get(each, 30) for each in _STATES.values()}


def untracked(world: World, untracking: dict[str, Rule]) -> Finding | None:
    """A rule that keeps packets from being tracked where others are to translate them.

    Args:
        untracking: by namespace, such a rule that a packet met.
    """
    for namespace, rule in untracking.items():
        if not any(each.target in _TRANSLATING for each in world.space(namespace).rules):
            continue
        words = (
            f"the rule `{rule.text}` of {namespace} keeps these packets out of conntrack, so that no rule there "
            "translates their addresses"
        )
        lines = permissions.without(world, namespace, rule)
        repair = each_typed(world, namespace, lines)
        return Finding("nat", words, (rejections.listed(world, namespace, rule),), repair, namespace)
    return None


def zoned(world: World, flows: Flows, zoning: dict[str, Rule]) -> Finding | None:
    """A rule that puts one direction of a connection into another zone of conntrack than the other one.

    Args:
        flows: the connection.
        zoning: by namespace, such a rule that a packet met.
    """
    for namespace, (first, own) in flows.strayed.items():
        rule = zoning.get(namespace)
        if rule is None:
            continue
        words = (
            f"the rule `{rule.text}` of {namespace} puts one direction of a connection into a zone of conntrack: what "
            f"begins it is in zone {first}, the answers are looked for in zone {own}, so that they belong to none"
        )
        lines = permissions.without(world, namespace, rule)
        repair = each_typed(world, namespace, lines)
        return Finding("conntrack", words, (rejections.listed(world, namespace, rule),), repair, namespace)
    return None


def forgets(world: World, namespace: str, packet: Packet) -> str:
    """The switch that makes a namespace forget a connection at once, when a packet of it has passed; "" if none does.

    Args:
        namespace: whose; one without rules has no use for connections.
        packet: the first of a connection, or one that follows when it is there.
    """
    protocol = "icmpv6" if packet.protocol == "icmp" and packet.version == 6 else packet.protocol
    name = f"{_TIMEOUT}{_STATES.get((protocol, packet.kind == 'later'), '')}"
    known = name in _USUAL and bool(world.space(namespace).rules)
    return name if known and world.switch(namespace, name) == "0" else ""


def forgotten(world: World, flows: Flows, where: str) -> Finding | None:
    """That an answer belonged to a connection which a namespace had forgotten at once; None where it had not.

    Args:
        flows: the connection.
        where: the namespace in which the answer met with something.
    """
    name = flows.missed.get(where)
    if name is None:
        return None
    words = (
        f"{where} forgets a connection as soon as its packet has passed, since {name} is 0: what answers it belongs to "
        "none there"
    )
    repair = typed(world, where, f"sysctl -w {name}={_USUAL[name]}")
    return Finding("conntrack", words, (shown(world, where, f"sysctl {name}", "0"),), (repair,), where)


def kept(world: World, untracking: dict[str, Rule], ends: tuple[str, str], answer: Packet) -> Finding | None:
    """Whether an answer ended on its way: a namespace that hid the sender took it for its own.

    Args:
        untracking: by namespace, a rule that kept a packet from being tracked.
        ends: who asked, and who took the answer.
        answer: as it was taken.
    """
    asked, home = ends
    if asked == home:
        return None
    words = f"the answer to {asked} ends in {home}, which has {answer.destination} and knows of no such connection"
    listed = shown(world, home, f"conntrack -L -p {answer.protocol} -s {answer.source}", "no entry")
    bearers = world.topology.bearers(answer.destination)
    own = next((end for end in bearers if end[0] == home), None)
    twin = next((end for end in bearers if end[0] == asked), None)
    if own is not None and twin is not None:
        return _taken(world, own, twin, answer)
    return untracked(world, untracking) or Finding("return path", words, (listed,), (), home)


def _taken(world: World, own: End, twin: End, answer: Packet) -> Finding:
    """Who asked has an address that somebody else on the way of the answer has as well: a router keeps its own."""
    address = answer.destination
    words = f"the answer to {twin[0]} ends in {own[0]}: {named(own)} has {address} as well"
    led = any(route.via == address for space in world.snapshot for route in space.routes)
    wrong = twin if led else own
    repair = typed(world, wrong[0], f"ip addr del {world.borne(wrong, address)} dev {wrong[1]}")
    return Finding("address", words, (addresses_shown(world, own),), (repair,), wrong[0])


def older(world: World, flows: Flows) -> Iterator[str]:
    """Entries without an answer that lead what a sender has begun elsewhere than today's rules lead new connections.

    Args:
        flows: the connection, as each namespace would remember it.
    """
    for namespace, packets in flows.known.items():
        first, last = packets[-1]
        asked = (first.protocol, first.source, first.destination, first.destination_port)
        for each in world.space(namespace).connections:
            led = each.reply_source, each.reply_source_port
            same = (each.protocol, each.source, each.destination, each.destination_port) == asked
            if not same or "seen reply" in each.status or led == (last.destination, last.destination_port):
                continue
            ports = f" --orig-port-src {each.source_port} --orig-port-dst {each.destination_port}"
            command = f"conntrack -D -p {each.protocol} --orig-src {each.source} --orig-dst {each.destination}"
            yield (
                f"{namespace} leads new connections by its rules, but what {first.source} sends from port "
                f"{each.source_port} still goes to {led[0]}, as an older entry says, until it is forgotten: "
                f"`{typed(world, namespace, command + (ports if each.destination_port is not None else ''))}`"
            )


def used_up(world: World, namespace: str, packet: Packet, rule: Rule) -> Finding | None:
    """Whether a rule may give a sender only ports that other connections to the same end have already.

    Args:
        namespace: whose rule.
        packet: behind the rule.
        rule: hides the sender.
    """
    low, _, high = _ports(rule).partition("-")
    if not low.isdigit() or not (high or low).isdigit():
        return None
    end = (packet.protocol, packet.destination, packet.destination_port, packet.source)
    held = {
        known.reply_destination_port
        for known in world.space(namespace).connections
        if (known.protocol, known.reply_source, known.reply_source_port, known.reply_destination) == end
    }
    ports = range(int(low), int(high or low) + 1)
    if not held.issuperset(ports):
        return None
    words = (
        f"the rule `{rule.text}` of {namespace} hides senders behind the ports {_ports(rule)} only, and other "
        f"connections to {packet.destination} have all of them"
    )
    lines = permissions.instead(world, namespace, rule, f"{_of_ports(rule)}", "") if rule.tool != "nft" else []
    evidence = (rejections.listed(world, namespace, rule), _told(world, namespace, packet))
    return Finding("nat", words, evidence, each_typed(world, namespace, lines), namespace)


def _ports(rule: Rule) -> str:
    """The ports that a rule lets senders have: "5000-5009"; "" for any."""
    source = rule.option("--to-source")
    return rule.option("--to-ports") or (source.rpartition(":")[2] if source.count(":") == 1 or "]" in source else "")


def _of_ports(rule: Rule) -> str:
    """The words of a rule that name them."""
    return f" --to-ports {_ports(rule)}" if rule.option("--to-ports") else f":{_ports(rule)}"


def _told(world: World, namespace: str, packet: Packet) -> str:
    """What conntrack lists of the connections to an end."""
    held = [
        f"{each.protocol} src={each.source} sport={each.source_port} … dst={each.reply_destination} "
        f"dport={each.reply_destination_port}"
        for each in world.space(namespace).connections
        if (each.protocol, each.reply_source) == (packet.protocol, packet.destination)
    ]
    return shown(world, namespace, f"conntrack -L -p {packet.protocol} -r {packet.destination}", "\n".join(held))
