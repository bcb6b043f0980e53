"""Healthy networks, as plain commands: routed, switched, translated, tunnelled, stacked."""

from __future__ import annotations


def space(*names: str) -> list[str]:
    """Namespaces with lo up; IPv6 without waiting for doubles."""
    return [
        line
        for name in names
        for line in (
            f"ip netns add {name}",
            f"ip -n {name} link set lo up",
            f"ip netns exec {name} sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0",
        )
    ]


def cable(*ends: tuple[str, str, str]) -> list[str]:
    """A cable between two namespaces; of each end its namespace, its name and its addresses."""
    (one, name, _), (other, far, _) = ends
    lines = [f"ip link add {name} netns {one} type veth peer name {far} netns {other}"]
    for where, what, addresses in ends:
        lines += [f"ip -n {where} addr add {each} dev {what}" for each in addresses.split()]
        lines.append(f"ip -n {where} link set {what} up")
    return lines


def forward(*names: str) -> list[str]:
    """Routers."""
    both = "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
    return [f"ip netns exec {name} sysctl -qw {both}" for name in names]


ROUTED = [
    *space("a", "r1", "r2", "b"),
    *forward("r1", "r2"),
    *cable(("a", "eth0", "10.20.1.2/24 fd20:1::2/64"), ("r1", "in0", "10.20.1.1/24 fd20:1::1/64")),
    *cable(("r1", "out0", "10.20.2.1/24 fd20:2::1/64"), ("r2", "in0", "10.20.2.2/24 fd20:2::2/64")),
    *cable(("r2", "out0", "10.20.3.1/24 fd20:3::1/64"), ("b", "eth0", "10.20.3.2/24 fd20:3::2/64")),
    *("ip -n a route add default via 10.20.1.1", "ip -n b route add default via 10.20.3.1"),
    *("ip -n r1 route add 10.20.3.0/24 via 10.20.2.2", "ip -n r2 route add 10.20.1.0/24 via 10.20.2.1"),
    *("ip -n a -6 route add default via fd20:1::1", "ip -n b -6 route add default via fd20:3::1"),
    *("ip -n r1 -6 route add fd20:3::/64 via fd20:2::2", "ip -n r2 -6 route add fd20:1::/64 via fd20:2::1"),
]
"""a - r1 - r2 - b."""

SWITCHED = [
    *space("h1", "h2", "h3", "sw"),
    "ip -n sw link add br0 type bridge",
    "ip -n sw link set br0 up",
    *[
        line
        for number in (1, 2, 3)
        for line in (
            *cable((f"h{number}", "eth0", f"10.21.0.{number}/24 fd21::{number}/64"), ("sw", f"p{number}", "")),
            f"ip -n sw link set p{number} master br0",
        )
    ],
]
"""Three hosts at a switch in a namespace of its own."""

TRANSLATED = [
    *space("in1", "in2", "gw", "out"),
    *forward("gw"),
    "ip -n gw link add lan type bridge",
    "ip -n gw addr add 10.22.0.1/24 dev lan",
    "ip -n gw link set lan up",
    *[
        line
        for number in (1, 2)
        for line in (
            *cable((f"in{number}", "eth0", f"10.22.0.1{number}/24"), ("gw", f"to{number}", "")),
            f"ip -n gw link set to{number} master lan",
            f"ip -n in{number} route add default via 10.22.0.1",
        )
    ],
    *cable(("gw", "wan", "10.23.0.1/24"), ("out", "eth0", "10.23.0.2/24")),
    "ip netns exec gw iptables -t nat -A POSTROUTING -s 10.22.0.0/24 -o wan -j MASQUERADE",
    "ip netns exec gw iptables -t nat -A PREROUTING -i wan -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:80",
]
"""Two hosts behind a gateway that translates, and publishes a port of the first."""

OVER = [
    *space("m1", "m2", "c1", "c2"),
    *cable(("m1", "eth0", "10.24.0.1/24"), ("m2", "eth0", "10.24.0.2/24")),
    *[
        line
        for one, other in ((1, 2), (2, 1))
        for line in (
            f"ip -n m{one} link add br0 type bridge",
            f"ip -n m{one} link set br0 up",
            f"ip -n m{one} link add vx0 type vxlan id 42 local 10.24.0.{one} remote 10.24.0.{other} dstport 4789",
            f"ip -n m{one} link set vx0 mtu 1450 master br0 up",
            *cable((f"c{one}", "eth0", f"10.25.0.{one}/24"), (f"m{one}", "p0", "")),
            f"ip -n m{one} link set p0 master br0",
            f"ip -n c{one} link set eth0 mtu 1450",
            f"ip -n m{one} link set p0 mtu 1450",
        )
    ],
]
"""Two containers on two machines, joined by VXLAN."""

UPON = [
    *space("v1", "v2", "up"),
    *cable(("host", "trunk", "10.26.0.1/24"), ("up", "eth0", "10.26.0.9/24")),
    *[
        line
        for number in (1, 2)
        for line in (
            f"ip link add mv{number} link trunk type macvlan mode bridge",
            f"ip link set mv{number} netns v{number}",
            f"ip -n v{number} addr add 10.26.0.1{number}/24 dev mv{number}",
            f"ip -n v{number} link set mv{number} up",
        )
    ],
]
UPON = [line.replace(" netns host ", " ").replace("ip -n host ", "ip ") for line in UPON]
"""Two macvlans on one interface of the host, whose cable leads to another machine."""
