"""Networks with both families of addresses: who has which, who reaches whom, and by whose rules."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.docker import daemon, six
from netkit.errors import InvalidAddress
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

SECONDS = 15.0
SHOP = ["172.30.0.0/16", "fd00:30::/64"]
_SERVER = """
import socket, sys
listening = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    client, address = listening.accept()
    client.sendall(f"to {address[0]}".encode())
    client.close()
"""
SERVER = [sys.executable, "-I", "-S", "-c", _SERVER]
_CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 1) as link:
    print(link.makefile().read())
"""


def asked(place: nk.Namespace, address: str, port: int = 80) -> str:
    """What the server says, "" when nobody answers within a second."""
    return place.run([sys.executable, "-I", "-S", "-c", _CLIENT, address, str(port)]).stdout.strip()


def started(docker: nk.Docker, name: str, **settings: Any) -> Any:
    """A container whose server listens, on a machine that is ready for IPv6."""
    made = docker.run(name, SERVER, **settings)
    deadline = time.monotonic() + SECONDS
    while not made.run("ss -tlnH").stdout.strip():
        assert made.running
        assert time.monotonic() < deadline
    ready()
    return made


def ready() -> None:
    """Wait until the machine has its own address on every link (RFC 4862, 5.4): before, it asks for no other one."""
    deadline = time.monotonic() + SECONDS
    while "tentative" in nk.sh("ip -6 addr").stdout:
        assert time.monotonic() < deadline


@pytest.fixture
def lan() -> Iterator[nk.Namespace]:
    """A machine beside the host, with IPv6."""
    nk.echo(on=False)
    sweep()
    lan = nk.Namespace("lan")
    card, eth0 = nk.veth("card", "eth0", peer_namespace=lan)
    for end, address in ((card, "fd99::1/64"), (eth0, "fd99::2/64")):
        end.add_address(address, dad=False)
        end.up()
    lan.add_route("default", via="fd99::1")
    yield lan
    for docker in daemon.machines():
        docker.close()
    nk.host.sysctl("net.ipv6.conf.all.forwarding", 0)
    sweep()
    nk.echo()


def test_both_families(lan: nk.Namespace) -> None:
    docker = nk.Docker(like="29")
    net = docker.network_create("shop", SHOP, ipv6=True)
    web = started(docker, "web", network="shop", ports=["8081:80", "[fd99::1]:8082:80"])
    asking = docker.run("asking", network=net, ip6="fd00:30::77")
    assert [each for each in web.namespace["eth0"].addresses if not each.startswith("fe80")] == [
        "172.30.0.2/16",
        "fd00:30::2/64",
    ]
    assert {line.split()[0] for line in asking.run("getent ahosts web").stdout.splitlines()} == {
        "172.30.0.2",
        "fd00:30::2",
    }
    assert web.run("tail -2 /etc/hosts").stdout.split() == ["172.30.0.2", web.id[:12], "fd00:30::2", web.id[:12]]
    assert asked(asking.namespace, "fd00:30::2") == "to fd00:30::77"
    assert asked(lan, "fd99::1", 8081) == asked(lan, "fd99::1", 8082) == "to fd99::2"
    assert asking.namespace.ping("fd99::2").ok
    assert docker.port("web") == {"80/tcp": ["0.0.0.0:8081", "[::]:8081", "[fd99::1]:8082"]}
    told = docker.inspect("web")["NetworkSettings"]["Networks"]["shop"]
    assert (told["GlobalIPv6Address"], told["IPv6Gateway"], told["GlobalIPv6PrefixLen"]) == (
        "fd00:30::2",
        "fd00:30::1",
        64,
    )
    assert docker.network_inspect("shop")["Containers"][asking.id]["IPv6Address"] == "fd00:30::77/64"
    assert repr(net).startswith("shop: 172.30.0.0/16 and fd00:30::/64 at br-")
    assert nk.why(lan, "fd99::1", 8081).ok
    with nk.xray() as seen:
        asking.namespace.ping("fd99::2")
    assert "host:card → lan:eth0" in str(seen)
    assert f"{web.namespace.name}: eth0 is up with 172.30.0.2/16 and fd00:30::2/64" in str(nk.draw())


@pytest.mark.parametrize(
    ("like", "address"),
    [
        ("29", "fd00:17::2"),
        *(
            pytest.param(like, address, marks=pytest.mark.long)
            for like, address in (("20.10", "fd00:17::242:ac11:2"), ("28", "fd00:17::2"), ("29-nft", "fd00:17::2"))
        ),
    ],
)
def test_ipv6_on_the_default_network(lan: nk.Namespace, like: str, address: str) -> None:
    """As `dockerd --ipv6 --fixed-cidr-v6`; up to 26.1 an address is made of the MAC there, and nothing leads in."""
    nk.host.sysctl("net.ipv6.conf.all.forwarding", 1)  # which Docker does not do itself where it writes by nftables
    docker = nk.Docker(like=like, ipv6=True, fixed_cidr_v6="fd00:17::/64")
    web = started(docker, "web", ports={8081: 80})
    assert f"{address}/64" in web.namespace["eth0"].addresses
    assert nk.Docker(ipv6=True, fixed_cidr_v6="fd00:17::/64") is docker
    assert asked(nk.host, address) == "to fd00:17::1"
    assert asked(lan, "fd99::1", 8081) == ("" if like == "20.10" else "to fd99::2")
    assert docker.network_ls()[0].subnet6 is not None
    with pytest.raises(nk.Conflict, match="has the IPv6 subnet fd00:17::/64 already"):
        nk.Docker(fixed_cidr_v6="fd00:18::/64")


def test_by_nftables_docker_switches_forwarding_on_nowhere(lan: nk.Namespace) -> None:
    """Docker 29.1 refuses such a network in these words, and asks for both switches of IPv6."""
    docker = nk.Docker(like="29-nft")
    for switch, said in (("all", "IPv6 global"), ("default", "IPv6 global")):
        nk.host.sysctl("net.ipv6.conf.all.forwarding", 1)
        nk.host.sysctl(f"net.ipv6.conf.{switch}.forwarding", 0)
        with pytest.raises(nk.Conflict, match=rf"conf\.{switch}\.forwarding is 0.*Docker says: {said} forwarding"):
            docker.network_create("shop", ["172.30.0.0/16", "fd00:30::/64"], ipv6=True)
    docker.network_create("four")
    nk.host.sysctl("net.ipv6.conf.all.forwarding", 1)
    docker.network_create("shop", ["172.30.0.0/16", "fd00:30::/64"], ipv6=True)
    nk.host.sysctl("net.ipv4.ip_forward", 0)
    with pytest.raises(nk.Conflict, match=r"ip_forward is 0.*Docker says: IPv4 forwarding is disabled"):
        docker.network_create("late", internal=True)
    assert [net.name for net in docker.network_ls()] == ["bridge", "four", "shop"]


def test_what_cannot_be_had_on_the_default_network(lan: nk.Namespace) -> None:
    with pytest.raises(nk.Conflict, match="the default network has IPv6 only where it is asked for"):
        nk.Docker(fixed_cidr_v6="fd00:17::/64")
    with pytest.raises(nk.Conflict, match="could not find an available, non-overlapping IPv6 address pool"):
        nk.Docker(like="26.1.5", ipv6=True)
    assert lan.exists


def test_nothing_stays(lan: nk.Namespace) -> None:
    before = nk.snapshot()
    docker = nk.Docker(like="29")
    docker.network_create("shop", SHOP, ipv6=True)
    docker.network_create("auto", ipv6=True)
    docker.run("web", network="shop", ports={8081: 80})
    docker.close()
    assert nk.snapshot() == before, nk.diff(before, nk.snapshot())
    assert lan.exists


def test_a_subnet_of_the_machine_s_own_prefix(lan: nk.Namespace) -> None:
    docker = nk.Docker(like="29")
    nets = [docker.network_create(name, ipv6=True) for name in ("one", "two")]
    assert [str(net.subnet6) for net in nets] == [str(each) for each in _first(2)]
    assert str(nets[0].subnet6).startswith("fd")
    assert lan.exists


def _first(count: int) -> list[Any]:
    subnets = six.prefix("host").subnets(new_prefix=64)
    return [next(subnets) for _ in range(count)]


@pytest.mark.long
def test_before_27_there_are_neither_rules_nor_a_subnet(lan: nk.Namespace) -> None:
    docker = nk.Docker(like="26.1.5")
    with pytest.raises(nk.Conflict, match="could not find an available, non-overlapping IPv6 address pool"):
        docker.network_create("auto", ipv6=True)
    docker.network_create("shop", SHOP, ipv6=True)
    started(docker, "web", network="shop", ports={8081: 80})
    assert "-A" not in nk.sh("ip6tables -S").stdout
    assert asked(lan, "fd00:30::2") == "to fd99::2", "nothing keeps a neighbour out"
    assert asked(lan, "fd99::1", 8081) == "", "and nothing leads its published port in"


@pytest.mark.long
def test_a_network_with_both_families_leads_out(lan: nk.Namespace) -> None:
    """Though "bridge" comes first by name; the published port is one of both families then, as with the Engines."""
    docker = nk.Docker(like="29")
    docker.network_create("shop", SHOP, ipv6=True)
    web = started(docker, "web", ports={8081: 80})
    docker.connect("shop", web)
    assert next(str(each.via) for each in web.namespace.routes if each.destination == "default") == "172.30.0.1"
    ready()
    assert asked(lan, "fd99::1", 8081) == "to fd99::2"
    assert len(docker.port(web)["80/tcp"]) == 2
    docker.disconnect("shop", web)
    assert docker.port(web) == {"80/tcp": ["0.0.0.0:8081"]}
    assert lan.exists


@pytest.mark.long
@pytest.mark.parametrize(
    ("subnet", "settings", "error", "says"),
    [
        ("fd00:31::/64", {}, InvalidAddress, "is of IPv6; a network has IPv6 only where it is asked for"),
        (["fd00:31::/64", "fd00:32::/64"], {"ipv6": True}, InvalidAddress, "are not the subnets of a network"),
        ("fd00:31::1/64", {"ipv6": True}, InvalidAddress, "bits set behind its first 64"),
        ("ff02::/64", {"ipv6": True}, InvalidAddress, "'ff02::/64' is no subnet for containers"),
        ("fe80::/64", {"ipv6": True}, InvalidAddress, "'fe80::/64' is no subnet for containers"),
        ("fd00:30::/65", {"ipv6": True}, nk.Conflict, "overlaps with fd00:30::/64 of network 'shop'"),
    ],
)
def test_wrong_subnets(
    lan: nk.Namespace, subnet: Any, settings: dict[str, Any], error: type[nk.NetkitError], says: str
) -> None:
    docker = nk.Docker(like="29")
    docker.network_create("shop", SHOP, ipv6=True)
    with pytest.raises(error, match=says):
        docker.network_create("new", subnet, **settings)
    assert lan.exists


FAULTS = {
    "the host does not hand IPv6 on": (
        "sysctl -w net.ipv6.conf.all.forwarding=0",
        "sysctl",
        "net.ipv6.conf.all.forwarding=1",
    ),
    "no rule lets it in": ("ip6tables -F DOCKER", "filter", "ip6tables"),
    "no route leads to the network": (
        "ip -6 route del fd00:30::/64 dev {bridge}",
        "route",
        "ip route add fd00:30::/64",
    ),
    "the container has no way back": (
        "ip netns exec web ip -6 route del default",
        "return path",
        "route add default via fd00:30::1",
    ),
}
UNDECIDED = {
    "the container has lost its address": (
        "ip netns exec web ip -6 addr flush dev eth0 scope global",
        "leads port 8081 to [fd00:30::2]:80, but nobody has that address",
    ),
    "the DNAT is gone": (
        "ip6tables -t nat -F DOCKER",
        "port 8081 of host is held for somebody, but no rule leads it on",
    ),
}


def broken(lan: nk.Namespace, line: str) -> Any:
    """What is told of a published port that answered before a line."""
    docker = nk.Docker(like="29")
    net = docker.network_create("shop", SHOP, ipv6=True)
    web = started(docker, "web", network="shop", ports=["8081:80"])
    nk.sh(f"ln -s /proc/{web.pid}/ns/net /run/netns/web")
    assert asked(lan, "fd99::1", 8081) == "to fd99::2"
    assert nk.sh(line.format(bridge=net.bridge)).returncode == 0
    assert asked(lan, "fd99::1", 8081) == ""
    told = nk.why(lan, "fd99::1", 8081)
    assert not told.ok
    return told


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_ipv6_are_found_and_mended(lan: nk.Namespace, fault: str) -> None:
    line, layer, repair = FAULTS[fault]
    told = broken(lan, line)
    assert told.layer == layer
    assert repair in "\n".join(told.repair)
    for each in told.repair:
        assert nk.sh(each).returncode == 0, each
    assert asked(lan, "fd99::1", 8081) == "to fd99::2"


@pytest.mark.long
@pytest.mark.parametrize("fault", UNDECIDED)
def test_what_nobody_can_know_is_said(lan: nk.Namespace, fault: str) -> None:
    line, words = UNDECIDED[fault]
    told = broken(lan, line)
    assert words in told.explanation
    assert not told.repair
