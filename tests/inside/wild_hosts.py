"""Broken networks whose hosts, sockets and devices are at fault."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_kinds import ASK_DNS, ASK_WEB, DNS, WEB, inside, routed, switched
from tests.inside.wild_networks import ROUTED, UPON

PROXIED = (
    "ip netns exec r1 iptables -t mangle -A PREROUTING -i in0 -p tcp --dport 80 "
    "-j TPROXY --on-port 50080 --tproxy-mark 1",
    "ip -n r1 rule add fwmark 1 lookup 100",
    "ip -n r1 route add local default dev lo table 100",
)
"""A transparent proxy at r1."""

TUNNEL = "address 02:00:00:00:30:0%d type vxlan id 7"


def upon(name: str, layers: str, where: str, *breaking: str, ask: tuple = ("v1", "10.26.0.12"), **rest: object) -> Case:
    """A fault of macvlans."""
    return Case(name, UPON, ask, layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


HOSTS = [
    routed("stopped server", "service", "b", f"stop {WEB}", ask=ASK_WEB, servers=(WEB,), cause="stop"),
    routed("stopped server of datagrams", "service", "b", f"stop {DNS}", ask=ASK_DNS, servers=(DNS,), cause="stop"),
    routed(
        "server of one interface",
        "service",
        "b",
        f"unserve {WEB}",
        f"serve {WEB} device=lo",
        ask=ASK_WEB,
        servers=(WEB,),
        heals=False,
        cause="lo",
    ),
    routed(
        "server at another address",
        "service",
        "b",
        f"unserve {WEB}",
        "b ip addr add 10.20.3.77/32 dev lo",
        "serve b tcp 10.20.3.77 80",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="10.20.3.77",
        heals=False,
    ),
    routed(
        "server of one caller",
        "service",
        "b",
        f"unserve {DNS}",
        f"serve {DNS} peer=10.20.1.77",
        ask=ASK_DNS,
        servers=(DNS,),
        heals=False,
        cause="10.20.1.77",
    ),
    routed(
        "server with a filter of its own",
        "service",
        "b",
        f"unserve {DNS}",
        f"serve {DNS} deaf",
        ask=ASK_DNS,
        servers=(DNS,),
        heals=False,
        cause="filter",
    ),
    routed(
        "server that wants signatures",
        "service",
        "b",
        f"unserve {WEB}",
        f"serve {WEB} signed=10.20.1.2",
        ask=ASK_WEB,
        servers=(WEB,),
        heals=False,
        cause="MD5|sign",
    ),
    routed(
        "server of a proxy that is gone",
        "",
        "r1",
        "unserve r1 tcp 0.0.0.0 50080 transparent",
        ask=ASK_WEB,
        servers=(WEB, "r1 tcp 0.0.0.0 50080 transparent"),
        healthy=PROXIED,
        cause="TPROXY",
        heals=False,
    ),
    routed(
        "no rule for a proxy",
        "",
        "r1",
        "r1 ip rule del fwmark 1",
        ask=ASK_WEB,
        servers=(WEB, "r1 tcp 0.0.0.0 50080 transparent"),
        healthy=PROXIED,
        cause="TPROXY",
        heals=False,
    ),
    switched(
        "address known to be another port's",
        "bridge",
        "sw",
        "sw bridge fdb replace 02:00:00:00:21:02 dev br0 self permanent",
        healthy=("ip -n h2 link set eth0 address 02:00:00:00:21:02",),
        cause="forwarding database",
    ),
    switched(
        "groups at another port",
        "bridge",
        "sw",
        "sw ip link set br0 type bridge mcast_querier 1 mcast_query_interval 100",
        "h2 ip6tables -A OUTPUT -p icmpv6 --icmpv6-type 143 -j DROP",
        "sw bridge mdb add dev br0 port p3 grp ff02::1:ff00:2 permanent",
        "host sh -c 'ip netns exec sw bridge mdb del dev br0 port p2 grp ff02::1:ff00:2; sleep 1; "
        "ip netns exec sw bridge mdb del dev br0 port p2 grp ff02::1:ff00:2; true'",
        "sw bridge link set dev p2 mcast_flood off",
        "h1 ip -6 neigh flush dev eth0",
        ask=("h1", "fd21::2"),
    ),
    switched("bridge is off", "link", "sw", "sw ip link set br0 down"),
    switched(
        "address with a mask of its own",
        "address or route or return path",
        "h2",
        "h2 ip addr add 10.21.0.2/32 dev eth0",
        "h2 ip addr del 10.21.0.2/24 dev eth0",
    ),
    switched(
        "network of a second interface",
        "",
        "h2",
        "host ip link add d0 netns h2 type veth peer name d1 netns h3",
        "h2 ip link set d0 up",
        "h3 ip link set d1 up",
        "h2 ip addr add 10.21.0.9/24 dev d0 metric 1",
        "h2 ip route replace 10.21.0.0/24 dev d0 metric 0",
    ),
    upon(
        "macvlans by a switch that does not reflect",
        "link or bridge",
        "",
        "v1 ip link set mv1 type macvlan mode vepa",
        "v2 ip link set mv2 type macvlan mode vepa",
        cause="vepa",
    ),
    upon(
        "macvlan for sources of which it was told none",
        "link or bridge",
        "v1",
        "v1 ip link set mv1 type macvlan mode source",
        ask=("v1", "10.26.0.9"),
        cause="source",
        heals=False,
    ),
    Case(
        "tunnel whose packets live too short",
        [
            *ROUTED,
            *[
                line
                for name, own, other, number in (("a", "10.20.1.2", "10.20.3.2", 1), ("b", "10.20.3.2", "10.20.1.2", 2))
                for line in (
                    f"ip -n {name} link add vx0 {TUNNEL % number} local {own} remote {other} dstport 4789",
                    f"ip -n {name} addr add 10.30.0.{number}/24 dev vx0",
                    f"ip -n {name} link set vx0 up",
                )
            ],
        ],
        ("a", "10.30.0.2"),
        "tunnel or route or sysctl",
        "a",
        tuple(
            map(
                inside,
                (
                    "a ip link del vx0",
                    f"a ip link add vx0 {TUNNEL % 1} local 10.20.1.2 remote 10.20.3.2 dstport 4789 ttl 1",
                    "a ip addr add 10.30.0.1/24 dev vx0",
                    "a ip link set vx0 up",
                ),
            )
        ),
        cause="ttl|TTL|live",
    ),
]
