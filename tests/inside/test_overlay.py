"""Overlay networks: containers of two and three machines, and what is on the wire between these."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN

import netkit as nk
from netkit.errors import AlreadyExists, Conflict, InvalidAddress, InvalidName, InvalidValue, KernelRefused, NotFound
from netkit.linux.namespaces import find
from netkit.model import ForwardingEntry, Neighbour
from tests.inside.containers import fetch, get, server
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLOOD = "00:00:00:00:00:00"
SECONDS = 10.0

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def machines() -> Iterator[list[nk.Docker]]:
    """Three machines on one network, node1 to node3, each with a docker."""
    nk.echo(on=False)
    sweep()
    lan, nodes = nk.Bridge("lan", snooping=False), []
    for number in (1, 2, 3):
        node = nk.Namespace(f"node{number}")
        port, eth0 = nk.veth(f"lan{number}", "eth0", peer_namespace=node)
        eth0.add_address(f"192.168.0.{number}/24")
        lan.attach(port)
        port.up()
        eth0.up()
        node["lo"].up()
        nodes.append(node)
    lan.up()
    dockers = [nk.Docker(host=node, like="20.10") for node in nodes]
    try:
        nk.vxlan("probe", 1).delete()
    except KernelRefused as error:
        pytest.skip(str(error))
    yield dockers
    for docker in dockers:
        docker.close()
    sweep()
    nk.echo()


@pytest.fixture
def dockers(machines: list[nk.Docker]) -> Iterator[list[nk.Docker]]:
    """The same without an overlay called "ov", before and after."""
    nk.echo(on=False)
    before = nk.snapshot()
    yield machines
    for docker in machines:
        for container in docker.ps(all=True):
            if container.network == "ov":
                docker.remove(container, force=True)
    for docker in machines:
        if "ov" in repr(docker):
            docker.network_remove("ov")
    assert nk.snapshot() == before, "an overlay left something behind"


def three(dockers: list[nk.Docker], **options: Any) -> tuple[Any, list[Any]]:
    """An overlay over all machines, with a container on each: 10.0.0.2 to 10.0.0.4."""
    made = nk.overlay("ov", hosts=dockers, **options)
    return made, [docker.run(f"c{number}", network="ov") for number, docker in enumerate(dockers, 1)]


@pytest.fixture(scope="module")
def shared(machines: list[nk.Docker]) -> tuple[Any, list[Any]]:
    """An overlay of static entries, 10.1.0.2 to 10.1.0.4, which tests leave as it was."""
    made = nk.overlay("shared", hosts=machines, subnet="10.1.0.0/24", vni=5000)
    return made, [docker.run(f"s{number}", network="shared") for number, docker in enumerate(machines, 1)]


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not so after {SECONDS} s"
        time.sleep(0.01)


def test_two_machines(dockers: list[nk.Docker]) -> None:
    made = nk.overlay("ov", hosts=["node1", dockers[1].host])
    one = dockers[0].run("one", network="ov")
    web = dockers[1].run("web", server("web"), network="ov")
    assert (one.address, web.address, web.mac) == ("10.0.0.2", "10.0.0.3", "02:42:0a:00:00:03")
    assert get(one.namespace, web.address) == "web to 10.0.0.2"
    assert one.run("getent hosts web").stdout.split() == [web.address, "web"]
    assert repr(made).splitlines() == [
        "ov: 10.0.0.0/24, VNI 4097, static entries",
        "  node1 at 192.168.0.1: one 10.0.0.2",
        "  node2 at 192.168.0.2: web 10.0.0.3",
    ]
    assert "ov" not in repr(dockers[2])
    told = dockers[1].network_inspect("ov")
    assert (told["Driver"], [each["Name"] for each in told["Containers"].values()]) == ("overlay", ["web"])
    assert told["Peers"] == [{"Name": "node1", "IP": "192.168.0.1"}, {"Name": "node2", "IP": "192.168.0.2"}]
    with pytest.raises(OSError, match=r"unreachable|timed out"):
        fetch(dockers[2].host, web.address, timeout=0.2)


def test_every_machine_knows_where_each_container_is(shared: tuple[Any, list[Any]]) -> None:
    made, containers = shared
    state = nk.snapshot()["node1-shared"]
    assert dict(state["vxlan0"].details) == {
        "vni": "5000",
        "local": "192.168.0.1",
        "port": "4789",
        "learning": "0",
        "proxy": "1",
    }
    assert (state["vxlan0"].master, state["vxlan0"].mtu, state["br0"].mtu) == ("br0", 1450, 1450)
    assert made["node1"].vxlan.fdb == (
        ForwardingEntry("02:42:0a:01:00:03", "vxlan0", None, "192.168.0.2", "static"),
        ForwardingEntry("02:42:0a:01:00:04", "vxlan0", None, "192.168.0.3", "static"),
    )
    assert {entry for entry in state.neighbours if entry.state == "permanent"} == {
        Neighbour("10.1.0.3", "vxlan0", "02:42:0a:01:00:03", "permanent"),
        Neighbour("10.1.0.4", "vxlan0", "02:42:0a:01:00:04", "permanent"),
    }
    for one in containers:
        assert one.namespace["eth0"].mtu == 1450
        assert all(one.namespace.ping(other.address).ok for other in containers)


def test_the_wire_carries_frames_inside_packets(shared: tuple[Any, list[Any]]) -> None:
    _, (one, two, _) = shared
    with nk.capture(nk.host["lan1"]) as seen:
        assert one.namespace.ping(two.address).ok
    outer = [packet for packet in seen.packets if VXLAN in packet]
    assert len(outer) == 2, "one question, one answer: no ARP question is on the wire"
    for packet, (source, target) in zip(outer, (("1", "2"), ("2", "1")), strict=True):
        assert (packet[IP].src, packet[IP].dst) == (f"192.168.0.{source}", f"192.168.0.{target}")
        assert (packet[UDP].dport, packet[VXLAN].vni) == (4789, 5000)
        inner = packet[VXLAN].payload
        assert (inner[IP].src, inner[IP].dst) == (f"10.1.0.{int(source) + 1}", f"10.1.0.{int(target) + 1}")
        assert (inner[Ether].src, inner[Ether].dst) == (nk.mac_of(inner[IP].src), nk.mac_of(inner[IP].dst))
        assert len(packet) - len(inner) == 14 + 50 - 14, "outer Ethernet, IP, UDP and VXLAN"


def test_what_is_missing_is_missed(shared: tuple[Any, list[Any]]) -> None:
    made, (one, two, other) = shared
    device = made["node1"].vxlan
    device.delete_forwarding(two.mac, "192.168.0.2")
    assert not one.namespace.ping(two.address, timeout=0.3).ok
    assert one.namespace.ping(other.address).ok
    device.add_forwarding(two.mac, "192.168.0.2")
    assert one.namespace.ping(two.address).ok
    device.delete_neighbour(other.address)
    one.namespace.run("ip neigh flush all")
    assert not one.namespace.ping(other.address, timeout=0.3).ok
    device.add_neighbour(other.address, other.mac)
    wait_for(lambda: one.namespace.ping(other.address, timeout=0.5).ok)


def test_the_other_vni_is_another_network(dockers: list[nk.Docker]) -> None:
    made, (one, two, _) = three(dockers)
    device, node, space = made["node2"].vxlan, dockers[1].host, made["node2"].space
    device.delete()
    wrong = nk.vxlan("wrong", 4098, namespace=node, local="192.168.0.2", learning=False, proxy=True)
    wrong.move(space)
    wrong.rename("vxlan0")
    wrong.set_mtu(1450)
    space["br0"].attach(wrong)
    wrong.up()
    with nk.capture(node["eth0"]) as seen:
        assert not one.namespace.ping(two.address, timeout=0.3).ok
    assert [packet[VXLAN].vni for packet in seen.packets if VXLAN in packet] == [4097], "it comes, and nobody takes it"


def test_1450_bytes_pass(shared: tuple[Any, list[Any]]) -> None:
    _, (one, *_) = shared
    assert "1 received" in one.run("ping -c 1 -W 2 -M do -s 1422 10.1.0.3").stdout
    assert "essage too long" in one.run("ping -c 1 -W 0.3 -M do -s 1423 10.1.0.3").stderr  # in the words of its version


def test_the_mtu_forgotten(dockers: list[nk.Docker]) -> None:
    """The container believes in 1500 bytes, which take 1550 on the wire: what may not be split is lost."""
    _, (one, *_) = three(dockers, mtu=1500)
    assert one.namespace["eth0"].mtu == 1500
    assert one.namespace.ping("10.0.0.3").ok
    with nk.capture(nk.host["lan1"]) as seen:
        assert "0 received" in one.run("ping -c 1 -W 0.3 -M do -s 1472 10.0.0.3").stdout
    assert not [packet for packet in seen.packets if VXLAN in packet]
    with nk.capture(nk.host["lan1"]) as seen:
        assert "1 received" in one.run("ping -c 1 -W 2 -M dont -s 1472 10.0.0.3").stdout
    assert len([packet for packet in seen.packets if VXLAN in packet]) >= 2, "in fragments"


def test_flood_and_learn(dockers: list[nk.Docker]) -> None:
    made, (one, two, _) = three(dockers, learning=True)
    device = made["node1"].vxlan
    assert [(entry.mac, entry.destination) for entry in device.fdb] == [(FLOOD, "192.168.0.2"), (FLOOD, "192.168.0.3")]
    assert nk.snapshot()["node1-ov"].neighbours == ()
    with nk.capture(nk.host["lan1"]) as seen:
        assert one.namespace.ping(two.address).ok
    inner = [(packet[IP].dst, packet[VXLAN].payload) for packet in seen.packets if VXLAN in packet]
    flooded = [
        target for target, frame in inner if ARP in frame and frame[ARP].op == 1 and frame[ARP].psrc == one.address
    ]
    assert sorted(flooded) == ["192.168.0.2", "192.168.0.3"], "the question goes to every machine"
    assert {target for target, frame in inner if ICMP in frame} == {"192.168.0.1", "192.168.0.2"}
    learned = ForwardingEntry(two.mac, "vxlan0", None, "192.168.0.2", "learned")
    wait_for(lambda: learned in device.fdb)
    assert ForwardingEntry(one.mac, "vxlan0", None, "192.168.0.1", "learned") in made["node3"].vxlan.fdb


def test_refused_without_a_trace(dockers: list[nk.Docker], shared: tuple[Any, list[Any]]) -> None:
    made, _ = shared
    before = nk.snapshot()
    with pytest.raises(AlreadyExists, match="'s2' on network 'shared' already"):
        dockers[0].run("s2", network="shared")
    with pytest.raises(Conflict, match="cannot be published"):
        dockers[0].run("web", network="shared", ports={8080: 80})
    with pytest.raises(Conflict, match="in use by s1"):
        made.remove()
    with pytest.raises(AlreadyExists, match="a network 'shared' already"):
        nk.overlay("shared", hosts=dockers, subnet="10.2.0.0/24")
    with pytest.raises(Conflict, match=r"overlaps with 10\.1\.0\.0/24"):
        nk.overlay("other", hosts=dockers, subnet="10.1.0.0/16")
    with pytest.raises(AlreadyExists, match="VNI 5000"):
        nk.overlay("other", hosts=dockers, subnet="10.2.0.0/24", vni=5000)
    with pytest.raises(NotFound, match="'node9' has no part"):
        made["node9"]
    assert nk.snapshot() == before


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("ov", {"hosts": ["node1", "node9"]}, NotFound),
        ("ov", {"hosts": ["node1"]}, InvalidValue),
        ("ov", {"hosts": ["node1", "node1"]}, InvalidValue),
        ("ov", {"hosts": ["node1", 2]}, InvalidValue),
        ("ov", {"hosts": "node1"}, InvalidValue),
        ("o v", {}, InvalidName),
        ("host", {}, InvalidName),
        ("ov", {"vni": 1 << 24}, InvalidValue),
        ("ov", {"vni": 0}, InvalidValue),
        ("ov", {"mtu": 20}, InvalidValue),
        ("ov", {"learning": "yes"}, InvalidValue),
        ("ov", {"subnet": "10.0.0.1/24"}, InvalidAddress),
        ("ov", {"subnet": None}, InvalidAddress),
        ("ov", {"subnet": "192.168.0.0/16"}, Conflict),
        ("ov", {"subnet": "172.17.0.0/24"}, Conflict),
    ],
)
def test_wrong_calls(machines: list[nk.Docker], name: str, options: dict[str, Any], error: type[Exception]) -> None:
    before = [place.inode for place in find()], [link.name for link in machines[0].host], repr(machines)
    with pytest.raises(error):
        nk.overlay(name, **{"hosts": ["node1", "node2"], **options})
    assert ([place.inode for place in find()], [link.name for link in machines[0].host], repr(machines)) == before


def test_machines_that_do_not_reach_one_another(dockers: list[nk.Docker]) -> None:
    dockers[1].host["eth0"].down()
    with pytest.raises(NotFound, match="node2 has no address"):
        nk.overlay("ov", hosts=dockers)
    dockers[1].host["eth0"].up()
    nk.host["lan2"].down()
    try:
        with pytest.raises(NotFound, match=r"node1 does not reach node2 at 192\.168\.0\.2"):
            nk.overlay("ov", hosts=dockers)
    finally:
        nk.host["lan2"].up()
    wait_for(lambda: dockers[0].host.ping("192.168.0.2", timeout=0.5).ok)


def test_a_machine_that_leaves(dockers: list[nk.Docker]) -> None:
    made, (one, *_) = three(dockers)
    dockers[2].remove("c3", force=True)
    assert [entry.mac for entry in made["node1"].vxlan.fdb] == ["02:42:0a:00:00:03"]
    assert not one.namespace.ping("10.0.0.4", timeout=0.3).ok
    dockers[2].network_remove("ov")
    again = dockers[1].run("again", network="ov")
    assert one.namespace.ping(again.address).ok
