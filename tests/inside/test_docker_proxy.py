"""docker-proxy beside the rules: one program a published port, and what goes by it."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

import netkit as nk
from netkit.linux.entering import inside
from tests.inside.containers import OUTSIDER, get, server

DOCKER = {"like": "29", "userland_proxy": True}
SECONDS = 5.0
_ECHO = """
import socket
here = socket.socket(type=socket.SOCK_DGRAM)
here.bind(("", 53))
while True:
    data, client = here.recvfrom(100)
    here.sendto(data.upper() + client[0].encode(), client)
"""


def proxies() -> list[int]:
    """The process ids of the programs."""
    named = [comm for comm in Path("/proc").glob("[0-9]*/comm") if comm.exists()]
    return [int(comm.parent.name) for comm in named if comm.read_text() == "docker-proxy\n"]


def running(count: int) -> list[int]:
    """The same, as soon as there are so many: each tells its name when it has begun."""
    deadline = time.monotonic() + SECONDS
    while len(found := proxies()) != count and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_one_program_for_each_port_and_family_as_long_as_the_container_runs(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports=["8080:80", "127.0.0.1:8085:80"])
    assert get(nk.host, "127.0.0.1", 8080)
    assert len(running(3)) == 3
    listening = nk.sh("ss -tlnHp").stdout.splitlines()
    served = {line.split()[3] for line in listening if '"docker-proxy"' in line}
    assert served == {"0.0.0.0:8080", "[::]:8080", "127.0.0.1:8085"}
    docker.stop(web, grace=1)
    assert proxies() == []
    assert nk.sh("ss -tlnH").stdout == ""


def test_what_goes_by_it_and_what_by_the_rules(docker: nk.Docker) -> None:
    """The container sees its bridge's address where the program asks, and the other machine's where the rules lead."""
    web = docker.run("web", server("web"), ports={8080: 80})
    assert get(nk.host, "127.0.0.1", 8080) == "web to 172.17.0.1"
    assert get(nk.host, "172.17.0.1", 8080) == "web to 172.17.0.1"
    assert get(nk.Namespace.get("outsider"), "192.168.7.1", 8080) == f"web to {OUTSIDER}"
    assert get(web.namespace, "172.17.0.1", 8080) == "web to 172.17.0.1", "its own port: by the program, not by NAT"
    assert not nk.snapshot()["host"]["docker0"].detail("hairpin")
    for each in running(2):
        nk.sh(f"kill -9 {each}")
    assert get(nk.Namespace.get("outsider"), "192.168.7.1", 8080) == f"web to {OUTSIDER}", "the rules need no program"


def test_udp(docker: nk.Docker) -> None:
    docker.run("echo", [sys.executable, "-I", "-S", "-c", _ECHO], ports={5353: "53/udp"})
    with inside(nk.host.path, lambda: socket.socket(type=socket.SOCK_DGRAM)) as asking:
        asking.settimeout(0.2)
        for _ in range(int(SECONDS / 0.2)):
            asking.sendto(b"who?", ("127.0.0.1", 5353))
            try:
                said = asking.recv(100)
            except OSError:  # nobody listens yet
                continue
            break
    assert said == b"WHO?172.17.0.1"


def test_it_follows_the_network_that_leads_out(docker: nk.Docker) -> None:
    docker.network_create("aside", "172.29.0.0/16")
    web = docker.run("web", server("web"), ports={8080: 80})
    docker.connect("aside", web)
    assert get(nk.host, "127.0.0.1", 8080) == "web to 172.29.0.1"
    assert len(running(2)) == 2
    docker.remove(web, force=True)
    docker.network_remove("aside")


def test_a_docker_keeps_the_way_it_began(docker: nk.Docker) -> None:
    assert nk.Docker(userland_proxy=True) is docker
    assert nk.Docker() is docker
    with pytest.raises(nk.Conflict, match="has userland_proxy=True already"):
        nk.Docker(userland_proxy=False)


def test_a_line_that_one_can_type(docker: nk.Docker) -> None:
    docker.run("web", server("web"), ports=["127.0.0.1:8085:80"])
    line = next(each for each in nk.commands().splitlines() if "netkit.docker.proxy" in each and "8085" in each)
    assert line == ("python -P -m netkit.docker.proxy tcp 127.0.0.1 8085 172.17.0.2 80 &  # it plays docker-proxy")
    own = nk.host.start("python -P -m netkit.docker.proxy tcp 127.0.0.1 8086 172.17.0.2 80")
    assert get(nk.host, "127.0.0.1", 8086) == "web to 172.17.0.1"
    own.stop()


SERVED_FROM_ANOTHER_NETWORK = {
    ("20.10", False): False,
    ("20.10", True): True,
    ("28", False): False,
    ("28", True): True,
    ("29", False): True,
    ("29", True): True,
    ("29-nft", False): True,
    ("29-nft", True): True,
}
"""Whether a container of another network is served at a published port, by generation and whether docker-proxy runs."""


def served(place: nk.Namespace, address: str, port: int) -> bool:
    """Whether a page comes within half a second."""
    return place.run(f"timeout 0.5 busybox wget -qO- http://{address}:{port}").returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("like", ["20.10", "28", "29", "29-nft"])
@pytest.mark.parametrize("proxy", [False, True])
def test_a_published_port_asked_from_another_network(like: str, proxy: bool, docker: nk.Docker) -> None:  # noqa: FBT001
    """Up to 28 two chains keep networks apart, even at what is published; the program belongs to none of them."""
    assert not docker.ps(), "no other program serves here"
    place = nk.Namespace("machine")
    place["lo"].up()
    other = nk.Docker(place, like=like, userland_proxy=proxy)
    try:
        other.run("web", server("web"), ports={8080: 80})
        other.network_create("other", "172.30.0.0/16")
        guest = other.run("guest", network="other")
        assert get(place, "127.0.0.1", 8080), "the machine is served"
        assert served(guest.namespace, "172.30.0.1", 8080) is SERVED_FROM_ANOTHER_NETWORK[like, proxy]
        assert not served(guest.namespace, "172.17.0.2", 80), "not at its own address"
        for each in running(2) if proxy else ():
            nk.sh(f"kill -9 {each}")
        assert served(guest.namespace, "172.30.0.1", 8080) is (like in ("29", "29-nft")), "by rules alone"
    finally:
        other.close()
        place.delete()


def test_nk_why_goes_on_behind_it(docker: nk.Docker) -> None:
    """It takes every connection, so that only what it leads to tells whether somebody answers."""
    web = docker.run("web", server("web"), ports={8080: 80})
    assert get(nk.host, "127.0.0.1", 8080)
    asked = "host", "127.0.0.1", 8080
    assert nk.why(*asked).ok
    nk.sh(f"kill -STOP {web.pid}")
    said = nk.why(*asked)
    assert (said.layer, said.explanation.partition(":")[0]) == (
        "service",
        f"the docker-proxy of host leads on to {web.address} at tcp port 80",
    ), said
    assert [nk.sh(line).returncode for line in said.repair] == [0]
    assert nk.why(*asked).ok
    nk.sh("iptables -t nat -F DOCKER")
    assert nk.why("outsider", "192.168.7.1", 8080).ok, "the program serves without the rule too"
