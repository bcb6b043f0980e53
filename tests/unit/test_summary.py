"""Pictures of networks that are too large to be drawn whole: small enough to be read, with nothing left untold."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from netkit.pictures.ink.path import PathPicture
from netkit.pictures.network import Scene, lay_out
from netkit.pictures.network.summary import LARGEST, MOST
from tests.unit.cases import Network
from tests.unit.geometry import faults
from tests.unit.journeys_by_hand import Way

if TYPE_CHECKING:
    from netkit.model import Snapshot


def joined(names: list[str], pairs: list[tuple[str, str]]) -> Snapshot:
    network = Network("host", *names)
    for number, (a, b) in enumerate(pairs):
        addresses = (f"10.{number // 250}.{number % 250}.2/24",)
        network.veth((a, f"to-{b}"), (b, f"to-{a}"), addresses=addresses)
    return network.snapshot()


def mesh(count: int) -> Snapshot:
    names = [f"ns{number}" for number in range(1, count + 1)]
    return joined(names, list(combinations(names, 2)))


def row(count: int) -> Snapshot:
    names = [f"r{number}" for number in range(1, count + 1)]
    return joined(names, list(pairwise(names)))


def bridges_in_a_row(count: int) -> Snapshot:
    network = Network("host", "ns1", "ns2")
    for number in range(1, count + 1):
        network.bridge("host", f"br{number}")
    for number in range(1, count):
        network.veth(("host", f"right{number}"), ("host", f"left{number + 1}"))
        network.port("host", f"br{number}", f"right{number}").port("host", f"br{number + 1}", f"left{number + 1}")
    for name, bridge in (("ns1", "br1"), ("ns2", f"br{count}")):
        network.veth(("host", f"v-{name}"), (name, "eth0"), addresses=("10.0.0.1/24",)).port(
            "host", bridge, f"v-{name}"
        )
    return network.snapshot()


def switches_in_a_row(count: int) -> Snapshot:
    names = [f"sw{number}" for number in range(1, count + 1)]
    network = Network("host", *names)
    for name in names:
        network.bridge(name, "br0")
    for a, b in pairwise(names):
        network.veth((a, "right"), (b, "left")).port(a, "br0", "right").port(b, "br0", "left")
    return network.snapshot()


def everybody_on_every_bridge(spaces: int, bridges: int) -> Snapshot:
    network = Network("host", *(f"ns{number}" for number in range(1, spaces + 1)))
    for bridge in range(1, bridges + 1):
        network.bridge("host", f"br{bridge}")
        for number in range(1, spaces + 1):
            network.veth(("host", f"v{bridge}-{number}"), (f"ns{number}", f"eth{bridge}"))
            network.port("host", f"br{bridge}", f"v{bridge}-{number}")
    return network.snapshot()


LARGE = {
    "full mesh of 12": mesh(12),
    "full mesh of 20": mesh(20),
    "row of 30": row(30),
    "30 bridges in a row": bridges_in_a_row(30),
    "30 switches in a row": switches_in_a_row(30),
    "20 on each of 10 bridges": everybody_on_every_bridge(20, 10),
}


@cache
def drawn(name: str) -> Scene:
    return lay_out(LARGE[name], title="A title")


def texts(scene: Scene) -> list[str]:
    return [text.text for text in scene.texts]


@pytest.mark.parametrize("name", LARGE)
def test_it_is_small_enough_to_be_read(name: str) -> None:
    scene = drawn(name)
    assert max(scene.width, scene.height) <= LARGEST
    assert min(text.size for text in scene.texts) >= 9
    assert not faults(scene)
    assert any("Too large to be drawn whole" in text for text in texts(scene))


@pytest.mark.parametrize("name", LARGE)
def test_every_namespace_and_every_bridge_of_a_frame_is_there(name: str) -> None:
    scene = drawn(name)
    assert {room.namespace for room in scene.rooms} == set(LARGE[name].namespaces)
    assert all(bar.end[1] in LARGE[name][bar.end[0]].interfaces for bar in scene.bars)


def test_neighbours_are_joined_by_lines_and_others_named() -> None:
    assert len(drawn("row of 30").lines) == 29
    scene = drawn("30 bridges in a row")
    assert len(scene.lines) == 29
    assert {"to ns1", "to ns2", "to host:br1", "to host:br30"} <= set(texts(scene))


def test_a_full_mesh_is_said_once() -> None:
    told = texts(drawn("full mesh of 12"))
    assert "Each of ns1 … ns12 (12) has a cable to each other: a full mesh." in told
    assert any(text.startswith("13 namespaces and 66 cables and tunnels. Too large") for text in told)


def test_what_is_broken_is_told() -> None:
    names = [f"r{number}" for number in range(1, 31)]
    network = Network("host", *names)
    for number, (a, b) in enumerate(pairwise(names)):
        network.veth((a, "right"), (b, "left"), up=(number != 4, True))
    scene = lay_out(network.snapshot())
    assert {"right down", "left no carrier"} <= set(texts(scene))
    assert sum(not line.alive for line in scene.lines) == 1


def test_more_than_can_be_drawn_are_counted() -> None:
    scene = lay_out(row(MOST + 60))
    assert max(scene.width, scene.height) < 4000
    assert any(text.startswith("and 61 more namespaces: ") for text in texts(scene))
    scene = lay_out(bridges_in_a_row(MOST + 5))
    assert max(scene.width, scene.height) < 4000
    assert any(text.startswith("and 5 more bridges: ") for text in texts(scene))


def test_a_journey_is_drawn_over_it() -> None:
    way = Way().at("r1:to-r2", "out").at("r2:to-r1", "in").at("r2:to-r3", "out").at("r3:to-r2", "in")
    picture = PathPicture(
        way.journey(1, "ICMP", "10.0.0.1 → 10.0.1.2", "echo request seq 1", "delivered to 10.0.1.2 in r3"), row(30)
    )
    assert "</svg>" in picture.svg


def test_a_small_network_is_drawn_whole() -> None:
    assert not any("Too large" in text for text in texts(lay_out(row(6))))
