"""Healthy networks that are unusual, at switches and behind translations."""

from __future__ import annotations

from tests.inside.wild_healthy import mac, well
from tests.inside.wild_kinds import NEAR, nft
from tests.inside.wild_networks import SWITCHED, TRANSLATED, UPON, cable, forward, space

UNNUMBERED = [
    *space("a", "r", "b"),
    *forward("r"),
    *cable(("a", "eth0", "10.31.0.1/32"), ("r", "to_a", "10.31.0.254/32")),
    *cable(("b", "eth0", "10.31.0.2/32"), ("r", "to_b", "10.31.0.254/32")),
    *("ip -n a route add 10.31.0.254 dev eth0", "ip -n a route add default via 10.31.0.254"),
    *("ip -n b route add 10.31.0.254 dev eth0", "ip -n b route add default via 10.31.0.254 onlink dev eth0"),
    *("ip -n r route add 10.31.0.1 dev to_a", "ip -n r route add 10.31.0.2 dev to_b"),
]
"""A router that has one address at all of its interfaces, which have no networks."""

HEALTHY_LINKS = [
    well("unnumbered routers", UNNUMBERED, ("a", "10.31.0.2")),
    well(
        "isolated from others",
        SWITCHED,
        NEAR,
        "sw bridge link set dev p3 isolated on",
        "sw bridge link set dev p1 isolated on",
    ),
    well(
        "locked with an entry",
        SWITCHED,
        NEAR,
        f"sw bridge fdb replace {mac('h1', 'eth0')} dev p1 master static",
        "sw bridge link set dev p1 locked on",
    ),
    well(
        "nothing learned",
        SWITCHED,
        NEAR,
        "sw bridge link set dev p1 learning off",
        "sw bridge link set dev p2 learning off",
        "sw bridge fdb flush dev br0",
    ),
    well("spanning tree", SWITCHED, NEAR, "sw ip link set br0 type bridge forward_delay 200 stp_state 1"),
    well(
        "right answers by ebtables",
        SWITCHED,
        NEAR,
        "h2 ip link set eth0 address 02:00:00:00:21:02",
        "sw ebtables -t nat -A PREROUTING -p arp --arp-opcode 1 --arp-ip-dst 10.21.0.2 "
        "-j arpreply --arpreply-mac 02:00:00:00:21:02",
        "h1 ip neigh flush dev eth0",
    ),
    well(
        "arp_ignore that does not matter",
        SWITCHED,
        NEAR,
        "h2 sysctl -qw net.ipv4.conf.all.arp_ignore=2 net.ipv4.conf.all.arp_announce=2",
    ),
    well(
        "bridged packets let through",
        SWITCHED,
        NEAR,
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        "sw iptables -P FORWARD DROP",
        "sw iptables -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
    ),
    well(
        "a macvlan for a source",
        UPON,
        ("v1", "10.26.0.9"),
        "v1 ip link set mv1 type macvlan mode source",
        f"v1 ip link set mv1 type macvlan macaddr add {mac('up', 'eth0')}",
    ),
    well(
        "a zone for both directions",
        TRANSLATED,
        ("in1", "10.23.0.2"),
        "gw iptables -t raw -A PREROUTING -j CT --zone 5",
    ),
    well(
        "random ports",
        TRANSLATED,
        ("in1", "10.23.0.2", 80, "tcp"),
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -o wan -j MASQUERADE --random-fully",
        servers=("out tcp 0.0.0.0 80",),
    ),
    well(
        "one of two servers",
        TRANSLATED,
        ("out", "10.23.0.1", 8080, "tcp"),
        "gw iptables -t nat -F PREROUTING",
        *nft(
            "gw",
            "ip n",
            "type nat hook prerouting priority -100 ;",
            "add rule ip n c tcp dport 8080 dnat to numgen inc mod 2 map '{ 0 : 10.22.0.11, 1 : 10.22.0.12 }':80",
        ),
        servers=("in1 tcp 0.0.0.0 80", "in2 tcp 0.0.0.0 80"),
    ),
    well(
        "hairpin with masquerade",
        TRANSLATED,
        ("in2", "10.22.0.1", 8080, "tcp"),
        "gw iptables -t nat -A PREROUTING -i lan -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:80",
        "gw iptables -t nat -A POSTROUTING -s 10.22.0.0/24 -d 10.22.0.0/24 -j MASQUERADE",
        servers=("in1 tcp 0.0.0.0 80",),
    ),
]
