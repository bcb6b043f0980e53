"""A repair is whole where somebody on the link knows another MAC still."""

from __future__ import annotations

import pytest

import netkit as nk
from tests.inside.wild_networks import SWITCHED

TENTATIVE = "ip netns exec h2 sh -c 'until ip -6 addr show dev eth0 dadfailed | grep -q fd21::9; do sleep 0.1; done'"
HAD_BEFORE = (
    "ip netns exec h2 sysctl -qw net.ipv6.conf.all.accept_dad=1 net.ipv6.conf.eth0.accept_dad=1",
    "ip -n h3 addr add fd21::9/64 dev eth0 nodad",
    "ip -n h2 addr add fd21::9/64 dev eth0",
    TENTATIVE,
    "ip netns exec h1 ping -c 1 -W 5 fd21::9",
    "ip -n h3 addr del fd21::9/64 dev eth0",
)
"""h2 wanted an address that h3 had, of whom h1 has learned it, and has it no more."""


@pytest.mark.usefixtures("fresh")
def test_who_has_learned_the_other_one_asks_again() -> None:
    for line in (*SWITCHED, *HAD_BEFORE):
        assert nk.sh(line).returncode == 0, line
    said = nk.why("h1", "fd21::9")
    assert (said.layer, said.where) == ("address", "h2")
    for line in said.repair:
        assert nk.sh(line).returncode == 0, line
    assert nk.Namespace.get("h1").ping("fd21::9", timeout=2.0).ok
