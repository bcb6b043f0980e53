"""What of a network no command of the journal mentions."""

from __future__ import annotations

from netkit.lab.outside import undone, unmentioned
from netkit.model import Interface, Namespace, NextHop, PolicyRule, Queue, Route, Snapshot

LO = Interface("lo", "loopback", up=True)
ETH0 = Interface("eth0", "veth", addresses=("10.0.0.1/24", "10.0.0.9/24"), peer=("host", "v0"))
RED = Namespace("red", {"lo": LO, "eth0": ETH0}, routes=(Route("default", "10.0.0.254", "eth0"),))
HOST = Namespace("host", {"lo": LO, "v0": Interface("v0", "veth", peer=("red", "eth0"))})
NETWORK = Snapshot({"host": HOST, "red": RED})
CABLE = "ip link add v0 type veth peer name eth0 netns red"
ADDRESS = "ip netns exec red ip addr add 10.0.0.1/24 dev eth0"
ROUTE = "ip netns exec red ip route add default via 10.0.0.254"


def test_what_was_made_otherwise() -> None:
    assert unmentioned(NETWORK, [CABLE, ADDRESS]) == [
        "the namespace red",
        "the address 10.0.0.9/24 on eth0 of red",
        "the route default of red",
    ]


def test_nothing_where_all_is_mentioned() -> None:
    more = ADDRESS.replace("10.0.0.1/", "10.0.0.9/")
    assert unmentioned(NETWORK, ["ip netns add red", CABLE, ADDRESS, more, ROUTE]) == []


def test_what_was_there_before() -> None:
    assert unmentioned(NETWORK, [ROUTE], NETWORK) == []


def test_settings_switches_and_what_steers() -> None:
    eth0 = Interface("eth0", "veth", mtu=1400, details=(("arp", "0"),), switches=(("ipv4.rp_filter", "2"),))
    steering = {"policies": (PolicyRule(500, (("from", "10.0.0.1"),), table="77"),), "next_hops": (NextHop(4),)}
    queues, files = (Queue("eth0", "qdisc", "tbf 1: root rate 1Mbit"),), (("/etc/netns/red/hosts", ""),)
    sysctls = {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}
    red = Namespace("red", {"eth0": eth0}, **steering, queues=queues, files=files, sysctls=sysctls)  # type: ignore[arg-type]
    assert unmentioned(Snapshot({"red": red}), ["ip netns add red", "ip link add eth0 type veth"]) == [
        "the MTU 1400 of eth0 of red",
        "the setting arp 0 of eth0 of red",
        "the switch net.ipv4.conf.eth0.rp_filter = 2 of red",
        "the switch net.ipv4.ip_forward = 1 of red",
        "the rule of routing 500 of red: from 10.0.0.1 lookup 77",
        "the nexthop 4 of red",
        "the qdisc tbf on eth0 of red",
        "the file /etc/netns/red/hosts of red",
    ]


def test_what_steers_is_mentioned_by_its_table_or_number() -> None:
    rules = (PolicyRule(500, (("from", "10.0.0.1"),), table="77"), PolicyRule(501, (("to", "10.9.9.9"),), "prohibit"))
    of_vrfs = PolicyRule(1000, (("l3mdev", ""),), table="")
    red = Namespace("red", {"lo": LO}, policies=(*rules, of_vrfs), next_hops=(NextHop(4),))
    told = ["from 10.0.0.1 lookup 77", "to 10.9.9.9 prohibit"]
    lines = ["ip netns add red", *(f"ip netns exec red ip rule add {rule}" for rule in told)]
    lines.append("ip netns exec red ip nexthop add id 4 via 10.0.0.2")
    assert unmentioned(Snapshot({"red": red}), lines) == []


def test_a_word_is_mentioned_where_it_stands_for_the_same() -> None:
    rules = (PolicyRule(500, (("from", "10.0.0.1"),), table="100"), PolicyRule(501, (("to", "10.9.9.9"),), "prohibit"))
    red = Namespace("red", {"eth0": Interface("eth0", "veth", mtu=1400)}, policies=rules, next_hops=(NextHop(4),))
    lines = ["ip netns add red", "ip link add eth0 mtu 100 type veth", "ip link add x0 type vxlan id 4"]
    lines += ["ip route add prohibit 10.9.9.9 table 100", "ip rule add from 10.0.0.9 lookup 1400"]
    assert unmentioned(Snapshot({"red": red}), lines) == [
        "the MTU 1400 of eth0 of red",
        "the rule of routing 500 of red: from 10.0.0.1 lookup 100",
        "the rule of routing 501 of red: from all to 10.9.9.9 prohibit",
        "the nexthop 4 of red",
    ]


def test_what_is_gone_or_off() -> None:
    up, blue = "ip netns exec red ip link set dev eth0 up", "ip netns add blue"
    assert undone(NETWORK, [CABLE, up, blue]) == [
        "eth0 of red up, which is down",
        "the namespace blue, which is gone",
    ]
    assert undone(NETWORK, [CABLE, up, up.replace(" up", " down"), blue, "ip netns del blue"]) == []
    assert undone(NETWORK, ["ip link add x0 type veth peer name eth0", "ip link set x0 name v0"]) == []
