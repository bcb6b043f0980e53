"""Which ports of a bridge that filters VLANs let frames pass, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netkit.diagnosis import vlans
from netkit.diagnosis.answers import Member
from netkit.diagnosis.findings import World
from netkit.diagnosis.questions import VlansQuestion
from netkit.model import Interface, Namespace, Snapshot

if TYPE_CHECKING:
    from netkit.model import End

IN, OUT, BRIDGE = ("sw", "p1"), ("sw", "p2"), ("sw", "br0")
ONE, OTHER = ("h1", "eth0"), ("h2", "eth0")


def world(*members: Member) -> World:
    bridge = Interface("br0", "bridge", None, up=True, carrier=True, details=(("vlan_filtering", "1"),))
    ports = [Interface(name, "veth", None, up=True, carrier=True, master="br0") for name in ("p1", "p2")]
    switch = Namespace("sw", {link.name: link for link in (bridge, *ports)})
    hosts = [Namespace(name, {"eth0": Interface("eth0", "veth", None, up=True, carrier=True)}) for name in ("h1", "h2")]
    snapshot = Snapshot({space.name: space for space in (switch, *hosts)})
    return World(snapshot, facts={VlansQuestion("sw"): members})


def access(port: str, vlan: int) -> Member:
    return Member(port, vlan, own=True, untagged=True)


@pytest.mark.parametrize(
    ("members", "place", "mended"),
    [
        ((access("p1", 1), access("p2", 1)), None, ()),
        ((access("p1", 1), access("p2", 20)), OUT, ("vlan del dev p2 vid 20", "vlan add dev p2 vid 1 pvid untagged")),
        ((access("p2", 1),), IN, ("vlan add dev p1 vid 1 pvid untagged",)),
        ((access("p1", 1), Member("p2", 1, own=True)), OUT, ("vlan add dev p2 vid 1 pvid untagged",)),
        ((), IN, ()),
    ],
)
def test_a_frame_between_two_ports(members: tuple[Member, ...], place: End | None, mended: tuple[str, ...]) -> None:
    found = vlans.between(world(*members), (ONE, OTHER), (IN, BRIDGE, OUT))
    if place is None:
        assert found is None
        return
    assert found is not None
    assert found.explanation.startswith(f"{place[1]} in {place[0]} ")
    assert tuple(line.partition("bridge ")[2] for line in found.repair) == mended
