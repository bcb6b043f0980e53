"""Probes hear at once why no answer comes."""

from __future__ import annotations

import ipaddress

import pytest

import netkit as nk
from netkit.lab.place import Place
from netkit.linux.probing import probes
from tests.inside.wild_networks import cable, space

SECONDS = 0.5
"""Less than the second after which the kernel sends a SYN again, and hears of an error then (RFC 6298)."""

REFUSALS = (
    ("iptables", "10.0.0.2", "icmp-port-unreachable", "Connection refused"),
    ("iptables", "10.0.0.2", "icmp-host-prohibited", "No route to host"),
    ("ip6tables", "fd00::2", "icmp6-port-unreachable", "Connection refused"),
    ("ip6tables", "fd00::2", "icmp6-adm-prohibited", "Permission denied"),
    ("ip6tables", "fd00::2", "icmp6-no-route", "Network is unreachable"),
)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(("tool", "address", "kind", "words"), REFUSALS)
def test_an_icmp_message_ends_a_tcp_probe(tool: str, address: str, kind: str, words: str) -> None:
    for line in (
        *space("near", "far"),
        *cable(("near", "eth0", "10.0.0.1/24 fd00::1/64"), ("far", "eth0", "10.0.0.2/24 fd00::2/64")),
        f"ip netns exec far {tool} -A INPUT -p tcp -j REJECT --reject-with {kind}",
    ):
        nk.sh(line)
    asked = ipaddress.ip_address(address)
    assert probes.echo(Place.get("near").path, asked).ok
    said = probes.probe(Place.get("near").path, "tcp", asked, 80, SECONDS)
    assert (said.ok, said.silent, said.words) == (False, False, words)
