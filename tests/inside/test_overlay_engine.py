"""The overlay of a swarm of one node, beside that of nk.overlay: what is equal, and what only the Engine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit import dockerd
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = dockerd.available()
pytestmark = [pytest.mark.long, pytest.mark.skipif(REASON is not None, reason=REASON or "")]
SUBNET = "10.0.9.0/24"


@pytest.fixture
def swarm() -> Iterator[nk.Namespace]:
    """The namespace of a container on the Engine's overlay, in a swarm of this machine alone."""
    nk.echo(on=False)
    sweep()
    card, eth0 = nk.veth("card", "eth0", peer_namespace=nk.Namespace("lan"))
    for end, address in ((card, "192.168.50.9/24"), (eth0, "192.168.50.1/24")):
        end.add_address(address)
        end.up()
    with nk.engine() as engine:
        for line in (
            "swarm init --advertise-addr 192.168.50.9 --listen-addr 192.168.50.9",
            f"network create -d overlay --attachable --subnet {SUBNET} ov",
            "run -d --name c1 --network ov busybox sleep 600",
            "run -d --name c2 --network ov busybox sleep 600",
        ):
            outcome = engine.docker(line)
            assert not outcome.returncode, outcome
        assert engine.docker("exec c1 ping -c1 c2").returncode == 0
        yield engine.namespace("c1")
        engine.docker("rm -f c1 c2")
        engine.docker("swarm leave --force")
    sweep()
    nk.echo()


def made() -> tuple[nk.Namespace, nk.Docker]:
    """A container on nk.overlay, between two machines."""
    one, two = nk.Namespace("node1"), nk.Namespace("node2")
    for end, address in zip(nk.veth("eth0", "eth0", namespace=one, peer_namespace=two), ("1", "2"), strict=True):
        end.add_address(f"192.168.0.{address}/24")
        end.up()
    nk.overlay("ov", hosts=[one, two], subnet=SUBNET)
    docker = nk.Docker(one)
    return docker.run("c1", network="ov").namespace, docker


def test_what_is_equal_and_what_is_not(swarm: nk.Namespace) -> None:
    theirs = {link.name: link.state for link in swarm}
    routes = {route.destination: route.via for route in swarm.routes}
    own, docker = made()
    mine = {link.name: link.state for link in own}
    equal = [(link.mtu, link.mac, link.addresses, link.kind) for link in (theirs["eth0"], mine["eth0"])]
    assert equal[0] == equal[1] == (1450, "02:42:0a:00:09:02", ("10.0.9.2/24",), "veth")
    # Only the Engine's containers have a second interface, on docker_gwbridge, and by it a way out of the machine;
    # and its network gives one more address away, to the load balancer of services: the second container has .4.
    assert (set(theirs) - set(mine), routes["default"]) == ({"eth1"}, "172.18.0.1")
    assert "docker_gwbridge" in nk.host
    assert "default" not in {route.destination for route in own.routes}
    docker.close()
    nk.Docker(nk.Namespace.get("node2")).close()
