"""Broken networks of one-armed routers, peers, ports with addresses, several bridges, tunnels over IPv6 and groups."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import ASK_WEB, NEAR, SIX, WEB, inside, routed, switched
from tests.inside.wild_networks import ROUTED, SWITCHED, cable, forward, space

ONE_ARM = [
    *space("h1", "h2", "gw", "sw"),
    *forward("gw"),
    "ip -n sw link add br0 type bridge",
    "ip -n sw link set br0 up",
    *[
        line
        for host, addresses in (
            ("h1", "10.66.1.2/24"),
            ("h2", "10.66.2.2/24"),
            ("gw", "10.66.1.1/24 10.66.2.1/24"),
        )
        for line in (*cable((host, "eth0", addresses), ("sw", f"p{host}", "")), f"ip -n sw link set p{host} master br0")
    ],
    "ip -n h1 route add default via 10.66.1.1",
    "ip -n h2 route add default via 10.66.2.1",
    "ip netns exec gw sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0",
]
"""Two networks on one switch, and a router with one interface."""

PEERS = [
    *space("a", "r", "b"),
    *forward("r"),
    "ip link add e0 netns a type veth peer name w0 netns r",
    "ip link add e1 netns r type veth peer name w1 netns b",
    "ip -n a addr add 10.68.0.1 peer 10.68.0.2/32 dev e0",
    "ip -n r addr add 10.68.0.2 peer 10.68.0.1/32 dev w0",
    "ip -n r addr add 10.68.1.1/31 dev e1",
    "ip -n b addr add 10.68.1.0/31 dev w1",
    *[f"ip -n {place} link set {name} up" for place, name in (("a", "e0"), ("r", "w0"), ("r", "e1"), ("b", "w1"))],
    "ip -n a route add default via 10.68.0.2",
    "ip -n b route add default via 10.68.1.1",
]
"""A router between a point-to-point link, each end of which knows the other one alone, and a network of two."""

OVER_SIX = [
    *space("m1", "m2", "c1", "c2"),
    *cable(("m1", "eth0", "fd24::1/64"), ("m2", "eth0", "fd24::2/64")),
    *[
        line
        for one, other in ((1, 2), (2, 1))
        for line in (
            f"ip -n m{one} link add br0 type bridge",
            f"ip -n m{one} link set br0 up",
            f"ip -n m{one} link add vx0 type vxlan id 42 local fd24::{one} remote fd24::{other} dstport 4789",
            f"ip -n m{one} link set vx0 mtu 1430 master br0 up",
            *cable((f"c{one}", "eth0", f"10.25.0.{one}/24"), (f"m{one}", "p0", "")),
            f"ip -n m{one} link set p0 master br0",
            f"ip -n c{one} link set eth0 mtu 1430",
        )
    ],
]
"""Two containers on two machines, joined by VXLAN over IPv6."""

GROUPED = [
    *space("m1", "m2"),
    *cable(("m1", "eth0", "10.24.0.1/24"), ("m2", "eth0", "10.24.0.2/24")),
    *[
        line
        for one in (1, 2)
        for line in (
            f"ip -n m{one} link add vx0 type vxlan id 9 group 239.1.1.1 dev eth0 dstport 4789",
            f"ip -n m{one} addr add 10.26.0.{one}/24 dev vx0",
            f"ip -n m{one} link set vx0 up",
        )
    ],
]
"""Two machines whose VXLAN devices speak to a multicast group."""

BROADCAST = [
    *space("a", "r", "b"),
    *forward("r"),
    *cable(("a", "eth0", "10.9.1.2/24"), ("r", "in0", "10.9.1.1/24")),
    *cable(("r", "out0", "10.9.8.1/24"), ("b", "eth0", "10.9.8.255/21")),
    "ip -n a route add default via 10.9.1.1",
    "ip -n b route add default via 10.9.8.1",
]
"""The router takes the host's address for the last one of a smaller network."""

ADVERTISED = (
    "ip -n a -6 route del default",
    "for x in a r1; do until ip -n $x -6 route show table all | grep -q ff00; do sleep 0.1; done; done",
    'ip netns exec r1 python3 -c "import socket, struct; s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58); '
    "s.setsockopt(41, 18, 255); s.setsockopt(41, 17, socket.if_nametoindex('in0')); "
    "s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1', 0))\"",
)
"""The default route of a comes from an advertisement of r1's (RFC 4861, 4.2)."""


def wired(name: str, base: list[str], ask: tuple, layers: str, where: str, *breaking: str, **rest: object) -> Case:
    """A fault of one of these networks."""
    return Case(name, base, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


WIRED = [
    wired(
        "gateway of nobody on one arm",
        ONE_ARM,
        ("h1", "10.66.2.2"),
        "return path",
        "h2",
        "h2 ip route replace default via 10.66.2.9",
        cause="10.66.2.1 knows the way",
    ),
    wired(
        "second address of one arm gone",
        ONE_ARM,
        ("h1", "10.66.2.2"),
        "address or route or return path",
        "",
        "gw ip addr del 10.66.2.1/24 dev eth0",
    ),
    wired(
        "peer that is another",
        PEERS,
        ("a", "10.68.1.0"),
        "address or route",
        "a",
        "a ip addr del 10.68.0.1 peer 10.68.0.2/32 dev e0",
        "a ip addr add 10.68.0.1 peer 10.68.0.3/32 dev e0",
        "a ip route add default via 10.68.0.3",
    ),
    wired("default by a peer gone", PEERS, ("a", "10.68.1.0"), "route", "a", "a ip route del default"),
    wired(
        "peer of the router gone",
        PEERS,
        ("a", "10.68.1.0"),
        "return path or address",
        "r",
        "r ip addr del 10.68.0.2 peer 10.68.0.1/32 dev w0",
        "r ip addr add 10.68.0.2/32 dev w0",
    ),
    wired(
        "no checksums over IPv6",
        OVER_SIX,
        ("c1", "10.25.0.2"),
        "tunnel",
        "m2",
        "m1 ip link del vx0",
        "m1 ip link add vx0 type vxlan id 42 local fd24::1 remote fd24::2 dstport 4789 udp6zerocsumtx udp6zerocsumrx",
        "m1 ip link set vx0 mtu 1430 master br0 up",
    ),
    wired(
        "own address of a tunnel over IPv6 gone",
        OVER_SIX,
        ("c1", "10.25.0.2"),
        "address",
        "m1",
        "m1 ip addr add fd24::9/64 dev eth0 nodad",
        "m1 ip addr del fd24::1/64 dev eth0",
    ),
    wired(
        "groups of two tunnels",
        GROUPED,
        ("m1", "10.26.0.2"),
        "tunnel",
        "m2",
        "m2 ip link del vx0",
        "m2 ip link add vx0 type vxlan id 9 group 239.1.1.2 dev eth0 dstport 4789",
        "m2 ip addr add 10.26.0.2/24 dev vx0",
        "m2 ip link set vx0 up",
    ),
    wired("last address of a smaller network", BROADCAST, ("a", "10.9.8.255"), "address", "r", twin=False),
    switched(
        "address of a port",
        "address",
        "h2",
        "h2 ip link add br9 type bridge",
        "h2 ip link set br9 up",
        "h2 ip link set eth0 master br9",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    switched(
        "port that sleeps",
        "bridge",
        "sw",
        "sw ip link set p2 mode dormant",
        "sw ip link set p2 down",
        "sw ip link set p2 up",
        cause="dormant",
    ),
    switched(
        "host with an address of elsewhere",
        "address",
        "h2",
        "h2 ip addr flush dev eth0 scope global",
        "h2 ip addr add 10.21.1.2/24 dev eth0",
    ),
    routed(
        "rule that leaves out a group",
        "route",
        "r1",
        "r1 ip link set out0 group 7",
        "r1 ip rule add pref 100 lookup main suppress_ifgroup 7",
        "r1 ip rule del pref 32766",
        cause="group 7",
    ),
    routed(
        "neighbour without questions",
        "neighbour",
        "r1",
        "r1 ip neigh replace 10.20.2.2 lladdr 02:00:00:00:00:44 dev out0 nud noarp",
    ),
    routed(
        "advertisement for one who forwards",
        "route",
        "a",
        "a sysctl -qw net.ipv6.conf.all.forwarding=1",
        ask=SIX,
        healthy=ADVERTISED,
        cause="advertisement .* accept_ra is 1",
    ),
    routed(
        "advertisement that is not taken",
        "route",
        "a",
        "a sysctl -qw net.ipv6.conf.eth0.accept_ra=0",
        "a ip -6 route flush proto ra",
        ask=SIX,
        healthy=ADVERTISED,
        cause="advertisement .* accept_ra is 0",
    ),
]

VIP = ("h1", "10.21.0.100")
TWO_VIPS = tuple(f"h{number} ip addr add 10.21.0.100/32 dev eth0" for number in (2, 3))
ISOLATED = "sw bridge link set dev p{} isolated on"
CLONED = "h3 ip addr add 10.21.0.2/24 dev eth0"
HEALTHY_DOUBLES = [
    well("a double that is filtered", SWITCHED, VIP, *TWO_VIPS, "h3 arptables -A INPUT -d 10.21.0.100 -j DROP"),
    well("a double that does not tell", SWITCHED, VIP, *TWO_VIPS, "h3 sysctl -qw net.ipv4.conf.eth0.arp_ignore=8"),
    well("a double without ARP", SWITCHED, VIP, *TWO_VIPS, "h3 ip link set eth0 arp off"),
    well("a double that is off", SWITCHED, NEAR, CLONED, "h3 ip link set eth0 down"),
    well("a double whose port is off", SWITCHED, NEAR, CLONED, "sw ip link set p3 down"),
    well("a double whose port is shut", SWITCHED, NEAR, CLONED, "sw bridge link set dev p3 state 0"),
    well("a double that is kept apart", SWITCHED, NEAR, CLONED, *(ISOLATED.format(number) for number in (1, 3))),
    well("a double that is asked nothing", SWITCHED, NEAR, CLONED, "sw bridge link set dev p3 bcast_flood off"),
    well(
        "a double whose port is locked",
        SWITCHED,
        NEAR,
        CLONED,
        "sw bridge link set dev p3 learning off locked on",
        "sw bridge fdb flush dev br0",
    ),
    well(
        "a double of IPv6 that is kept apart",
        SWITCHED,
        ("h1", "fd21::2"),
        *(ISOLATED.format(number) for number in (1, 3)),
        "h3 ip -6 addr add fd21::2/64 dev eth0 nodad",
    ),
    well(
        "a double of IPv6 that is off",
        SWITCHED,
        ("h1", "fd21::2"),
        "h3 ip link set eth0 down",
        "h3 ip -6 addr add fd21::2/64 dev eth0 nodad",
    ),
    well(
        "a MAC of one that is off",
        SWITCHED,
        NEAR,
        *(f"h{number} ip link set eth0 down" for number in (2, 3)),
        *(f"h{number} ip link set eth0 address 00:00:5e:00:01:01" for number in (2, 3)),
        "h2 ip link set eth0 up",
    ),
    well(
        "a connection that asks for ECN in vain",
        ROUTED,
        ASK_WEB,
        "a sysctl -qw net.ipv4.tcp_ecn=1",
        "r1 iptables -A FORWARD -p tcp -m ecn --ecn-tcp-cwr -j DROP",
        servers=(WEB,),
    ),
    well("one arm", ONE_ARM, ("h1", "10.66.2.2")),
    well("peers", PEERS, ("a", "10.68.1.0")),
    well("a tunnel over IPv6", OVER_SIX, ("c1", "10.25.0.2")),
    well("a group of tunnels", GROUPED, ("m1", "10.26.0.2")),
]
