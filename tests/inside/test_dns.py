"""The embedded DNS, asked by real programs inside a namespace."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.docker import dns
from netkit.errors import KernelRefused, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("fresh")
ADDRESSES = {"web": "172.18.0.2", "db": "172.18.0.3"}
NAMES = {address: name for name, address in ADDRESSES.items()}


@pytest.fixture
def room(fresh: None) -> Iterator[nk.Namespace]:
    """A namespace in which names are answered."""
    space = nk.Namespace("room")
    space["lo"].up()
    _, eth0 = nk.veth("veth0", "eth0", peer_namespace=space)
    eth0.add_address("172.18.0.4/16")  # without any address a program asks for none: getaddrinfo(3), AI_ADDRCONFIG
    server = dns.serve(space.path, ADDRESSES.get, NAMES.get)
    yield space
    server.close()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "netkit answers"]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_programs_get_addresses(room: nk.Namespace, tmp_path: Path) -> None:
    """By the C library, which reads resolv.conf, as nearly every program does."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.11\noptions ndots:0\n")
    seen = f"unshare --mount sh -c 'mount --bind {resolv} /etc/resolv.conf && %s'"
    assert room.run(seen % "getent ahostsv4 web").stdout.split()[0] == "172.18.0.2"
    assert room.run(seen % "getent hosts db").stdout.split() == ["172.18.0.3", "db"]
    assert room.run(seen % "getent hosts 172.18.0.3").stdout.split() == ["172.18.0.3", "db"]
    assert room.run(seen % "getent hosts nobody").returncode == 2


def test_nslookup(room: nk.Namespace) -> None:
    if shutil.which("busybox") is None:
        pytest.skip("busybox is not installed")
    assert "172.18.0.2" in room.run("busybox nslookup web 127.0.0.11").stdout
    assert "NXDOMAIN" in room.run("busybox nslookup nobody 127.0.0.11").stdout
    name = room.run("busybox nslookup 172.18.0.3 127.0.0.11").stdout
    assert "name = db" in name


def test_nothing_is_left_when_it_is_closed() -> None:
    spaces = [nk.Namespace(f"room{number}") for number in range(3)]
    for space in spaces:
        space["lo"].up()
    before = descriptors()
    servers = [dns.serve(space.path, ADDRESSES.get) for space in spaces]
    assert len(threads()) == 1
    for server in servers[:2]:
        server.close()
    assert len(threads()) == 1
    servers[0].close()
    servers[2].close()
    assert threads() == []
    nk.snapshot()
    assert descriptors() <= before
    again = dns.serve(spaces[0].path, ADDRESSES.get)
    assert len(threads()) == 1
    again.close()
    assert threads() == []


def test_where_it_cannot_listen() -> None:
    space = nk.Namespace("room")
    space["lo"].up()
    server = dns.serve(space.path, ADDRESSES.get)
    with pytest.raises(KernelRefused, match=r"127\.0\.0\.11:53"):
        dns.serve(space.path, ADDRESSES.get)
    server.close()
    with pytest.raises(NotFound):
        dns.serve("/run/netns/nowhere", ADDRESSES.get)
    assert threads() == []


def test_containers_find_one_another_by_name() -> None:
    docker = nk.Docker()
    docker.network_create("net1", "172.30.0.0/24")
    web = docker.run("web", network="net1")
    ask = docker.run("ask", network="net1", links=["web:db"])
    assert docker.exec("ask", "getent hosts web").stdout.split() == [web.address, "web"]
    assert docker.exec("ask", "getent hosts db").stdout.split() == [web.address, "db"]
    assert "1 received" in ask.run("ping -c 1 -W 2 web").stdout
    assert docker.exec("web", "getent hosts nobody").returncode == 2
    docker.run("late", network="net1")
    assert docker.exec("web", "getent hosts late").returncode == 0
    docker.remove("late", force=True)
    assert docker.exec("web", "getent hosts late").returncode == 2
    docker.close()
    assert threads() == []


def test_other_names_are_asked_of_other_servers() -> None:
    docker = nk.Docker()
    world = nk.Namespace("world")
    near, far = nk.veth("cable", "eth0", peer_namespace=world)
    near.add_address("192.168.9.1/24"), far.add_address("192.168.9.53/24")
    near.up(), far.up()
    names = ["-m", "netkit.docker.nameserver", "192.168.9.53", "www.example.org=203.0.113.80"]
    server = world.start([sys.executable, "-P", *names])
    nk.sh("until ip netns exec world ss -Hlun sport = 53 | grep -q .; do sleep 0.02; done")
    docker.network_create("shop", "172.30.0.0/24")
    web = docker.run("web", network="shop", dns=["192.168.9.53"])
    alone = docker.run("alone", network="shop")
    lost = docker.run("lost", network="shop", dns=["192.168.9.99", "192.168.9.53"])
    plain = docker.run("plain", dns=["192.168.9.53"])
    for each in (web, lost, plain):
        assert each.run("getent ahostsv4 www.example.org").stdout.split()[0] == "203.0.113.80"
        assert each.run("getent ahostsv4 nobody").returncode == 2
    assert web.run("getent ahostsv4 lost").stdout.split()[0] == lost.address, "its own names stay its own"
    assert alone.run("getent ahostsv4 www.example.org").returncode == 2
    server.stop()
    assert "SERVFAIL" in web.run("busybox nslookup www.example.org 127.0.0.11").stdout
    docker.close()
