"""What of a network no command of the journal mentions."""

from __future__ import annotations

from netkit.lab.outside import unmentioned
from netkit.model import Interface, Namespace, Route, Snapshot

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
