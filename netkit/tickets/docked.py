"""Networks as Docker 20.10, 29 and 29 by nftables make them: a way out, published ports, two networks apart."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from netkit.docker.generations.releases import GENERATIONS
from netkit.docker.generations.statements import Chains
from netkit.docker.generations.values import IPTABLES, How, Segment
from netkit.docker.publishing import Published
from netkit.model import HOST
from netkit.tickets.building import hurried, plugged, spaces
from netkit.tickets.far import FORWARD
from netkit.tickets.fault import Network
from netkit.tickets.flows import Flow, Server
from netkit.validation import mac_of

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterable

    from netkit.docker.generations.statements import Value
    from netkit.docker.generations.values import Rule
    from netkit.docker.generations.writing import Writer
    from netkit.tickets.draw import Draw

_HOW = How()
_THEN, _NOW, _MAPPED = (GENERATIONS[name].writer for name in ("20.10", "29", "29-nft"))


def way_out(draw: Draw) -> Network:
    """A container that asks a server outside, by way of the host's MASQUERADE."""
    names, net, wide = _machine(draw)
    a, b, c, br, port = (names[key] for key in ("a", "b", "c", "br", "port"))
    rules = _rules(_NOW, Segment(br, str(net)), names["a_ip"], names["c_ip"])
    return Network(
        names,
        f"{a} and {c} are containers at the bridge {br}; {b} is a web server outside ({wide}), at port {port}.",
        (*_built(names, net, "ac"), *_outside(names), *_written(rules, _NOW)),
        (Server(b, int(port)),),
        {
            "page": Flow(a, names["b_ip"], int(port), b),
            "ping": Flow(a, names["b_ip"]),
            "other": Flow(c, names["b_ip"], int(port), b),
            "beside": Flow(a, names["c_ip"]),
            "host": Flow(HOST, names["b_ip"], int(port), b),
        },
        wrong=hurried((HOST, a, b), b, int(port), c),
    )


def published(draw: Draw) -> Network:
    """A container whose port is published, and a client outside."""
    return _published(draw, _NOW)


def published_then(draw: Draw) -> Network:
    """The same with the rules of Docker 20.10."""
    return _published(draw, _THEN)


def published_by_nftables(draw: Draw) -> Network:
    """The same where Docker 29 writes its rules by nftables."""
    return _published(draw, _MAPPED)


def _published(draw: Draw, writer: Writer) -> Network:
    names, net, wide = _machine(draw, server="a", client="b")
    a, b, c, br, port = (names[key] for key in ("a", "b", "c", "br", "port"))
    outer = draw.other_port(int(port))
    segment, one = Segment(br, str(net)), Published("tcp", outer, int(port))
    rules = [
        *_rules(writer, segment, names["a_ip"], names["c_ip"]),
        *writer.port(one, names["a_ip"], segment, _HOW),
    ]
    return Network(
        names | {"outer": str(outer), "wrong_outer": str(draw.other_port(int(port), outer))},
        f"The container {a} was started with -p {outer}:{port}; {b} ({wide}) reaches the host as {names['out_ip']}; "
        f"{c} is a container beside it, which nobody outside is to reach.",
        (
            *_built(names, net, "ac"),
            *_outside(names),
            f"ip -n {b} route add {net} via {names['out_ip']}",
            *_written(rules, writer),
        ),
        (Server(a, int(port)), Server(c, int(port))),
        {
            "page": Flow(b, names["out_ip"], outer, a),
            "host": Flow(HOST, names["a_ip"], int(port), a),
            "local": Flow(HOST, names["out_ip"], outer, a),
            "beside": Flow(c, names["a_ip"], int(port), a),
            "out": Flow(a, names["b_ip"]),
        },
        closed=(Flow(b, names["c_ip"], int(port)), Flow(b, names["a_ip"])),
        wrong=hurried((HOST, a), a, outer, c),
        published=(outer,),
    )


def two_networks(draw: Draw) -> Network:
    """Two user-defined networks, which Docker keeps apart; a client and a server in one, a stranger in the other."""
    names, net, _ = _machine(draw)
    a, b, c = names["a"], names["b"], names["c"]
    other, second, port = draw.net(), draw.one("bridges"), int(names["port"])
    names |= {"br2": second, "b_ip": str(net[3]), "c_ip": str(other[2]), "c_gw": str(other[1]), "c_net": str(other)}
    names |= {"b_port": f"veth-{b}", "a_mac": mac_of(names["a_ip"]), "b_mac": mac_of(names["b_ip"])}
    rules = [
        *_rules(_NOW, Segment(names["br"], str(net)), names["a_ip"], names["b_ip"]),
        *_rules(_NOW, Segment(second, str(other)), names["c_ip"]),
    ]
    lines = [*_built(names, net, "ab"), *_built(names, other, "c", second, names["c_gw"], again=True)]
    return Network(
        names,
        f"{a} and {b} are containers of one user-defined network ({net}), {c} of another ({other}), and Docker keeps "
        f"the two apart; {b} has a web server at port {port}.",
        (*lines, *_written(rules, _NOW)),
        (Server(b, port), Server(c, port)),
        {
            "page": Flow(a, names["b_ip"], port, b),
            "ping": Flow(b, names["a_ip"]),
            "host": Flow(HOST, names["b_ip"], port, b),
            "second": Flow(HOST, names["c_ip"], port, c),
            "gate": Flow(c, names["c_gw"]),
        },
        closed=(Flow(c, names["b_ip"], port), Flow(a, names["c_ip"])),
        wrong=hurried((HOST, a, b), b, port, c),
    )


def _machine(draw: Draw, *, server: str = "b", client: str = "a") -> tuple[dict[str, str], ipaddress.IPv4Network, str]:
    """The names of two containers, a bridge, and somebody outside; one of them serves, one asks."""
    net, wide, port = draw.net(), draw.net(), draw.port()
    names = {server: draw.one("services"), client: draw.one("people"), "c": draw.one("services")}
    names |= {"br": draw.one("bridges"), "gw": str(net[1]), "net": str(net), "wide": str(wide)}
    names |= {"a_ip": str(net[2]), "c_ip": str(net[4]), "b_ip": str(wide[draw.distinct(1)[0]]), "out_ip": str(wide[1])}
    names |= {f"{key}_if": "eth0" for key in "abc"}
    names |= {f"{key}_port": f"veth-{names[key]}" for key in "ac"} | {"out_if": "wan0"}
    names |= {"port": str(port), "wrong_port": str(draw.other_port(port)), "nobody": str(net[250])}
    return names | {"w_nobody": str(wide[250]), "open": draw.opening()}, net, str(wide)


def _built(  # noqa: PLR0913  (a second network is not the first)
    names: dict[str, str],
    net: ipaddress.IPv4Network,
    rooms: str,
    bridge: str = "",
    gateway: str = "",
    *,
    again: bool = False,
) -> list[str]:
    """A bridge with its containers, each with a default route."""
    br, gw = bridge or names["br"], gateway or names["gw"]
    lines = [] if again else [FORWARD]
    lines += [*spaces(*(names[key] for key in rooms)), f"ip link add {br} type bridge", f"ip link set {br} up"]
    lines.append(f"ip addr add {gw}/{net.prefixlen} dev {br}")
    for key in rooms:
        lines += plugged(names[key], names[f"{key}_if"], f"{names[f'{key}_ip']}/24", names[f"{key}_port"], br)
        lines.append(f"ip -n {names[key]} route add default via {gw}")
    return lines


def _outside(names: dict[str, str]) -> list[str]:
    """Somebody outside, by a cable to the host."""
    b = names["b"]
    lines = spaces(b)
    lines.append(f"ip link add dev {names['out_if']} type veth peer name {names['b_if']} netns {b}")
    lines += [f"ip addr add {names['out_ip']}/24 dev {names['out_if']}", f"ip link set {names['out_if']} up"]
    return [
        *lines,
        f"ip -n {b} addr add {names['b_ip']}/24 dev {names['b_if']}",
        f"ip -n {b} link set {names['b_if']} up",
    ]


def _rules(writer: Writer, segment: Segment, *addresses: str) -> list[Rule | Value]:
    """The rules of a network, and of the addresses of its containers."""
    own = (rule for address in addresses for rule in writer.container(segment, address))
    return [*writer.network(segment, _HOW), *own]


def _written(rules: Iterable[Rule | Value], writer: Writer) -> list[str]:
    """Docker's chains and rules, and its policy."""
    if writer is _MAPPED:
        parts = [*writer.chains(IPTABLES), *writer.skeleton(_HOW, IPTABLES), *rules]
        return [f"nft {shlex.quote(line)}" for line in Chains().adding(parts)]
    made = [f"iptables {chain.add}" for chain in writer.chains(IPTABLES)]
    lines = [f"iptables {rule.add}" for rule in (*writer.skeleton(_HOW, IPTABLES), *rules)]
    return [*made, *lines, "iptables -P FORWARD DROP"]
