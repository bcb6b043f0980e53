"""nk.why reads the packet filter as the kernel does: rules that let a packet pass are not blamed."""

from __future__ import annotations

from typing import Any

import pytest

import netkit as nk
from netkit.linux import entering, sysctls
from tests.inside import needs, networks, worlds
from tests.inside.wire import sh

pytestmark = pytest.mark.once

NF = "net.bridge.bridge-nf-call-iptables"
SERVER = "ip netns exec ns2 busybox httpd -p 80"


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


def nft(chain: str, *rules: str) -> tuple[str, ...]:
    """Shell lines for a chain of nft at INPUT of ns2, with its policy, and rules in it."""
    made = f"'add chain inet guard in {{ type filter hook input priority 0; policy {chain}; }}'"
    lines = ("add table inet guard", made, *(f"'add rule inet guard in {rule}'" for rule in rules))
    return tuple(f"ip netns exec ns2 nft {line}" for line in lines)


ORDINARY = (
    "tcp dport { 81, 443 } drop",
    "tcp dport 81-90 drop",
    "tcp dport != 80 drop",
    "ip saddr != 172.17.1.0/24 drop",
    "ip saddr { 10.0.0.1, 10.1.0.0/16 } drop",
    "ip daddr 10.0.0.1-10.0.0.5 drop",
    "ip saddr @bad drop",
)


@needs.nftables
def test_ordinary_rules_of_nft_are_read() -> None:
    made = nft("accept")
    named_set = "ip netns exec ns2 nft 'add set inet guard bad { type ipv4_addr; }'"
    said = told("bridge", (*made, named_set, *nft("accept", *ORDINARY)[2:], SERVER), "ns1", "172.17.1.2", 80)
    assert said.ok, said


@needs.nftables
def test_the_rule_of_nft_that_drops_is_named() -> None:
    lines = nft("accept", "tcp dport { 22, 443 } drop", "tcp dport 80-90 drop")
    said = told("bridge", (*lines, SERVER), "ns1", "172.17.1.2", 80)
    assert (said.layer, said.where) == ("filter", "ns2"), said
    assert "`tcp dport 80-90 drop`" in said.explanation


@needs.nftables
def test_a_rule_for_tcp_drops_no_udp() -> None:
    said = told("bridge", nft("accept", "tcp dport 53 drop"), "ns1", "172.17.1.2", 53, "udp")
    assert (said.layer, said.where) == ("service", "ns2"), said


STATEFUL = ("ct state established,related accept", "iif lo accept")


@needs.nftables
def test_a_stateful_firewall_of_nft_lets_answers_in() -> None:
    lines = (*nft("drop", *STATEFUL), "ip netns exec ns1 iptables -A INPUT -p icmp -m length --length 20:2000 -j DROP")
    said = told("bridge", lines, "ns2", "172.17.1.1")
    assert (said.layer, said.where) == ("filter", "ns1"), said
    said = told("bridge", nft("drop", *STATEFUL), "ns1", "172.17.1.2")
    assert (said.layer, said.where) == ("filter", "ns2"), said


@needs.nftables
def test_a_policy_is_not_blamed_where_a_rule_cannot_be_read() -> None:
    silent = "ip netns exec ns2 sysctl -qw net.ipv4.icmp_echo_ignore_all=1"
    said = told("bridge", (*nft("drop", "ip ttl 64 accept"), silent), "ns1", "172.17.1.2")
    assert said.layer == "sysctl", said


@needs.nftables
def test_where_a_rule_cannot_be_read_the_watched_probe_tells() -> None:
    said = told("bridge", nft("drop", "ip ttl 63 accept"), "ns1", "172.17.1.2")
    assert (said.layer, said.where) == ("filter", "ns2"), said


@needs.nftables
def test_a_rule_for_icmpv6_accepts_no_icmp() -> None:
    said = told("bridge", nft("drop", "meta l4proto ipv6-icmp accept"), "ns1", "172.17.1.2")
    assert (said.layer, said.where) == ("filter", "ns2"), said
    assert "policy drop" in said.explanation


def test_of_an_answer_that_is_dropped_before_conntrack_nothing_is_said_about_its_connection() -> None:
    said = told("routed", ("ip netns exec r iptables -t raw -A PREROUTING -s 10.0.2.2 -j DROP",), "a", "10.0.2.2")
    assert (said.layer, said.where) == ("filter", "r"), said
    assert "never saw" not in said.explanation
