"""Networks of several uplinks or bridges, broken and healthy."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import inside
from tests.inside.wild_networks import cable, forward, space

UPLINKS = [
    *space("a", "r1", "r2", "b"),
    *forward("r1", "r2"),
    *cable(("a", "up1", "10.40.1.2/24"), ("r1", "in0", "10.40.1.1/24")),
    *cable(("a", "up2", "10.40.2.2/24"), ("r2", "in0", "10.40.2.1/24")),
    *cable(("r1", "out0", "10.40.3.1/24"), ("b", "e1", "10.40.3.2/24")),
    *cable(("r2", "out0", "10.40.4.1/24"), ("b", "e2", "10.40.4.2/24")),
    "ip -n b addr add 10.40.9.1/32 dev lo",
    "ip -n r1 route add 10.40.9.1 via 10.40.3.2",
    "ip -n r2 route add 10.40.9.1 via 10.40.4.2",
    "ip -n b route add 10.40.1.0/24 via 10.40.3.1",
    "ip -n b route add 10.40.2.0/24 via 10.40.4.1",
    "ip -n a route add default via 10.40.1.1",
    "ip -n a rule add from 10.40.1.2 lookup 1",
    "ip -n a rule add from 10.40.2.2 lookup 2",
    "ip -n a route add default via 10.40.1.1 table 1",
    "ip -n a route add default via 10.40.2.1 table 2",
]
"""A host with two uplinks to another one that has an address at lo, and a table of routes for each."""

TWO = [
    *space("h1", "h2", "rt"),
    *forward("rt"),
    *[
        line
        for n in (1, 2)
        for line in (
            f"ip -n rt link add br{n} type bridge",
            f"ip -n rt addr add 10.41.{n}.1/24 dev br{n}",
            f"ip -n rt link set br{n} up",
            *cable((f"h{n}", "eth0", f"10.41.{n}.2/24"), ("rt", f"p{n}", "")),
            f"ip -n rt link set p{n} master br{n}",
            f"ip -n h{n} route add default via 10.41.{n}.1",
        )
    ],
]
"""Two networks of bridges, and their router."""

FAR = ("a", "10.40.9.1")


def up(name: str, layers: str, where: str, *breaking: str, ask: tuple = FAR, **rest: object) -> Case:
    """A fault of the two ways from a to b, by r1 and by r2."""
    return Case(name, UPLINKS, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


def two(name: str, layers: str, where: str, *breaking: str, ask: tuple = ("h1", "10.41.2.2"), **rest: object) -> Case:
    """A fault of a router's two bridges, or of their hosts."""
    return Case(name, TWO, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


UPLINKED = [
    up(
        "answers by the other uplink",
        "sysctl or return path",
        "a",
        "b ip route replace 10.40.1.0/24 via 10.40.4.1",
        "r2 ip route add 10.40.1.0/24 via 10.40.2.2",
        "a sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.up2.rp_filter=1",
        cause="rp_filter",
    ),
    up(
        "source table of a wrong gateway",
        "return path",
        "a",
        "a ip route replace default via 10.40.2.99 table 2",
        ask=("b", "10.40.2.2"),
        cause="10.40.2.99",
    ),
    up(
        "source table without a way",
        "route or return path",
        "a",
        "a ip route replace unreachable default table 2",
        ask=("b", "10.40.2.2"),
        cause="unreachable",
    ),
    up(
        "rule of the source lost",
        "return path or route or sysctl",
        "",
        "a ip rule del from 10.40.2.2",
        "r1 sysctl -qw net.ipv4.conf.in0.rp_filter=1",
        ask=("b", "10.40.2.2"),
        cause="rp_filter|10.40.2",
    ),
    up("second uplink off", "link or carrier or route", "a", "a ip link set up2 down", ask=("b", "10.40.2.2")),
    up(
        "group of uplinks with a dead one",
        "route or neighbour",
        "a",
        "a ip route replace default nexthop via 10.40.1.9 weight 250 nexthop via 10.40.2.9 weight 1",
    ),
    up("no such address behind routers", "address", "b", "b ip addr del 10.40.9.1/32 dev lo", heals=False),
    up(
        "loose check without a default",
        "sysctl",
        "b",
        "b sysctl -qw net.ipv4.conf.all.rp_filter=2",
        "b ip route del 10.40.1.0/24",
        cause="rp_filter|route",
    ),
    two("way back of the other bridge's host", "return path", "h2", "h2 ip route del default"),
    two(
        "way back of the other bridge's host by nobody",
        "return path",
        "h2",
        "h2 ip route replace default via 10.41.2.77",
    ),
    two(
        "overlapping networks",
        "address or route or neighbour or return path",
        "rt",
        "rt ip addr add 10.41.2.9/25 dev br1",
    ),
    two(
        "one network at two bridges",
        "address or route or neighbour",
        "",
        "rt ip addr del 10.41.2.1/24 dev br2",
        "rt ip addr add 10.41.1.1/24 dev br2",
        "h2 ip addr add 10.41.1.7/24 dev eth0",
        "h2 ip route replace default via 10.41.1.1",
        ask=("h1", "10.41.1.7"),
        twin=False,
        heals=False,
    ),
    two("port in the other bridge", "bridge or link or neighbour or address", "rt", "rt ip link set p2 master br1"),
    two(
        "isolated bridges by iptables",
        "filter",
        "rt",
        "rt iptables -A FORWARD -i br1 ! -o br1 -j DROP",
        "rt iptables -A FORWARD -o br2 -j RETURN",
    ),
    two(
        "bridge's own address filtered",
        "filter",
        "rt",
        "rt iptables -A INPUT -i br+ -p icmp -j REJECT",
        ask=("h1", "10.41.1.1"),
    ),
    two(
        "ARP of a bridge off",
        "link or neighbour or sysctl",
        "rt",
        "rt ip link set br2 arp off",
        "h2 ip neigh flush dev eth0",
        "rt ip neigh flush dev br2",
    ),
]

HEALTHY_UPLINKED = [
    well("uplinks with their tables", UPLINKS, FAR, "a sysctl -qw net.ipv4.conf.all.rp_filter=1"),
    well("uplinks asked from outside", UPLINKS, ("b", "10.40.2.2"), "a sysctl -qw net.ipv4.conf.all.rp_filter=1"),
    well("two ways at once", UPLINKS, FAR, "a ip route replace default nexthop via 10.40.1.1 nexthop via 10.40.2.1"),
    well(
        "two bridges and isolation of others",
        TWO,
        ("h1", "10.41.2.2"),
        "rt iptables -P FORWARD DROP",
        "rt iptables -A FORWARD -i br1 -o br2 -j ACCEPT",
        "rt iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ),
]
