"""The state of a network as frozen values: what `snapshot()` returns and everything above it reads.

Nothing here touches the kernel.  Every value turns into JSON and back without loss.  Equality of
snapshots is about what was configured: what the kernel draws at random or learns by itself (random
MACs, indexes, learned neighbours, process ids, counters) does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from netkit.configured import configured
from netkit.errors import InvalidValue, NotFound
from netkit.face import face
from netkit.handles import guarded
from netkit.model.entries import ForwardingEntry, Neighbour  # noqa: TC001
from netkit.model.listed import Listed  # noqa: TC001
from netkit.model.policy import NextHop, PolicyRule, Queue  # noqa: TC001
from netkit.model.routing import Route  # noqa: TC001
from netkit.model.rules import Rule  # noqa: TC001
from netkit.model.sense import Indent, Json, insist_on_sense
from netkit.netfilter import Connection  # noqa: TC001
from netkit.plain import plain, rebuilt
from netkit.spelling import shown
from netkit.visible import in_line

HOST = "host"
"""The name of the namespace that the notebook's kernel itself lives in."""

End = tuple[str, str]
"""An interface of a namespace: (namespace, interface)."""


@guarded()
@dataclass(frozen=True)
class Interface:
    """One interface (link) of a namespace, as the kernel reports it (rtnetlink(7)).

    Attributes:
        name: its name, unique in its namespace.
        kind: "loopback", "veth", "bridge", "vxlan", "dummy" …; "ethernet" for a physical card.
        mac: "02:42:ac:11:00:02", or None for a link without one.
        mtu: bytes of the largest packet.
        up: whether it was switched on (`ip link set … up`).
        carrier: whether it has a signal: for a veth, whether the other end is up as well.
        state: the operational state: "up", "down", "lowerlayerdown", "unknown" (RFC 2863).
        addresses: "10.0.0.1/24" texts, in the kernel's order, IPv4 first.
        peer: (namespace, interface) of a veth's other end, None if there is none or it is out of sight.
        master: name of the bridge that it is a port of.
        details: further facts of its kind, sorted pairs, of those that are not what nobody set: (("vni", "42"),).
        index: its number in its namespace.
        parent: (namespace, interface) that a macvlan, an ipvlan, a VLAN or a tunnel lies on; None if out of sight.
        switches: of net.ipv4.conf and net.ipv6.conf, those that are not what nobody set: (("ipv4.rp_filter", "2"),).
        labels: what an address has beside itself, in `ip`'s words: (("10.0.0.1/24", "peer 10.0.0.2"),).
    """

    name: str
    kind: str
    mac: str | None = None
    mtu: int = 1500
    up: bool = False
    carrier: bool = False
    state: str = "down"
    addresses: tuple[str, ...] = ()
    peer: tuple[str, str] | None = None
    master: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    index: int = 0
    parent: tuple[str, str] | None = None
    switches: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def detail(self, name: str) -> str | None:
        """A further fact of its kind ("local", "group", "port" …), None where it has none of that name."""
        return next((value for key, value in self.details if key == name), None)

    def has(self, switch: str) -> bool:
        """Whether a switch of its kind is on: "proxy", "isolated", "hairpin", "stp"."""
        return self.detail(switch) == "1"

    @property
    def vni(self) -> int | None:
        """A VXLAN device's network identifier; None for one that carries what each packet names (`external`)."""
        vni = self.detail("vni")
        return int(vni) if vni is not None else None

    @property
    def bare_addresses(self) -> list[str]:
        """Its addresses without their prefix lengths: "10.0.0.1"."""
        return [address.partition("/")[0] for address in self.addresses]


def _item(values: Mapping[str, Any], name: str, what: str) -> Any:
    """The value of that name, or an error that lists the names that are there."""
    if not isinstance(name, str) or name not in values:
        rule, remedy = f"there are: {', '.join(values)}", "Take one of these"
        raise NotFound(f"there is no {what} called {shown(name)}", rule, remedy)
    return values[name]


def _names_to(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only view of a copy."""
    return MappingProxyType(dict(values))


@guarded()
@dataclass(frozen=True)
class Namespace:
    """Everything that one network namespace holds.

    Attributes:
        name: "host", the name given by `ip netns add`, or "[web]" for the nameless one of a container or program.
        interfaces: by name, in index order.
        routes: of the main table and the learner's own tables.
        neighbours: the ARP and neighbour-discovery tables.
        fdb: the forwarding databases of its bridges and VXLAN devices.
        rules: iptables, ip6tables and nft rules and policies.
        sysctls: the switches that matter here, by name: "net.ipv4.ip_forward": "1".
        processes: names of the processes that live in it, sorted.
        named: whether /run/netns has a name for it.
        connections: the tracked connections (conntrack), in the order of their addresses.
        hosts: the text of /etc/hosts as its processes see it, None where that is the host's own file.
        containers: those that live in it, of nk.Docker and of the Docker Engine, by name, each with the program of its
            first process.
        policies: rules that choose a routing table, but the usual three; a usual one that was removed is "missing".
        next_hops: those that routes share by number.
        local_routes: the table "local": what the kernel itself takes in.
        queues: queueing disciplines, classes and filters that somebody set.
        files: (path, text) of the host's /etc/hosts and resolv.conf, and of what /etc/netns holds for the namespace.
        groups: (interface, MAC) of the groups that somebody made an interface listen to; only where all was read.
        further: what else there is, of "bridge vlan", "bridge mdb", "ip token", "ip addrlabel", "ip xfrm policy",
            "ip xfrm state"; VLANs that no bridge heeds only where all was read.
    """

    name: str
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    fdb: tuple[ForwardingEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    processes: tuple[str, ...] = ()
    named: bool = True
    connections: tuple[Connection, ...] = ()
    hosts: str | None = None
    containers: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[PolicyRule, ...] = ()
    next_hops: tuple[NextHop, ...] = ()
    local_routes: tuple[Route, ...] = ()
    queues: tuple[Queue, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    further: tuple[Listed, ...] = ()

    def __post_init__(self) -> None:
        for name in ("interfaces", "sysctls", "containers"):
            object.__setattr__(self, name, _names_to(getattr(self, name)))

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses of its interfaces, without their prefix lengths."""
        return frozenset(address for link in self.interfaces.values() for address in link.bare_addresses)

    def bridge_of(self, link: Interface) -> str | None:
        """The bridge that one of its interfaces is a port of; None also for a member of a VRF or of a bond."""
        master = self.interfaces.get(link.master or "")
        return link.master if master is None or master.kind == "bridge" else None

    def ports(self, bridge: str) -> list[Interface]:
        """The ports of one of its bridges, in index order."""
        return [link for link in self.interfaces.values() if link.master == bridge]

    def __getitem__(self, interface: str) -> Interface:
        return _item(self.interfaces, interface, f"interface in the namespace '{self.name}'")

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.interfaces)


def _spaces(value: Any) -> Mapping[str, Namespace]:
    """The namespaces of a snapshot, by name."""
    if not isinstance(value, Mapping) or not all(isinstance(space, Namespace) for space in value.values()):
        problem, rule = f"{shown(value)} are no namespaces", "a snapshot holds values of namespaces by their names"
        raise InvalidValue(problem, rule, "Try nk.snapshot()")
    return value


@guarded()
@dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of every network namespace at one moment.

    Two snapshots are equal when the same things were configured; see `configuration`.

    Example:
        >>> snapshot = Snapshot({"ns1": Namespace("ns1", {"lo": Interface("lo", "loopback")})})
        >>> snapshot["ns1"]["lo"].mtu
        1500
        >>> Snapshot.from_json(snapshot.to_json()) == snapshot
        True
    """

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "namespaces", _names_to(_spaces(self.namespaces)))

    def __getitem__(self, namespace: str) -> Namespace:
        return _item(self.namespaces, namespace, "namespace")

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.namespaces)

    def __iter__(self) -> Iterator[Namespace]:
        return iter(self.namespaces.values())

    def __len__(self) -> int:
        return len(self.namespaces)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        return plain(self.configuration()) == plain(other.configuration())

    __hash__ = None  # type: ignore[assignment]

    def configuration(self) -> Snapshot:
        """The same snapshot without all that the kernel draws at random or learns by itself.

        Returns:
            A snapshot in which random MACs, indexes, carrier and operational states, IPv6 link-local
            addresses and routes, learned neighbours and FDB entries, processes and containers are gone, and whose
            namespaces, interfaces, addresses, routes and entries are sorted (rules keep their order).
        """
        return self._configuration

    @cached_property
    def _configuration(self) -> Snapshot:
        return Snapshot({name: configured(self.namespaces[name]) for name in sorted(self.namespaces)})

    @face
    def to_json(self, indent: Indent | None = None) -> str:
        """The snapshot as JSON text; `from_json` reads it."""
        return json.dumps(plain(self), indent=indent)

    @classmethod
    @face
    def from_json(cls, text: Json) -> Snapshot:
        """The snapshot that `to_json` wrote.

        Args:
            text: JSON text.

        Raises:
            InvalidValue: it is not what `to_json` writes.
        """
        try:
            found = rebuilt(cls, json.loads(text), ("namespaces",))
            insist_on_sense(found)
        except (ValueError, RecursionError) as error:
            broken = "it is nested too deeply" if isinstance(error, RecursionError) else f"it is no JSON: {error}"
            rule = error.problem if isinstance(error, InvalidValue) else broken
            remedy = "Only what .to_json() wrote can be read: nk.snapshot().to_json()"
            raise InvalidValue(f"{shown(text)} is no snapshot", rule, remedy) from None
        return found

    def __repr__(self) -> str:
        links = sum(len(space.interfaces) for space in self)
        return f"<Snapshot of {len(self)} namespaces, {links} interfaces: {in_line(', '.join(self.namespaces))}>"


Snapshot.__init__ = face(Snapshot.__init__)  # type: ignore[method-assign]  (the dataclass's own)
