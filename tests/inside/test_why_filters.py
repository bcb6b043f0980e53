"""nk.why reads the packet filter as the kernel does: rules that let a packet pass are not blamed."""

from __future__ import annotations

from typing import Any

import pytest

import netkit as nk
from netkit.linux import entering, sysctls
from tests.inside import networks, worlds
from tests.inside.wire import sh

NF = "net.bridge.bridge-nf-call-iptables"


def asked(network: str, lines: tuple[str, ...], *question: Any) -> Any:
    """What nk.why says in a network after some shell lines."""
    nk.echo(on=False)
    networks.out_of_sight()
    networks.build(network)
    for line in lines:
        sh(line)
    return nk.why(*question)


def told(network: str, lines: tuple[str, ...], *question: Any) -> Any:
    """The same in a fresh network."""
    return worlds.call(asked, network, lines, *question)


def test_a_bridges_own_packets_are_let_through() -> None:
    if sysctls.value(entering.HOST_PATH, NF) is None:
        pytest.skip(f"this kernel has no {NF}")
    lines = (
        f"sysctl -qw {NF}=1",
        "iptables -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
        "iptables -P FORWARD DROP",
        "ip netns exec ns2 iptables -A INPUT -p icmp -m length --length 20:2000 -j DROP",
    )
    said = told("bridge", lines, "ns1", "172.17.1.2")
    assert (said.layer, said.where) == ("filter", "ns2"), said
