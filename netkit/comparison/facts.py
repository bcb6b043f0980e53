"""Knows which facts of a snapshot count in a comparison (links, MTU, routes, switches …), and how each is worded."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple

from netkit.comparison import filters
from netkit.comparison.addresses import Addresses, borne, parsed
from netkit.comparison.things import Network
from netkit.configured import lasting
from netkit.model import HOST, details
from netkit.model.facts import FORWARDING, Facts, listed, vni
from netkit.model.further import beside_usual
from netkit.model.switches import HANDED_ON, usual

if TYPE_CHECKING:
    from netkit.comparison.things import Thing
    from netkit.model import Interface, Namespace, Route, Snapshot
    from netkit.validation import IPNetwork

_ADDRESSED = ("local", "group", "remote")
_WITH_WAYS = ("net.ipv4.conf.all.rp_filter", "net.ipv6.conf.all.disable_ipv6")
"""Switches that matter where there is an interface besides lo."""


def both(a: Snapshot, b: Snapshot) -> tuple[Network, Network]:
    """The facts of two networks that are to be compared.

    Args:
        b: the other one; addresses of subnets that both have are taken literally.
    """
    facts = [Facts(snapshot) for snapshot in (a, b)]
    own = [borne(one.spaces.values()) for one in facts]
    common = {one.network for one in own[0]} & {one.network for one in own[1]}
    heeded = _Heeded(
        {key for one in facts for name in one.spaces for key in one.switches(name)}
        | {_CALLS for one in facts for space in one.spaces.values() if _translates(space)},
        {key for one in facts for name in one.spaces for key in FORWARDING if _is_idle(one, name, key)},
    )
    left, right = (_Teller(snapshot, one, common, heeded).network for snapshot, one in zip((a, b), facts, strict=True))
    return left, right


def _is_idle(facts: Facts, name: str, key: str) -> bool:
    """Whether a switch is on that does nothing there."""
    return facts.spaces[name].sysctls.get(key, "0") != "0" and key not in facts.switches(name)


def _translates(space: Namespace) -> bool:
    """Whether iptables translates addresses there: of bridged packets as well, where these pass it."""
    return any(rule.table == "nat" and rule.tool.startswith("iptables") for rule in space.rules)


class _Heeded(NamedTuple):
    """The switches that matter somewhere in one of two networks, and those that are on for nothing somewhere."""

    switches: set[str]
    idle: set[str]


class _Teller:
    """Puts one network together; a bridge's switches that matter in one of the two are told of both."""

    def __init__(self, snapshot: Snapshot, facts: Facts, common: set[IPNetwork], heeded: _Heeded) -> None:
        self.network, self._facts, self._snapshot, self._heeded = Network(), facts, snapshot, heeded
        self._addresses = Addresses(self.network, borne(facts.spaces.values()), common)
        for name in facts.spaces:
            self.network.thing("namespace", name, kind=HOST if name == HOST else "")
            for link in facts.links(name):
                self.network.thing("interface", name, link.name, kind=link.kind)
        self._named_macs = {
            entry.mac for space in facts.spaces.values() for entry in (*space.neighbours, *space.fdb) if entry.mac
        }
        for name, space in facts.spaces.items():
            self._space(self.network.thing("namespace", name), name, space)

    def _space(self, place: Thing, name: str, space: Namespace) -> None:
        for link in self._facts.links(name):
            one = self.network.thing("interface", name, link.name)
            self.network.tell(one, ("place",), (link.kind, place), ("is there", "is not"))
            self._link(one, name, link)
            self._cable(one, name, link)
            self._below(one, link)
            for address in link.addresses:
                self._address(one, link, address)
            for address, words in link.labels:
                self._beside(one, address, lasting(words))
        self._connected(name, space)
        for route in space.routes:
            self._route(place, name, space, route)
        self._steering(place, name, space)
        self._entries(name, space)
        self._switches(place, name, space)
        for path, text in space.files:
            key = path.removeprefix(f"/etc/netns/{name}/"), *map(self._addresses.term, text.split())
            says = f"has {path}, {' '.join(text.split()) or 'empty'}"
            self.network.tell(place, ("file",), key, (says, "has no such file of its own"))
        filters.tell(self.network, place, space.rules, self._addresses)

    def _link(self, one: Thing, name: str, link: Interface) -> None:
        tell = self.network.tell
        tell(one, ("state",), (link.up,), ("is up" if link.up else "is down", "is not there"))
        if link.kind != "loopback":
            tell(one, ("mtu",), (link.mtu,), (f"has the MTU {link.mtu}", "has another MTU"))
        for key, value in link.details:
            term = self._addresses.term(value) if key in _ADDRESSED else value
            unset = details.usual(key, link.kind)
            words = [f"has {key} {details.setting(key, each)}" for each in (value, unset or "")]
            says, lacks = f"has the VNI {vni(link)}" if key == "vni" else words[0], words[1]
            tell(one, ("detail", key), (term,), (says, f"has no {key}" if unset is None else lacks))
        for key, value in link.switches:
            if key not in HANDED_ON:
                words = f"has net.{key} = {value}", f"has net.{key} = {usual(key)}"
                tell(one, ("switch", key), (value,), words)
        real = self._snapshot[name][link.name].mac
        mac = real if real in self._named_macs else None if _drawn_by_docker(link) else link.mac
        if mac and link.kind != "loopback":
            words = f"has the MAC {mac}", "has a MAC drawn by the kernel"
            tell(one, ("mac",), (self._addresses.mac(mac),), words)

    def _below(self, one: Thing, link: Interface) -> None:
        """The interface that it lies on."""
        if link.parent:
            other = self.network.known("interface", *link.parent)
            says = f"lies on {link.parent[1]} in {link.parent[0]}"
            self.network.tell(one, ("parent",), (other,), (says, "lies on no other interface"))

    def _cable(self, one: Thing, name: str, link: Interface) -> None:
        tell = self.network.tell
        if link.master:
            bridge = self.network.known("interface", name, link.master)
            port = self._snapshot[name].bridge_of(link) is not None
            member = f"is a member of {link.master}", "is a member of none"
            words = (f"is a port of {link.master}", "is no port of a bridge") if port else member
            tell(one, ("master",), (bridge,), words)
        peer = self._facts.peers.get((name, link.name))
        if peer:
            other = self.network.thing("interface", *peer)
            tell(one, ("cable",), (other,), (f"is cabled to {other}", "is not"))
        elif link.kind == "veth":
            tell(one, ("cable",), (None,), ("has the other end of its cable out of sight", "has it in sight"))

    def _address(self, one: Thing, link: Interface, text: str) -> None:
        found, words = parsed(text), (f"has the address {text}", "has no such address")
        if found is None or (link.kind == "loopback" and found.is_loopback):
            self.network.tell(one, ("address",), (text,), words)
            return
        address, net = self._addresses.term(str(found.ip)), self._addresses.subnet(found.network)
        self.network.tell(one, ("address",), (found.version, address, net, found.network.prefixlen), words)
        if not isinstance(net, str):  # each of the two by itself leads to the other network's
            self.network.tell(one, ("address",), ("subnet", net), words)
            self.network.tell(one, ("address",), ("address", address), words)

    def _beside(self, one: Thing, text: str, words: str) -> None:
        """What an address has beside itself, but for the broadcast address that follows from it and its label."""
        found, rest = parsed(text), iter(words.split())
        for key in rest:
            value = next(rest) if key in _WITH_VALUES else ""
            usual_one = key == "broadcast" and found is not None and value == str(found.network.broadcast_address)
            if not usual_one and key not in _OF_NAMES and found is not None:
                term = self._addresses.term
                says = f"has the address {text} with {' '.join(filter(None, (key, value)))}"
                lacks = f"has no such address with that {key}"
                self.network.tell(one, ("beside", key), (term(str(found.ip)), key, term(value)), (says, lacks))

    def _connected(self, name: str, space: Namespace) -> None:
        """The routes that come with an address by themselves are told only when they are missing."""
        for link in self._facts.links(name):
            for text in link.addresses:
                found = parsed(text)
                if found is None or found.is_loopback or not link.up or found.network.num_addresses == 1:
                    continue
                if not any(r.device == link.name and r.destination == str(found.network) for r in space.routes):
                    one, net = self.network.thing("interface", name, link.name), found.network
                    says = f"lacks the route to its own network {net}"
                    self.network.tell(one, ("connected",), (net.version,), (says, "has that of its own"))

    def _route(self, place: Thing, name: str, space: Namespace, route: Route) -> None:
        if route.protocol == "kernel" and self._comes_by_itself(space, route):
            return
        device = self.network.known("interface", name, route.device or "")
        default = route.destination == "default"
        terms = [self._addresses.term(text or "") for text in (route.destination, route.via, route.source)]
        version = 6 if ":" in f"{route.destination}{route.via}" else 4
        key = (version, *terms, route.kind, route.metric, route.table, route.details)
        kind = "route" if route.kind == "unicast" else f"{route.kind} route"
        article = f"{'an' if kind.startswith('un') else 'a'} {kind} to {route.destination}"
        article = f"a default {kind}" if default else article
        parts = [f"by {route.via}" if route.via else "", f"with the source {route.source}" if route.source else ""]
        parts += [f"with the metric {route.metric}" if route.metric else ""]
        parts += [f"in table {route.table}" if route.table != "main" else ""]
        parts += [f"with {' '.join(pair)}".rstrip() for pair in route.details]
        says = " ".join(part for part in (f"has {article}", *parts) if part)
        lacks = f"has no such {'default route' if default else 'route'}"
        self.network.tell(device or place, ("route", "default" if default else "other"), key, (says, lacks))

    @staticmethod
    def _comes_by_itself(space: Namespace, route: Route) -> bool:
        link = space.interfaces.get(route.device or "")
        found = [parsed(text) for text in link.addresses] if link else []
        return any(one is not None and str(one.network) == route.destination for one in found)

    def _steering(self, place: Thing, name: str, space: Namespace) -> None:
        """Rules that choose a routing table, next hops, queues, and own entries of the table local."""
        tell, term = self.network.tell, self._addresses.term
        for rule in space.policies:
            said = [(k, self.network.known("interface", name, v) or term(v)) for k, v in rule.selectors]
            key = (rule.version, rule.priority, *said, rule.action, rule.table, rule.details)
            tell(place, ("policy",), key, (f"has the rule {rule.priority}: {rule}", "has no such rule of routing"))
        for hop in space.next_hops:
            device = self.network.known("interface", name, hop.device or "")
            key = (hop.number, term(hop.via or ""), device, hop.group, hop.kind, hop.details)
            tell(place, ("nexthop",), key, (f"has the nexthop {hop.number} {hop}", "has no such nexthop"))
        for queue in space.queues:
            device = self.network.known("interface", name, queue.device) or place
            words = f"has the {queue.what} {queue.text}", f"has no such {queue.what}"
            tell(device, ("queue", queue.what), (_HANDLE.sub("", queue.text),), words)
        for route in space.local_routes:
            self._route(place, name, space, route)
        for each in beside_usual(space):
            values = [part for _, value in each.words for part in value.split()]  # "10.0.0.1 → 10.0.0.2 by esp"
            said = [self.network.known("interface", name, value) or term(value) for value in values]
            key = (tuple(word for word, _ in each.words), *said, each.missing)
            words = f"has, of {each.command}, {each}", f"has no such line of {each.command}"
            tell(place, (each.command,), key, words)

    def _entries(self, name: str, space: Namespace) -> None:
        for entry in space.neighbours:
            one = self.network.known("interface", name, entry.device)
            if one:
                key = (self._addresses.term(entry.address), self._addresses.mac(entry.mac), entry.state, entry.details)
                at = f" at {entry.mac}" if entry.mac else ""
                says = f"has the {entry.state} neighbour {entry.address}{at}"
                self.network.tell(one, ("neighbour",), key, (says, "has no such entry"))
        for fdb in space.fdb:
            one = self.network.known("interface", name, fdb.device)
            if one:
                key = (self._addresses.mac(fdb.mac), self._addresses.term(fdb.destination or ""), fdb.details)
                says = f"has the static FDB entry {fdb.mac}" + (f" to {fdb.destination}" if fdb.destination else "")
                self.network.tell(one, ("fdb",), key, (says, "has no such entry"))

    def _switches(self, place: Thing, name: str, space: Namespace) -> None:
        on = self._facts.switches(name)
        if any(link.kind != "loopback" for link in self._facts.links(name)):
            on |= {key: space.sysctls[key] for key in _WITH_WAYS if space.sysctls.get(key, "0") != "0"}
            plain = {key: "64" if key == "net.ipv4.ip_default_ttl" else "0" for key in _ALWAYS}
            on |= {key: value for key, value in space.sysctls.items() if plain.get(key, value) != value}
        if any(link.kind == "bridge" for link in self._facts.links(name)):
            bridged = (key for key in (_BRIDGED, *(self._heeded.switches - set(FORWARDING))) if key in space.sysctls)
            on |= {key: value for key in bridged if (value := space.sysctls[key]) != "0" or key == _BRIDGED}
        for key, value in on.items():
            lacks = f"has {key} = 0" + (", or nowhere to forward to" if key in self._heeded.idle else "")
            self.network.tell(place, ("switch", key), (value,), (f"has {key} = {value}", lacks))


_ALWAYS = (
    *(f"net.ipv4.conf.all.{name}" for name in ("arp_ignore", "arp_announce", "arp_filter", "accept_local")),
    *("net.ipv4.conf.all.route_localnet", "net.ipv4.conf.all.proxy_arp", "net.ipv4.icmp_echo_ignore_all"),
    *("net.ipv4.ip_default_ttl", "net.ipv4.ip_nonlocal_bind"),
)
"""Switches that matter where there is an interface besides lo, whatever their neighbours are."""

_CALLS = "net.bridge.bridge-nf-call-iptables"
_BRIDGED = "net.bridge.bridge-nf-call-arptables"
_WITH_VALUES = frozenset(["peer", "broadcast", "metric", "scope", "label"])
_OF_NAMES = frozenset(["label", "nodad"])
"""The first begins with the interface's own name, the second says only how the address was given."""

_HANDLE = re.compile(r"\b[0-9a-f]+:[0-9a-f]*(?= |$)")


_TELLING = ("address", "cable", "route", "neighbour", "fdb", "queue")


def summary(thing: Thing, network: Network) -> str:
    """What a namespace or an interface that has no counterpart is, in words."""
    if thing.sort == "namespace":
        inner = [name[1] for sort, name in network.things if sort == "interface" and name[0] == thing.name[0]]
        return f"the namespace {thing} with {listed(inner)}" if inner else f"the namespace {thing}, which is empty"
    told = [fact.says for fact in network.facts if fact.subject is thing and fact.topic[0] in _TELLING]
    told = list(dict.fromkeys(told))
    kind = "" if thing.kind in ("loopback", "ethernet") else f"{thing.kind} "
    return f"the {kind or 'interface '}{thing}{', which ' + listed(told) if told else ''}"


def _drawn_by_docker(link: Interface) -> bool:
    """Whether the Engine drew a bridge's MAC: 02:42 and four random bytes, which may look like a private address."""
    if link.kind != "bridge" or not link.mac or not link.mac.startswith("02:42:"):
        return False
    behind = ipaddress.IPv4Address(bytes.fromhex(link.mac.replace(":", ""))[2:])
    networks = [ipaddress.ip_interface(address).network for address in link.addresses if ":" not in address]
    return bool(networks) and not any(behind in network for network in networks)
