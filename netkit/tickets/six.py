"""A network of IPv6 as Docker makes it: a container whose port is published, its way out, and a client outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker.generations.releases import NEWEST
from netkit.docker.generations.values import IP6TABLES, How, Segment
from netkit.docker.publishing import Published
from netkit.model import HOST
from netkit.tickets.building import hurried, spaces
from netkit.tickets.fault import Network
from netkit.tickets.flows import Flow, Server

if TYPE_CHECKING:
    from netkit.tickets.draw import Draw

_WRITER, _HOW = NEWEST.writer, How()
_LINK_LOCAL = "fe80::1/64"
"""What the host's interfaces ask for neighbours with at once; their own address is tried out for a second or two."""


def published(draw: Draw) -> Network:
    """A published port of IPv6, and a way out behind the host's address."""
    net, wide, port = draw.net6(), draw.net6(), draw.port()
    outer = draw.other_port(port)
    names = {"a": draw.one("services"), "b": draw.one("people"), "c": draw.one("services"), "br": draw.one("bridges")}
    names |= {"net": str(net), "gw": str(net[1]), "a_ip": str(net[2]), "c_ip": str(net[3]), "nobody": str(net[250])}
    names |= {"b_ip": str(wide[draw.distinct(1)[0]]), "out_ip": str(wide[1]), "out_if": "wan0"}
    names |= {"port": str(port), "outer": str(outer), "wrong_port": str(draw.other_port(port, outer))}
    names |= {"open": draw.opening()}
    a, b, c = (names[key] for key in "abc")
    return Network(
        names,
        f"The container {a} was started with -p {outer}:{port} on a network of IPv6; {b} reaches the host as "
        f"{names['out_ip']}; {c} is a container beside it.",
        (*_built(names), *_outside(names), *_written(names, port, outer)),
        (Server(a, port), Server(c, port)),
        {
            "page": Flow(b, names["out_ip"], outer, a),
            "out": Flow(a, names["b_ip"]),
            "host": Flow(HOST, names["a_ip"], port, a),
            "beside": Flow(c, names["a_ip"], port, a),
            "gate": Flow(b, names["out_ip"]),
        },
        closed=(Flow(b, names["c_ip"], port), Flow(b, names["a_ip"], port)),
        wrong=hurried((HOST, a), a, outer, c, IP6TABLES),
    )


def _built(names: dict[str, str]) -> list[str]:
    """A bridge with its containers, each with a default route."""
    br, gw = names["br"], names["gw"]
    lines = ["sysctl -qw net.ipv6.conf.all.forwarding=1", *spaces(names["a"], names["c"])]
    lines += [f"ip link add {br} type bridge", f"ip link set {br} up"]
    lines += [f"ip addr add {each} dev {br} nodad" for each in (f"{gw}/64", _LINK_LOCAL)]
    for key in "ac":
        room = names[key]
        lines += [
            f"ip link add dev veth-{room} type veth peer name eth0 netns {room}",
            f"ip link set veth-{room} master {br} up",
            f"ip -n {room} addr add {names[f'{key}_ip']}/64 dev eth0 nodad",
            f"ip -n {room} link set eth0 up",
            f"ip -n {room} -6 route add default via {gw}",
        ]
    return lines


def _outside(names: dict[str, str]) -> list[str]:
    """Somebody outside, by a cable to the host; he knows the way to the containers."""
    b, out = names["b"], names["out_if"]
    return [
        *spaces(b),
        f"ip link add dev {out} type veth peer name eth0 netns {b}",
        *(f"ip addr add {each} dev {out} nodad" for each in (f"{names['out_ip']}/64", _LINK_LOCAL)),
        f"ip link set {out} up",
        f"ip -n {b} addr add {names['b_ip']}/64 dev eth0 nodad",
        f"ip -n {b} link set eth0 up",
        f"ip -n {b} -6 route add {names['net']} via {names['out_ip']}",
    ]


def _written(names: dict[str, str], port: int, outer: int) -> list[str]:
    """Docker's chains and rules of ip6tables, and its policy."""
    segment, one = Segment(names["br"], names["net"]), Published("tcp", outer, port, "::")
    rules = [*_WRITER.skeleton(_HOW, IP6TABLES), *_WRITER.network(segment, _HOW)]
    for key in "ac":
        rules += _WRITER.container(segment, names[f"{key}_ip"])
    rules += _WRITER.port(one, names["a_ip"], segment, _HOW)
    made = [f"{IP6TABLES} {each.add}" for each in (*_WRITER.chains(IP6TABLES), *rules)]
    return [*made, f"{IP6TABLES} -P FORWARD DROP"]
