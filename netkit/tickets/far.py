"""Networks with routers: one router, a chain of two, and a VXLAN tunnel between two machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.tickets.building import cable, hurried, inside, spaces
from netkit.tickets.fault import Network
from netkit.tickets.flows import Flow, Server
from netkit.validation import mac_of

if TYPE_CHECKING:
    from netkit.tickets.draw import Draw

FORWARD = "sysctl -qw net.ipv4.ip_forward=1"
_MTU_INSIDE = 1450


def one_router(draw: Draw) -> Network:
    """A client, a router, a server behind it, and a second client beside the server."""
    a, b, c, r = draw.one("people"), draw.one("services"), draw.one("people"), draw.one("routers")
    left, right, third = draw.net(), draw.net(), draw.net()
    port = draw.port()
    names = {"a": a, "b": b, "c": c, "r": r, "a_if": draw.interface(), "b_if": draw.interface(), "c_if": "eth0"}
    names |= {"r_a": "lan1", "r_b": "lan2", "r_c": "lan3", "a_net": str(left), "b_net": str(right), "c_net": str(third)}
    for key, net in (("a", left), ("b", right), ("c", third)):
        names |= {f"{key}_ip": str(net[draw.distinct(1)[0]]), f"{key}_gw": str(net[1])}
    names |= {"a_nobody": str(left[250]), "b_nobody": str(right[250]), "nobody": str(right[251])}
    lines = [*spaces(a, r, b, c)]
    for key in "abc":
        near = (names[key], names[f"{key}_if"], f"{names[f'{key}_ip']}/24")
        lines += cable(near, (r, names[f"r_{key}"], f"{names[f'{key}_gw']}/24"))
        lines.append(f"ip -n {names[key]} route add default via {names[f'{key}_gw']}")
    lines.append(inside(r, FORWARD))
    return Network(
        names | {"port": str(port), "wrong_port": str(draw.other_port(port)), "open": draw.opening()},
        f"{a} ({left}), {b} ({right}) and {c} ({third}) have the router {r}; {b} has a web server at port {port}.",
        tuple(lines),
        (Server(b, port),),
        {
            "page": Flow(a, names["b_ip"], port, b),
            "ping": Flow(a, names["b_ip"]),
            "other": Flow(c, names["b_ip"], port, b),
            "third": Flow(a, names["c_ip"]),
            "gate": Flow(a, names["a_gw"]),
            "large": Flow(a, names["b_ip"], size=1500),
        },
        wrong=hurried((r, a, b), b, port, c),
    )


def two_routers(draw: Draw) -> Network:
    """A client and a server with two routers between them, whose routes somebody wrote."""
    a, b, r, s = draw.one("people"), draw.one("services"), draw.one("routers"), draw.one("routers")
    left, middle, right = draw.net(), draw.net(), draw.net()
    port = draw.port()
    (a_n, b_n) = draw.distinct(2)
    names = {"a": a, "b": b, "r": r, "s": s, "a_if": "eth0", "b_if": "eth0", "r_a": "lan", "r_s": "mid"}
    names |= {"s_r": "mid", "s_b": "lan", "a_ip": str(left[a_n]), "b_ip": str(right[b_n]), "a_gw": str(left[1])}
    names |= {"b_gw": str(right[1]), "r_ip": str(middle[1]), "s_ip": str(middle[2]), "a_net": str(left)}
    names |= {"b_net": str(right), "net": str(middle), "nobody": str(middle[250]), "b_nobody": str(right[251])}
    lines = [
        *spaces(a, r, s, b),
        *cable((a, "eth0", f"{left[a_n]}/24"), (r, "lan", f"{left[1]}/24")),
        *cable((r, "mid", f"{middle[1]}/24"), (s, "mid", f"{middle[2]}/24")),
        *cable((b, "eth0", f"{right[b_n]}/24"), (s, "lan", f"{right[1]}/24")),
        f"ip -n {a} route add default via {left[1]}",
        f"ip -n {b} route add default via {right[1]}",
        f"ip -n {r} route add {right} via {middle[2]}",
        f"ip -n {s} route add {left} via {middle[1]}",
        *(inside(router, FORWARD) for router in (r, s)),
    ]
    return Network(
        names | {"port": str(port), "wrong_port": str(draw.other_port(port)), "open": draw.opening()},
        f"{a} ({left}) is behind the router {r}, {b} ({right}) behind {s}; {b} has a web server at port {port}.",
        tuple(lines),
        (Server(b, port),),
        {
            "page": Flow(a, names["b_ip"], port, b),
            "back": Flow(b, names["a_ip"]),
            "gate": Flow(a, names["a_gw"]),
            "router": Flow(r, names["b_ip"], port, b),
            "large": Flow(a, names["b_ip"], size=1500),
        },
        wrong=hurried((r, s, a, b), b, port, s),
    )


def overlay(draw: Draw) -> Network:
    """A container on each of two machines, joined by a VXLAN tunnel; each machine is a namespace."""
    a, b = draw.one("people"), draw.one("services")
    one, two = draw.one("nodes"), draw.one("nodes")
    under, over = draw.net(), draw.net()
    port, vni = draw.port(), draw.vni()
    (a_n, b_n) = draw.distinct(2)
    names = {"a": a, "b": b, "one": one, "two": two, "vni": str(vni), "wrong_vni": str(vni + 1), "net": str(over)}
    names |= {"a_ip": str(over[a_n]), "b_ip": str(over[b_n]), "one_ip": str(under[1]), "two_ip": str(under[2])}
    names |= {"nobody": str(under[250]), "b_mac": mac_of(str(over[b_n])), "a_mac": mac_of(str(over[a_n]))}
    lines = [*spaces(one, two, a, b), *cable((one, "eth0", f"{under[1]}/24"), (two, "eth0", f"{under[2]}/24"))]
    for node, room, here, there, number in ((one, a, under[1], under[2], a_n), (two, b, under[2], under[1], b_n)):
        lines += _node(node, room, f"local {here} remote {there}", vni, f"{over[number]}/24")
    return Network(
        names | {"port": str(port), "wrong_port": str(draw.other_port(port)), "open": draw.opening()},
        f"{a} is a container on the machine {one}, {b} on {two}; an overlay network ({over}) joins them: "
        f"a VXLAN tunnel, for which the number (VNI) {vni} and the UDP port 4789 are agreed; "
        f"{b} has a web server at port {port}.",
        tuple(lines),
        (Server(b, port),),
        {
            "page": Flow(a, names["b_ip"], port, b),
            "ping": Flow(a, names["b_ip"]),
            "back": Flow(b, names["a_ip"]),
            "nodes": Flow(one, names["two_ip"]),
            "large": Flow(a, names["b_ip"], size=_MTU_INSIDE),
        },
        wrong=hurried((one, two, a, b), b, port, one),
    )


def _node(node: str, room: str, ends: str, vni: int, address: str) -> list[str]:
    """A machine of an overlay network: a bridge with a tunnel and a container's cable."""
    small = f"mtu {_MTU_INSIDE}"
    inner = f"name eth0 address {mac_of(address)} {small} netns {room}"
    return [
        f"ip -n {node} link add br0 {small} type bridge",
        f"ip -n {node} link add vxlan0 {small} type vxlan id {vni} {ends} dstport 4789",
        f"ip -n {node} link set vxlan0 master br0",
        f"ip link add dev veth1 netns {node} {small} type veth peer {inner}",
        f"ip -n {node} link set veth1 master br0",
        f"ip -n {room} addr add {address} dev eth0",
        f"ip -n {room} link set eth0 up",
        *(f"ip -n {node} link set {name} up" for name in ("veth1", "vxlan0", "br0")),
    ]
