"""Containers on several networks: joined and left while they run; the way out and the published ports follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.containers import client, fetch, get, server, typed
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.docker.container import Container

pytestmark = pytest.mark.once


@pytest.fixture
def docker() -> Iterator[nk.Docker]:
    """A docker with two more networks, one before and one behind "bridge" in the alphabet."""
    nk.echo(on=False)
    sweep()
    docker = nk.Docker(like="20.10")
    docker.network_create("back", "172.31.0.0/16")
    docker.network_create("shop", "172.30.0.0/16")
    yield docker
    docker.close()
    sweep()
    nk.echo()


def ways_out(container: Container) -> list[str]:
    return [str(route.via) for route in container.namespace.routes if route.destination == "default"]


def dnat() -> list[str]:
    rules = nk.snapshot()["host"].rules
    return [rule.text.rpartition(" ")[2] for rule in rules if "DNAT" in rule.text]


def test_a_container_joins_one_more_network(docker: nk.Docker) -> None:
    web, db = docker.run("web"), docker.run("db", server("db"), network="shop")
    assert get(nk.host, db.address)
    with pytest.raises(OSError, match="timed out"):
        fetch(web.namespace, db.address, timeout=0.2)
    docker.connect("shop", web)
    assert [link.name for link in web.namespace.interfaces] == ["lo", "eth0", "eth1"]
    assert web.namespace["eth1"].mac == "02:42:ac:1e:00:03"
    assert get(web.namespace, db.address) == "db to 172.30.0.3"
    assert "db to 172.30.0.3" in web.run(typed(client("db"))).stdout, "names of the new network are known"
    assert ["172.30.0.3", web.id[:12]] in [line.split() for line in web.run("cat /etc/hosts").stdout.splitlines()]
    assert (web.address, ways_out(web)) == ("172.17.0.2", ["172.17.0.1"]), "'bridge' comes before 'shop'"
    assert docker.network_inspect("shop")["Containers"][web.id]["IPv4Address"] == "172.30.0.3/16"
    assert list(docker.inspect(web)["NetworkSettings"]["Networks"]) == ["bridge", "shop"]


def test_the_way_out_and_the_published_ports_follow_the_first_name(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports={8080: 80})
    assert (ways_out(web), dnat()) == (["172.17.0.1"], ["172.17.0.2:80"])
    docker.connect("back", web)
    assert (ways_out(web), dnat()) == (["172.31.0.1"], ["172.31.0.2:80"])
    assert get(nk.host, "127.0.0.1", 8080)
    docker.disconnect("back", web)
    assert (ways_out(web), dnat()) == (["172.17.0.1"], ["172.17.0.2:80"])
    assert get(nk.host, "127.0.0.1", 8080)


def test_an_internal_network_does_not_lead_out_while_there_is_another(docker: nk.Docker) -> None:
    docker.network_create("a-vault", "172.29.0.0/16", internal=True)
    web = docker.run("web", network="a-vault")
    assert ways_out(web) == ["172.29.0.1"]
    docker.connect("shop", web)
    assert ways_out(web) == ["172.30.0.1"]


def test_a_container_may_leave_all_its_networks(docker: nk.Docker) -> None:
    web = docker.run("web", ports={8080: 80})
    docker.disconnect("bridge", web)
    assert [link.name for link in web.namespace.interfaces] == ["lo"]
    assert (web.address, ways_out(web), dnat()) == (None, [], [])
    docker.connect("bridge", web)
    assert [link.name for link in web.namespace.interfaces] == ["lo", "eth1"], "a number is not used again"
    assert (web.address, dnat()) == ("172.17.0.2", ["172.17.0.2:80"])


def test_nothing_is_left_of_it(docker: nk.Docker) -> None:
    before = nk.snapshot()
    web = docker.run("web", ports={8080: 80})
    docker.connect("shop", web)
    docker.connect("back", web)
    docker.remove(web, force=True)
    assert nk.snapshot() == before
    docker.network_remove("shop")


def test_what_fails_on_the_way_is_undone(docker: nk.Docker) -> None:
    web = docker.run("web")
    web.namespace.run("ip link add eth1 type veth peer name other")
    before = nk.snapshot()
    with pytest.raises(nk.AlreadyExists, match="eth1"):
        docker.connect("shop", web)
    assert nk.snapshot() == before
    assert list(web.ways) == ["bridge"]
    docker.connect("shop", web)
    assert "eth2" in web.namespace


def test_a_subnet_that_is_asked_for_may_hide_what_the_host_reached(docker: nk.Docker) -> None:
    card, eth0 = nk.veth("card", "eth0", peer_namespace=nk.Namespace("server"))
    for end, address in ((card, "192.168.1.10/24"), (eth0, "192.168.1.20/24")):
        end.add_address(address)
        end.up()
    assert nk.host.ping("192.168.1.20").ok
    docker.network_create("lan", "192.168.1.0/25")
    assert not nk.host.ping("192.168.1.20", timeout=1).ok
    docker.network_remove("lan")
    assert nk.host.ping("192.168.1.20").ok


def test_of_its_own_choice_docker_takes_no_subnet_that_the_host_is_in(docker: nk.Docker) -> None:
    card, eth0 = nk.veth("card", "eth0", peer_namespace=nk.Namespace("server"))
    card.add_address("172.18.5.1/24")
    card.up()
    eth0.up()
    nk.host.add_route("172.19.0.0/16", via="172.18.5.2")  # the Engines 20.10 and 29.1 take it all the same
    assert str(docker.network_create("next").subnet) == "172.19.0.0/16"
