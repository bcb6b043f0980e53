"""nk.why finds what is wrong with an overlay between two machines, and its repair makes the packets flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = ("node1", "node2")
HERE, THERE = "10.9.0.1", "10.9.0.2"


@pytest.fixture
def machines() -> Iterator[list[nk.Docker]]:
    """Two machines on one cable, each with a docker."""
    nodes = [nk.Namespace(name) for name in NODES]
    ends = nk.veth("eth0", "eth0", namespace=nodes[0], peer_namespace=nodes[1])
    for end, address in zip(ends, (HERE, THERE), strict=True):
        end.add_address(f"{address}/24")
        end.up()
    dockers = [nk.Docker(node) for node in nodes]
    yield dockers
    for docker in dockers:
        docker.close()
    for node in nodes:
        node.delete()


def mended(found: Any) -> bool:
    """Whether the repair has been run, and without an error."""
    return bool(found.repair) and all(nk.sh(line).returncode == 0 for line in found.repair)


@pytest.fixture
def overlay(machines: list[nk.Docker], request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, Any]]:
    """An overlay, and a container on each of its machines."""
    made = nk.overlay("ov", hosts=machines, learning=request.param)
    one, two = (docker.run(name, network="ov") for docker, name in zip(machines, ("c1", "c2"), strict=True))
    yield made, one, two
    for docker, name in zip(machines, ("c1", "c2"), strict=True):
        docker.remove(name, force=True)
    made.remove()


@pytest.mark.parametrize("overlay", [False], indirect=True)
def test_a_missing_entry(overlay: tuple[Any, Any, Any]) -> None:
    made, one, two = overlay
    made["node1"].vxlan.delete_forwarding(two.mac, THERE)
    found = nk.why(one, two)
    assert (found.layer, found.where) == ("tunnel", "node1-ov")
    assert f"frames for {two.mac} nowhere" in found.explanation
    assert found.repair == [
        f"ip netns exec node1-ov bridge fdb append {two.mac} dev vxlan0 dst {THERE}",
    ]
    assert mended(found)
    assert nk.why(one, two).ok


@pytest.mark.parametrize("overlay", [True], indirect=True)
def test_another_number(overlay: tuple[Any, Any, Any]) -> None:
    made, one, two = overlay
    space = made["node2"].space
    made["node2"].vxlan.delete()
    wrong = nk.vxlan("vxlan0", 4098, namespace=nk.Namespace.get("node2"), local=THERE)
    wrong.move(space)
    wrong.add_flood(HERE)
    wrong.set_mtu(1450)
    space["br0"].attach(wrong)
    wrong.up()
    found = nk.why(one, two)
    assert (found.layer, found.where) == ("tunnel", "node2-ov")
    assert "4097" in found.explanation
    assert "4098" in found.explanation
    assert mended(found)
    assert nk.why(one, two).ok
