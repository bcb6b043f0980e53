"""What not every kernel has, as x-rays, snapshots and nk.why tell it: bonds, VRFs, full tables, VLANs of ports.

Where a kernel lacks one, or its limits are the machine's, its test is left out, with the reason; in User-Mode
Linux none is (tests/outside/test_uml_features.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.wild import Case, Judge
from tests.inside.wild_networks import ROUTED, SWITCHED, cable, space

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.long, pytest.mark.once]

BONDED = [
    *space("a", "b"),
    *(f"ip link add p{each} netns a type veth peer name q{each} netns b" for each in (0, 1)),
    "ip -n a link add bond0 type bond mode active-backup miimon 100",
    "ip -n a link set p0 master bond0",
    "ip -n a link set p1 master bond0",
    "ip -n a addr add 10.20.1.1/24 dev bond0",
    "ip -n a link set bond0 up",
    "ip -n b link add br0 type bridge",
    *(f"ip -n b link set q{each} master br0 up" for each in (0, 1)),
    "ip -n b addr add 10.20.1.2/24 dev br0",
    "ip -n b link set br0 up",
]
ROUTED_IN_A_VRF = [
    *space("a", "r1", "b"),
    *cable(("a", "eth0", "10.20.1.1/24"), ("r1", "e1", "")),
    *cable(("b", "eth0", "10.20.2.1/24"), ("r1", "e2", "")),
    "ip netns exec r1 sysctl -qw net.ipv4.ip_forward=1",
    "ip -n a route add default via 10.20.1.254",
    "ip -n b route add default via 10.20.2.254",
    "ip -n r1 link add red type vrf table 10",
    "ip -n r1 link set red up",
    *(f"ip -n r1 link set e{each} master red" for each in (1, 2)),
    *(f"ip -n r1 addr add 10.20.{each}.254/24 dev e{each}" for each in (1, 2)),
]
MEMBERS = {
    "bond": (BONDED, ("a", "10.20.1.2"), ["a:bond0", "a:p0", "b:q0", "b:br0"]),
    "vrf": (ROUTED_IN_A_VRF, ("a", "10.20.2.1"), ["a:eth0", "r1:e1", "r1:e2", "b:eth0"]),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_master_that_is_no_bridge(name: str) -> None:
    network, ask, places = MEMBERS[name]
    judge = Judge(Case(name, network, ask, "", "", ()))
    try:
        kind = {"bond": "bond mode active-backup", "vrf": "vrf table 10"}[name]
        if judge.shell(f"set -e; ip link add probe type {kind}; ip link del probe").returncode:
            pytest.skip(f"this kernel has no {name}")
        judge.build()
        judge.shell("for name in a r1 b; do ip -n $name neigh flush all; done")
        with nk.xray() as x:
            assert judge.flows()
        requests = x.find("icmp", destination=ask[1])
        assert [hop.where for hop in requests[0].hops if hop.interface] == places
        assert all(each.delivered for each in x.find("arp")), [repr(each) for each in x.find("arp")]
        told = [hop.decided for each in x.journeys for hop in each.hops]
        assert not any(f"FDB of {master}" in words for words in told for master in ("red", "bond0"))
        assert judge.short == []
    finally:
        judge.close()


CONNECTIONS, NEIGHBOURS = "net/netfilter/nf_conntrack_max", "net/ipv4/neigh/default/gc_thresh"


@pytest.fixture
def own_limits() -> Iterator[None]:
    """What the whole kernel holds at most may be set, and is as before afterwards."""
    nk.sh("conntrack -C")  # the kernel's part of it is there from now on
    paths = [Path("/proc/sys", name) for name in (CONNECTIONS, *(f"{NEIGHBOURS}{each}" for each in (1, 2, 3)))]
    values = {path: path.read_text() for path in paths if path.exists()}
    if not all(os.access(path, os.W_OK) for path in values) or len(values) < 4:
        pytest.skip("the limits of this kernel are the machine's")
    yield
    for path, value in values.items():
        path.write_text(value)


FULL = {
    "connections": (
        (
            "ip netns exec r1 iptables -t nat -A POSTROUTING -o out0 -j MASQUERADE",
            "serve b tcp 0.0.0.0 99",
            "ip netns exec r1 conntrack -F",
            f"sysctl -w {CONNECTIONS}=1",
            "keep a tcp 10.20.3.2 99 7777",
        ),
        ("conntrack", "r1", "its table of tracked ones is full (net.netfilter.nf_conntrack_max)"),
    ),
    "neighbours": (
        (
            "for name in a r1 r2 b; do ip -n $name neigh flush all; done",
            *(f"sysctl -w {NEIGHBOURS}{each}={value}" for each, value in ((1, 0), (2, 1), (3, 2))),
            "for x in 7 8 9; do ip -n a neigh add 10.20.1.$x lladdr 02:00:00:00:00:77 nud reachable dev eth0; done;"
            " true",
        ),
        ("neighbour", "a", "table of them, which all namespaces share, is full"),
    ),
}


@pytest.mark.usefixtures("own_limits")
@pytest.mark.parametrize("name", FULL)
def test_a_table_of_the_kernel_that_is_full(name: str) -> None:
    lines, (layer, where, words) = FULL[name]
    judge = Judge(Case(name, ROUTED, ("a", "10.20.3.2"), layer, where, ()))
    try:
        judge.build()
        for line in lines:
            assert judge.shell(line).returncode == 0, line
        assert not judge.flows()
        said = nk.why("a", "10.20.3.2")
        assert (said.ok, str(said.layer), said.where) == (False, layer, where), said
        assert words in said.explanation
        assert judge.short == []
    finally:
        judge.close()


def test_vlans_of_ports_are_compared_and_come_back() -> None:
    from netkit.rebuilding import rebuilding
    from tests.inside.empty import sweep

    judge = Judge(Case("vlans", SWITCHED, ("h1", "10.21.0.2"), "", "", ()))
    lines = (
        "ip -n sw link set br0 type bridge vlan_filtering 1",
        "ip netns exec sw bridge vlan del dev p1 vid 1",
        "ip netns exec sw bridge vlan add dev p1 vid 20 pvid untagged",
        "ip netns exec sw bridge vlan add dev br0 vid 20 self",
    )
    try:
        for line in (*SWITCHED, lines[0]):
            if judge.shell(line).returncode:
                pytest.skip("this kernel's bridges heed no VLANs")
        usual = nk.snapshot()
        for line in lines[1:]:
            assert judge.shell(line).returncode == 0, line
        before = nk.snapshot()
        told = [each.typed for each in before["sw"].further]
        assert [line for line in told if line.startswith(("dev p1", "dev br0 vid 20"))] == [
            "dev br0 vid 20",
            "dev p1 vid 20 pvid untagged",
        ]
        said = nk.compare(usual, before).differences
        assert len(said) == 3, said
        assert any("dev p1 vid 1 pvid untagged is missing" in each for each in said), said
        script = str(rebuilding(before))
        sweep()
        assert judge.shell(script).returncode == 0
        assert nk.snapshot()["sw"].further == before["sw"].further
    finally:
        judge.close()
