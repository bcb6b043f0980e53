"""A network is rebuilt from nothing but its snapshot, whoever made it, and what cannot be rebuilt is named."""

from __future__ import annotations

import subprocess

import pytest

import netkit as nk
from netkit.rebuilding import rebuilding
from tests.inside import needs
from tests.inside.networks import NETWORKS

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


def rebuilt(snapshot: nk.Snapshot) -> nk.Snapshot:
    """What the script makes in the empty sandbox."""
    nk.reset()
    script = str(rebuilding(snapshot))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{script}"
    return nk.snapshot()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_that_commands_made(name: str) -> None:
    subprocess.run(["sh", "-c", "set -e\n" + "\n".join(NETWORKS[name]())], capture_output=True, check=True)
    before = nk.snapshot()
    assert rebuilding(before).missing == ()
    assert rebuilt(before) == before


def test_what_handles_made_besides() -> None:
    pc = nk.Namespace("pc")
    lan, eth0 = nk.veth("lan", "eth0", peer_namespace=pc)
    lan.add_address("192.168.1.1/24")
    eth0.set_mac("02:42:c0:a8:01:32")
    eth0.set_mtu(1400)
    nk.Bridge("inner", namespace=pc).up()
    inside, own = nk.veth("in", "own", namespace=pc, peer_namespace=pc)
    pc["inner"].attach(inside)
    for link in (lan, eth0, inside, own):
        link.up()
    vx0 = nk.vxlan("vx0", 77, local="192.168.1.1", learning=False)
    vx0.add_forwarding("02:00:00:00:00:01", "192.168.1.50")
    vx0.add_flood("192.168.1.50")
    nk.host.set_policy("FORWARD", "DROP")
    pc.iptables("-t nat -A POSTROUTING -o eth0 ! -d 10.0.0.0/8 -j MASQUERADE")
    for line in (
        "ip route add blackhole 10.9.0.0/16",
        "ip neigh add 192.168.1.77 lladdr 02:00:00:00:00:09 dev lan nud permanent",
        "ip -6 route add fd00:7::/64 dev lan",
    ):
        assert nk.sh(line).returncode == 0
    before = nk.snapshot()
    assert rebuilding(before).missing == ()
    assert rebuilt(before) == before


def test_routes_of_several_hops() -> None:
    for line in (
        "ip link add v0 type veth peer name v1",
        "ip addr add 10.0.0.1/24 dev v0",
        "ip addr add fd00::1/64 dev v0 nodad",
        "ip link set v0 up",
        "ip link set v1 up",
        "ip route add 10.8.0.0/16 nexthop via 10.0.0.2 weight 9 nexthop via 10.0.0.3",
        "ip route add 10.7.0.0/16 nexthop via 10.9.0.2 dev v0 onlink nexthop via 10.0.0.3 dev v0",
        "ip route add 10.6.0.0/16 via inet6 fd00::2 dev v0",
        "ip -6 route add fd08::/64 nexthop via fd00::2 nexthop via fd00::3",
        "ip nexthop add id 1 via 10.0.0.2 dev v0",
        "ip nexthop add id 2 via 10.0.0.3 dev v0",
        "ip nexthop add id 3 group 1/2",
        "ip route add 10.5.0.0/16 nhid 3",
        "tc qdisc add dev v0 root handle 1: htb default 5",
    ):
        assert nk.sh(line).returncode == 0
    before = nk.snapshot()
    assert rebuilding(before).missing == ()
    assert rebuilt(before) == before


def test_rules_of_nft() -> None:
    for line in (
        "add table inet guard",
        "'add chain inet guard transit { type filter hook forward priority 0; policy drop; }'",
        "add chain inet guard own",
        "add rule inet guard transit jump own",
        "add rule inet guard own ip daddr 10.2.3.4 counter drop",
        "add chain inet guard empty",
        "add table bridge bare",
        "'add set inet guard ports { type inet_service; flags interval; elements = { 22, 8000-8010 } }'",
        "'add map inet guard verdicts { type inet_service : verdict; elements = { 80 : jump own } }'",
        "add rule inet guard transit tcp dport @ports accept",
        "add rule inet guard transit tcp dport vmap @verdicts",
    ):
        done = nk.sh(f"nft {line}")
        if "not supported" in done.stderr:
            pytest.skip(f"this kernel: {done.stderr}")
        assert done.returncode == 0, done
    before = nk.snapshot()
    assert rebuilt(before) == before


@needs.nftables
def test_rules_of_all_other_tools() -> None:
    """In a namespace of its own: the older tables stay in the kernel as long as that does."""
    pc = nk.Namespace("pc")
    for line in (
        "ebtables -N mine",
        "ebtables -A FORWARD -p IPv4 --ip-dst 10.0.0.2 -j mine",
        "ebtables -P FORWARD DROP",
        "arptables -A INPUT -s 10.0.0.3 -j DROP",
        "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT",
        "iptables-legacy -P INPUT DROP",
    ):
        assert pc.run(line).returncode == 0, line
    before = nk.snapshot()
    assert {rule.tool for rule in before["pc"].rules} == {"ebtables", "arptables", "iptables-legacy"}
    assert rebuilt(before) == before


def test_what_no_command_makes_is_named() -> None:
    docker = nk.Docker()
    docker.run("web", "sleep 1000")
    program = nk.Namespace("pc").start("sleep 1000")
    found = rebuilding(nk.snapshot())
    assert "[web], a namespace without a name, which lives as long as its programs do: sleep" in found.missing
    assert "what runs in pc: sleep" in found.missing
    assert any("a cable whose other end is out of reach" in sentence for sentence in found.missing)
    assert "# It lacks: what runs in pc: sleep." in str(found)
    program.stop()
    docker.close()
