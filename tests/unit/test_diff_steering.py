"""nk.diff: switches, rules of routing and whatever else steers packets."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from netkit.model import Interface, NextHop, PolicyRule, Queue, Route
from netkit.model.listed import in_vlan
from tests.unit.diffing import VETH, host, told


def test_a_switch_that_only_one_look_has_read_is_not_told() -> None:
    off, on = (host(VETH, sysctls={"net.ipv4.ip_forward": value}) for value in "01")
    assert told(off, on) == ["~ sysctl net.ipv4.ip_forward: 0 → 1"]
    assert told(host(VETH), on) == []


def test_a_switch_that_follows_from_another_is_not_told_twice() -> None:
    names = ["net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.default.forwarding"]
    old = host(VETH, sysctls=dict(zip(names, "010", strict=True)))
    assert told(old, host(VETH, sysctls=dict(zip(names, "101", strict=True)))) == [
        "~ sysctl net.ipv4.ip_forward: 0 → 1"
    ]


@pytest.mark.parametrize(
    ("switches", "line"),
    [
        ((("ipv4.rp_filter", "2"),), "~ sysctl net.ipv4.conf.veth1.rp_filter: 0 → 2"),
        ((("ipv4.send_redirects", "0"),), "~ sysctl net.ipv4.conf.veth1.send_redirects: 1 → 0"),
        ((("ipv6.accept_ra", "0"),), "~ sysctl net.ipv6.conf.veth1.accept_ra: 1 → 0"),
    ],
)
def test_switches_of_an_interface(switches: tuple[tuple[str, str], ...], line: str) -> None:
    assert told(host(VETH), host(dataclasses.replace(VETH, switches=switches))) == [line]


STEERING = [
    ({"policies": (PolicyRule(100, (("fwmark", "0x1"),), table="7"),)}, "+ ip rule 100: from all fwmark 0x1 lookup 7"),
    ({"policies": (PolicyRule(0, (), "missing", "local"),)}, "+ ip rule 0: from all lookup local is missing"),
    ({"next_hops": (NextHop(5, "10.0.0.2", "veth1"),)}, "+ nexthop id 5 via 10.0.0.2 dev veth1"),
    ({"next_hops": (NextHop(6, group=((5, 3),), kind="group"),)}, "+ nexthop id 6 group 5,3"),
    ({"queues": (Queue("veth1", "qdisc", "tbf 1: root rate 1Mbit"),)}, "+ qdisc on veth1 tbf 1: root rate 1Mbit"),
    ({"groups": (("veth1", "33:33:00:00:00:09"),)}, "+ group 33:33:00:00:00:09 on veth1"),
    ({"further": (in_vlan("veth1", 20),)}, "+ bridge vlan: dev veth1 vid 20"),
    ({"files": (("/etc/resolv.conf", "nameserver 9.9.9.9\n"),)}, "+ /etc/resolv.conf nameserver 9.9.9.9"),
    (
        {"local_routes": (Route("10.9.9.9/32", device="veth1", scope="host", kind="local", table="local"),)},
        "+ route local 10.9.9.9/32 dev veth1 table local",
    ),
]


@pytest.mark.parametrize(("tables", "line"), STEERING)
def test_what_steers_packets(tables: dict[str, Any], line: str) -> None:
    assert told(host(VETH), host(VETH, **tables)) == [line]
    assert told(host(VETH, **tables), host(VETH)) == [line.replace("+", "-", 1)]


class TestVlansOfPorts:
    """Where the kernel has them, each bridge puts its ports into the one that comes without a tag."""

    BRIDGE = Interface("br0", "bridge")
    PORT = dataclasses.replace(VETH, master="br0")
    ALONE = in_vlan("br0", 1, own=True, untagged=True)
    BOTH = (ALONE, in_vlan("veth1", 1, own=True, untagged=True))

    def test_the_bridges_own_choice_is_not_told_beside_its_new_port(self) -> None:
        alone, joined = host(self.BRIDGE, VETH, further=(self.ALONE,)), host(self.BRIDGE, self.PORT, further=self.BOTH)
        assert not any("vlan" in line for line in [*told(alone, joined), *told(joined, alone)])
        assert told(alone, joined)

    def test_a_port_that_left_it_is_told(self) -> None:
        joined, left = (host(self.BRIDGE, self.PORT, further=further) for further in (self.BOTH, (self.ALONE,)))
        assert told(joined, left) == ["+ bridge vlan: dev veth1 vid 1 pvid untagged is missing"]
        assert told(left, joined) == ["- bridge vlan: dev veth1 vid 1 pvid untagged is missing"]

    def test_another_choice_of_the_bridge_is_its_own_too(self) -> None:
        other = dataclasses.replace(self.BRIDGE, details=(("vlan_default_pvid", "5"),))
        moved = tuple(in_vlan(each.word("dev"), 5, own=True, untagged=True) for each in self.BOTH)
        found = told(host(self.BRIDGE, self.PORT, further=self.BOTH), host(other, self.PORT, further=moved))
        assert len(found) == 1
        assert "5" in found[0]

    def test_a_kernel_without_them_misses_none(self) -> None:
        assert not any("vlan" in line for line in told(host(self.BRIDGE, VETH), host(self.BRIDGE, self.PORT)))
