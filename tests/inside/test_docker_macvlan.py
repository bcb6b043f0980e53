"""Containers on the cable of one of the machine's interfaces: macvlan and ipvlan, whom they reach and whom not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import InvalidAddress
from netkit.linux.acts import stacked
from netkit.linux.entering import HOST_PATH
from tests.inside.containers import get, server
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

LAN, ROUTER, HOST = "192.168.50.0/24", "192.168.50.1", "192.168.50.9"


def lacks(kind: str) -> str:
    """Why this kernel has no such links, "" if it has them."""
    try:
        stacked.insist(HOST_PATH, kind)
    except nk.NetkitError as error:
        return error.rule
    return ""


needs = {kind: pytest.mark.skipif(bool(lacks(kind)), reason=lacks(kind)) for kind in ("macvlan", "ipvlan", "vlan")}


@pytest.fixture
def docker() -> Iterator[nk.Docker]:
    """A docker on a machine whose eth1 leads to a router; test_parity.py compares the other generations."""
    nk.echo(on=False)
    sweep()
    eth1, far = nk.veth("eth1", "eth0", peer_namespace=nk.Namespace("router"))
    for end, address in ((eth1, f"{HOST}/24"), (far, f"{ROUTER}/24")):
        end.add_address(address)
        end.up()
    docker = nk.Docker(like="20.10")
    yield docker
    docker.close()
    sweep()
    nk.echo()


def lan(docker: nk.Docker, **settings: Any) -> Any:
    return docker.network_create("lan", LAN, **{"driver": "macvlan", "parent": "eth1", **settings})


@needs["macvlan"]
def test_neighbours_of_the_machine(docker: nk.Docker) -> None:
    net = lan(docker)
    web, db = docker.run("web", server("web"), network="lan"), docker.run("db", network=net)
    assert (web.address, web.mac) == ("192.168.50.2", "02:42:c0:a8:32:02")
    assert web.namespace["eth0"].mac == web.mac
    assert next((str(each.via), each.destination) for each in web.namespace.routes) == (ROUTER, "default")
    assert get(db.namespace, web.address) == "web to 192.168.50.3"
    assert get(nk.Namespace.get("router"), web.address) == "web to 192.168.50.1"
    assert db.run("getent hosts web").stdout.split() == ["192.168.50.2", "web"]
    link = nk.snapshot()[web.namespace.name]["eth0"]
    assert (link.kind, link.parent, link.detail("mode")) == ("macvlan", ("host", "eth1"), "bridge")
    told = docker.network_inspect("lan")
    assert (told["Driver"], told["Options"]) == ("macvlan", {"parent": "eth1", "macvlan_mode": "bridge"})
    assert repr(net) == "lan: 192.168.50.0/24, macvlan mode bridge on eth1: web 192.168.50.2, db 192.168.50.3"


@needs["macvlan"]
def test_the_machine_does_not_reach_its_own_until_it_has_a_device_of_its_own(docker: nk.Docker) -> None:
    lan(docker)
    web = docker.run("web", server("web"), network="lan")
    assert not nk.host.ping(web.address, timeout=0.5).ok
    told = nk.why("host", web.address)
    assert "it shares that cable with its parent, and the two never hear one another" in str(told)
    assert told.repair[0] == "ip link add dev macvlan0 link eth1 type macvlan mode bridge"
    for line in told.repair:
        assert nk.sh(line).returncode == 0, line
    assert get(nk.host, web.address) == f"web to {HOST}"


@pytest.mark.long
@needs["macvlan"]
def test_private_ones_do_not_hear_one_another_and_passthru_is_for_one(docker: nk.Docker) -> None:
    lan(docker, mode="private")
    web, db = docker.run("web", network="lan"), docker.run("db", network="lan")
    assert web.namespace.ping(ROUTER).ok
    assert not web.namespace.ping(db.address, timeout=0.5).ok
    assert "is in the mode 'private'" in str(nk.why(web.namespace, db.address))
    docker.remove(web, force=True)
    docker.remove(db, force=True)
    docker.network_remove("lan")
    lan(docker, mode="passthru")
    assert docker.run("first", network="lan").namespace.ping(ROUTER).ok
    with pytest.raises(nk.KernelRefused, match="type macvlan mode passthru` was refused"):
        docker.run("second", network="lan")


@needs["macvlan"]
def test_an_x_ray_follows_a_packet_out_by_the_parent(docker: nk.Docker) -> None:
    lan(docker)
    web = docker.run("web", network="lan")
    with nk.xray() as seen:
        assert web.namespace.ping(ROUTER).ok
    assert f"{web.namespace.name}:eth0 → host:eth1 → router:eth0" in str(seen)


@needs["macvlan"]
def test_the_picture_says_on_what_they_stand(docker: nk.Docker) -> None:
    lan(docker)
    web = docker.run("web", network="lan")
    assert f"{web.namespace.name}: macvlan eth0 is up with 192.168.50.2/24, mode bridge, on eth1 of host." in str(
        nk.draw()
    )


@pytest.mark.long
@needs["macvlan"]
def test_between_networks_and_nothing_left(docker: nk.Docker) -> None:
    lan(docker)
    before = nk.snapshot()
    web = docker.run("web", network="lan")
    docker.connect("bridge", web)
    assert [str(route.via) for route in web.namespace.routes if route.destination == "default"] == ["172.17.0.1"]
    docker.disconnect("bridge", web)
    assert [str(route.via) for route in web.namespace.routes if route.destination == "default"] == [ROUTER]
    docker.disconnect("lan", web)
    assert [link.name for link in web.namespace.interfaces] == ["lo"]
    docker.connect("lan", web)
    docker.remove(web, force=True)
    assert nk.snapshot() == before


@needs["macvlan"]
def test_what_makes_no_sense_is_refused(docker: nk.Docker) -> None:
    def refused(error: type[nk.NetkitError], says: str, **settings: Any) -> None:
        with pytest.raises(error, match=says):
            docker.network_create("new", "192.168.60.0/24", **settings)

    refused(nk.NotFound, r"no interface 'nope' in host; there are: lo, eth1, docker0", driver="macvlan", parent="nope")
    refused(nk.NotFound, "no interface 'eth1.x'", driver="macvlan", parent="eth1.x")
    refused(nk.Conflict, "loopback interface is not a valid macvlan parent link", driver="macvlan", parent="lo")
    refused(nk.InvalidValue, "'x' is no mode; macvlan has the modes bridge", driver="macvlan", parent="eth1", mode="x")
    refused(nk.InvalidValue, "a bridge has no parent='eth1'", parent="eth1")
    refused(nk.InvalidValue, "not a driver of networks", driver="macvaln")
    refused(InvalidAddress, "no address of a machine in 192.168.60.0/24", gateway="10.0.0.1")
    refused(InvalidAddress, "10.0.0.0/24 is not in 192.168.60.0/24", ip_range="10.0.0.0/24")
    lan(docker)
    refused(nk.Conflict, "network lan is already using parent interface eth1", driver="macvlan", parent="eth1")
    with pytest.raises(nk.Conflict, match="publishes nothing"):
        docker.run("web", network="lan", ports={8080: 80})


@pytest.mark.skipif(not lacks("ipvlan"), reason="this kernel has ipvlan")
def test_a_kernel_without_ipvlan_says_so(docker: nk.Docker) -> None:
    with pytest.raises(nk.KernelRefused, match="network 'lan' cannot be made; this kernel has no 'ipvlan'"):
        lan(docker, driver="ipvlan")
    assert [net.name for net in docker.network_ls()] == ["bridge"]


@needs["ipvlan"]
def test_ipvlan_shares_the_parent_s_mac(docker: nk.Docker) -> None:
    lan(docker, driver="ipvlan")
    web, db = docker.run("web", server("web"), network="lan"), docker.run("db", network="lan")
    assert web.namespace["eth0"].mac == db.namespace["eth0"].mac == nk.host["eth1"].mac
    assert web.mac is None
    assert get(db.namespace, web.address) == "web to 192.168.50.3"
    assert get(nk.Namespace.get("router"), web.address) == f"web to {ROUTER}"
    assert not nk.host.ping(web.address, timeout=0.5).ok
    told = nk.why("host", web.address)
    assert "is an ipvlan on eth1 in host" in told.explanation
    for line in told.repair:
        assert nk.sh(line).returncode == 0, line
    assert get(nk.host, web.address) == f"web to {HOST}"
    assert nk.Namespace.get("router").ping(HOST).ok


@needs["ipvlan"]
@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_ipvlan_at_layer_3_has_no_neighbours(docker: nk.Docker, mode: str) -> None:
    lan(docker, driver="ipvlan", mode=mode)
    web, db = docker.run("web", server("web"), network="lan"), docker.run("db", network="lan")
    assert [(route.via, route.device) for route in db.namespace.routes if route.destination == "default"] == [
        (None, "eth0")
    ]
    assert get(db.namespace, web.address) == "web to 192.168.50.3"
    router = nk.Namespace.get("router")
    assert not router.ping(web.address, timeout=0.5).ok, "nobody answers its ARP question"
    router.run(f"ip route add {web.address} via {HOST}")
    assert get(router, web.address) == f"web to {ROUTER}"


@needs["vlan"]
@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_parent_on_a_vlan_is_made_and_goes(docker: nk.Docker, driver: str) -> None:
    lan(docker, parent="eth1.50", driver=driver)
    router = nk.Namespace.get("router")
    for line in (
        "ip link add link eth0 name eth0.50 type vlan id 50",
        "ip addr flush dev eth0",
        f"ip addr add {ROUTER}/24 dev eth0.50",
        "ip link set eth0.50 up",
    ):
        assert router.run(line).returncode == 0, line
    web = docker.run("web", network="lan")
    assert web.namespace.ping(ROUTER).ok
    assert nk.snapshot()["host"]["eth1.50"].detail("vlan") == "50"
    docker.remove(web, force=True)
    docker.network_remove("lan")
    assert "eth1.50" not in nk.host
