"""nk.why gives no false alarm: in networks that are right neither the walk nor the probe finds a fault."""

from __future__ import annotations

import time
from typing import Any

import pytest

import netkit as nk
from netkit.lab import why as looking
from netkit.linux.probing.probes import Answered
from tests.inside import networks, worlds
from tests.inside.containers import OUTSIDER, get, server
from tests.inside.wire import ip, wait_until

pytestmark = pytest.mark.once

SECONDS = 3.0
"""Under load; without it a look takes some 0.05."""

ASKED = {
    "bridge": (
        ("ns1", "172.17.1.2", None),
        ("host", "172.17.1.2", None),
        ("ns1", "172.17.1.254", None),
        ("ns1", "127.0.0.1", None),
        ("ns2", "172.17.1.1", None),
    ),
    "routed": (("a", "10.0.2.2", None), ("b", "10.0.1.1", None), ("a", "10.0.9.1", None)),
    "two ways": (("a", "10.0.2.2", None), ("a", "10.0.3.2", None)),
    "nat": (
        ("out", "192.168.7.1", 8080),
        ("host", "192.168.7.1", 8080),
        ("c1", "192.168.7.2", None),
        ("c2", "172.17.0.2", 80),
        ("host", "172.17.0.2", 80),
    ),
    "vxlan": (("node1", "10.0.0.2", None), ("node2", "192.168.0.1", None)),
    "six": (("a", "fd00:2::2", None), ("a", "fd00:1::ff", None)),
}
"""Who may ask whom, in which network."""


def healthy(*asked: Any) -> None:
    """The walk alone finds nothing, and the probe agrees."""
    probe = looking.probes.probe
    looking.probes.probe = lambda *_: Answered(ok=None, command="", words="")
    try:
        walked = nk.why(*asked)
    finally:
        looking.probes.probe = probe
    assert walked.ok, f"a false alarm: {walked}"
    assert "return path" in walked.walked, walked
    began = time.monotonic()
    said = nk.why(*asked)
    assert said.ok, said
    assert not said.layer
    assert not said.repair
    assert time.monotonic() - began < SECONDS


def questions(network: str) -> None:
    """Ask all questions of a network."""
    nk.echo(on=False)
    networks.out_of_sight()
    networks.build(network)
    for asked in ASKED[network]:
        healthy(*asked)


@pytest.mark.parametrize("network", ASKED)
def test_network(network: str) -> None:
    worlds.call(questions, network)


def test_containers_on_docker0(docker: nk.Docker) -> None:
    c1, c2 = docker.run("c1"), docker.run("c2")
    healthy(c1, c2)
    healthy(c1, OUTSIDER)
    healthy("host", c1)


def test_published_port(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports={8080: 80})
    other = docker.run("other")
    assert get(nk.host, web.address) == "web to 172.17.0.1"
    healthy("outsider", "192.168.7.1", 8080)
    healthy("host", "192.168.7.1", 8080)
    healthy(other, web, 80)


def test_hairpin(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports={8080: 80})
    assert get(nk.host, web.address) == "web to 172.17.0.1"
    healthy(web, "192.168.7.1", 8080)


def test_names_of_a_network(docker: nk.Docker) -> None:
    docker.network_create("app", "172.30.0.0/16")
    c1, _ = docker.run("c1", network="app"), docker.run("c2", network="app")
    healthy(c1, "c2")


def test_links(docker: nk.Docker) -> None:
    docker.run("db")
    healthy(docker.run("web", links=["db"]), "db")


def test_internal_network(docker: nk.Docker) -> None:
    docker.network_create("closed", "172.31.0.0/16", internal=True)
    healthy(docker.run("c1", network="closed"), docker.run("c2", network="closed"))


def test_host_and_shared(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"))
    assert get(nk.host, web.address) == "web to 172.17.0.1"
    healthy(docker.run("whole", network="host"), web, 80)
    healthy(docker.run("side", network="container:web"), "127.0.0.1", 80)


@pytest.mark.parametrize("learning", [False, True])
def test_overlay(docker: nk.Docker, learning: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    nodes = nk.Namespace("node1"), nk.Namespace("node2")
    for end, address in zip(
        nk.veth("eth0", "eth0", namespace=nodes[0], peer_namespace=nodes[1]),
        ("10.9.0.1/24", "10.9.0.2/24"),
        strict=True,
    ):
        end.add_address(address)
        end.up()
    machines = [nk.Docker(node) for node in nodes]
    overlay = nk.overlay("ov", hosts=machines, learning=learning)
    one, two = (machine.run(name, network="ov") for machine, name in zip(machines, ("c1", "c2"), strict=True))
    try:
        healthy(one, two)
    finally:
        for machine, container in zip(machines, (one, two), strict=True):
            machine.remove(container, force=True)
        overlay.remove()
        for machine in machines:
            machine.close()
        for node in nodes:
            node.delete()


@pytest.mark.usefixtures("bridge")
def test_a_question_about_a_neighbour_that_was_open_before_does_not_count() -> None:
    """A rule dropped it; when it ends in vain, after the rule went, so do all packets that waited for its end."""
    ip("-n ns1 neigh del 172.17.1.2 dev eth1")
    ip("netns exec ns1 sysctl -qw net.ipv4.neigh.eth1.mcast_solicit=1 net.ipv4.neigh.eth1.retrans_time_ms=1500")
    ip("netns exec ns2 arptables -A INPUT -j DROP")
    asking = nk.Namespace.get("ns1").start(["ping", "-c1", "-W3", "172.17.1.2"])
    wait_until(lambda: "INCOMPLETE" in nk.sh("ip -n ns1 neigh show to 172.17.1.2").stdout)
    ip("netns exec ns2 arptables -D INPUT -j DROP")
    said = nk.why("ns1", "172.17.1.2")
    assert said.ok, said
    asking.stop()
