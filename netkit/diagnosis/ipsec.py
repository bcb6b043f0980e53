"""Policies of IPsec (`ip xfrm policy`) that drop packets, or want them encrypted with no keys there: ip-xfrm(8)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import NUMBERS

if TYPE_CHECKING:
    from netkit.diagnosis.answers import Policy
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet

_ECHO = {4: (8, 0), 6: (128, 129)}
"""The types of an echo request and of its answer, which selectors compare as a source port."""


def refused(world: World, namespace: str, direction: str, packet: Packet, device: str) -> Finding | None:
    """Whether a namespace's policies of IPsec drop a packet; those that encrypt with keys leave that to a probe.

    Args:
        namespace: where the packet is.
        direction: "out", "in" or "fwd".
        packet: in the clear.
        device: the interface that it leaves by; of one that comes in, that by which it came.
    """
    if device == "lo" or not packet.source:
        return None
    policies = [each for each in world.policies(namespace) if each.direction == direction]
    ordered = sorted((each for each in policies if _fits(each, packet)), key=lambda each: each.priority)
    policy = ordered[0] if ordered else None
    if policy is None or any(each.further for each in ordered) or not (policy.blocks or policy.sealing):
        return None
    version, switch = packet.version, "disable_xfrm" if direction == "out" else "disable_policy"
    if world.switch(namespace, f"net/ipv{version}/conf/{device}/{switch}") not in (None, "0"):
        return None
    if policy.sealing and not policy.blocks:
        return None if policy.keyed else _unkeyed(world, namespace, policy)
    words = (
        f"the IPsec policy `{policy.text}` of {namespace} drops packets from {packet.source} to {packet.destination}"
    )
    line = shown(world, namespace, "ip xfrm policy", policy.text)
    return Finding("filter", words, (line,), (typed(world, namespace, policy.removal),), namespace)


def _unkeyed(world: World, namespace: str, policy: Policy) -> Finding:
    """Packets are to be encrypted, and nobody has said by which keys."""
    words = (
        f"the IPsec policy `{policy.text}` of {namespace} lets packets pass encrypted only, {policy.sealing}, and "
        "there is no state with the keys for that; decide whether to set them at both ends, or to delete the policy"
    )
    lines = shown(world, namespace, "ip xfrm policy", policy.text), shown(world, namespace, "ip xfrm state", "no such")
    return Finding("filter", words, lines, (), namespace)


def _fits(policy: Policy, packet: Packet) -> bool:
    """Whether a policy is for a packet."""
    ends = (packet.source, policy.source), (packet.destination, policy.destination)
    ports = packet.source_port, packet.destination_port
    if packet.protocol == "icmp":
        ports = _ECHO[packet.version][packet.answer], 0
    return (
        not packet.kind.startswith("neighbour")
        and all(ipaddress.ip_address(address) in ipaddress.ip_network(net) for address, net in ends)
        and policy.protocol in (0, NUMBERS.get((packet.protocol, packet.version)))
        and all((port or 0) & mask == own & mask for port, (own, mask) in zip(ports, policy.ports, strict=True))
    )
