"""Knows the shell script that makes a network anew from a snapshot alone, and what no command can make.

So it does not matter who made the network: handles, `ip` lines or Docker.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from netkit.configured import follows, lasting
from netkit.model import HOST
from netkit.model.facts import odd_mtu, own_addresses
from netkit.model.routing import together
from netkit.model.switches import HANDED_ON
from netkit.shell import in_namespace, route_words
from netkit.sundries import beside, forwarding, sundries, unmade
from netkit.tunnelling import DETAILS, STACKED, is_stacked, stacked, tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import Interface, Namespace, Rule, Snapshot

_HEAD = ("#!/bin/sh", "# Rebuilds this network, as a snapshot saw it, in a fresh sandbox.", "set -e")
_GIVEN = ("loopback", "ethernet")
"""Kinds of links that are there without a command, or that none can make."""

_ALONE = ("bridge", "dummy", "ifb")
"""Kinds that one command makes without further words."""

_SAVES = {f"ip{six}tables{older}": f"ip{six}tables{older}-restore" for six in ("", "6") for older in ("", "-legacy")}


@dataclass(frozen=True)
class Rebuilding:
    """How a network is made anew.

    Attributes:
        lines: of a shell script that runs on the host of an empty sandbox.
        missing: what the script lacks, a sentence each.
    """

    lines: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        notes = [f"# It lacks: {sentence}." for sentence in self.missing]
        return "\n".join((*_HEAD[:2], *notes, *_HEAD[2:], *self.lines)) + "\n"


def rebuilding(snapshot: Snapshot) -> Rebuilding:
    """The commands that make a network anew.

    Namespaces first, then links, from which addresses, switches, routes, neighbours and rules follow.

    Args:
        snapshot: the network.

    Example:
        >>> from netkit.model import Interface, Namespace, Snapshot
        >>> network = Snapshot({"ns1": Namespace("ns1", {"d0": Interface("d0", "dummy", up=True)})})
        >>> print(*rebuilding(network).lines, sep=chr(10))
        ip netns add ns1
        ip netns exec ns1 ip link add dev d0 type dummy
        ip netns exec ns1 ip link set dev d0 up
    """
    spaces = [space for space in snapshot if space.name == HOST or space.named]
    missing = list(_out_of_reach(snapshot))
    lines = [f"ip netns add {quote(space.name)}" for space in spaces if space.name != HOST]
    for place, space in enumerate(spaces):
        made, lacking = _links(snapshot, space, {known.name for known in spaces})
        lines += made
        missing += lacking.values()
        there = {name: link for name, link in space.interfaces.items() if name not in lacking}
        spaces[place] = replace(space, interfaces=there)  # no line speaks of what is not made
    lines += stacked(spaces)
    for step in (_set_up, sundries, _switches, _entries, forwarding, _steering, _rules):
        lines += [line for space in spaces for line in step(space)]
    return Rebuilding(tuple(lines), tuple(missing))


def _out_of_reach(snapshot: Snapshot) -> Iterator[str]:
    """What no command of the script makes, but for links."""
    for space in snapshot:
        people = ", ".join(space.processes)
        if space.name != HOST and not space.named:
            yield f"{space.name}, a namespace without a name, which lives as long as its programs do: {people}"
            continue
        if people and space.name != HOST:
            yield f"what runs in {space.name}: {people}"
        for link in space.interfaces.values():
            if lost := [f"{key} {value}" for key, value in link.details if key not in _REBUILT]:
                yield f"of {link.name} in {space.name}: {', '.join(lost)}"
        yield from unmade(space)
        for queue in space.queues:
            if queue.what != "qdisc" or " root" not in queue.text:
                yield f"of {queue.device} in {space.name}: the {queue.what} {queue.text}"


_LATER = (
    *(f"net.ipv4.conf.all.{name}" for name in ("arp_ignore", "arp_announce", "arp_filter", "accept_local")),
    *("net.ipv4.conf.all.route_localnet", "net.ipv4.conf.all.proxy_arp", "net.ipv4.icmp_echo_ignore_all"),
    *("net.ipv4.ip_nonlocal_bind", "net.ipv6.conf.default.disable_ipv6"),
)
_ON = {"1": "on", "0": "off"}
_OF_ALL = ("arp", "promisc", "multicast", "allmulticast")
_OF_BRIDGES = (
    *("ageing_time", "forward_delay", "hello_time", "max_age", "priority", "mcast_snooping", "group_fwd_mask"),
    *("vlan_default_pvid", "vlan_filtering"),
)
_PLAIN_SWITCHES = ("hairpin", "isolated", "flood", "bcast_flood", "mcast_flood", "locked", "neigh_suppress", "guard")
_OF_PORTS = {"port_learning": "learning", **{key: key for key in _PLAIN_SWITCHES}}
_REBUILT = frozenset([*DETAILS, *STACKED, "learning", "proxy", "stp", "alias", *_OF_ALL, *_OF_BRIDGES, *_OF_PORTS])
_PLAIN = {
    "net.ipv4.ip_default_ttl": "64",
    **{f"net.bridge.bridge-nf-call-{of}tables": "1" for of in ("ip6", "arp")},
    **dict.fromkeys(_LATER, "0"),
}
"""What need not be written: switches that are so in every new namespace."""


def _inside(space: Namespace, line: str) -> str:
    """A command as one types it on the host so that it runs in a namespace that has a name."""
    return in_namespace(space.name, "", line)


def _links(snapshot: Snapshot, space: Namespace, known: set[str]) -> tuple[list[str], dict[str, str]]:
    """The commands that make a namespace's links, and which they do not; a cable is made at the first of its ends."""
    lines, missing = [], {}
    for link in space.interfaces.values():
        if link.kind in _GIVEN or is_stacked(link, known):
            continue
        if link.kind == "veth" and (link.peer is None or link.peer[0] not in known):
            missing[link.name] = f"{link.name} in {space.name}, a cable whose other end is out of reach"
        elif link.kind == "veth":
            if _is_first(snapshot, space, link):
                lines.append(_inside(space, _cable(space, link)))
        elif link.kind in _ALONE:
            stp = " stp_state 1" if link.has("stp") else ""
            lines.append(_inside(space, f"ip link add dev {quote(link.name)} type {link.kind}{stp}"))
        elif link.kind == "vxlan":
            lines += tunnel(snapshot, space, link)
        else:
            missing[link.name] = f"{link.name} in {space.name}, which is a {link.kind}"
    return lines, missing


def _is_first(snapshot: Snapshot, space: Namespace, link: Interface) -> bool:
    """Whether a cable is made from this end: the host's, else that of the namespace that comes first."""
    order = list(snapshot.namespaces)
    other, name = link.peer or ("", "")
    if HOST in {space.name, other} and space.name != other:
        return space.name == HOST
    return (order.index(space.name), link.name) < (order.index(other), name)


def _cable(space: Namespace, link: Interface) -> str:
    other, name = link.peer or ("", "")
    there = "" if other == space.name else f" netns {quote(other)}"
    return f"ip link add dev {quote(link.name)} type veth peer name {quote(name)}{there}"


def _set_up(space: Namespace) -> Iterator[str]:
    """What a namespace's links are given; then they are switched on."""
    links = [link for link in space.interfaces.values() if link.kind not in _GIVEN or link.kind == "loopback"]
    for link in links:
        device = f"dev {quote(link.name)}"
        if words := list(_settings(link, space)):
            yield _inside(space, f"ip link set {device} {' '.join(words)}")
        found = dict(link.details)
        if own := [f"{key} {found[key]}" for key in _OF_BRIDGES if key in found and link.kind == "bridge"]:
            yield _inside(space, f"ip link set {device} type bridge {' '.join(own)}")
        if link.master and (port := [f"{w} {_ON[found[key]]}" for key, w in _OF_PORTS.items() if key in found]):
            yield _inside(space, f"bridge link set {device} {' '.join(port)}")
        for address in own_addresses(link):
            if not address.startswith("fe80:"):
                yield _inside(space, f"ip addr add {_with_label(link, address)} {device}")
    for link in links:
        if link.up:
            yield _inside(space, f"ip link set dev {quote(link.name)} up")


def _with_label(link: Interface, address: str) -> str:
    """An address as `ip addr add` takes it, with its other end, label and scope."""
    bare, _, length = address.partition("/")
    words = lasting(dict(link.labels).get(address, "")).removesuffix("for a time").replace("deprecated", "")
    other, _, rest = words.removeprefix("peer ").partition(" ")
    return (f"{bare} peer {other}/{length} {rest}" if words.startswith("peer ") else f"{address} {words}").rstrip()


def _settings(link: Interface, space: Namespace) -> Iterator[str]:
    """What `ip link set` is told: a MAC that somebody chose, an MTU of its own, the bridge that it is a port of."""
    if link.mac and link.kind != "loopback" and not follows(link, space):
        yield f"address {link.mac}"
    if mtu := odd_mtu(link):
        yield mtu
    yield from (f"{key} {_ON[value]}" for key, value in link.details if key in _OF_ALL)
    if alias := link.detail("alias"):
        yield f"alias {quote(alias)}"
    if link.master:
        yield f"master {quote(link.master)}"


def _switches(space: Namespace) -> Iterator[str]:
    """A namespace's switches, in one command."""
    values = {name: value for name, value in space.sysctls.items() if value != _PLAIN.get(name)}
    for link in space.interfaces.values():
        device = link.name.replace(".", "/")
        pairs = [(key.partition("."), value) for key, value in link.switches if key not in HANDED_ON]
        values |= {f"net.{family}.conf.{device}.{switch}": value for (family, _, switch), value in pairs}
    if values:
        words = " ".join(f"{name}={quote(value)}" for name, value in sorted(values.items()))
        yield _inside(space, f"sysctl -qw {words}")


def _steering(space: Namespace) -> Iterator[str]:
    """Rules of routing and queueing disciplines; their classes and filters are beyond a script."""
    for rule in space.policies:
        family = "-6 " if rule.version == 6 else ""
        act = f"del pref {rule.priority}" if rule.action == "missing" else f"add pref {rule.priority} {rule}"
        yield _inside(space, f"ip {family}rule {act}")
    for queue in space.queues:
        kind, handle, place, rest = [*queue.text.split(" ", 3), ""][:4]
        if queue.what == "qdisc" and place == "root":
            device = quote(queue.device)
            yield _inside(space, f"tc qdisc add dev {device} root handle {handle} {kind} {rest}".rstrip())


def _entries(space: Namespace) -> Iterator[str]:
    """Next hops, routes and neighbours that somebody made."""
    for hop in sorted(space.next_hops, key=lambda hop: bool(hop.group)):
        yield _inside(space, f"ip nexthop add id {hop.number} {hop}")
    for hops in sorted(together((*space.routes, *space.local_routes)), key=lambda hops: hops[0].via is not None):
        if hops[0].protocol != "kernel":  # the ways to routers first
            yield _inside(space, f"ip {'-6 ' if hops[0].version == 6 else ''}route add {route_words(hops)}")
    for neighbour in space.neighbours:
        if neighbour.state in ("permanent", "noarp") and neighbour.mac:
            words = f"{neighbour.address} lladdr {neighbour.mac} dev {quote(neighbour.device)} nud {neighbour.state}"
            yield _inside(space, f"ip neigh replace {words}{beside(neighbour.details)}")
        elif neighbour.state == "proxy":
            yield _inside(space, f"ip neigh add proxy {neighbour.address} dev {quote(neighbour.device)}")


def _rules(space: Namespace) -> Iterator[str]:
    """The packet filter: one restore for each of iptables' tables, all other rules one by one."""
    tables: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in space.rules:
        tables[rule.tool, rule.table].append(rule)
    for (tool, table), rules in tables.items():
        if tool in _SAVES:
            text = "\n".join([f"*{table}", *map(_saved, rules), "COMMIT", ""])
            yield f"printf %s {quote(text)} | {_inside(space, _SAVES[tool])}"
        elif tool == "nft":
            yield from (_inside(space, f"nft {quote(line)}") for line in _of_nft(table, rules))
        else:
            yield from (_inside(space, f"{tool} -t {table} {rule.text}") for rule in rules)


def _of_nft(table: str, rules: list[Rule]) -> Iterator[str]:
    """What nft is told for one of its tables: the table, its chains, objects and sets, then their rules."""
    yield f"add table {table}{next((rule.text.removeprefix('table') for rule in rules if rule.kind == 'table'), '')}"
    heads = {rule.chain: f" {{ {rule.text} }}" for rule in rules if rule.kind == "base"}
    for chain in dict.fromkeys(rule.chain for rule in rules if rule.chain):
        yield f"add chain {table} {chain}{heads.get(chain, '')}"
    for rule in sorted(rules, key=lambda rule: rule.kind != "object"):
        if rule.kind in ("object", "set"):
            kind, words = rule.declared
            yield f"add {kind} {table} {words}"
    for rule in rules:
        if rule.kind == "rule":
            yield f"add rule {table} {rule.chain} {rule.text}"


def _saved(rule: Rule) -> str:
    """A rule as iptables-restore reads it."""
    if rule.kind == "policy":
        return f":{rule.chain} {rule.policy}"
    return f":{rule.chain} -" if rule.kind == "chain" else rule.text
