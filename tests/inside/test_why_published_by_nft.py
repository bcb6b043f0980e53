"""nk.why where nft leads published ports on: it speaks of that table, and what it advises is a line for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.docker.daemon import machines
from tests.inside.containers import fetch, get, server
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.lab.namespaces import Namespace

pytestmark = pytest.mark.once

HOST = "192.168.7.1"
BY_MAP = """
table ip own {
  map led { type inet_service : ipv4_addr . inet_service; elements = { 9090 : 172.17.0.9 . 9 }; }
  chain arriving { type nat hook prerouting priority dstnat; fib daddr type local dnat to tcp dport map @led; }
}"""
BY_CHAIN = "table ip own { chain in { type nat hook prerouting priority -100; tcp dport 1 dnat to 172.17.0.9; }; }"


@pytest.fixture
def beside(fresh: None) -> Iterator[Namespace]:
    """A neighbour of the host."""
    place = nk.Namespace("beside")
    cable, eth0 = nk.veth("cable", "eth0", peer_namespace=place)
    cable.add_address(f"{HOST}/24"), eth0.add_address("192.168.7.2/24")
    for link in (cable, eth0, nk.host["lo"]):
        link.up()
    nk.host.sysctl("net.ipv4.ip_forward", 1)
    yield place
    for each in machines():
        each.close()
    nk.sh("nft delete table ip own")
    nk.host.sysctl("net.ipv4.ip_forward", 0)
    sweep()


@pytest.mark.parametrize(
    ("like", "chain"),
    [
        ("29-nft", "ip docker-bridges nat-prerouting-and-output"),
        ("29-nft", "ip docker-bridges nat-PREROUTING"),
        ("netavark", "inet netavark NETAVARK-HOSTPORT-DNAT"),
    ],
)
def test_rule_of_an_engine_is_missing(beside: Namespace, like: str, chain: str) -> None:
    docker = nk.Docker(like=like)
    web = docker.run("web", server("web"), ports={8080: 80})
    docker.run("guest")
    assert get(nk.host, web.address)
    assert not nk.sh(f"nft flush chain {chain}").returncode
    said = nk.why(beside, HOST, port=8080)
    assert (said.layer, said.where) == ("nat", "host"), said
    assert f"nft -s list chain {chain}" in str(said)
    mends(said.repair, beside)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (BY_MAP, "nft add element ip own led { 8080 : 172.17.0.2 . 80 }"),
        (BY_CHAIN, "nft add rule ip own in fib daddr type local tcp dport 8080 counter dnat to 172.17.0.2:80"),
    ],
)
def test_a_table_of_ones_own_has_no_such_port(beside: Namespace, table: str, line: str) -> None:
    bridge, room = nk.Bridge("br0"), nk.Namespace("web")
    port, eth0 = nk.veth("port", "eth0", peer_namespace=room)
    bridge.add_address("172.17.0.1/16"), bridge.attach(port), eth0.add_address("172.17.0.2/16")
    for link in (bridge, port, eth0):
        link.up()
    room.add_route("default", via="172.17.0.1")
    running = room.start(" ".join(f"'{word}'" for word in server("web")))
    assert get(nk.host, "172.17.0.2")
    assert not nk.sh(f"nft -f - <<'END'\n{table}\nEND").returncode
    said = nk.why(beside, HOST, port=8080)
    assert list(said.repair) == [line], said
    mends(said.repair, beside)
    running.stop()


def mends(repair: list[str], beside: Namespace) -> None:
    """Whether lines of nft make the published port answer."""
    assert all(line.startswith("nft add ") for line in repair), repair
    for line in repair:
        assert not nk.sh(line).returncode, line
    assert fetch(beside, HOST, 8080) == "web to 192.168.7.2"
    assert nk.why(beside, HOST, port=8080).ok
