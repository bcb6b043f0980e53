"""The other end of a cable is found also where the kernel's numbers fit several."""

from __future__ import annotations

import itertools

import pytest

import netkit as nk

pytestmark = pytest.mark.usefixtures("fresh")


def test_equal_indexes_in_many_namespaces() -> None:
    """Each end has index 2 or 3 … in its namespace, whose numbers differ from place to place."""
    spaces = [nk.Namespace(f"n{number}") for number in range(6)]
    expected = {}
    for one, other in itertools.combinations(spaces, 2):
        nk.veth(f"to-{other.name}", f"to-{one.name}", namespace=one, peer_namespace=other)
        expected[one.name, f"to-{other.name}"] = (other.name, f"to-{one.name}")
        expected[other.name, f"to-{one.name}"] = (one.name, f"to-{other.name}")
    state = nk.snapshot()
    found = {(s.name, link.name): link.peer for s in state for link in s.interfaces.values() if link.kind == "veth"}
    assert found == expected


def test_parallel_cables_between_two_namespaces() -> None:
    one, other = nk.Namespace("one"), nk.Namespace("other")
    for number in range(5):
        nk.veth(f"a{number}", f"b{number}", namespace=one, peer_namespace=other)
    state = nk.snapshot()
    for number in range(5):
        assert state["one"][f"a{number}"].peer == ("other", f"b{number}")
        assert state["other"][f"b{number}"].peer == ("one", f"a{number}")


def test_crossed_indexes_within_one_namespace_and_across() -> None:
    """In ns1 the cable's index equals that of the host's cable to itself."""
    ns1 = nk.Namespace("ns1")
    nk.veth("a", "b")
    nk.veth("c", "d", namespace=ns1)
    nk.veth("e", "f", peer_namespace=ns1)
    state = nk.snapshot()
    assert [state["host"][name].peer for name in "abe"] == [("host", "b"), ("host", "a"), ("ns1", "f")]
    assert [state["ns1"][name].peer for name in "cdf"] == [("ns1", "d"), ("ns1", "c"), ("host", "e")]


def test_an_end_out_of_sight_has_no_peer() -> None:
    """The other end is in a namespace without a name and without a process, kept by a bind mount elsewhere."""
    ns1 = nk.Namespace("ns1")
    veth1, _ = nk.veth("veth1", "eth1", peer_namespace=ns1)
    nk.sh("touch /tmp/netns-kept && mount --bind /run/netns/ns1 /tmp/netns-kept && ip netns delete ns1")
    try:
        assert "ns1" not in nk.snapshot().namespaces
        assert nk.snapshot()["host"]["veth1"].peer is None
        assert veth1.peer is None
    finally:
        nk.sh("umount /tmp/netns-kept; rm /tmp/netns-kept")
