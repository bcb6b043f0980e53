"""Selects the facts of a snapshot that a picture and its description tell: what was configured and what can pass.

What the kernel draws at random, learns by itself or only sometimes has is left out, so that the same network
gives the same picture on every machine.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from netkit.model import HOST, Snapshot
from netkit.model.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import End, Interface, Namespace, Route

PLAIN_MTU = {"loopback": 65536}
_FALLBACKS = frozenset(
    ["tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0", "teql0"]
)
"""Devices that a kernel puts into every new namespace once a module is loaded; they say nothing about this network."""
MOST_NAMES = 4
"""How many names stand beside one another; of more, the rest is counted."""
FORWARDING = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
_BRIDGE_CALLS = "net.bridge.bridge-nf-call-iptables"


@lru_cache(4096)
def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key that sorts ns2 before ns10, and "[web]" as "web"."""
    parts = re.split(r"([0-9]+)", name.strip("[]"))
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts if part], name


def host_first(name: str) -> tuple[bool, tuple[list[tuple[int, int, str]], str]]:
    """A key that sorts namespaces: the host, then the others by name."""
    return name != HOST, natural(name)


class Facts:
    """What matters of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._seen = snapshot
        self.spaces: dict[str, Namespace] = _configured(snapshot)

        self._topology = Topology(Snapshot(self.spaces))
        self._links: dict[str, list[Interface]] = {}

    def link(self, end: End) -> Interface:
        """The interface at this end, as it was configured."""
        return self._topology.link(end)

    def links(self, namespace: str) -> list[Interface]:
        """The interfaces of a namespace that are worth telling, by name, "lo" first."""
        if namespace not in self._links:
            links = (link for link in self.spaces[namespace].interfaces.values() if not _is_fallback(link))
            self._links[namespace] = sorted(links, key=lambda link: (link.kind != "loopback", natural(link.name)))
        return self._links[namespace]

    @property
    def peers(self) -> dict[End, End]:
        """The other end of each cable whose two ends are both in sight."""
        return self._topology.peers

    def ports(self, namespace: str, bridge: str) -> list[str]:
        """The names of a bridge's ports."""
        return [link.name for link in self.links(namespace) if link.master == bridge]

    def carries(self, end: End) -> bool:
        """Whether packets can pass here: it is up and has a signal.

        The kernel tells a bridge's signal up to a second late (linkwatch), so a bridge's follows from its ports.
        """
        link = self.link(end)
        if not link.up or link.kind != "bridge":
            return link.up and (link.kind in {"loopback", "vxlan"} or self._seen[end[0]][end[1]].carrier)
        ports = ((end[0], port) for port in self.ports(*end))
        return any(self.carries(port) for port in ports if self.link(port).kind != "bridge")

    @cached_property
    def tunnels(self) -> list[tuple[End, End]]:
        """Pairs of VXLAN devices with the same VNI of which one names the other's address, or which share a group."""
        ends = [(name, link.name) for name in self.spaces for link in self.links(name) if link.kind == "vxlan"]
        pairs = ((a, b) for i, a in enumerate(ends) for b in ends[i + 1 :] if a[0] != b[0])
        return [(a, b) for a, b in pairs if self._tunnelled(a, b)]

    @cached_property
    def stacked(self) -> list[tuple[End, End]]:
        """Each macvlan, ipvlan, VLAN … with the interface that it lies on, where that is in sight."""
        ends = [((name, link.name), link.parent) for name in self.spaces for link in self.links(name)]
        return [(end, below) for end, below in ends if below is not None and self._lies(end, below)]

    def _lies(self, end: End, below: End) -> bool:
        return (
            self.link(end).kind != "vxlan" and below[0] in self.spaces and below[1] in self.spaces[below[0]].interfaces
        )

    def _tunnelled(self, a: End, b: End) -> bool:
        if self.link(a).vni != self.link(b).vni:
            return False
        to_a, to_b = self._remotes(a), self._remotes(b)
        multicast = {address for address in to_a & to_b if _is_multicast(address)}
        return bool(multicast or to_a & self._owned(b) or to_b & self._owned(a))

    def _remotes(self, end: End) -> set[str]:
        """The VTEP addresses that a VXLAN device sends to: its remote or group and its FDB's destinations."""
        entries = (e.destination for e in self._seen[end[0]].fdb if e.device == end[1])
        told = (self.link(end).detail(fact) for fact in ("remote", "group"))
        return {address for address in (*told, *entries) if address}

    def _owned(self, end: End) -> set[str]:
        """A VXLAN device's address: its own, of another namespace if it was moved; else those of its namespace."""
        if local := self.link(end).detail("local"):
            return {local}
        return set(self.spaces[end[0]].addresses)

    def routes(self, namespace: str) -> list[Route]:
        """The routes that somebody set; those that come with an address by themselves are not told."""
        routes = (r for r in self.spaces[namespace].routes if r.protocol != "kernel")
        return sorted(routes, key=lambda r: (r.table != "main", r.table, r.destination != "default", r.metric, repr(r)))

    def switches(self, namespace: str) -> dict[str, str]:
        """The sysctls that matter here, by name.

        Forwarding counts when it is on and there is somewhere to forward to: a new namespace copies it from the
        machine, where Docker may have switched it on. That bridged packets pass iptables (bridge-nf-call-iptables,
        there only when br_netfilter is loaded) counts with both a bridge and a FORWARD chain that is not empty.
        """
        space = self.spaces[namespace]
        routers = (None, *(link.name for link in space.interfaces.values() if link.kind == "vrf"))
        ways = [link for link in space.interfaces.values() if link.kind != "loopback" and link.master in routers]
        on = [name for name in FORWARDING if len(ways) > 1 and space.sysctls.get(name, "0") != "0"]
        bridges = any(link.kind == "bridge" for link in space.interfaces.values())
        filters = (rule for rule in space.rules if rule.tool != "nft" and rule.chain == "FORWARD")
        filtered = any((rule.policy or rule.target) != "ACCEPT" for rule in filters)
        if bridges and filtered and space.sysctls.get(_BRIDGE_CALLS, "0") != "0":
            on.append(_BRIDGE_CALLS)
        return {name: space.sysctls[name] for name in on}

    def containers(self, namespace: str) -> dict[str, str]:
        """The containers that live in a namespace, by name, each with the program of its first process."""
        found = self._seen[namespace].containers
        return {name: found[name] for name in sorted(found, key=natural)}

    def called(self, namespace: str) -> str:
        """The title of a namespace's room: its name, or those of its containers where nobody gave it one."""
        containers = self.containers(namespace)
        return " + ".join(_few(containers)) if containers and not self.spaces[namespace].named else namespace

    def sharing(self, namespace: str) -> list[str]:
        """The programs that share a namespace, each once or with its container: "busybox (web)", "tcpdump".

        There are some with several containers, and with several programs in a namespace that nothing else names: what
        runs in a single container, or in a namespace with a name, changes often, and shares it with nobody.
        """
        containers, programs = self.containers(namespace), set(self._seen[namespace].processes)
        by_themselves = not self.spaces[namespace].named and not containers and len(programs) > 1
        if namespace == HOST or not (len(containers) > 1 or by_themselves):
            return []
        others = sorted(programs - set(containers.values()))
        return [*(f"{program} ({name})" for name, program in containers.items()), *others]

    def machine(self, namespace: str) -> str | None:
        """The machine that an overlay's namespace belongs to: where the outer packets of its VXLAN device travel.

        None where they travel in itself, or in several.
        """
        devices = [link.name for link in self.links(namespace) if link.kind == "vxlan"]
        homes = {self._topology.home((namespace, device)) for device in devices} - {namespace}
        return homes.pop() if len(homes) == 1 else None

    def lived_in(self, namespace: str) -> list[str]:
        """What a namespace is, in words: its own name where the title is another, its machine, who lives in it."""
        containers = self.containers(namespace)
        title = self.called(namespace)
        told = [] if namespace in (title, f"[{title}]") else [namespace]
        if machine := self.machine(namespace):
            told.append(f"part of {self.called(machine)}")
        if self.spaces[namespace].named and containers and list(containers) != [namespace]:
            told.append(f"container{'s' * (len(containers) > 1)} {listed(_few(containers))}")
        programs = self.sharing(namespace)
        return [*told, *([f"processes {listed(_few(programs))}"] if programs else [])]

    def tells_loopback(self, namespace: str) -> bool:
        """Whether "lo" is worth a word: it is down, has addresses of its own, or is all there is."""
        links = self.links(namespace)
        lo = next((link for link in links if link.kind == "loopback"), None)
        return lo is not None and (not lo.up or bool(own_addresses(lo)) or len(links) == 1)


def _configured(snapshot: Snapshot) -> dict[str, Namespace]:
    spaces = snapshot.configuration().namespaces
    return {name: spaces[name] for name in sorted(spaces, key=host_first)}


def _is_fallback(link: Interface) -> bool:
    return link.name in _FALLBACKS and not link.up and not link.addresses


def _is_multicast(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_multicast
    except ValueError:
        return False


def own_addresses(link: Interface) -> tuple[str, ...]:
    """An interface's addresses, IPv4 first, without the loopback's own 127.0.0.1 and ::1."""
    ordered = sorted(link.addresses, key=lambda address: ":" in address)
    return tuple(a for a in ordered if link.kind != "loopback" or a not in {"127.0.0.1/8", "::1/128"})


def vni(link: Interface) -> str:
    """The VXLAN network identifier of a device, or "?"."""
    return "?" if link.vni is None else str(link.vni)


def odd_mtu(link: Interface) -> str:
    """The words "mtu 1450" where the MTU is not the usual one, else nothing."""
    return "" if link.mtu == PLAIN_MTU.get(link.kind, 1500) else f"mtu {link.mtu}"


def _few(names: Iterable[str]) -> list[str]:
    """Names as far as there is room for them; the last one is "3 more" where there is no more."""
    told = list(names)
    return told if len(told) <= MOST_NAMES else [*told[: MOST_NAMES - 1], f"{len(told) - MOST_NAMES + 1} more"]


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
