"""Every network mode twice: as one types it for the real Docker Engine, and with nk.Docker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import netkit as nk

IDLE, SLEEP = "busybox sleep 600", "sleep 600"
SHOP, BACK, SIX = "172.30.0.0/16", "172.31.0.0/16", "fd00:30::/64"


@dataclass(frozen=True)
class Mode:
    """A mode of ARTICLE's, built twice.

    Attributes:
        typed: what follows `docker`, line by line.
        build: the same with nk.Docker.
        before: what is typed on the host first, for both.
        since: the release that knows it.
    """

    typed: tuple[str, ...]
    build: Callable[[nk.Docker], None]
    before: tuple[str, ...] = ()
    since: tuple[int, int, int] = (20, 10, 0)


def _bridge(docker: nk.Docker) -> None:
    docker.run("web", SLEEP)
    docker.run("db", SLEEP)


def _published(docker: nk.Docker) -> None:
    docker.run("web", SLEEP, ports={8080: 80, 5353: "53/udp"})


def _published_here_and_there(docker: nk.Docker) -> None:
    docker.run("web", SLEEP, ports=["127.0.0.1:8085:80", "8080:80", "9000-9002:9000-9002", "53:53/udp", "53:53/tcp"])


def _user_defined(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP)
    docker.run("web", SLEEP, network="shop", ports={8080: 80})
    docker.run("db", SLEEP, network="shop")


def _isolated(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP)
    docker.network_create("back", BACK)
    docker.run("web", SLEEP, network="shop")
    docker.run("db", SLEEP, network="back")


def _internal(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP, internal=True)
    docker.run("web", SLEEP, network="shop")


_CONNECTED = (
    f"network create --subnet {BACK} back",
    f"network create --subnet {SHOP} shop",
    f"run -d --name web -p 8080:80 {IDLE}",
    "network connect shop web",
    "network connect back web",
)


def _connected(docker: nk.Docker) -> None:
    docker.network_create("back", BACK)
    docker.network_create("shop", SHOP)
    web = docker.run("web", SLEEP, ports={8080: 80})
    docker.connect("shop", web)
    docker.connect("back", web)


def _disconnected(docker: nk.Docker) -> None:
    _connected(docker)
    docker.disconnect("bridge", "web")
    docker.disconnect("back", "web")


def _host(docker: nk.Docker) -> None:
    docker.run("web", SLEEP, network="host")


def _none(docker: nk.Docker) -> None:
    docker.run("web", SLEEP, network="none")


def _shared(docker: nk.Docker) -> None:
    docker.run("web", SLEEP, ports={8080: 80})
    docker.run("side", SLEEP, network="container:web")


def _link(docker: nk.Docker) -> None:
    docker.run("c1", SLEEP)
    docker.run("c2", SLEEP, links=["c1"])


def _linked(docker: nk.Docker) -> None:
    docker.run("c1", SLEEP, ports={8080: 80})
    docker.run("c2", SLEEP, links=["c1"])


LINKED = Mode((f"run -d --name c1 -p 8080:80 {IDLE}", f"run -d --name c2 --link c1 {IDLE}"), _linked)
"""For an Engine whose containers are kept apart, `--icc=false`: the link opens what is published."""


def _six(docker: nk.Docker) -> None:
    docker.network_create("shop", [SHOP, SIX], ipv6=True)
    docker.run("web", SLEEP, network="shop", ports=["8080:80", "[::1]:8085:81"])
    docker.run("db", SLEEP, network="shop", ip6="fd00:30::77")


def _six_and_four(docker: nk.Docker) -> None:
    docker.network_create("shop", [SHOP, SIX], ipv6=True)
    docker.network_create("vault", [BACK, "fd00:31::/64"], ipv6=True, internal=True)
    web = docker.run("web", SLEEP, ports={8080: 80})
    docker.connect("shop", web)
    docker.run("db", SLEEP, network="vault")


def _six_on_a_router(docker: nk.Docker) -> None:
    docker.network_create("shop", [SHOP, SIX], ipv6=True)
    docker.network_create("vault", [BACK, "fd00:31::/64"], ipv6=True, internal=True)
    docker.run("web", SLEEP, network="shop", ports=["8080:80", "[::1]:8085:81"])
    docker.run("db", SLEEP, network="vault")


def _six_routed(docker: nk.Docker) -> None:
    docker.network_create("shop", [SHOP, SIX], ipv6=True, options={"gateway_mode_ipv6": "routed"})
    docker.run("web", SLEEP, network="shop", ports=["8080:80"])


_LAN = (
    "ip link add eth1 type veth peer name switch",
    "ip addr add 192.168.50.9/24 dev eth1",
    "ip link set eth1 up",
    "ip link set switch up",
)


def _macvlan(docker: nk.Docker) -> None:
    docker.network_create("lan", "192.168.50.0/24", driver="macvlan", parent="eth1")
    docker.run("web", SLEEP, network="lan")
    docker.run("db", SLEEP, network="lan")
    docker.connect("bridge", "db")


def _macvlan_private(docker: nk.Docker) -> None:
    settings = {"driver": "macvlan", "parent": "eth1", "mode": "private", "gateway": "192.168.50.254"}
    docker.network_create("lan", "192.168.50.0/24", ip_range="192.168.50.64/26", **settings)
    docker.run("web", SLEEP, network="lan")


def _macvlan_internal(docker: nk.Docker) -> None:
    docker.network_create("lan", "192.168.50.0/24", driver="macvlan", parent="eth1", internal=True)
    docker.run("web", SLEEP, network="lan")


def _icc_off(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP, options={"enable_icc": "false"})
    docker.run("web", SLEEP, network="shop", ports={8080: 80})
    docker.run("db", SLEEP, network="shop")


def _of_mode(mode: str, *, internal: bool = False) -> Mode:
    """A network of a gateway mode, and a container with a published port."""

    def build(docker: nk.Docker) -> None:
        docker.network_create("shop", SHOP, internal=internal, options={"gateway_mode_ipv4": mode})
        docker.run("web", SLEEP, network="shop", ports={8080: 80})

    option = f"-o com.docker.network.bridge.gateway_mode_ipv4={mode}{' --internal' * internal}"
    run = f"run -d --name web --network shop -p 8080:80 {IDLE}"
    return Mode((f"network create --subnet {SHOP} {option} shop", run), build, since=(28, 0, 0))


MODES = {
    "bridge": Mode((f"run -d --name web {IDLE}", f"run -d --name db {IDLE}"), _bridge),
    "published port": Mode((f"run -d --name web -p 8080:80 -p 5353:53/udp {IDLE}",), _published),
    "published at one address, a range, both protocols": Mode(
        (f"run -d --name web -p 127.0.0.1:8085:80 -p 8080:80 -p 9000-9002:9000-9002 -p 53:53/udp -p 53:53/tcp {IDLE}",),
        _published_here_and_there,
    ),
    "user-defined network": Mode(
        (
            f"network create --subnet {SHOP} shop",
            f"run -d --name web --network shop -p 8080:80 {IDLE}",
            f"run -d --name db --network shop {IDLE}",
        ),
        _user_defined,
    ),
    "two networks": Mode(
        (
            f"network create --subnet {SHOP} shop",
            f"network create --subnet {BACK} back",
            f"run -d --name web --network shop {IDLE}",
            f"run -d --name db --network back {IDLE}",
        ),
        _isolated,
    ),
    "internal network": Mode(
        (f"network create --internal --subnet {SHOP} shop", f"run -d --name web --network shop {IDLE}"), _internal
    ),
    "connected": Mode(_CONNECTED, _connected),
    "disconnected": Mode(
        (*_CONNECTED, "network disconnect bridge web", "network disconnect back web"),
        _disconnected,
    ),
    "macvlan": Mode(
        (
            "network create -d macvlan --subnet 192.168.50.0/24 -o parent=eth1 lan",
            f"run -d --name web --network lan {IDLE}",
            f"run -d --name db --network lan {IDLE}",
            "network connect bridge db",
        ),
        _macvlan,
        _LAN,
    ),
    "macvlan, private, with a range and a router": Mode(
        (
            "network create -d macvlan --subnet 192.168.50.0/24 --ip-range 192.168.50.64/26 --gateway 192.168.50.254 "
            "-o parent=eth1 -o macvlan_mode=private lan",
            f"run -d --name web --network lan {IDLE}",
        ),
        _macvlan_private,
        _LAN,
    ),
    "macvlan, internal": Mode(
        (
            "network create -d macvlan --internal --subnet 192.168.50.0/24 -o parent=eth1 lan",
            f"run -d --name web --network lan {IDLE}",
        ),
        _macvlan_internal,
        _LAN,
    ),
    "icc off": Mode(
        (
            f"network create --subnet {SHOP} -o com.docker.network.bridge.enable_icc=false shop",
            f"run -d --name web --network shop -p 8080:80 {IDLE}",
            f"run -d --name db --network shop {IDLE}",
        ),
        _icc_off,
    ),
    "routed": _of_mode("routed"),
    "nat-unprotected": _of_mode("nat-unprotected"),
    "isolated": _of_mode("isolated", internal=True),
    "host": Mode((f"run -d --name web --network host {IDLE}",), _host),
    "none": Mode((f"run -d --name web --network none {IDLE}",), _none),
    "container:NAME": Mode(
        (f"run -d --name web -p 8080:80 {IDLE}", f"run -d --name side --network container:web {IDLE}"), _shared
    ),
    "link": Mode((f"run -d --name c1 {IDLE}", f"run -d --name c2 --link c1 {IDLE}"), _link),
    "IPv6": Mode(
        (
            f"network create --ipv6 --subnet {SHOP} --subnet {SIX} shop",
            f"run -d --name web --network shop -p 8080:80 -p [::1]:8085:81 {IDLE}",
            f"run -d --name db --network shop --ip6 fd00:30::77 {IDLE}",
        ),
        _six,
    ),
    "IPv6 on a machine that forwards it": Mode(
        (
            f"network create --ipv6 --subnet {SHOP} --subnet {SIX} shop",
            f"network create --ipv6 --internal --subnet {BACK} --subnet fd00:31::/64 vault",
            f"run -d --name web --network shop -p 8080:80 -p [::1]:8085:81 {IDLE}",
            f"run -d --name db --network vault {IDLE}",
        ),
        _six_on_a_router,
        ("sysctl -qw net.ipv6.conf.all.forwarding=1",),
    ),
    "routed, of IPv6": Mode(
        (
            f"network create --ipv6 --subnet {SHOP} --subnet {SIX} "
            "-o com.docker.network.bridge.gateway_mode_ipv6=routed shop",
            f"run -d --name web --network shop -p 8080:80 {IDLE}",
        ),
        _six_routed,
        ("sysctl -qw net.ipv6.conf.all.forwarding=1",),
        since=(28, 0, 0),
    ),
    "IPv6 beside a network without it, and an internal one": Mode(
        (
            f"network create --ipv6 --subnet {SHOP} --subnet {SIX} shop",
            f"network create --ipv6 --internal --subnet {BACK} --subnet fd00:31::/64 vault",
            f"run -d --name web -p 8080:80 {IDLE}",
            "network connect shop web",
            f"run -d --name db --network vault {IDLE}",
        ),
        _six_and_four,
    ),
}
