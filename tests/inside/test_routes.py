"""Routes and switches, as netkit makes them and as `ip` does."""

from __future__ import annotations

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, InvalidAddress, InvalidValue, KernelRefused
from netkit.model import Route

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def ns1() -> nk.Namespace:
    """A namespace with eth1, 10.0.0.1/24, up, cabled to the host."""
    ns1 = nk.Namespace("ns1")
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    eth1.add_address("10.0.0.1/24")
    veth1.up()
    eth1.up()
    return ns1


def ipv4(space: nk.Namespace) -> list[Route]:
    return [route for route in space.routes if ":" not in route.destination]


def test_a_route_comes_with_an_address(ns1: nk.Namespace) -> None:
    connected = Route("10.0.0.0/24", device="eth1", source="10.0.0.1", scope="link", protocol="kernel")
    assert ipv4(ns1) == [connected]
    ns1["eth1"].down()
    assert ipv4(ns1) == []
    ns1["eth1"].up()
    assert ipv4(ns1) == [connected]


def test_routes_are_added_and_deleted(ns1: nk.Namespace) -> None:
    ns1.add_route("default", via="10.0.0.254")
    ns1.add_route("10.7.0.0/16", device="eth1", metric=50)
    ns1.add_route("10.8.0.0/16", via="10.0.0.253", device=ns1["eth1"])
    assert {route.destination: route for route in ipv4(ns1) if route.protocol == "boot"} == {
        "default": Route("default", via="10.0.0.254", device="eth1"),
        "10.7.0.0/16": Route("10.7.0.0/16", device="eth1", scope="link", metric=50),
        "10.8.0.0/16": Route("10.8.0.0/16", via="10.0.0.253", device="eth1"),
    }
    ns1.delete_route("default")
    ns1.delete_route("10.7.0.0/16", device="eth1")
    ns1.delete_route("10.8.0.0/16", via="10.0.0.253")
    assert len(ipv4(ns1)) == 1


def test_netkit_and_ip_make_the_same_routes(ns1: nk.Namespace) -> None:
    lines = ("10.7.0.0/16 via 10.0.0.254", "10.8.0.0/16 dev eth1 metric 9", "default via 10.0.0.254 dev eth1")
    ns1.add_route("10.7.0.0/16", via="10.0.0.254")
    ns1.add_route("10.8.0.0/16", device="eth1", metric=9)
    ns1.add_route("default", via="10.0.0.254", device="eth1")
    ours = sorted(map(repr, ipv4(ns1)))
    for destination in ("10.7.0.0/16", "10.8.0.0/16", "default"):
        ns1.delete_route(destination)
    for line in lines:
        assert ns1.run(f"ip route add {line}").returncode == 0
    assert sorted(map(repr, ipv4(ns1))) == ours


def test_ipv6_routes(ns1: nk.Namespace) -> None:
    ns1["eth1"].add_address("fd00::1/64")
    ns1.add_route("fd07::/48", via="fd00::9")
    ns1.add_route("default", via="fe80::9", device="eth1")
    found = {route.destination: (route.via, route.device) for route in ns1.routes}
    assert found["fd07::/48"] == ("fd00::9", "eth1")
    assert found["default"] == ("fe80::9", "eth1")


def test_a_second_route_to_the_same_is_refused(ns1: nk.Namespace) -> None:
    ns1.add_route("default", via="10.0.0.254")
    with pytest.raises(AlreadyExists, match="default"):
        ns1.add_route("default", via="10.0.0.253")
    ns1.add_route("default", via="10.0.0.253", metric=9)
    assert len(ipv4(ns1)) == 3


def test_routers_that_cannot_be(ns1: nk.Namespace) -> None:
    with pytest.raises(KernelRefused, match=r"address in the router's network"):
        ns1.add_route("default", via="192.168.9.9")
    with pytest.raises(InvalidAddress, match="own address, on 'eth1'"):
        ns1.add_route("default", via="10.0.0.1")


def test_kinds_of_routes_that_ip_makes(ns1: nk.Namespace) -> None:
    for line in ("blackhole 10.1.0.0/16", "unreachable 10.2.0.0/16 metric 7", "prohibit 10.3.0.0/16"):
        ns1.run(f"ip route add {line}")
    ns1.run("ip route add 10.4.0.0/16 dev eth1 table 77 proto static src 10.0.0.1")
    kinds = {route.destination: (route.kind, route.table, route.protocol) for route in ipv4(ns1)}
    assert kinds["10.1.0.0/16"] == ("blackhole", "main", "boot")
    assert kinds["10.2.0.0/16"] == ("unreachable", "main", "boot")
    assert kinds["10.3.0.0/16"] == ("prohibit", "main", "boot")
    assert kinds["10.4.0.0/16"] == ("unicast", "77", "static")
    assert not any(route.destination.startswith("127.") for route in ipv4(ns1)), "the table 'local' is left out"


def test_each_way_of_a_route_with_several(ns1: nk.Namespace) -> None:
    done = ns1.run("ip route add 10.9.0.0/16 nexthop via 10.0.0.2 dev eth1 nexthop via 10.0.0.3 dev eth1 weight 2")
    assert done.returncode == 0, done.stderr
    ways = [(route.via, route.device) for route in ipv4(ns1) if route.destination == "10.9.0.0/16"]
    assert ways == [("10.0.0.2", "eth1"), ("10.0.0.3", "eth1")]


def test_a_router_of_the_other_family(ns1: nk.Namespace) -> None:
    done = ns1.run("ip route add 10.9.0.0/16 via inet6 fe80::9 dev eth1")
    assert done.returncode == 0, done.stderr
    assert [route.via for route in ipv4(ns1) if route.destination == "10.9.0.0/16"] == ["fe80::9"]


def test_switches_belong_to_their_namespace(ns1: nk.Namespace) -> None:
    ns1.sysctl("net.ipv4.ip_forward", 1)
    assert ns1.sysctl("net.ipv4.ip_forward") == "1"
    state = nk.snapshot()
    assert [state[name].sysctls["net.ipv4.ip_forward"] for name in ("ns1", "host")] == ["1", "0"]
    assert ns1.run("cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    ns1.sysctl("net/ipv4/conf/eth1/rp_filter", 2)
    ns1.sysctl("net.ipv4.ip_local_port_range", "40000 50000")
    assert ns1.sysctl("net.ipv4.conf.eth1.rp_filter") == "2"
    assert ns1.sysctl("net.ipv4.ip_local_port_range") == "40000\t50000"


def test_forwarding_makes_a_router(ns1: nk.Namespace) -> None:
    ns2 = nk.Namespace("ns2")
    veth2, eth2 = nk.veth("veth2", "eth2", peer_namespace=ns2)
    eth2.add_address("10.0.2.1/24")
    veth2.add_address("10.0.2.254/24")
    nk.host["veth1"].add_address("10.0.0.254/24")
    eth2.up()
    veth2.up()
    ns1.add_route("default", via="10.0.0.254")
    ns2.add_route("default", via="10.0.2.254")
    assert not ns1.ping("10.0.2.1", timeout=0.3)
    nk.host.sysctl("net.ipv4.ip_forward", 1)
    assert ns1.ping("10.0.2.1")


def test_routing_rules() -> None:
    a = nk.Namespace("a")
    _, eth0 = nk.veth("cable", "eth0", peer_namespace=a)
    eth0.up()
    nk.host["cable"].up()
    eth0.add_address("10.0.0.1/24")
    a.add_route("default", via="10.0.0.2", table=100)
    a.add_routing_rule(100, source="10.0.0.0/24", mark=7)
    assert a.run("ip route show table 100").stdout.strip() == "default via 10.0.0.2 dev eth0"
    assert "32000:\tfrom 10.0.0.0/24 fwmark 0x7 lookup 100" in a.run("ip rule").stdout
    assert "via 10.0.0.2" in a.run("ip route get 8.8.8.8 mark 7 from 10.0.0.1").stdout
    assert a.run("ip route get 8.8.8.8").returncode, "other packets know no way"
    with pytest.raises(AlreadyExists, match="there is such a routing rule in a already"):
        a.add_routing_rule(100, source="10.0.0.0/24", mark=7)
    a.delete_routing_rule(100, source="10.0.0.0/24", mark=7)
    assert "lookup 100" not in a.run("ip rule").stdout
    with pytest.raises(KernelRefused):
        a.delete_routing_rule(100, source="10.0.0.0/24", mark=7)
    a.add_routing_rule(101, destination="fd00::/64", priority=500)
    assert "500:\tfrom all to fd00::/64 lookup 101" in a.run("ip -6 rule").stdout
    with pytest.raises(InvalidValue, match="both are IPv4 or both IPv6"):
        a.add_routing_rule(100, source="10.0.0.0/24", destination="fd00::/64")
    assert "ip netns exec a ip -6 rule add priority 500 to fd00::/64 lookup 101" in nk.commands()
