"""Interfaces: veth pairs, bridges, and the kinds that only shell commands make."""

from __future__ import annotations

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, InvalidValue, KernelRefused, NotFound, UnknownName

pytestmark = pytest.mark.usefixtures("fresh")


def test_a_cable_has_two_ends() -> None:
    ns1 = nk.Namespace("ns1")
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    state = nk.snapshot()
    assert (state["host"]["veth1"].kind, state["host"]["veth1"].peer) == ("veth", ("ns1", "eth1"))
    assert state["ns1"]["eth1"].peer == ("host", "veth1")
    assert (veth1.peer, eth1.peer) == (eth1, veth1)
    assert (veth1.namespace, eth1.namespace) == (nk.host, ns1)


@pytest.mark.parametrize("places", [("host", "host"), ("ns1", "host"), ("host", "ns1"), ("ns1", "ns1"), ("ns1", "ns2")])
def test_both_ends_are_born_where_they_belong(places: tuple[str, str]) -> None:
    there = {"host": nk.host, "ns1": nk.Namespace("ns1"), "ns2": nk.Namespace("ns2")}
    nk.veth("one", "other", namespace=there[places[0]], peer_namespace=there[places[1]])
    state = nk.snapshot()
    assert state[places[0]]["one"].peer == (places[1], "other")
    assert state[places[1]]["other"].peer == (places[0], "one")


def test_what_belongs_to_each_end_is_not_asked_of_both() -> None:
    pair = nk.veth("left", "right")
    with pytest.raises(UnknownName, match=r"nk.veth\(…\) has no 'up'.* Try \[0\].up"):
        pair.up()  # type: ignore[attr-defined]
    assert [end.name for end in pair] == ["left", "right"]


def test_an_end_has_a_carrier_when_both_are_up() -> None:
    one, other = nk.veth("one", "other")
    assert repr(one) == "one in host: veth, down, other end other in host"
    one.up()
    assert (one.state.up, one.state.carrier) == (True, False)
    assert "up but no carrier" in repr(one)
    other.up()
    assert (one.state.carrier, one.state.state, other.state.state) == (True, "up", "up")
    other.down()
    assert not one.state.carrier


def test_deleting_one_end_takes_the_other() -> None:
    one, other = nk.veth("one", "other")
    one.delete()
    assert "other" not in nk.host
    assert (repr(one), repr(other)) == ("one in host: gone", "other in host: gone")
    with pytest.raises(NotFound, match="other"):
        other.up()


def test_the_handle_follows_a_new_name_and_a_move() -> None:
    ns1, (one, _) = nk.Namespace("ns1"), nk.veth("one", "other")
    one.rename("eth0")
    one.move(ns1)
    assert (one.name, one.namespace) == ("eth0", ns1)
    assert nk.snapshot()["ns1"]["eth0"].peer == ("host", "other")
    one.move(nk.host)
    assert nk.snapshot()["host"]["eth0"].peer == ("host", "other")
    assert "ip netns exec ns1 ip link set eth0 netns 1" in nk.commands()


def test_a_namespace_called_1_is_not_mistaken_for_the_host() -> None:
    first, (one, _) = nk.Namespace("1"), nk.veth("one", "other")
    one.move(first)
    one.move(nk.host)
    assert "one" in nk.host
    assert nk.commands().splitlines()[-1] == "ip netns exec 1 ip link set one netns /proc/1/ns/net"


def test_a_moved_link_loses_addresses_and_master_and_is_down() -> None:
    ns1, br, (one, _) = nk.Namespace("ns1"), nk.Bridge("br0"), nk.veth("one", "other")
    br.attach(one)
    one.add_address("10.0.0.1/24")
    one.up()
    one.move(ns1)
    assert (one.addresses, one.master, one.is_up) == ((), None, False)
    assert br.ports == ()


def test_a_link_is_not_moved_onto_another() -> None:
    ns1 = nk.Namespace("ns1")
    nk.Bridge("one", namespace=ns1)
    one, _ = nk.veth("one", "other")
    with pytest.raises(AlreadyExists, match="'one'"):
        one.move(ns1)
    with pytest.raises(InvalidValue, match="already"):
        one.move(nk.host)
    assert one.namespace == nk.host


def test_mtu_and_mac() -> None:
    one, _ = nk.veth("one", "other")
    one.set_mtu(1400)
    one.set_mac(nk.mac_of("172.17.0.2"))
    assert (one.mtu, one.mac) == (1400, "02:42:ac:11:00:02")
    assert nk.sh("cat /proc/sys/net/ipv4/conf/one/forwarding").returncode == 0
    with pytest.raises(InvalidValue, match="1000"):
        one.set_mtu(1000)
    nk.host.sysctl("net.ipv6.conf.one.disable_ipv6", 1)
    one.set_mtu(1000)
    assert one.mtu == 1000


def test_a_bridge_and_its_ports() -> None:
    br, (one, other) = nk.Bridge("brtest"), nk.veth("one", "other")
    br.attach(one)
    assert (br.ports, one.master, other.master) == ((one,), "brtest", None)
    assert nk.snapshot()["host"]["one"].master == "brtest"
    assert "one" in nk.sh("brctl show brtest").stdout
    br.detach(one)
    assert (br.ports, one.master) == ((), None)
    br.attach(one)
    br.delete()
    assert one.master is None


def test_a_bridge_in_a_namespace() -> None:
    ns1 = nk.Namespace("ns1")
    br = nk.Bridge("br0", namespace=ns1)
    one, _ = nk.veth("one", "other", namespace=ns1)
    br.attach(one)
    assert nk.snapshot()["ns1"]["one"].master == "br0"
    with pytest.raises(InvalidValue, match="one namespace"):
        br.attach(nk.veth("a", "b")[0])


def test_loops_are_refused() -> None:
    one, other = nk.Bridge("one"), nk.Bridge("other")
    with pytest.raises(KernelRefused):
        one.attach(other)
    with pytest.raises(KernelRefused):
        one.attach(one)


@pytest.mark.parametrize(
    ("made", "kind", "details"),
    [
        ("ip link add x type dummy", "dummy", {}),
        ("ip link add link one name x type vlan id 42", "vlan", {"vlan": "42"}),
        ("ip link add x type vxlan id 7 dstport 4789 local 10.0.0.1", "vxlan", {"vni": "7", "port": "4789"}),
        (
            "ip link add x type vxlan id 8 dstport 8472 local 10.0.0.1 remote 10.0.0.2 nolearning",
            "vxlan",
            {"vni": "8", "port": "8472", "local": "10.0.0.1", "group": "10.0.0.2", "learning": "0"},
        ),
        ("ip link add x type bridge stp_state 1", "bridge", {"stp": "1"}),
    ],
)
def test_kinds_that_ip_makes(made: str, kind: str, details: dict[str, str]) -> None:
    nk.veth("one", "other")
    said = nk.sh(made)
    if "Unknown device type" in said.stderr or "not supported" in said.stderr:
        pytest.skip(f"this kernel has no {kind}")
    link = nk.snapshot()["host"]["x"]
    assert link.kind == kind
    assert set(details.items()) <= set(link.details)


def test_what_a_bridge_knows_of_its_ports() -> None:
    br, (one, _) = nk.Bridge("br0"), nk.veth("one", "other")
    br.attach(one)
    nk.sh("bridge link set dev one hairpin on")
    nk.sh("bridge link set dev one isolated on")
    assert nk.snapshot()["host"]["one"].details == (("hairpin", "1"), ("isolated", "1"))


def test_odd_names_that_only_a_shell_can_make() -> None:
    nk.sh("ip link add 'x;y' type bridge; ip netns add 'n;s'")
    odd, there = nk.host["x;y"], nk.Namespace.get("n;s")
    odd.up()
    there["lo"].up()
    assert nk.snapshot()["host"]["x;y"].up
    odd.delete()
    there.delete()
    assert nk.commands().splitlines()[-4:] == [
        "ip link set dev 'x;y' up",
        "ip netns exec 'n;s' ip link set dev lo up",
        "ip link delete 'x;y'",
        "ip netns delete 'n;s'",
    ]


@pytest.mark.parametrize("address", ["10.0.0.1/24", "10.0.0.1/32", "10.0.0.0/31", "fd00::1/64", "169.254.1.1/16"])
def test_addresses_come_and_go(address: str) -> None:
    one, _ = nk.veth("one", "other")
    one.add_address(address)
    assert one.addresses == (address,)
    assert nk.snapshot()["host"]["one"].addresses == (address,)
    one.delete_address(address)
    assert one.addresses == ()


def test_an_address_on_another_interface_is_refused_by_name() -> None:
    one, other = nk.veth("one", "other")
    one.add_address("10.0.0.1/24")
    with pytest.raises(AlreadyExists, match="on 'one' in host"):
        other.add_address("10.0.0.1/16")
    ns1 = nk.Namespace("ns1")
    other.move(ns1)
    other.add_address("10.0.0.1/16")
    assert other.addresses == ("10.0.0.1/16",)
