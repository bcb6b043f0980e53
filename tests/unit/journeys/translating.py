"""Address translation in the simulator: published ports, masquerading, and the connections that remember both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network

from netkit.model import Rule
from netkit.netfilter import Connection
from tests.unit.journeys.packets import ICMP, Packet

Flow = tuple[int, str, str, int, int]
NAMES = {1: "icmp", 6: "tcp", 17: "udp"}


@dataclass
class Translator:
    """What a namespace translates.

    Attributes:
        masquerade: the prefix of those who are hidden behind the namespace.
        outside: the interface behind which they are hidden.
        published: (address, port) in a container by the namespace's own port.
    """

    masquerade: str = ""
    outside: str = ""
    published: dict[int, tuple[str, int]] = field(default_factory=dict)
    flows: dict[Flow, Flow] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    _begun: dict[Flow, Flow] = field(default_factory=dict)
    _next: int = 40_000

    @property
    def rules(self) -> tuple[Rule, ...]:
        """As iptables lists them."""
        text = f"-A POSTROUTING -s {self.masquerade} -o {self.outside} -j MASQUERADE"
        return (Rule("iptables", "nat", "POSTROUTING", text),)

    def prerouting(self, packet: Packet, own: set[str]) -> Packet:
        """The destination is rewritten."""
        flow = packet.flow
        protocol, source, destination, one, two = flow
        if flow in self.flows:
            final = self.flows[flow]
            identifier = final[3] if protocol == ICMP and final[1] == source else one
            middle = (protocol, source, final[2], identifier, final[4])
        elif protocol != ICMP and destination in own and two in self.published:
            address, port = self.published[two]
            middle = (protocol, source, address, one, port)
        else:
            middle = flow
        self._begun[middle] = flow
        return packet.with_flow(middle)

    def postrouting(self, packet: Packet, interface: str, own: str) -> Packet:
        """The source is rewritten; a connection that was not known is known from now on."""
        flow = packet.flow
        first = self._begun.get(flow, flow)
        if first not in self.flows:
            self._remember(first, self._hidden(flow, first, interface, own))
        return packet.with_flow(self.flows[first])

    def _hidden(self, flow: Flow, first: Flow, interface: str, own: str) -> Flow:
        protocol, source, destination, _, port = flow
        inside = bool(self.masquerade) and _is_in(source, self.masquerade)
        hairpin = destination == source and first[2] != destination
        if not (hairpin or (inside and interface == self.outside)):
            return flow
        self._next += 1
        return protocol, own, destination, self._next, port

    def _remember(self, first: Flow, final: Flow) -> None:
        self.flows[first] = final
        self.flows[_back(final)] = _back(first)
        protocol, source, destination, one, two = first
        _, answering, asking, back, other = _back(final)
        ports = (one, None, back, None) if protocol == ICMP else (one, two, back, other)
        self.connections.append(
            Connection(NAMES[protocol], source, destination, *ports[:2], answering, asking, *ports[2:])
        )


def _back(flow: Flow) -> Flow:
    protocol, source, destination, one, two = flow
    return (protocol, destination, source, one, 0) if protocol == ICMP else (protocol, destination, source, two, one)


@cache
def _is_in(address: str, prefix: str) -> bool:
    return ip_address(address) in ip_network(prefix)
