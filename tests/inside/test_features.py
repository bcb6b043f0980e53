"""What not every kernel has (VLANs, ipvlan, dummy, netem, VLAN filtering, tunnels): traffic, nk.why and x-rays.

In a kernel that lacks one its test is left out, with the reason; tests/outside/test_uml_features.py runs all of them in
User-Mode Linux, where none may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import netkit as nk
from tests.inside.wild import Case, Judge
from tests.inside.wild_networks import ROUTED, SWITCHED, cable, space

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.long, pytest.mark.once]


@dataclass(frozen=True)
class Feature:
    """A network that needs something of the kernel.

    Attributes:
        probe: makes it in a namespace of its own; it fails where the kernel has nothing such.
        network: the lines.
        ask: who sends to whom.
        broken: the lines that break it.
        place: who decides then, and by which layer.
        heals: whether a repair makes traffic flow.
    """

    probe: str
    network: list[str]
    ask: tuple[str, str]
    broken: tuple[str, ...]
    place: tuple[str, str]
    heals: bool = True


def tagged(name: str, number: int, tag: int) -> list[str]:
    """A VLAN device."""
    return [
        f"ip -n {name} link add link eth0 name eth0.{tag} type vlan id {tag}",
        f"ip -n {name} addr add 10.30.0.{number}/24 dev eth0.{tag}",
        f"ip -n {name} link set eth0.{tag} up",
    ]


def tunnel(kind: str) -> list[str]:
    """A tunnel between a and b."""
    return [
        line
        for name, number, own, other in (("a", 1, "10.20.1.2", "10.20.3.2"), ("b", 2, "10.20.3.2", "10.20.1.2"))
        for line in (
            f"ip -n {name} tunnel add t0 mode {kind} local {own} remote {other}",
            f"ip -n {name} addr add 10.99.0.{number}/30 dev t0",
            f"ip -n {name} link set t0 up",
        )
    ]


PAIR = [*space("a", "b"), *cable(("a", "eth0", "10.20.1.1/24"), ("b", "eth0", "10.20.1.2/24"))]
UPON = [
    *space("v1", "v2"),
    "ip link add trunk type veth peer name far",
    "ip link set trunk up",
    "ip link set far up",
    *[
        line
        for number in (1, 2)
        for line in (
            f"ip link add iv{number} link trunk type ipvlan mode l2",
            f"ip link set iv{number} netns v{number}",
            f"ip -n v{number} addr add 10.26.0.1{number}/24 dev iv{number}",
            f"ip -n v{number} link set iv{number} up",
        )
    ],
]
DUMMY = [
    *ROUTED,
    "ip -n b link add d0 type dummy",
    "ip -n b addr add 10.40.0.1/32 dev d0",
    "ip -n b link set d0 up",
    "ip -n r1 route add 10.40.0.1 via 10.20.2.2",
    "ip -n r2 route add 10.40.0.1 via 10.20.3.2",
]
FEATURES = {
    "vlan": Feature(
        "ip -n probe link add e0 type veth peer name e1; ip -n probe link add link e0 name e0.5 type vlan id 5",
        [*PAIR, *tagged("a", 1, 5), *tagged("b", 2, 5)],
        ("a", "10.30.0.2"),
        ("ip -n b link set eth0.5 down",),
        ("b", "link"),
    ),
    "ipvlan": Feature(
        "ip -n probe link add e0 type veth peer name e1; ip -n probe link add i0 link e0 type ipvlan",
        UPON,
        ("v1", "10.26.0.12"),
        ("ip -n v2 link set iv2 down",),
        ("v2", "link"),
    ),
    "dummy": Feature(
        "ip -n probe link add d0 type dummy",
        DUMMY,
        ("a", "10.40.0.1"),
        ("ip -n b addr del 10.40.0.1/32 dev d0",),
        ("b", "address"),
        heals=False,
    ),
    "netem": Feature(
        "tc -n probe qdisc add dev lo root netem delay 1ms",
        ROUTED,
        ("a", "10.20.3.2"),
        ("ip netns exec r1 tc qdisc add dev out0 root netem loss 100%",),
        ("r1", "qdisc"),
    ),
    "vlan filtering": Feature(
        "ip -n probe link add b0 type bridge vlan_filtering 1",
        [*SWITCHED, "ip -n sw link set br0 type bridge vlan_filtering 1"],
        ("h1", "10.21.0.2"),
        (
            "ip netns exec sw bridge vlan del dev p2 vid 1",
            "ip netns exec sw bridge vlan add dev p2 vid 20 pvid untagged",
        ),
        ("sw", "bridge"),
    ),
    "ipip": Feature(
        "ip -n probe tunnel add t0 mode ipip local 10.9.9.1 remote 10.9.9.2",
        [*ROUTED, *tunnel("ipip")],
        ("a", "10.99.0.2"),
        ("ip netns exec r1 iptables -A FORWARD -p 4 -j DROP",),
        ("r1", "filter"),
    ),
    "gre": Feature(
        "ip -n probe tunnel add t0 mode gre local 10.9.9.1 remote 10.9.9.2",
        [*ROUTED, *tunnel("gre")],
        ("a", "10.99.0.2"),
        ("ip netns exec r1 iptables -A FORWARD -p 47 -j DROP",),
        ("r1", "filter"),
    ),
    "tc matchall": Feature(
        "tc -n probe qdisc add dev lo clsact; tc -n probe filter add dev lo egress matchall action drop",
        ROUTED,
        ("a", "10.20.3.2"),
        (
            "ip netns exec r1 tc qdisc add dev out0 clsact",
            "ip netns exec r1 tc filter add dev out0 egress protocol ip matchall action drop",
        ),
        ("r1", "tc"),
    ),
}


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_with_traffic(name: str) -> None:
    feature = FEATURES[name]
    judge = Judge(Case(name, feature.network, feature.ask, feature.place[1], feature.place[0], feature.broken))
    try:
        judge.shell("ip netns add probe")
        if judge.shell(f"set -e; {feature.probe}").returncode:
            pytest.skip(f"this kernel has no {name}")
        judge.shell("ip netns del probe")
        judge.build()
        with nk.xray() as x:
            judge.shell(f"ip netns exec {feature.ask[0]} ping -n -c1 -W1 {feature.ask[1]}")
        told = [repr(each).splitlines()[0] for each in x.journeys]
        [asked] = [each for each in told if "echo request" in each]  # one journey, whatever carries it
        assert "delivered to" in asked, told
        for line in feature.broken:
            assert judge.shell(line).returncode == 0, line
        said = nk.why(*feature.ask)
        assert (said.ok, said.where, str(said.layer)) == (False, *feature.place), said
        for line in said.repair:
            judge.shell(line)
        assert judge.flows() is feature.heals
        assert judge.short == []
    finally:
        judge.close()


def test_a_table_raw_with_rules_is_traced_as_well() -> None:
    judge = Judge(Case("raw", ROUTED, ("a", "10.20.3.2"), "", "", ()))
    rule = "iptables -t raw -A PREROUTING -p icmp -m length --length 200: -j DROP"
    try:
        for line in (*ROUTED, f"ip netns exec r1 {rule}", "ip netns exec a ping -n -c1 -W1 10.20.3.2"):
            assert judge.shell(line).returncode == 0, line
        before = judge.shell("ip netns exec r1 iptables -t raw -S").stdout
        with nk.xray() as x:
            judge.shell("ip netns exec a ping -n -c1 -W1 10.20.3.2; ip netns exec a ping -n -c1 -s 500 -W1 10.20.3.2")
        assert not x.seen.untraced
        first, *_, last = x.find("icmp", destination="10.20.3.2")
        assert first.delivered
        assert last.end.startswith("dropped in r1 by raw PREROUTING: the rule `-A PREROUTING -p icmp -m length")
        assert judge.shell("ip netns exec r1 iptables -t raw -S").stdout == before
    finally:
        judge.close()
