"""Networks without a router: a cable, a bridge, names in a hosts file, two programs that share a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.tickets.building import cable, hurried, plugged, spaces
from netkit.tickets.fault import Network
from netkit.tickets.flows import Flow, Server
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.tickets.draw import Draw


def two_rooms(draw: Draw) -> Network:
    """Two namespaces and the cable between them."""
    a, b = draw.one("people"), draw.one("services")
    net, port = draw.net(), draw.port()
    a_if, b_if = draw.interface(), draw.interface()
    a_ip, b_ip = (str(net[number]) for number in draw.distinct(2))
    lines = [*spaces(a, b), *cable((a, a_if, f"{a_ip}/24"), (b, b_if, f"{b_ip}/24"))]
    names = {"a": a, "b": b, "a_if": a_if, "b_if": b_if, "a_ip": a_ip, "b_ip": b_ip, "net": str(net)}
    return Network(
        names | _more(draw, port, str(net[250])),
        f"{a} and {b} are joined by a cable; {b} has a web server at port {port}.",
        tuple(lines),
        (Server(b, port),),
        {
            "page": Flow(a, b_ip, port, b),
            "ping": Flow(a, b_ip),
            "back": Flow(b, a_ip),
            "large": Flow(a, b_ip, size=1500),
        },
        wrong=hurried((a, b), b, port, a),
    )


def switch(draw: Draw) -> Network:
    """Three containers at a bridge of the host, which has an address of its own there."""
    names = _at_a_bridge(draw)
    a, b, c, br, port = (names[key] for key in ("a", "b", "c", "br", "port"))
    return Network(
        names,
        f"{a}, {b} and {c} are containers at the bridge {br} of the host; {b} has a web server at port {port}.",
        _lines(names),
        (Server(b, int(port)),),
        {
            "page": Flow(a, names["b_ip"], int(port), b),
            "ping": Flow(a, names["b_ip"]),
            "third": Flow(c, names["b_ip"], int(port), b),
            "host": Flow(HOST, names["b_ip"], int(port), b),
            "out": Flow(a, names["br_ip"]),
            "large": Flow(a, names["b_ip"], size=1500),
        },
        wrong=hurried((HOST, a, b), b, int(port), c),
    )


def by_name(draw: Draw) -> Network:
    """Three containers at a bridge, which know one another by the names in a hosts file."""
    names = _at_a_bridge(draw)
    a, b, c, br, port = (names[key] for key in ("a", "b", "c", "br", "port"))
    entries = [f"{names[f'{key}_ip']} {names[key]}" for key in "abc"]
    return Network(
        names,
        f"{a}, {b} and {c} are containers at the bridge {br}; all know one another by name (/etc/hosts).",
        _lines(names),
        (Server(b, int(port)), Server(c, int(port))),
        {
            "page": Flow(a, b, int(port), b),
            "other": Flow(a, c, int(port), c),
            "third": Flow(c, b, int(port), b),
            "ping": Flow(b, a),
        },
        hosts=("127.0.0.1 localhost", *entries),
        wrong=hurried((HOST, a, b), b, int(port), c),
    )


def pod(draw: Draw) -> Network:
    """Two servers that share one namespace, as the containers of a pod do, and a client beside it."""
    names = _at_a_bridge(draw)
    a, b, c, br, port = (names[key] for key in ("a", "b", "c", "br", "port"))
    other = draw.other_port(int(port))
    return Network(
        names | {"other": str(other)},
        f"Two programs share the namespace {b} at the bridge {br}: one serves at port {port}, one at {other}.",
        _lines(names),
        (Server(b, int(port)), Server(b, other)),
        {
            "page": Flow(a, names["b_ip"], int(port), b),
            "other": Flow(a, names["b_ip"], other, b),
            "own": Flow(b, "127.0.0.1", int(port), b),
            "third": Flow(c, names["b_ip"]),
        },
        wrong=hurried((HOST, a, b), b, int(port), c),
    )


def _at_a_bridge(draw: Draw) -> dict[str, str]:
    """The names of three containers at a bridge."""
    net, (a, b, c) = draw.net(), (draw.one("people"), draw.one("services"), draw.one("services"))
    names = {"a": a, "b": b, "c": c, "br": draw.one("bridges"), "br_ip": str(net[1]), "net": str(net)}
    for key, number in zip("abc", draw.distinct(3), strict=True):
        address = str(net[number])
        names |= {f"{key}_if": "eth0", f"{key}_ip": address, f"{key}_mac": mac_of(address)}
        names[f"{key}_port"] = f"veth-{names[key]}"
    return names | _more(draw, draw.port(), str(net[250]))


def _lines(names: dict[str, str]) -> tuple[str, ...]:
    br = names["br"]
    lines = [*spaces(names["a"], names["b"], names["c"]), f"ip link add {br} type bridge"]
    for key in "abc":
        address = f"{names[f'{key}_ip']}/24"
        lines += plugged(names[key], names[f"{key}_if"], address, names[f"{key}_port"], br)
    return (*lines, f"ip addr add {names['br_ip']}/24 dev {br}", f"ip link set {br} up")


def _more(draw: Draw, port: int, nobody: str) -> dict[str, str]:
    """What every network has: a port, an address that nobody has."""
    return {"port": str(port), "wrong_port": str(draw.other_port(port)), "nobody": nobody, "open": draw.opening()}
