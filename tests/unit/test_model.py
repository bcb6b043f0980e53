"""The model's laws: nothing is lost in JSON, and equality is about what was configured."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netkit.configured import is_random_mac
from netkit.errors import ReadOnly
from netkit.model import (
    ForwardingEntry,
    Frame,
    Interface,
    Namespace,
    Neighbour,
    Route,
    Rule,
    Snapshot,
)
from tests.unit.snapshots import macs, namespaces, snapshots

VETH = Interface("veth1", "veth", "02:42:ac:11:00:02", up=True, addresses=("10.0.0.1/24",), peer=("ns1", "eth1"))
HOST = Namespace("host", {"veth1": VETH}, routes=(Route("10.0.0.0/24", device="veth1"),), sysctls={"a": "1"})


def of(namespace: Namespace) -> Snapshot:
    return Snapshot({namespace.name: namespace})


def changed(link: Interface = VETH, **values: Any) -> Snapshot:
    """HOST with its interface changed."""
    return of(dataclasses.replace(HOST, interfaces={link.name: dataclasses.replace(link, **values)}))


@settings(max_examples=20)
@given(snapshots())
def test_json_keeps_everything(snapshot: Snapshot) -> None:
    again = Snapshot.from_json(snapshot.to_json())
    assert again.namespaces == snapshot.namespaces
    assert [list(space.interfaces) for space in again] == [list(space.interfaces) for space in snapshot]
    assert again.to_json() == snapshot.to_json()


@settings(max_examples=20)
@given(snapshots())
def test_a_snapshot_equals_itself_and_its_configuration(snapshot: Snapshot) -> None:
    once = snapshot.configuration()
    assert snapshot == once
    assert once.to_json() == once.configuration().to_json()


@settings(max_examples=20)
@given(snapshots(), snapshots())
def test_equality_is_symmetric(one: Snapshot, other: Snapshot) -> None:
    assert (one == other) == (other == one)
    assert (one == other) == (one.configuration().to_json() == other.configuration().to_json())


@settings(max_examples=20)
@given(snapshots(), st.randoms(use_true_random=False))
def test_order_does_not_count_except_that_of_rules(snapshot: Snapshot, random: Any) -> None:
    def shuffled(values: Any) -> list[Any]:
        return random.sample(list(values), len(values))

    spaces = {}
    for name in shuffled(snapshot.namespaces):
        space = snapshot[name]
        spaces[name] = dataclasses.replace(
            space,
            interfaces={link: space.interfaces[link] for link in shuffled(space.interfaces)},
            **{key: tuple(shuffled(getattr(space, key))) for key in ("routes", "neighbours", "fdb")},
        )
    assert Snapshot(spaces) == snapshot


@settings(max_examples=20)
@given(namespaces("host"), macs.filter(is_random_mac))
def test_what_comes_by_itself_does_not_count(space: Namespace, mac: str) -> None:
    links = {
        name: dataclasses.replace(
            link,
            index=link.index + 1,
            carrier=not link.carrier,
            state="unknown",
            mac=mac if is_random_mac(link.mac) else link.mac,
            addresses=(*link.addresses, "fe80::1/64"),
        )
        for name, link in space.interfaces.items()
    }
    other = dataclasses.replace(
        space,
        interfaces=links,
        routes=(*space.routes, Route("fe80::/64", device="veth1"), Route("ff00::/8", device="veth1")),
        neighbours=(*space.neighbours, Neighbour("10.0.0.2", "veth1", mac, "stale")),
        fdb=(*space.fdb, ForwardingEntry(mac, "veth1", "br0", state="learned")),
        rules=tuple(dataclasses.replace(rule, packets=rule.packets + 7) for rule in space.rules),
        processes=("sleep",),
    )
    assert of(other) == of(space)


@pytest.mark.parametrize(
    "other",
    [
        Snapshot(),
        changed(mtu=1400),
        changed(up=False),
        changed(mac="02:42:ac:11:00:03"),
        changed(mac=None),
        changed(addresses=()),
        changed(addresses=("10.0.0.1/25",)),
        changed(addresses=("10.0.0.1/24", "fd00::1/64")),
        changed(peer=("ns2", "eth1")),
        changed(master="brtest"),
        changed(kind="dummy"),
        changed(details=(("vni", "42"),)),
        changed(name="veth2"),
        of(dataclasses.replace(HOST, name="ns1")),
        of(dataclasses.replace(HOST, named=False)),
        of(dataclasses.replace(HOST, routes=())),
        of(dataclasses.replace(HOST, sysctls={"a": "0"})),
        of(dataclasses.replace(HOST, neighbours=(Neighbour("10.0.0.2", "veth1", "02:42:0a:00:00:02", "permanent"),))),
        of(dataclasses.replace(HOST, fdb=(ForwardingEntry("02:42:0a:00:00:02", "veth1", "br0", state="static"),))),
        of(dataclasses.replace(HOST, rules=(Rule("iptables", "filter", "FORWARD", "-P FORWARD DROP"),))),
    ],
)
def test_whatever_was_configured_differently_counts(other: Snapshot) -> None:
    assert of(HOST) != other


def test_the_order_of_rules_counts() -> None:
    accept, drop = (Rule("iptables", "filter", "FORWARD", f"-A FORWARD -j {verdict}") for verdict in ("ACCEPT", "DROP"))
    first, second = (of(dataclasses.replace(HOST, rules=rules)) for rules in ((accept, drop), (drop, accept)))
    assert first != second


def test_a_snapshot_is_equal_to_snapshots_only() -> None:
    assert Snapshot() != {}
    assert Snapshot() == Snapshot()


def test_values_cannot_be_changed() -> None:
    snapshot = of(HOST)
    with pytest.raises(ReadOnly, match="'mtu' of veth1 cannot be set to 9000"):
        snapshot["host"]["veth1"].mtu = 9000  # type: ignore[misc]
    with pytest.raises(TypeError):
        snapshot["host"].interfaces["veth2"] = VETH  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(snapshot)


def test_a_namespace_copies_what_it_is_made_of() -> None:
    links = {"veth1": VETH}
    space = Namespace("host", links)
    links.clear()
    assert list(space.interfaces) == ["veth1"]


def test_a_snapshot_can_be_walked_and_shown() -> None:
    snapshot = of(HOST)
    assert (len(snapshot), [space.name for space in snapshot]) == (1, ["host"])
    assert repr(snapshot) == "<Snapshot of 1 namespaces, 1 interfaces: host>"


@pytest.mark.parametrize(
    ("mac", "random"),
    [
        ("02:42:ac:11:00:02", False),  # Docker's, from 172.17.0.2
        ("02:42:0a:00:00:01", False),
        ("02:42:c0:a8:07:09", False),
        ("02:42:19:1f:ff:90", True),  # no container has 25.31.255.144
        ("ca:fe:00:11:22:33", True),  # "locally administered"
        ("00:00:00:00:00:00", False),
        ("52:54:00:12:34:56", True),
        ("00:1b:21:aa:bb:cc", False),  # a manufacturer's
        (None, False),
    ],
)
def test_random_macs(mac: str | None, random: bool) -> None:  # noqa: FBT001  (a table's column)
    assert is_random_mac(mac) is random


def test_frames_are_equal_whenever_they_were_seen() -> None:
    one, other = (Frame(time, "host", "veth1", "in", b"abc", 3) for time in (1, 2))
    assert one == other
    assert one != dataclasses.replace(one, direction="out")
