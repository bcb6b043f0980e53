"""Who is joined to whom: cables, ports, tunnels and homes, in hand-made snapshots."""

from __future__ import annotations

from netkit.model import ForwardingEntry, Interface, Namespace, Snapshot
from netkit.model.topology import Topology


def space(name: str, *links: Interface, fdb: tuple[ForwardingEntry, ...] = ()) -> Namespace:
    return Namespace(name, {link.name: link for link in links}, fdb=fdb)


def snapshot(*spaces: Namespace) -> Topology:
    return Topology(Snapshot({one.name: one for one in spaces}))


BRIDGE = snapshot(
    space(
        "host",
        Interface("br0", "bridge", "02:42:00:00:00:01", addresses=("10.0.0.1/24",)),
        Interface("veth1", "veth", "02:42:00:00:00:01", peer=("ns1", "eth0"), master="br0"),
        Interface("veth2", "veth", peer=("ns2", "eth0"), master="br0"),
    ),
    space(
        "ns1",
        Interface("lo", "loopback"),
        Interface("eth0", "veth", peer=("host", "veth1"), addresses=("10.0.0.2/24",)),
    ),
    space("ns2", Interface("eth0", "veth", peer=("host", "veth2"), addresses=("10.0.0.2/24", "fe80::2/64"))),
)


def test_the_other_end_of_a_cable() -> None:
    assert BRIDGE.peers["ns1", "eth0"] == ("host", "veth1")
    assert BRIDGE.peers["host", "veth1"] == ("ns1", "eth0")


def test_an_end_out_of_sight_is_no_peer() -> None:
    assert snapshot(space("a", Interface("eth0", "veth", peer=("gone", "eth0")))).peers == {}


def test_the_ports_of_a_bridge_and_the_owners_of_a_mac() -> None:
    assert BRIDGE.ports(("host", "br0")) == [("host", "veth1"), ("host", "veth2")]
    assert BRIDGE.owners == {"02:42:00:00:00:01": [("host", "br0"), ("host", "veth1")]}


def test_who_bears_an_address() -> None:
    assert BRIDGE.bearers("10.0.0.2") == [("ns1", "eth0"), ("ns2", "eth0")]
    assert BRIDGE.bearers("10.0.0.9") == BRIDGE.bearers(None) == []
    assert [str(one) for one in BRIDGE.prefixes(("ns2", "eth0"), 6)] == []


def test_the_way_from_end_to_end() -> None:
    before = BRIDGE.reach(("ns1", "eth0"))
    way = [("ns1", "eth0"), ("host", "veth1"), ("host", "br0"), ("host", "veth2"), ("ns2", "eth0")]
    assert BRIDGE.way(before, ("ns2", "eth0")) == way
    assert BRIDGE.stations(("ns1", "eth0")) == [("host", "br0"), ("ns2", "eth0")]
    assert (BRIDGE.leaving("ns1"), BRIDGE.behind("ns1")) == ([("ns1", "eth0")], ["ns2", "host"])


def vtep(local: str, vni: str) -> Interface:
    return Interface("vx", "vxlan", details=(("local", local), ("vni", vni)))


TUNNEL = snapshot(
    space("one", Interface("eth0", "veth", peer=("two", "eth0"), addresses=("10.9.0.1/24",))),
    space("two", Interface("eth0", "veth", peer=("one", "eth0"), addresses=("10.9.0.2/24",)), vtep("10.9.0.2", "42")),
    space("inside", vtep("10.9.0.1", "42")),
    space("else", vtep("10.9.0.7", "43")),
)


def test_a_moved_tunnel_is_at_home_where_its_address_is() -> None:
    assert [TUNNEL.home((name, "vx")) for name in ("inside", "two", "else")] == ["one", "two", "else"]


def test_a_tunnel_is_meant_for_the_device_of_its_network() -> None:
    assert TUNNEL.others_of_tunnel(("inside", "vx")) == [("two", "vx")]


def test_an_entry_says_for_whom_a_tunnel_of_another_network_is_meant() -> None:
    entry = ForwardingEntry("00:00:00:00:00:00", "vx", destination="10.9.0.2", state="permanent")
    spaces = [*TUNNEL.snapshot, space("odd", vtep("10.9.0.1", "7"), fdb=(entry,))]
    assert snapshot(*spaces).others_of_tunnel(("odd", "vx")) == [("two", "vx")]


def standing(name: str, kind: str, **more: object) -> Interface:
    """A device that stands on eth0 of a."""
    return Interface(name, kind, parent=("a", "eth0"), **more)  # type: ignore[arg-type]


def test_what_shares_a_cable_is_joined_to_what_is_outside_and_never_to_its_parent() -> None:
    mode = (("mode", "bridge"),)
    shared = snapshot(
        space("a", Interface("eth0", "veth", peer=("b", "eth0"))),
        space("b", Interface("eth0", "veth", peer=("a", "eth0"))),
        space("one", standing("mv0", "macvlan", details=mode)),
        space("two", standing("mv0", "macvlan", details=mode)),
        space("three", standing("mv0", "macvlan", details=(("mode", "private"),))),
    )
    reached = shared.reach(("one", "mv0"))
    assert set(reached) == {("one", "mv0"), ("two", "mv0"), ("b", "eth0")}
    assert set(shared.reach(("b", "eth0"))) == {
        ("b", "eth0"),
        *((n, "mv0") for n in ("one", "two", "three")),
        ("a", "eth0"),
    }
    assert set(shared.reach(("a", "eth0"))) == {("a", "eth0"), ("b", "eth0")}
    assert set(shared.reach(("three", "mv0"))) == {("three", "mv0"), ("b", "eth0")}


def test_a_port_does_not_send_back_what_its_bridge_gives_it() -> None:
    shared = snapshot(
        space("host", Interface("br0", "bridge"), Interface("v", "veth", peer=("a", "eth0"), master="br0")),
        space("a", Interface("eth0", "veth", peer=("host", "v"))),
        space("one", standing("mv0", "macvlan", details=(("mode", "bridge"),))),
    )
    assert ("a", "eth0") not in shared.reach(("one", "mv0"))
    assert ("host", "br0") in shared.reach(("one", "mv0"))


def test_vlan_devices_of_one_number_are_joined() -> None:
    spaces = [
        space(
            here,
            Interface("eth0", "veth", peer=(there, "eth0")),
            *(Interface(f"v{n}", "vlan", parent=(here, "eth0"), details=(("vlan", str(n)),)) for n in (5, number)),
        )
        for here, there, number in (("a", "b", 6), ("b", "a", 7))
    ]
    tagged = snapshot(*spaces)
    assert set(tagged.reach(("a", "v5"))) == {("a", "v5"), ("b", "v5")}
    assert set(tagged.reach(("a", "v6"))) == {("a", "v6")}


def test_where_more_may_be_than_is_seen() -> None:
    seen = snapshot(
        space("a", Interface("eth0", "veth", peer=("b", "eth0")), Interface("tap0", "tun"), Interface("far", "veth")),
        space("b", Interface("eth0", "veth", peer=("a", "eth0"))),
    )
    assert seen.unseen(("a", "eth0")) == []
    assert seen.unseen(("a", "tap0")) == [("a", "tap0")]
    assert seen.unseen(("a", "far")) == [("a", "far")]
