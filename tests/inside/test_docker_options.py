"""What a container may ask for: addresses, a MAC, names, lines of /etc/hosts, switches, and which network leads out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import InvalidAddress, InvalidName
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.docker.container import Container

pytestmark = pytest.mark.once

OWN = "only when connecting to networks with user configured subnets"


@pytest.fixture(scope="module")
def machine() -> Iterator[nk.Docker]:
    nk.echo(on=False)
    sweep()
    docker = nk.Docker(like="29")
    docker.network_create("shop", "172.30.0.0/16")
    docker.network_create("zoo", "172.29.0.0/16")
    docker.network_create("auto")
    yield docker
    docker.close()
    sweep()
    nk.echo()


@pytest.fixture
def docker(machine: nk.Docker) -> Iterator[nk.Docker]:
    nk.echo(on=False)
    yield machine
    for container in reversed(machine.ps(all=True)):
        machine.remove(container, force=True)


def ways_out(container: Container) -> list[str]:
    return [str(route.via) for route in container.namespace.routes if route.destination == "default"]


def answers(container: Container, name: str) -> set[str]:
    return {line.split()[0] for line in container.run(f"getent ahosts {name}").stdout.splitlines()}


def test_an_address_and_a_mac_of_one_s_choice(docker: nk.Docker) -> None:
    web = docker.run("web", network="shop", ip="172.30.0.9", mac_address="02:42:ac:11:00:99")
    assert (web.address, web.mac, web.namespace["eth0"].mac) == ("172.30.0.9", "02:42:ac:11:00:99", "02:42:ac:11:00:99")
    assert docker.run("db", network="shop").address == "172.30.0.2"
    docker.connect("zoo", web, ip="172.29.7.7", mac_address="02:00:00:00:00:07")
    assert (web.namespace["eth1"].addresses, web.namespace["eth1"].mac) == (("172.29.7.7/16",), "02:00:00:00:00:07")
    assert docker.inspect(web)["NetworkSettings"]["Networks"]["zoo"]["MacAddress"] == "02:00:00:00:00:07"


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"ip": "172.17.0.9"}, nk.Conflict, "supported on user defined networks only"),
        ({"network": "auto", "ip": "172.18.0.9"}, nk.Conflict, OWN),
        ({"network": "shop", "ip": "172.31.0.9"}, InvalidAddress, "does not belong to any of this network's subnets"),
        ({"network": "shop", "ip": "172.30.0.8"}, nk.Conflict, "Address already in use; 'other' has it"),
        ({"network": "shop", "ip": "172.30.0.1"}, nk.Conflict, "Address already in use; it is the router's"),
        ({"network": "shop", "ip": "172.30.255.255"}, nk.Conflict, "Address already in use"),
        ({"network": "shop", "ip": "ten"}, InvalidAddress, "'ten' is not an IP address"),
        ({"network": "shop", "ip": "fd00::9"}, InvalidAddress, "of the other family"),
        ({"network": "shop", "ip6": "fd00::9"}, nk.Conflict, "has no IPv6"),
        ({"network": "host", "ip": "172.30.0.9"}, nk.Conflict, "user defined networks only"),
        ({"network": "none", "aliases": ["db"]}, nk.Conflict, "user defined networks only"),
        ({"mac_address": "nobody"}, InvalidAddress, "'nobody' is not a MAC address"),
        ({"mac_address": "01:00:5e:00:00:01"}, InvalidAddress, "a group of receivers"),
        ({"network": "host", "mac_address": "02:42:ac:11:00:99"}, nk.Conflict, "mac-address and the network mode"),
        (
            {"network": "container:other", "mac_address": "02:42:ac:11:00:99"},
            nk.Conflict,
            "mac-address and the network",
        ),
        ({"aliases": ["db"]}, nk.Conflict, "supported only for containers in user defined networks"),
        ({"network": "shop", "aliases": "db"}, nk.InvalidValue, "a list of names is needed"),
        ({"network": "shop", "aliases": ["d b"]}, InvalidName, "'d b' is no name"),
        ({"add_host": ["me"]}, nk.InvalidValue, "bad format for add-host: 'me'"),
        ({"add_host": {"me": "ten"}}, InvalidAddress, "'ten' is not an IP address"),
        ({"network": "container:other", "add_host": {"a1": "10.0.0.1"}}, nk.Conflict, "custom host-to-IP mapping"),
        ({"sysctl": {"kernel.pid_max": 7}}, nk.InvalidValue, "sysctl 'kernel.pid_max' is not whitelisted"),
        ({"sysctl": {"net.nope": 1}}, nk.NotFound, "there is no switch 'net.nope'"),
        ({"sysctl": {"net.ipv4.ip_forward": "often"}}, nk.InvalidValue, "one of 0, 1"),
        ({"sysctl": ["net.ipv4.ip_forward=1"]}, nk.InvalidValue, "a table says which switch has which value"),
        (
            {"network": "host", "sysctl": {"net.ipv4.ip_forward": 1}},
            nk.Conflict,
            "not allowed in host network",
        ),
        ({"gw_priority": "first"}, nk.InvalidValue, "'first' is not a priority"),
    ],
    ids=str,
)
def test_what_cannot_be_had_is_refused_in_docker_s_words(
    docker: nk.Docker, settings: dict[str, Any], error: type[nk.NetkitError], says: str
) -> None:
    docker.run("other", network="shop", ip="172.30.0.8")
    before = nk.snapshot()
    with pytest.raises(error, match=says):
        docker.run("new", **settings)
    assert nk.snapshot() == before


def test_names_that_several_have(docker: nk.Docker) -> None:
    one = docker.run("one", network="shop", aliases=["db", "first"])
    two = docker.run("two", network="shop", aliases=["db"])
    asking = docker.run("asking", network="shop")
    assert answers(asking, "db") == {one.address, two.address}
    assert answers(asking, "first.shop") == answers(asking, "ONE") == {one.address}
    docker.connect("zoo", two, aliases=["far"])
    docker.connect("zoo", asking)
    assert answers(asking, "far") == {"172.29.0.2"}
    docker.remove(two, force=True)
    assert answers(asking, "db") == {one.address}
    assert answers(asking, "far") == set()


def test_lines_of_the_hosts_file(docker: nk.Docker) -> None:
    lines = {"host.docker.internal": "host-gateway", "you": "10.1.2.3"}
    web = docker.run("web", network="shop", add_host=lines)
    own = [line.split() for line in web.run("cat /etc/hosts").stdout.splitlines()][-3:]
    assert own == [["172.17.0.1", "host.docker.internal"], ["10.1.2.3", "you"], [web.address, web.id[:12]]]
    shared = docker.run("shared", network="host", add_host=["me:host-gateway"])
    assert shared.run("cat /etc/hosts").stdout.splitlines()[-1].split() == ["172.17.0.1", "me"]


def test_switches_are_set_before_the_program_starts(docker: nk.Docker) -> None:
    switches = {"net.ipv4.conf.all.rp_filter": 2, "net.ipv4.conf.default.proxy_arp": 1}
    web = docker.run("web", "cat /proc/sys/net/ipv4/conf/eth0/proxy_arp", sysctl=switches)
    web._process._popen.wait()  # type: ignore[union-attr]
    assert web.logs == "1\n"
    idle = docker.run("idle", sysctl=switches)
    assert idle.namespace.sysctl("net.ipv4.conf.all.rp_filter") == "2"
    assert nk.host.sysctl("net.ipv4.conf.all.rp_filter") == "0"


def test_a_switch_of_an_interface_is_set_where_the_interface_is_there_by_then(docker: nk.Docker) -> None:
    """Up to 27 the network comes first, then the switches: those for interfaces to come are too late."""
    own, all_to_come = "net.ipv4.conf.eth0.proxy_arp", "net.ipv4.conf.default.proxy_arp"
    with pytest.raises(nk.Conflict, match=r"must be supplied using driver option 'com\.docker"):
        docker.run("web", sysctl={own: 1})
    place = nk.Namespace("machine")
    earlier = nk.Docker(place, like="26.1.5")
    web, late = earlier.run("web", sysctl={own: 1}), earlier.run("late", sysctl={all_to_come: 1})
    assert (web.namespace.sysctl(own), late.namespace.sysctl(own)) == ("1", "0")
    earlier.close()
    place.delete()


def test_the_network_with_the_highest_priority_leads_out(docker: nk.Docker) -> None:
    web = docker.run("web", ports={8080: 80})
    docker.connect("zoo", web)
    assert ways_out(web) == ["172.17.0.1"]
    docker.disconnect("zoo", web)
    docker.connect("zoo", web, gw_priority=5)
    assert ways_out(web) == ["172.29.0.1"]
    assert "to-destination 172.29.0.2:80" in nk.sh("iptables -t nat -S DOCKER").stdout
    docker.connect("shop", web, gw_priority=5)
    assert ways_out(web) == ["172.30.0.1"], "of equals the first by name"
    docker.disconnect("shop", web)
    docker.disconnect("zoo", web)
    assert ways_out(web) == ["172.17.0.1"]


def test_before_28_there_is_no_priority() -> None:
    place = nk.Namespace("older")
    docker = nk.Docker(place, like="26.1.5")
    with pytest.raises(nk.Conflict, match="it came with release 28"):
        docker.run("web", gw_priority=1)
    docker.close()
    place.delete()


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"driver.mtu": "-5"}, nk.InvalidValue, "-5 is not an MTU; it goes from 68"),
        ({"driver.mtu": "large"}, nk.InvalidValue, "'large' is not an MTU"),
        ({"host_binding_ipv4": "::1"}, InvalidAddress, "is not of IPv4"),
        ({"host_binding_ipv6": "::1"}, nk.InvalidValue, "no option of a bridge; Docker takes what it does not know"),
        ({"container_iface_prefix": "abcdefghijklmno"}, InvalidName, "is too long"),
        ({"container_iface_prefix": "a/"}, InvalidName, "a/"),
        ({"trusted_host_interfaces": "eth0:a/b"}, InvalidName, "a/b"),
        ({"inhibit_ipv4": "perhaps"}, nk.InvalidValue, "neither yes nor no"),
        ({"host_ipv4": "ten"}, InvalidAddress, "'ten' is not an IP address"),
    ],
    ids=str,
)
def test_an_option_of_a_network_that_means_nothing_is_refused(
    docker: nk.Docker, given: dict[str, str], error: type[nk.NetkitError], says: str
) -> None:
    before = nk.snapshot()
    with pytest.raises(error, match=says):
        docker.network_create("back", "172.31.0.0/16", options=given)
    assert nk.snapshot() == before


def test_what_options_of_a_network_do(docker: nk.Docker) -> None:
    given = {"driver.mtu": 1400, "container_iface_prefix": "lan", "host_binding_ipv4": "127.0.0.1"}
    docker.network_create("back", "172.31.0.0/16", options=given | {"inhibit_ipv4": True})
    web = docker.run("web", network="back", ports=["8080:80"])
    assert (web.namespace["lan0"].state.mtu, str(web.ports[0])) == (1400, "127.0.0.1:8080->80/tcp")
    docker.connect("shop", web)
    assert "eth0" in web.namespace, "each beginning has numbers of its own"
    assert not [each for each in nk.host[docker.network_ls()[-1].bridge].state.addresses if "." in each]


def test_before_28_2_no_interface_is_trusted() -> None:
    nk.echo(on=False)
    docker = nk.Docker(nk.Namespace("older"), like="28.1.0")
    with pytest.raises(nk.InvalidValue, match=r"Docker 28 trusts no interface; it came with 28\.2\.0"):
        docker.network_create("back", options={"trusted_host_interfaces": "eth0"})
    docker.close()
