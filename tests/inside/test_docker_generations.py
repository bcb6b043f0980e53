"""What differs between generations of Docker's rules, shown by packets: who reaches what."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.docker.daemon import machines
from tests.inside.containers import fetch, get, server, typed
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.docker.container import Container
    from netkit.lab.namespaces import Namespace

pytestmark = pytest.mark.once

EARLIER, LATER = ("20.10", "netavark"), ("28", "29", "29-nft")
ALL, DEFAULT = (*EARLIER, *LATER), ("20.10", "29", "29-nft")
LONG = pytest.mark.long
FORWARDING = "net.ipv4.ip_forward"
ANSWER, ATTEMPTS = "web to ", (0.3, 0.9)


@pytest.fixture
def neighbour() -> Iterator[Namespace]:
    """A machine on the cable, which knows that containers are behind the host; the host forwards already."""
    nk.echo(on=False)
    sweep()
    nk.host.sysctl(FORWARDING, 1)
    beside = nk.Namespace("beside")
    cable, eth0 = nk.veth("cable", "eth0", peer_namespace=beside)
    cable.add_address("192.168.7.1/24")
    eth0.add_address("192.168.7.9/24")
    for link in (cable, eth0, nk.host["lo"]):
        link.up()
    beside.add_route("172.16.0.0/12", via="192.168.7.1")
    yield beside
    for docker in machines():
        docker.close()
    nk.host.sysctl(FORWARDING, 0)
    sweep()
    nk.echo()


def reaches(space: Namespace, address: str, port: int = 80) -> bool:
    """Whether a server answers there, at the second attempt at the latest; what is dropped is waited for shortly."""
    for seconds in ATTEMPTS:
        with suppress(OSError):
            return ANSWER in fetch(space, address, port, timeout=seconds)
    return False


def serving(docker: nk.Docker, name: str, **settings: Any) -> Container:
    """A container that serves port 80 by now."""
    web = docker.run(name, server("web"), **settings)
    assert get(web.namespace, "127.0.0.1")
    return web


REACHED = {
    # who asks whom: the generations that let it through
    "the host, an unpublished port": ALL,
    "a neighbour, an unpublished port": EARLIER,
    "a neighbour, a published port at the container's address": EARLIER,
    "a neighbour, a published port at the host's address": ALL,
    "a neighbour, a port of the loopback": EARLIER,
    "the host, a port of the loopback": ALL,
    "another network's container, a published port at the host's address": ("29", "29-nft", "netavark"),
    "another network's container, an unpublished port": ("netavark",),
    "a container, its own published port at the host's address": ALL,
}
"""Where the machine forwards before Docker begins, and no docker-proxy runs: Docker sets no policy then."""


@pytest.mark.parametrize("like", [each if each in DEFAULT else pytest.param(each, marks=LONG) for each in ALL])
def test_who_reaches_what(like: str, neighbour: Namespace) -> None:
    docker = nk.Docker(like=like)
    docker.network_create("shop", "172.30.0.0/16")
    web = serving(docker, "web", ports=["8080:80", "127.0.0.1:8085:80"])
    plain, guest = serving(docker, "plain"), docker.run("guest", network="shop")
    found = {
        "the host, an unpublished port": reaches(nk.host, plain.address),
        "a neighbour, an unpublished port": reaches(neighbour, plain.address),
        "a neighbour, a published port at the container's address": reaches(neighbour, web.address),
        "a neighbour, a published port at the host's address": reaches(neighbour, "192.168.7.1", 8080),
        "the host, a port of the loopback": reaches(nk.host, "127.0.0.1", 8085),
        "another network's container, a published port at the host's address": reaches(
            guest.namespace, "172.30.0.1", 8080
        ),
        "another network's container, an unpublished port": reaches(guest.namespace, plain.address),
        "a container, its own published port at the host's address": reaches(web.namespace, "172.17.0.1", 8080),
        "a neighbour, a port of the loopback": reaches_loopback(neighbour),
    }
    assert found == {what: like in through for what, through in REACHED.items()}
    neighbour.run("ip route delete 127.0.0.1")
    outside = neighbour.start(typed(server("away", 8000)))
    assert get(web.namespace, "192.168.7.9", 8000) == "away to 192.168.7.1", "what leaves is hidden"
    outside.stop()


def told() -> list[str]:
    """The host's rules."""
    return [rule.text for rule in nk.snapshot()["host"].rules]


def reaches_loopback(neighbour: Namespace) -> bool:
    """Whether a neighbour that sends packets for 127.0.0.1 into the cable reaches what is published there."""
    neighbour["lo"].up()
    neighbour.sysctl("net.ipv4.conf.all.route_localnet", 1)
    for line in ("ip addr delete 127.0.0.1/8 dev lo", "ip route add 127.0.0.1 via 192.168.7.1"):
        assert not neighbour.run(line).returncode
    return reaches(neighbour, "127.0.0.1", 8085)


@pytest.mark.parametrize("like", ["29-nft", *(pytest.param(each, marks=LONG) for each in ("28", "29"))])
def test_icc_off(like: str, neighbour: Namespace) -> None:
    docker = nk.Docker(like=like, icc=False)
    web, guest = serving(docker, "web", ports={8080: 80}), docker.run("guest")
    assert not reaches(guest.namespace, web.address)
    assert reaches(neighbour, "192.168.7.1", 8080)
    before = told()
    friend = docker.run("friend", links=["web"])
    assert reaches(friend.namespace, web.address), "a link opens what is published"
    assert not reaches(guest.namespace, web.address)
    docker.remove("friend", force=True)
    assert told() == before, "and goes with its container"


@pytest.mark.parametrize("like", ["29-nft", *(pytest.param(each, marks=LONG) for each in ("28", "29"))])
@pytest.mark.parametrize(("mode", "open_"), [("routed", {80}), ("nat-unprotected", {80, 81})])
def test_gateway_modes(like: str, mode: str, open_: set[int], neighbour: Namespace) -> None:
    docker = nk.Docker(like=like)
    docker.network_create("open", "172.30.0.0/16", options={"gateway_mode_ipv4": mode})
    web = serving(docker, "web", network="open", ports={8080: 80})
    more = web.namespace.start(typed(server("web", 81)))
    assert get(web.namespace, "127.0.0.1", 81)
    assert reaches(nk.host, web.address, 81)
    assert {port for port in (80, 81) if reaches(neighbour, web.address, port)} == open_
    assert reaches(neighbour, "192.168.7.1", 8080) == (mode == "nat-unprotected")
    more.stop()


@pytest.mark.parametrize("like", ["29-nft", *(pytest.param(each, marks=LONG) for each in ("28", "29"))])
def test_an_isolated_network_has_no_gateway(like: str, neighbour: Namespace) -> None:
    docker = nk.Docker(like=like)
    docker.network_create("alone", "172.30.0.0/16", internal=True, options={"gateway_mode_ipv4": "isolated"})
    web, guest = serving(docker, "web", network="alone"), docker.run("guest", network="alone")
    assert reaches(guest.namespace, web.address)
    assert not any(str(each).startswith("172.30.") for link in nk.host for each in link.addresses)
    assert neighbour


@pytest.mark.parametrize(
    ("like", "decider"),
    [
        ("29-nft", 'drop comment "DROP DIRECT ACCESS"'),
        pytest.param("28", "-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP", marks=LONG),
        pytest.param("29", "-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP", marks=LONG),
    ],
)
def test_why_and_the_x_ray_name_what_drops(like: str, decider: str, neighbour: Namespace) -> None:
    web = serving(nk.Docker(like=like), "web", ports={8080: 80})
    with nk.xray() as x:
        assert not reaches(neighbour, web.address)
    assert decider in str(x)
    said = nk.why(neighbour, web.address, 80)
    assert not said.ok
    assert decider in str(said)


@pytest.mark.parametrize(
    ("like", "decider"),
    [
        ("29-nft", 'drop comment "UNPUBLISHED PORT DROP"'),
        pytest.param("28", "-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP", marks=LONG),
        pytest.param("29", "-A DOCKER ! -i docker0 -o docker0 -j DROP", marks=LONG),
    ],
)
def test_they_name_what_keeps_networks_apart(like: str, decider: str, neighbour: Namespace) -> None:
    """In front of it stands the drop of direct access, which is taken away."""
    docker = nk.Docker(like=like)
    docker.network_create("shop", "172.30.0.0/16")
    web, guest = serving(docker, "web"), docker.run("guest", network="shop")
    nk.sh("iptables -t raw -F; nft flush chain ip docker-bridges raw-PREROUTING")
    with nk.xray() as x:
        assert not reaches(guest.namespace, web.address)
    assert decider in str(x)
    said = nk.why(guest, web.address, 80)
    assert not said.ok
    assert decider in str(said)
    assert neighbour
