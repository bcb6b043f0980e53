"""Whether a bridge shows iptables what it forwards: br_netfilter, bridge-nf-call-iptables, nf_call_iptables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End

_TOOLS = {4: "iptables", 6: "ip6tables"}


def shows(world: World, bridge: End, version: int) -> str:
    """What makes a bridge show its packets to the filter: a switch of all bridges, or its own; "" where none does.

    Args:
        bridge: which.
        version: of IP.
    """
    namespace, name = bridge
    everywhere, own = f"net.bridge.bridge-nf-call-{_TOOLS[version]}", f"nf_call_{_TOOLS[version]}"
    if world.switch(namespace, everywhere) == "1":
        return shown(world, namespace, f"sysctl {everywhere}", "1")
    return shown(world, namespace, f"ip -d link show dev {name}", f"{own} 1") if world.link(bridge).has(own) else ""
