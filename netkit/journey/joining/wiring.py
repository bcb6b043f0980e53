"""What the snapshots tell of the ways that frames can take: cables, bridge ports, tunnels, addresses, translations."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

from netkit.model.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.journey.joining.keys import Flow
    from netkit.model import Interface, Namespace, Rule, Snapshot
    from netkit.netfilter import Connection

_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_TRANSLATING = frozenset({"MASQUERADE", "DNAT", "SNAT", "REDIRECT", "NETMAP"})
_OF_TTL = re.compile(r"\b(ttl|hoplimit) set\b")
LED_TO = re.compile(r"(?:Redirect|Mirror) to device (\S+?)\)")
"""As tc lists a filter's action that leads packets to an interface, or a copy of them."""

_BRIDGE_FILTERS = {4: "iptables", 16: "ip6tables"}
_EVERYBODY = b"\xff\xff\xff\xff"

Place = tuple[str, str]
"""A namespace and one of its interfaces."""


@dataclass(frozen=True)
class Wiring:
    """The networks before and after, seen together: what was there at either moment counts.

    Attributes:
        before: when the recording began.
        after: when it ended; it has the last word.
    """

    before: Snapshot
    after: Snapshot
    _local: dict[str, set[bytes]] = field(default_factory=dict, compare=False)

    @cached_property
    def interfaces(self) -> dict[Place, Interface]:
        """Each interface, as it was at last."""
        return {**self._topologies[0].ends, **self._topologies[1].ends}

    @cached_property
    def _topologies(self) -> tuple[Topology, Topology]:
        return Topology(self.before), Topology(self.after)

    @cached_property
    def peers(self) -> dict[Place, Place]:
        """The other end of each veth pair."""
        return {**self._topologies[0].peers, **self._topologies[1].peers}

    @cached_property
    def bridges(self) -> dict[Place, str]:
        """The bridge of each port."""
        return self._members("bridge", "")

    @cached_property
    def bonds(self) -> dict[Place, str]:
        """The bond, or team, of each interface that it sends by."""
        return self._members("bond", "team")

    def _members(self, *kinds: str) -> dict[Place, str]:
        """Whom each interface belongs to that is of one of these kinds; "" is for those that nobody knows any more."""
        links = [(space.name, link) for space in self._spaces() for link in space.interfaces.values()]
        known = {(space, link.name): link.kind for space, link in links}
        return {
            (space, link.name): link.master
            for space, link in links
            if link.master is not None and known.get((space, link.master), "") in kinds
        }

    @cached_property
    def tunnels(self) -> dict[Place, int | None]:
        """The VNI of each VXLAN device; None where it carries those that each packet names."""
        return {place: link.vni for place, link in self.interfaces.items() if link.kind == "vxlan"}

    @cached_property
    def beside(self) -> dict[Place, set[Place]]:
        """The interfaces whose filters of tc lead packets to each ifb device, or copies of them (tc-mirred(8))."""
        found: dict[Place, set[Place]] = defaultdict(set)
        for space in self._spaces():
            for queue in space.queues:
                for name in LED_TO.findall(queue.text) if queue.what == "filter" else ():
                    end, link = (space.name, name), space.interfaces.get(name)
                    if link is not None and link.kind == "ifb":
                        found[end].add((space.name, queue.device))
        return dict(found)

    @cached_property
    def homes(self) -> dict[Place, str]:
        """Where the packets of each VXLAN device that was moved come and go: see `Topology.home`."""
        found = {
            end: topology.home(end)
            for topology in self._topologies
            for end, link in topology.ends.items()
            if link.kind == "vxlan"
        }
        return {end: home for end, home in found.items() if home != end[0]}

    @cached_property
    def translations(self) -> dict[str, dict[Flow, Flow]]:
        """How each namespace rewrites a flow, for those that it rewrites."""
        found: dict[str, dict[Flow, Flow]] = {}
        for space in self._spaces():
            flows = found.setdefault(space.name, {})
            for connection in space.connections:
                for flow, rewritten in _ways(connection):
                    if flow != rewritten:
                        flows[flow] = rewritten
        return found

    @cached_property
    def origins(self) -> dict[str, dict[Flow, Flow]]:
        """How a rewritten flow was before, in each namespace."""
        return {
            space: {rewritten: flow for flow, rewritten in flows.items()} for space, flows in self.translations.items()
        }

    @cached_property
    def tracking(self) -> set[str]:
        """The namespaces that track connections: there, fragments are put together before anything is decided."""
        return {space.name for space in self._spaces() if space.connections or any(map(_needs_tracking, space.rules))}

    @cached_property
    def ageing(self) -> set[str]:
        """The namespaces in which rules set how many routers a packet may still pass: TTL, HL, nft's `ip ttl set`."""
        return {space.name for space in self._spaces() if any(map(_sets_ttl, space.rules))}

    def is_local(self, namespace: str, address: bytes) -> bool:
        """Whether a namespace takes packets for an address itself.

        Args:
            namespace: its name.
            address: 4 or 16 bytes.
        """
        if namespace not in self._local:
            self._local[namespace] = set(self._addresses(namespace))
        return address in self._local[namespace] or (len(address) == 4 and (address[0] == 127 or address == _EVERYBODY))

    @cached_property
    def filtering(self) -> dict[int, set[str]]:
        """The namespaces where bridged packets pass the packet filter (br_netfilter), by the size of addresses."""
        return {
            size: {
                space.name
                for space in self._spaces()
                if space.sysctls.get(f"net.bridge.bridge-nf-call-{tool}") == "1"
                or any(link.has(f"nf_call_{tool}") for link in space.interfaces.values())
            }
            for size, tool in _BRIDGE_FILTERS.items()
        }

    def _spaces(self) -> Iterator[Namespace]:
        yield from self.before
        yield from self.after

    def _addresses(self, namespace: str) -> Iterator[bytes]:
        for space in self._spaces():
            if space.name == namespace:
                for link in space.interfaces.values():
                    for text in link.addresses:
                        own = ip_interface(text)
                        yield own.packed
                        if own.version == 4 and own.network.prefixlen < 31:
                            yield own.network.broadcast_address.packed


def _sets_ttl(rule: Rule) -> bool:
    return rule.target.upper() in ("TTL", "HL") or (rule.tool == "nft" and _OF_TTL.search(rule.text) is not None)


def _needs_tracking(rule: Rule) -> bool:
    """Whether the kernel tracks connections because of a rule."""
    asked = {match.field.partition(" ")[0] for match in rule.matches}
    return rule.target.upper() in _TRANSLATING or not asked.isdisjoint({"--ctstate", "ct"})


def _ways(connection: Connection) -> Iterator[tuple[Flow, Flow]]:
    """How the packets of a connection look before and after the namespace: on the way there, and on the way back."""
    number = _NUMBERS.get(connection.protocol)
    if number is None and connection.protocol.isdigit():
        number = int(connection.protocol)
    if number is None:
        return
    texts = connection.source, connection.destination, connection.reply_source, connection.reply_destination
    source, destination, answering, asking = (ip_address(text).packed for text in texts)
    if number in (_NUMBERS["icmp"], _NUMBERS["icmpv6"]):  # the identifier is one for both ways
        there, back = connection.source_port or 0, connection.reply_source_port or 0
        yield (number, source, destination, there, 0), (number, asking, answering, back, 0)
        yield (number, answering, asking, back, 0), (number, destination, source, there, 0)
        return
    one, two = connection.source_port or 0, connection.destination_port or 0
    three, four = connection.reply_source_port or 0, connection.reply_destination_port or 0
    yield (number, source, destination, one, two), (number, asking, answering, four, three)
    yield (number, answering, asking, three, four), (number, destination, source, two, one)
