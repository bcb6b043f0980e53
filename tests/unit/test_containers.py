"""Containers in a snapshot: what their room is called, who shares it, and that they are not what was configured."""

from __future__ import annotations

import json

import pytest

from netkit.model import Namespace, Snapshot
from netkit.model.facts import Facts
from netkit.pictures.ink import describe, picture
from netkit.pictures.network import lay_out
from tests.unit import cases
from tests.unit.geometry import faults

Room = tuple[str, tuple[str, ...], dict[str, str], bool]

ALONE: Room = ("[shop]", ("busybox", "busybox"), {"shop": "busybox"}, False)
SECOND: Room = ("[shop]#2", ("busybox",), {"shop": "busybox"}, False)
SHARED: Room = ("[pod]", ("httpd", "pause", "tcpdump"), {"web": "httpd", "pod": "pause"}, False)
NAMED: Room = ("site", ("nginx",), {"web": "nginx"}, True)
LIKE_IT: Room = ("web", ("nginx",), {"web": "nginx"}, True)
UNKNOWN: Room = ("[sh]", ("sh", "sleep"), {}, False)
ONE_PROGRAM: Room = ("[httpd]", ("httpd", "httpd"), {}, False)
SERVED: Room = ("ns1", ("httpd", "python"), {}, True)
MANY: Room = ("[c1]", ("init",), {f"c{n}": "init" for n in (10, 9, 1, 2, 3)}, False)
MACHINE: Room = ("host", ("bash", "sleep", "sshd"), {"here": "sleep"}, True)

TOLD = [
    (ALONE, "shop", []),
    (SECOND, "shop", ["[shop]#2"]),
    (SHARED, "pod + web", ["[pod]", "processes pause (pod), httpd (web) and tcpdump"]),
    (NAMED, "site", ["container web"]),
    (LIKE_IT, "web", []),
    (UNKNOWN, "[sh]", ["processes sh and sleep"]),
    (ONE_PROGRAM, "[httpd]", []),
    (SERVED, "ns1", []),
    (MANY, "c1 + c2 + c3 + 2 more", ["[c1]", "processes init (c1), init (c2), init (c3) and 2 more"]),
    (MACHINE, "host", ["container here"]),
]


def lived_in(room: Room) -> Snapshot:
    name, processes, containers, named = room
    network = cases.Network("host").room(name, processes=processes, containers=containers, named=named)
    return network.veth(("host", "veth0"), (name, "eth0"), addresses=("10.0.0.2/24",)).snapshot()


@pytest.mark.parametrize(("room", "title", "below"), TOLD)
def test_a_room_says_who_lives_in_it(room: Room, title: str, below: list[str]) -> None:
    snapshot = lived_in(room)
    facts, scene = Facts(snapshot), lay_out(snapshot)
    assert (facts.called(room[0]), facts.lived_in(room[0])) == (title, below)
    assert {title, *below} <= {text.text for text in scene.texts}
    assert not faults(scene)


def test_the_namespaces_own_name_stays_where_it_is_looked_for() -> None:
    drawn = picture(lived_in(SECOND), highlight=["[shop]#2"])
    assert [room.namespace for room in drawn.scene.rooms] == ["host", "[shop]#2"]
    assert "[shop]#2" in {text.text for text in drawn.scene.texts}


def test_they_are_told_in_words() -> None:
    first, *lines = describe(lived_in(SHARED)).splitlines()
    assert first == (
        "2 namespaces: host and pod + web ([pod], processes pause (pod), httpd (web) and tcpdump); "
        "a cable between host and pod + web."
    )
    assert "[pod]: containers pod (pause) and web (httpd)." in lines
    assert "[pod]: processes pause (pod), httpd (web) and tcpdump." in lines


def overlay() -> Snapshot:
    """Two machines and what each has of an overlay; the VXLAN device of each was made in the machine."""
    network = cases.Network("host", "left", "right")
    network.veth(("left", "eth0"), ("right", "eth0"), addresses=("10.1.0.2/24",))
    network.change(("left", "eth0"), addresses=("10.1.0.1/24",))
    for number, machine in enumerate(("left", "right"), 1):
        inner = f"{machine}-net"
        network.room(inner).bridge(inner, "br0", "10.0.0.1/24")
        details = (("local", f"10.1.0.{number}"), ("remote", f"10.1.0.{3 - number}"), ("vni", "7"))
        network.link(inner, "vxlan0", "vxlan", details=details).port(inner, "br0", "vxlan0")
    return network.snapshot()


def test_an_overlay_s_namespace_belongs_to_its_machine() -> None:
    snapshot = overlay()
    facts, scene = Facts(snapshot), lay_out(snapshot)
    assert [facts.machine(name) for name in ("left-net", "right-net", "left", "host")] == ["left", "right", None, None]
    assert {"in left-net", "in right-net"} <= {text.text for text in scene.texts}
    assert {room.namespace for room in scene.rooms if room.kind == "inner"} == {"left-net", "right-net"}
    assert not faults(scene)
    first, *lines = describe(snapshot).splitlines()
    assert "left-net (part of left)" in first
    assert "right-net: part of right, where its VXLAN packets travel." in lines


def test_a_vxlan_device_that_stays_at_home_belongs_to_nobody() -> None:
    assert Facts(cases.two_hosts()).machine("hostA") is None


@pytest.mark.parametrize("count", [70, 300], ids=["tiles", "summary"])
def test_they_are_in_small_rooms_too(count: int) -> None:
    network = cases.Network("host").bridge("host", "docker0", "172.17.0.1/16")
    for n in range(count):
        name = f"[sleep]#{n}"
        network.room(name, containers={f"box{n}": "sleep"}, processes=("sleep",), named=False)
        network.veth(("host", f"v{n}"), (name, "eth0"), addresses=(f"172.17.1.{n % 250}/16",))
        network.port("host", "docker0", f"v{n}")
    scene = lay_out(network.snapshot())
    texts = {text.text for text in scene.texts}
    assert {"box3", "[sleep]#3"} <= texts
    assert not faults(scene)


def test_they_are_no_part_of_what_was_configured() -> None:
    name, processes, _, named = ALONE
    without = lived_in((name, processes, {}, named))
    assert lived_in(ALONE) == without
    assert Snapshot.from_json(lived_in(ALONE).to_json())[name].containers == {"shop": "busybox"}
    older = json.loads(without.to_json())
    for space in older["namespaces"].values():
        del space["containers"]
    assert Snapshot.from_json(json.dumps(older)) == without, "what was written before there were any"
    assert not Namespace("ns1").containers
