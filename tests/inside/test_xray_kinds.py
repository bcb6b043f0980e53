"""How an x-ray tells of packets that end at filters of many kinds, at tc, or for their checksums."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.wild import Case, Judge
from tests.inside.wild_networks import ROUTED, SWITCHED

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]

FAR, NEAR = "ip netns exec a ping -n -c1 -W1 10.20.3.2", "ip netns exec h1 ping -n -c1 -W1 10.21.0.2"
SIX = "ip netns exec a ping -n -c1 -W1 fd20:3::2"
BRIDGED = "type filter hook forward priority 0 ;"


def nft(where: str, table: str, chain: str, rule: str) -> str:
    """A table with a base chain and a rule."""
    lines = f"add table {table}; add chain {table} c {{ {chain} }}; add rule {table} c {rule}"
    return f"ip netns exec {where} nft '{lines}'"


LEGACY = (
    "last seen coming in at r1:in0; the rule `-A FORWARD -p {} -j DROP` of {}tables-legacy (filter) in r1 counted 1"
)
ROWS = {
    "iptables-legacy": (ROUTED, "r1 iptables-legacy -A FORWARD -p icmp -j DROP", FAR, LEGACY.format("icmp", "ip")),
    "ip6tables-legacy": (
        ROUTED,
        "r1 ip6tables-legacy -A FORWARD -p icmpv6 -j DROP",
        SIX,
        LEGACY.format("ipv6-icmp", "ip6"),
    ),
    "iptables-legacy INPUT": (
        ROUTED,
        "b iptables-legacy -A INPUT -p icmp -j DROP",
        FAR,
        "it came in at b:eth0, but b did not take it in; the rule `-A INPUT -p icmp -j DROP` of iptables-legacy",
    ),
    "a policy of iptables-legacy": (
        ROUTED,
        "r2 iptables-legacy -P FORWARD DROP",
        FAR,
        "last seen coming in at r2:in0; the policy `-P FORWARD DROP` of iptables-legacy (filter) in r2 counted 1",
    ),
    "ebtables": (
        SWITCHED,
        "sw ebtables -A FORWARD -p IPv4 -j DROP",
        NEAR,
        "dropped in sw by filter FORWARD: the rule `-A FORWARD -p IPv4 -j DROP`",
    ),
    "nft bridge": (
        SWITCHED,
        nft("sw", "bridge f", BRIDGED, "ip protocol icmp drop"),
        NEAR,
        "dropped in sw by bridge f c: the rule `ip protocol 1 drop`",
    ),
    "nft ingress": (
        SWITCHED,
        nft("h2", "netdev f", "type filter hook ingress device eth0 priority 0 ;", "ip protocol icmp drop"),
        NEAR,
        "dropped in h2 by netdev f c: the rule `ip protocol 1 drop`",
    ),
    "nft egress": (
        SWITCHED,
        nft("h1", "netdev f", "type filter hook egress device eth0 priority 0 ;", "ip protocol icmp drop"),
        NEAR,
        "dropped in h1 by netdev f c: the rule `ip protocol 1 drop`",
    ),
    "tc": (
        SWITCHED,
        'h2 sh -c "tc qdisc add dev eth0 clsact && tc filter add dev eth0 ingress protocol ip '
        "bpf da bytecode '1,6 0 0 2'\"",
        NEAR,
        "it came in at h2:eth0, but did not come to PREROUTING: the filter `ingress protocol ip pref 49152 bpf chain 0 "
        "handle 0x1 direct-action bytecode '1,6 0 0 2'` of tc at h2:eth0 stands there, and its clsact dropped",
    ),
    "blackhole": (
        ROUTED,
        "r1 ip route add blackhole 10.20.3.2/32",
        FAR,
        "the blackhole route 10.20.3.2/32 of r1 refuses 10.20.3.2",
    ),
    "rule of routing": (
        ROUTED,
        "r2 ip rule add iif in0 prohibit",
        FAR,
        "refused in r2, which has the rule of routing `from all iif in0 prohibit`; r2 told the sender so",
    ),
    "nobody stops it": (ROUTED, "r1 true", FAR, "delivered to 10.20.3.2 in b"),
}
"""By what stops it: the network, what is done to it, who sends, and what is told of the first echo request."""

BY_DEFAULT = ("iptables-legacy", "nft bridge")


def ended(name: str) -> tuple[str, str]:
    """What is told of the first echo request, and what has to be."""
    base, line, act, wanted = ROWS[name]
    judge = Judge(Case(name, base, ("a", "b"), "", "", ()))
    try:
        for each in (*base, line if line.startswith("ip netns") else f"ip netns exec {line}"):
            done = judge.shell(each)
            assert done.returncode == 0, f"{each}: {done.stdout}"
        nk.snapshot()
        with nk.xray() as x:
            judge.shell(act)
        told = [repr(each).splitlines()[0] for each in x.journeys]
        assert not [each for each in told if "IP protocol" in each], told
        return next(each for each in told if "echo request" in each), wanted
    finally:
        judge.close()


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_what_stops_a_packet_is_named(name: str) -> None:
    told, wanted = ended(name)
    assert wanted in told


@pytest.mark.long
@pytest.mark.parametrize("name", ROWS)
def test_each_kind_that_stops_a_packet_is_named(name: str) -> None:
    told, wanted = ended(name)
    assert wanted in told


SPOILED = """
import socket, struct
one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
body = struct.pack("!HHHH", 4000, 5300, 13, 0x1234) + b"hello"
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 33, 7, 0, 64, 17, 0, *map(socket.inet_aton, ("10.21.0.1", "10.21.0.2")))
one.sendto(head + body, ("10.21.0.2", 0))
"""


def test_a_wrong_checksum_is_no_delivery(tmp_path: Path) -> None:
    judge = Judge(Case("", SWITCHED, ("h1", "h2"), "", "", ()))
    program = tmp_path / "spoiled.py"
    program.write_text(SPOILED)
    try:
        for line in (*SWITCHED, "serve h2 udp 0.0.0.0 5300"):
            assert judge.shell(line).returncode == 0, line
        nk.snapshot()
        with nk.xray() as x:
            subprocess.run(["ip", "netns", "exec", "h1", sys.executable, str(program)], check=True)
        [told] = [repr(each).splitlines()[0] for each in x.find("udp")]
        assert "it came in at h2:eth0 with a wrong UDP checksum: h2 threw it away (UdpInCsumErrors)" in told
    finally:
        judge.close()
