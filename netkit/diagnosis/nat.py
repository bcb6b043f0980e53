"""A packet after a rule that translates its addresses: DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.diagnosis.matching import Passing
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule


def of_iptables(rule: Rule, passing: Passing) -> Packet | None:
    """The packet after a rule of the table nat, None where the rule's target translates nothing.

    Args:
        rule: of iptables; of several addresses or ports that it may choose from, the first is taken.
        passing: the packet at its hook.
    """
    packet = passing.packet
    if rule.target == "DNAT":
        return to(packet, *target(rule.option("--to-destination")))
    if rule.target == "SNAT":
        return hidden(packet, *target(rule.option("--to-source")))
    if rule.target == "MASQUERADE":
        return hidden(packet, passing.masquerade, None)
    if rule.target == "REDIRECT":
        ports = rule.option("--to-ports")
        return to(packet, passing.redirect, int(ports.partition("-")[0]) if ports else None)
    if rule.target == "NETMAP":
        return mapped(packet, rule.option("--to"), there=not passing.masquerade)
    return None


def to(packet: Packet, address: str, port: int | None) -> Packet:
    """A packet that is led elsewhere.

    Args:
        address: "" where that stays.
        port: None where that stays.
    """
    return replace(packet, destination=address or packet.destination, destination_port=port or packet.destination_port)


def hidden(packet: Packet, address: str, port: int | None) -> Packet:
    """A packet that gets another source.

    Args:
        address: "" where that stays.
        port: None where the kernel keeps it if it can.
    """
    known = packet.source_port if port is None or packet.source_port is None else port
    return replace(packet, source=address or packet.source, source_port=known)


def mapped(packet: Packet, prefix: str, *, there: bool) -> Packet:
    """A packet whose address is moved to another network, its last bits kept.

    Args:
        prefix: the other network.
        there: whether it is the destination's, else the source's.
    """
    network = ipaddress.ip_network(prefix, strict=False)
    own = ipaddress.ip_address(packet.destination if there else packet.source)
    moved = str(network[int(own) & int(network.hostmask)])
    return replace(packet, destination=moved) if there else replace(packet, source=moved)


def target(text: str) -> tuple[str, int | None]:
    """The first address and the first port of "172.17.0.2:80", "172.17.0.2-172.17.0.9", ":80", "[fd00::2]:80"."""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return address.partition("-")[0], int(port[1:].partition("-")[0]) if port else None
    if text.count(":") > 1:
        return text.partition("-")[0], None
    address, _, port = text.partition(":")
    return address.partition("-")[0], int(port.partition("-")[0]) if port else None


def told(before: Packet, after: Packet) -> str:
    """What a translation did, in words; "" where the addresses are as before.

    Args:
        before: in front of it.
        after: behind it.
    """
    if before.destination != after.destination or before.destination_port != after.destination_port:
        port = after.destination_port
        return f"DNAT to {endpoint(after.destination, port) if port else after.destination}"
    return f"the source becomes {after.source}" if before.source != after.source else ""
