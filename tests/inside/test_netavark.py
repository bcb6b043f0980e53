"""Networks that Podman's netavark builds, each from one JSON, and those of nk.Docker: the same up to names."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import netkit as nk
from netkit.docker.parity import KNOWN
from tests.inside.empty import sweep
from tests.inside.wire import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TREE = os.environ.get("NETKIT_DOCKERD", "")
"""A distribution's tree that has the package beside its Engine; tests/outside/engines.py makes one."""

PROGRAM, LIBRARIES = Path(TREE, "usr/lib/podman/netavark"), Path(TREE, "usr/lib/x86_64-linux-gnu")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (TREE and PROGRAM.exists()), reason="there is no tree with netavark"),
]
SLEEP = "sleep 600"
SHOP, BACK, SIX, SIX_BACK = "172.30.0.0/16", "172.31.0.0/16", "fd00:30::/64", "fd00:31::/64"


class Net(NamedTuple):
    """A network: its name, its bridge, its subnets, and whether it has no way out."""

    name: str
    bridge: str
    subnets: tuple[str, ...]
    internal: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """It as netavark wants it; nk.Docker draws the digits of its chains from the bridge's name."""
        return {
            "name": self.name,
            "id": hashlib.sha256(self.bridge.encode()).hexdigest(),
            "driver": "bridge",
            "network_interface": self.bridge,
            "subnets": [{"subnet": subnet, "gateway": _nth(subnet, 1)} for subnet in self.subnets],
            "ipv6_enabled": len(self.subnets) > 1,
            "internal": self.internal,
            "dns_enabled": False,
            "ipam_options": {"driver": "host-local"},
        }


class Box(NamedTuple):
    """A container: its networks, with its number on each, and its published ports: here, there, protocol, address."""

    on: dict[Net, int]
    ports: tuple[tuple[int, int, str, str], ...] = ()

    @property
    def told(self) -> dict[str, Any]:
        """It as netavark wants it."""
        networks = {
            net.name: {"interface_name": f"eth{place}", "static_ips": [_nth(subnet, number) for subnet in net.subnets]}
            for place, (net, number) in enumerate(self.on.items())
        }
        keys = ("host_port", "container_port", "protocol", "host_ip")
        ports = [{**dict(zip(keys, port, strict=True)), "range": 1} for port in self.ports]
        info = {net.name: net.told for net in self.on}
        return {
            "container_id": "0" * 64,
            "container_name": "box",
            "networks": networks,
            "network_info": info,
            "port_mappings": ports,
        }


DEFAULT = Net("podman", "docker0", ("172.17.0.0/16",))
SHOPS, BACKS = Net("shop", "br-shop", (SHOP,)), Net("back", "br-back", (BACK,))
INNER, DUAL = SHOPS._replace(internal=True), SHOPS._replace(subnets=(SHOP, SIX))


def _made(docker: nk.Docker, *nets: Net) -> None:
    for net in nets:
        six = len(net.subnets) > 1
        docker.network_create(
            net.name, list(net.subnets), internal=net.internal, ipv6=six, options={"name": net.bridge}
        )


def _default(docker: nk.Docker, ports: Any) -> None:
    docker.run("web", SLEEP, ports=ports)


def _on(docker: nk.Docker, *nets: Net, ports: Any = None) -> None:
    _made(docker, *nets)
    web = docker.run("web", SLEEP, network=nets[0].name, ports=ports)
    for net in nets[1:]:
        docker.connect(net.name, web)


def _apart(docker: nk.Docker) -> None:
    _made(docker, SHOPS, BACKS)
    docker.run("web", SLEEP, network="shop", ports={8080: 80})
    docker.run("db", SLEEP, network="back", ports={9090: 80})


IDLE = Box({DEFAULT: 2})
"""In every mode, since nk.Docker always has its default network, which netavark makes with its first container."""

FURTHER = {
    "connected": (
        (r"default route", "netavark gives a container a default route for each of its networks, all alike"),
        (r" tries .* before ", "netavark takes the networks of one container in an order that differs from run to run"),
    )
}
"""What differs in a mode, and why."""

WEB = ((8080, 80, "tcp", ""),)
MODES: dict[str, tuple[tuple[Box, ...], Callable[[nk.Docker], None]]] = {
    "bridge": ((Box({DEFAULT: 3}),), lambda docker: _default(docker, None)),
    "published port": ((Box({DEFAULT: 3}, WEB),), lambda docker: _default(docker, {8080: 80})),
    "published port of UDP": (
        (Box({DEFAULT: 3}, ((5353, 53, "udp", ""),)),),
        lambda docker: _default(docker, {5353: "53/udp"}),
    ),
    "published at one address": (
        (Box({DEFAULT: 3}, ((8085, 80, "tcp", "127.0.0.1"),)),),
        lambda docker: _default(docker, ["127.0.0.1:8085:80"]),
    ),
    "user-defined network": ((Box({SHOPS: 2}, WEB),), lambda docker: _on(docker, SHOPS, ports={8080: 80})),
    "two networks": ((Box({SHOPS: 2}, WEB), Box({BACKS: 2}, ((9090, 80, "tcp", ""),))), _apart),
    "connected": ((Box({SHOPS: 2, BACKS: 2}),), lambda docker: _on(docker, SHOPS, BACKS)),
    "internal network": ((Box({INNER: 2}),), lambda docker: _on(docker, INNER)),
    "IPv6": ((Box({DUAL: 2}, WEB),), lambda docker: _on(docker, DUAL, ports={8080: 80})),
}


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    nk.echo(on=False)
    sweep()
    yield
    sweep()
    nk.echo()


@pytest.mark.parametrize("mode", MODES)
def test_both_make_the_same_network(mode: str) -> None:
    boxes, build = MODES[mode]
    theirs = _theirs((IDLE, *boxes))
    docker = nk.Docker(like="netavark")
    docker.run("idle", SLEEP)
    build(docker)
    mine = nk.snapshot()
    docker.close()
    result = nk.compare(theirs, mine, a_name="netavark", b_name="nk.Docker", ignore=(*KNOWN, *FURTHER.get(mode, ())))
    assert result.equal, result


def _theirs(boxes: tuple[Box, ...]) -> nk.Snapshot:
    """What netavark makes, which is taken away again."""
    switches = {name: nk.host.sysctl(name) for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")}
    rooms = [subprocess.Popen(["unshare", "--net", *SLEEP.split()]) for _ in boxes]
    try:
        for box, room in zip(boxes, rooms, strict=True):
            wait_until(lambda pid=room.pid: not os.path.samefile(f"/proc/{pid}/ns/net", "/proc/self/ns/net"))
            _asked("setup", box, room.pid)
        return nk.snapshot()
    finally:
        for box, room in zip(boxes, rooms, strict=True):
            _asked("teardown", box, room.pid)
            room.kill()
            room.wait()
        nk.sh("nft delete table inet netavark")
        for name, value in switches.items():
            nk.host.sysctl(name, value)


def _asked(act: str, box: Box, pid: int) -> None:
    """The program, by its own libraries; it tells nft of this machine what to do."""
    loader = [next(Path(TREE, "usr").glob("lib64/ld-linux-*")), "--library-path", LIBRARIES]
    words = [*loader, PROGRAM, "--config", "/run", "--firewall-driver", "nftables", act, f"/proc/{pid}/ns/net"]
    done = subprocess.run(words, input=json.dumps(box.told), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done


def _nth(subnet: str, number: int) -> str:
    base = subnet.partition("/")[0]
    return f"{base}{number}" if ":" in base else f"{base.rpartition('.')[0]}.{number}"
