"""nk.diff and %%changes on a real kernel: single acts, each with exactly the lines that it is to be told in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.magics.changes import at_rest
from tests.inside import needs

if TYPE_CHECKING:
    from netkit.changes.result import Changes

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]

ARTICLE = """
ip link add brtest type bridge
ip addr add 172.17.1.254/24 dev brtest
for i in 1 2; do
  ip netns add ns$i
  ip link add veth$i type veth peer name eth1 netns ns$i
  ip link set veth$i master brtest up
  ip -n ns$i link set lo up
  ip -n ns$i addr add 172.17.1.$i/24 dev eth1
  ip -n ns$i link set eth1 up
done
ip link set brtest up
"""
FORWARDED = "host: + rule iptables -A FORWARD -i brtest -j ACCEPT"

LINKS = [
    ("true", []),
    ("ip link set veth1 mtu 1400", ["host: ~ link brtest: MTU 1500 → 1400", "host: ~ link veth1: MTU 1500 → 1400"]),
    (
        "ip link set veth1 mtu 1500",
        ["host: ~ link brtest: MTU 1400 → 1500", "host: ~ link veth1: MTU 1400 → 1500"],
    ),
    (
        "ip -n ns1 link set eth1 address 02:42:ac:11:01:01",
        ["ns1: ~ link eth1: MAC drawn at random → 02:42:ac:11:01:01"],
    ),
    ("ip link set veth1 type bridge_slave hairpin on", ["host: ~ link veth1: hairpin off → on"]),
    (
        "ip link set veth1 nomaster",
        ["host: ~ link veth1: port of brtest → no port", "host: ~ link veth1: hairpin on → off"],
    ),
    ("ip link set veth1 master brtest", ["host: ~ link veth1: no port → port of brtest"]),
    (
        "ip link set veth2 down",
        [
            "host: ~ link veth2: up → down",
            "ns2: ~ link eth1: up → up without a carrier",
        ],
    ),
    ("ip link set veth2 name lan2", ["host: ~ link lan2: renamed from veth2"]),
    (
        "ip link set lan2 netns ns2",
        [
            "host: ~ link lan2: moved to ns2",
            "ns2: ~ link lan2: moved from host",
            "ns2: ~ link lan2: port of brtest → no port",
        ],
    ),
    (
        "ip -n ns2 link del lan2",
        [
            "ns2: - link eth1 (veth, peer lan2), up without a carrier",
            "ns2: - link lan2 (veth, peer eth1), down",
            "ns2: - address 172.17.1.2/24 on eth1",
            "ns2: - route 172.17.1.0/24 dev eth1 src 172.17.1.2 (kernel)",
        ],
    ),
    (
        "ip link add one type veth peer name two",
        ["host: + link one (veth, peer two), down", "host: + link two (veth, peer one), down"],
    ),
    ("ip link add br9 type bridge", ["host: + link br9 (bridge), down"]),
]
ADDRESSES = [
    (
        "ip addr add 10.9.0.1/24 dev brtest",
        ["host: + address 10.9.0.1/24 on brtest", "host: + route 10.9.0.0/24 dev brtest src 10.9.0.1 (kernel)"],
    ),
    (
        "ip addr add fd00::1/64 dev brtest",
        ["host: + address fd00::1/64 on brtest", "host: + route fd00::/64 dev brtest metric 256 (kernel)"],
    ),
    ("ip -n ns1 route add default via 172.17.1.254", ["ns1: + route default via 172.17.1.254 dev eth1"]),
    (
        "ip -n ns1 route replace default via 172.17.1.2",
        ["ns1: ~ route default: via 172.17.1.254 dev eth1 → via 172.17.1.2 dev eth1"],
    ),
    ("ip route add blackhole 10.66.0.0/16", ["host: + route blackhole 10.66.0.0/16"]),
    (
        "ip -n ns1 link set eth1 down",
        [
            "host: ~ link veth1: up → up without a carrier",
            "ns1: ~ link eth1: up → down",
            "ns1: - route default via 172.17.1.2 dev eth1",
            "ns1: - route 172.17.1.0/24 dev eth1 src 172.17.1.1 (kernel)",
        ],
    ),
    ("sysctl -qw net.ipv4.conf.all.rp_filter=2", ["host: ~ sysctl net.ipv4.conf.all.rp_filter: 0 → 2"]),
]
NEIGHBOURS = [
    (
        "ip netns exec ns1 ping -qc1 172.17.1.2",
        [
            "host: + fdb the MAC of ns1:eth1 on veth1 of brtest, learned",
            "host: + fdb the MAC of ns2:eth1 on veth2 of brtest, learned",
            "ns1: + neighbour 172.17.1.2 on eth1 at the MAC of ns2:eth1, learned",
            "ns2: + neighbour 172.17.1.1 on eth1 at the MAC of ns1:eth1, learned",
        ],
    ),
    ("ip netns exec ns1 ping -qc1 172.17.1.2", []),
    ("ip netns exec ns1 ping -qc1 -W1 172.17.1.9 || true", ["ns1: + neighbour 172.17.1.9 on eth1 without an answer"]),
    (
        "ip -n ns1 neigh replace 172.17.1.2 lladdr 02:42:ac:11:01:02 dev eth1",
        ["ns1: ~ neighbour 172.17.1.2 on eth1: at the MAC of ns2:eth1, learned → at 02:42:ac:11:01:02, permanent"],
    ),
    (
        "bridge fdb add 02:42:ac:11:01:09 dev veth2 master static",
        ["host: + fdb 02:42:ac:11:01:09 on veth2 of brtest, static"],
    ),
    (
        "ip -n ns1 neigh flush nud permanent dev eth1",
        ["ns1: - neighbour 172.17.1.2 on eth1 at 02:42:ac:11:01:02, permanent"],
    ),
]
FILTER = [
    ("iptables -A FORWARD -i brtest -j ACCEPT", [FORWARDED]),
    ("iptables -P FORWARD DROP", ["host: ~ policy iptables -P FORWARD: ACCEPT → DROP"]),
    ("iptables -I FORWARD -p tcp -j ACCEPT", ["host: + rule iptables -A FORWARD -p tcp -j ACCEPT (rule 1 of 2)"]),
    ("iptables -N MINE", ["host: + chain iptables -N MINE"]),
    (
        "iptables -t nat -A POSTROUTING -s 172.17.1.0/24 ! -o brtest -j MASQUERADE",
        ["host: + rule iptables -t nat -A POSTROUTING -s 172.17.1.0/24 ! -o brtest -j MASQUERADE"],
    ),
    (
        "ping -qc1 172.17.1.2",
        [
            "host: + neighbour 172.17.1.2 on brtest at the MAC of ns2:eth1, learned",
            "host: + fdb the MAC of ns2:eth1 on veth2 of brtest, learned",
            "host: + connection icmp 172.17.1.254 → 172.17.1.2",
            "ns2: + neighbour 172.17.1.254 on eth1 at the MAC of host:brtest, learned",
        ],
    ),
    ("iptables -F FORWARD", ["host: - rule iptables -A FORWARD -p tcp -j ACCEPT", FORWARDED.replace("+", "-")]),
    (
        "ip netns exec ns1 nft 'add table inet t; add chain inet t c "
        "{ type filter hook input priority 0; policy drop; }'",
        [
            "ns1: + table nft inet t",
            "ns1: + base chain nft inet t c { type filter hook input priority 0; policy drop; }",
        ],
    ),
]
SPACES = [
    ("ip netns add ns3", ["ns3: + namespace ns3"]),
    ("ip -n ns3 link set lo up", ["ns3: ~ link lo: down → up"]),
    ("ip netns del ns3", ["ns3: - namespace ns3", "ns3: - link lo (loopback), up"]),
    (
        "ip netns del ns2",
        [
            "host: - link veth2 (veth, peer eth1 in ns2), up, port of brtest",
            "ns2: - namespace ns2",
            "ns2: - link eth1 (veth, peer veth2 in host), up",
            "ns2: - link lo (loopback), up",
            "ns2: - address 172.17.1.2/24 on eth1",
            "ns2: - route 172.17.1.0/24 dev eth1 src 172.17.1.2 (kernel)",
        ],
    ),
]
STORIES = {"links": LINKS, "addresses": ADDRESSES, "neighbours": NEIGHBOURS, "filter": FILTER, "namespaces": SPACES}


def told(changes: Changes) -> list[str]:
    return [f"{change.namespace}: {change}" for change in changes]


@pytest.mark.parametrize("story", STORIES)
def test_each_act_is_told_in_its_lines(story: str) -> None:
    outcome = nk.sh(f"sh -ec '{ARTICLE}'")
    assert not outcome.returncode, outcome
    before = at_rest()
    for command, lines in STORIES[story]:
        if " nft " in command and not needs.has_nftables():
            continue
        outcome = nk.sh(command)
        assert not outcome.returncode, f"{command}: {outcome}"
        after = at_rest(before)
        changes = nk.diff(before, after)
        assert told(changes) == lines, command
        assert bool(changes) == bool(lines)
        before = after
