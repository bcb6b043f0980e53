"""What an interface belongs to: a bridge, or a VRF or a bond, which are none."""

from __future__ import annotations

import pytest

from netkit.changes import diff
from netkit.comparison import compare
from netkit.model import Interface, Namespace, Snapshot
from netkit.model.facts import Facts


def network(kind: str, *, joined: bool = True, forwards: str = "1") -> Snapshot:
    master = "top" if joined else None
    links = [Interface(name, "veth", up=True, master=master) for name in ("e1", "e2")]
    every = {link.name: link for link in (Interface("top", kind, up=True), *links)}
    return Snapshot({"r": Namespace("r", every, sysctls={"net.ipv4.ip_forward": forwards})})


@pytest.mark.parametrize(
    ("kind", "words"), [("bridge", "port of top"), ("vrf", "member of top"), ("bond", "member of top")]
)
def test_it_is_called_what_it_is(kind: str, words: str) -> None:
    alone, joined = network(kind, joined=False), network(kind)
    assert f"~ link e1: no port → {words}" in str(diff(alone, joined))
    said = compare(alone, joined).differences
    assert (
        f"a: e1 in r is {'no port of a bridge' if kind == 'bridge' else 'a member of none'}; b: e1 in r is a {words}"
        in said
    )


@pytest.mark.parametrize(("kind", "forwards"), [("bridge", False), ("vrf", True), ("bond", False)])
def test_a_vrf_forwards_between_its_members(kind: str, *, forwards: bool) -> None:
    assert ("net.ipv4.ip_forward" in Facts(network(kind)).switches("r")) is forwards


def test_a_switch_that_does_nothing_in_one_network_is_not_said_to_be_off_there() -> None:
    said = compare(network("bridge"), network("bridge", joined=False)).differences
    assert any("net.ipv4.ip_forward = 0, or nowhere to forward to" in each for each in said)
    off = compare(network("vrf", forwards="0"), network("vrf")).differences
    assert off == ["a: r has net.ipv4.ip_forward = 0; b: r has net.ipv4.ip_forward = 1"]
