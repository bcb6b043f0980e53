"""What conntrack has to do with a packet that is not translated: it is kept out, or no port is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import permissions, rejections
from netkit.diagnosis.commands import addresses_shown, named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.diagnosis.findings import World
    from netkit.diagnosis.flows import Flows
    from netkit.diagnosis.packet import Packet
    from netkit.model import End, Rule

_TRANSLATING = ("SNAT", "MASQUERADE", "DNAT", "REDIRECT", "NETMAP", "snat", "masquerade", "dnat", "redirect")
_TIMEOUTS = {
    ("icmp", 4): ("icmp_timeout", 30),
    ("icmp", 6): ("icmpv6_timeout", 30),
    **{("udp", version): ("udp_timeout", 30) for version in (4, 6)},
    **{("tcp", version): ("tcp_timeout_syn_sent", 120) for version in (4, 6)},
}
"""How long a connection without an answer is remembered: the switch's last words, and seconds (nf_conntrack-sysctl)."""


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
        repair = tuple(typed(world, namespace, line) for line in lines)
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
        repair = tuple(typed(world, namespace, line) for line in lines)
        return Finding("conntrack", words, (rejections.listed(world, namespace, rule),), repair, namespace)
    return None


def forgotten(world: World, flows: Flows, packet: Packet) -> Finding | None:
    """Whether a namespace that translates a connection, or lets answers pass as such, forgets it before they come.

    Args:
        flows: the connection.
        packet: its first one, as it has arrived.
    """
    name, usual = _TIMEOUTS[packet.protocol, packet.version]
    switch = f"net/netfilter/nf_conntrack_{name}"
    for namespace, packets in flows.known.items():
        first, last = packets[-1]
        translated = (first.source, *first.aim) != (last.source, *last.aim)
        needed = translated or any("established" in rule.text.lower() for rule in world.space(namespace).rules)
        if needed and world.switch(namespace, switch) == "0":
            what = "translates no answers back" if translated else "takes no packet for an answer"
            words = f"{namespace} forgets such connections at once, and {what}: nf_conntrack_{name} is 0"
            line = shown(world, namespace, f"sysctl {switch}", "0")
            repair = typed(world, namespace, f"sysctl -w {switch}={usual}")
            return Finding("conntrack", words, (line,), (repair,), namespace)
    return None


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
    if own is not None and any(end[0] == asked for end in bearers):
        return _taken(world, own, answer, asked)
    return untracked(world, untracking) or Finding("return path", words, (listed,), (), home)


def _taken(world: World, own: End, answer: Packet, asked: str) -> Finding:
    """Who asked has an address that somebody else on the way of the answer has as well."""
    text = next(each for each in world.link(own).addresses if each.partition("/")[0] == answer.destination)
    words = f"the answer to {asked} ends in {own[0]}: {named(own)} has {answer.destination} as well"
    repair = typed(world, own[0], f"ip addr del {text} dev {own[1]}")
    return Finding("address", words, (addresses_shown(world, own),), (repair,), own[0])


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
    return Finding("nat", words, evidence, tuple(typed(world, namespace, line) for line in lines), namespace)


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
