"""An address translation that is missing."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.flows import Flows


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
