"""Corners of networks, each twice: gateway modes beside other networks, icc off, what a container wants of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.inside.modes import BACK, IDLE, SHOP, SIX, SLEEP, Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    import netkit as nk

_OPTION, _SINCE = "-o com.docker.network.bridge.", (28, 0, 0)


def _typed(*names: str, of: str = "", networks: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A network "shop", further ones, and containers: "web -p 8080:80"."""
    shop = f"network create --subnet {SHOP} {of} shop"
    return (shop, *networks, *(f"run -d --network shop --name {name} {IDLE}" for name in names))


def _built(*names: str, ports: Any = None, **how: Any) -> Callable[[nk.Docker], None]:
    """The same with nk.Docker: the first container publishes ports."""

    def build(docker: nk.Docker) -> None:
        docker.network_create("shop", how.get("subnets", SHOP), **{k: v for k, v in how.items() if k != "subnets"})
        for name in names:
            docker.run(name, SLEEP, network="shop", ports=ports if name == names[0] else None)

    return build


def _own(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP)
    extras: dict[str, Any] = {"aliases": ["www"], "add_host": {"me": "host-gateway"}}
    docker.run("web", SLEEP, network="shop", ip="172.30.0.77", ports={8080: 80}, **extras)


def _beside(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP, options={"gateway_mode_ipv4": "routed"})
    docker.network_create("back", BACK)
    docker.run("web", SLEEP, network="shop", ports=["8080:80", "5353:53/udp"])
    docker.run("db", SLEEP, network="back", ports={9090: 80})


def _led(docker: nk.Docker) -> None:
    docker.network_create("shop", SHOP)
    docker.network_create("back", BACK)
    docker.connect("back", docker.run("web", SLEEP, network="shop", ports={8080: 80}), gw_priority=5)


def _optional(key: str, value: str, since: tuple[int, int, int]) -> Mode:
    """A network with one option, by its whole name, and a published port there."""
    return Mode(
        _typed(_WEB, "db", of=f"-o {key}={value}"), _built("web", "db", ports=_PORTS, options={key: value}), since=since
    )


_OPTIONS = {
    "an MTU of its own": (("com.docker.network.driver.mtu", "1400"), (20, 10, 0)),
    "a large MTU": (("com.docker.network.driver.mtu", "9000"), (20, 10, 0)),
    "interfaces with another name": (("com.docker.network.container_iface_prefix", "lan"), (20, 10, 0)),
    "published at one address": (("com.docker.network.bridge.host_binding_ipv4", "127.0.0.1"), (20, 10, 0)),
    "a bridge without an address": (("com.docker.network.bridge.inhibit_ipv4", "true"), (20, 10, 0)),
    "a sender's address": (("com.docker.network.host_ipv4", "172.17.0.1"), (20, 10, 0)),
    "interfaces that are trusted": (("com.docker.network.bridge.trusted_host_interfaces", "up0:up1"), (28, 2, 0)),
}
_WEB, _PORTS = "web -p 8080:80", {8080: 80}
_BACK = f"network create --subnet {BACK} back"
_APART = {"enable_icc": "false"}
FURTHER = {
    "an address, an alias, a line for hosts": Mode(
        _typed("web --ip 172.30.0.77 --network-alias www --add-host me:host-gateway -p 8080:80"), _own
    ),
    "routed beside another network": Mode(
        (
            *_typed(f"{_WEB} -p 5353:53/udp", of=f"{_OPTION}gateway_mode_ipv4=routed", networks=(_BACK,)),
            f"run -d --network back --name db -p 9090:80 {IDLE}",
        ),
        _beside,
        since=_SINCE,
    ),
    "nat-unprotected, at loopback": Mode(
        _typed("web -p 127.0.0.1:8085:80 -p 8080:81", of=f"{_OPTION}gateway_mode_ipv4=nat-unprotected"),
        _built("web", ports=["127.0.0.1:8085:80", "8080:81"], options={"gateway_mode_ipv4": "nat-unprotected"}),
        since=_SINCE,
    ),
    "internal, icc off": Mode(
        _typed("web", "db", of=f"--internal {_OPTION}enable_icc=false"),
        _built("web", "db", internal=True, options=_APART),
    ),
    "internal, published": Mode(_typed(_WEB, of="--internal"), _built("web", ports=_PORTS, internal=True)),
    "routed, icc off": Mode(
        _typed(_WEB, of=f"{_OPTION}gateway_mode_ipv4=routed {_OPTION}enable_icc=false"),
        _built("web", ports=_PORTS, options={"gateway_mode_ipv4": "routed", **_APART}),
        since=_SINCE,
    ),
    "isolated, icc off": Mode(
        _typed("web", "db", of=f"--internal {_OPTION}gateway_mode_ipv4=isolated {_OPTION}enable_icc=false"),
        _built("web", "db", internal=True, options={"gateway_mode_ipv4": "isolated", **_APART}),
        since=_SINCE,
    ),
    "no masquerade": Mode(
        _typed(_WEB, of=f"{_OPTION}enable_ip_masquerade=false"),
        _built("web", ports=_PORTS, options={"enable_ip_masquerade": "false"}),
    ),
    "gateway priority": Mode(
        (*_typed(_WEB, networks=(_BACK,)), "network connect --gw-priority 5 back web"), _led, since=_SINCE
    ),
    "a range of UDP at an address of loopback": Mode(
        _typed("web -p 127.0.0.2:7000-7002:80-82/udp -p 8080:80"),
        _built("web", ports=["127.0.0.2:7000-7002:80-82/udp", "8080:80"]),
    ),
    "nat-unprotected, of IPv6": Mode(
        _typed(_WEB, of=f"--ipv6 --subnet {SIX} {_OPTION}gateway_mode_ipv6=nat-unprotected"),
        _built("web", ports=_PORTS, subnets=[SHOP, SIX], ipv6=True, options={"gateway_mode_ipv6": "nat-unprotected"}),
        ("sysctl -qw net.ipv6.conf.all.forwarding=1",),
        since=_SINCE,
    ),
    **{name: _optional(*option, since=since) for name, (option, since) in _OPTIONS.items()},
}
