"""The address translations that a walk met: what conntrack would remember, and a translation that is missing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet

_FIRST, _LAST = ("PREROUTING", "OUTPUT"), ("POSTROUTING", "INPUT")


@dataclass
class Flows:
    """A connection as each namespace that it passed knows it.

    Attributes:
        known: by namespace: the first packet as it came, and as it left.
    """

    known: dict[str, list[tuple[Packet, Packet]]] = field(default_factory=dict)
    _began: dict[str, Packet] = field(default_factory=dict)
    _incoming: dict[str, Packet] = field(default_factory=dict)

    def enters(self, namespace: str, hook: str, packet: Packet) -> Packet:
        """A packet before it passes a hook: an answer gets back at the first one whom the connection began with."""
        if hook in _FIRST and not packet.answer:
            self._began[namespace] = packet
        if hook in _FIRST and packet.answer:
            self._incoming[namespace] = packet
            flow = self._flow(namespace, packet)
            if flow is not None:
                return replace(packet, destination=flow.source, destination_port=flow.source_port)
        return packet

    def leaves(self, namespace: str, hook: str, packet: Packet) -> Packet:
        """A packet after it has passed a hook: at the last one a connection is remembered, an answer's source set."""
        if hook not in _LAST:
            return packet
        if not packet.answer:
            if namespace in self._began:
                self.known.setdefault(namespace, []).append((self._began[namespace], packet))
            return packet
        flow = self._flow(namespace, self._incoming.get(namespace, packet))
        return packet if flow is None else replace(packet, source=flow.destination, source_port=flow.destination_port)

    def undone(self, namespace: str, packet: Packet) -> Packet:
        """An answer that a bridge shows to the packet filter: both translations are undone at once."""
        flow = self._flow(namespace, packet) if packet.answer else None
        if flow is None:
            return packet
        back = flow.reversed()
        return replace(
            packet,
            source=back.source,
            destination=back.destination,
            source_port=back.source_port,
            destination_port=back.destination_port,
        )

    def _flow(self, namespace: str, answer: Packet) -> Packet | None:
        """The first packet, as it came, of the connection that an answer belongs to."""
        for first, last in self.known.get(namespace, ()):
            if _ends(last.reversed()) == _ends(answer):
                return first
        return None


def _ends(packet: Packet) -> tuple[object, ...]:
    return packet.source, packet.destination, packet.source_port, packet.destination_port


def missing(world: World, flows: Flows, finding: Finding) -> Finding | None:
    """Whether a router should have hidden the sender behind its own address: then the way back needs no route.

    A router that hides a bridge's network, as Docker does, has packets come in by the bridge and leave by another way.

    Args:
        flows: the connection.
        finding: what is wrong with the way back.
    """
    for namespace, packets in flows.known.items():
        first, last = packets[-1]
        came = _bridge_of(world, namespace, first.source)
        if came is None or first.source != last.source or namespace == finding.where:
            continue
        bridge, network = came
        if ipaddress.ip_address(last.destination) in ipaddress.ip_network(network):
            continue
        tool = "iptables" if last.version == 4 else "ip6tables"
        command = f"{tool} -t nat -A POSTROUTING -s {network} ! -o {bridge} -j MASQUERADE"
        rules = [r.text for r in world.space(namespace).rules if r.tool == tool and r.chain == "POSTROUTING"]
        words = (
            f"packets leave {namespace} with the source {last.source}, to which {finding.where} knows no way back: "
            f"{namespace} does not hide the network {network} behind its own address"
        )
        listed = shown(world, namespace, f"{tool} -t nat -S POSTROUTING", "\n".join(rules) or "no rule")
        evidence = (listed, *finding.evidence)
        return Finding("nat", words, evidence, (typed(world, namespace, command),), namespace)
    return None


def _bridge_of(world: World, namespace: str, address: str) -> tuple[str, str] | None:
    """A bridge of a namespace in whose network an address is, and that network."""
    for link in world.space(namespace).interfaces.values():
        for text in link.addresses if link.kind == "bridge" else ():
            own = ipaddress.ip_interface(text)
            if ipaddress.ip_address(address) in own.network and str(own.ip) != address:
                return link.name, str(own.network)
    return None
