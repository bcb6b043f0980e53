"""Broken networks whose ways are at fault: rules of routing, next hops, routes, switches, neighbours."""

from __future__ import annotations

from tests.inside.wild_kinds import ASK_WEB, SIX, WEB, nft, routed

WAYS = [
    routed("rule to prohibit", "route", "r1", "r1 ip rule add to 10.20.3.0/24 prohibit"),
    routed("rule iif blackhole", "route", "r2", "r2 ip rule add iif in0 blackhole"),
    routed(
        "rule of a port",
        "route",
        "a",
        "a ip rule add ipproto tcp dport 80 unreachable",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "table to a wrong router",
        "route or neighbour",
        "r1",
        "r1 ip route add default via 10.20.2.9 table 66",
        "r1 ip rule add to 10.20.3.2 lookup 66",
    ),
    routed("no rule for main", "route", "r2", "r2 ip rule del pref 32766"),
    routed(
        "table of the source",
        "return path",
        "b",
        "b ip route add blackhole default table 77",
        "b ip rule add from 10.20.3.2 lookup 77",
    ),
    routed(
        "mark of nft",
        "route",
        "r1",
        *nft(
            "r1", "ip m", "type filter hook prerouting priority -150 ;", "add rule ip m c iifname in0 meta mark set 9"
        ),
        "r1 ip route add prohibit default table 90",
        "r1 ip rule add fwmark 9 lookup 90",
    ),
    routed("rule of IPv6", "route", "r2", "r2 ip -6 rule add from fd20:1::/64 prohibit", ask=SIX),
    routed("rule not from", "route", "r1", "r1 ip rule add not from 10.99.0.0/16 iif in0 unreachable"),
    routed(
        "nexthop blackhole",
        "route",
        "r1",
        "r1 ip nexthop add id 10 blackhole",
        "r1 ip route replace 10.20.3.0/24 nhid 10",
    ),
    routed(
        "nexthop to nobody",
        "route or neighbour",
        "r1",
        "r1 ip nexthop add id 11 via 10.20.2.9 dev out0",
        "r1 ip route replace 10.20.3.0/24 nhid 11",
    ),
    routed(
        "nexthop of IPv6",
        "route or neighbour",
        "r1",
        "r1 ip nexthop add id 12 via fd20:2::9 dev out0",
        "r1 ip -6 route replace fd20:3::/64 nhid 12",
        ask=SIX,
    ),
    routed("prohibit a host", "route", "r2", "r2 ip route add prohibit 10.20.3.2/32"),
    routed("blackhole of the way back", "return path", "b", "b ip route add blackhole 10.20.1.0/25"),
    routed("default unreachable", "route", "a", "a ip route del default", "a ip route add unreachable default"),
    routed("blackhole of IPv6", "route", "r1", "r1 ip -6 route add blackhole fd20:3::2/128", ask=SIX),
    routed(
        "way back out of the wrong interface",
        "return path or route",
        "r2",
        "r2 ip route replace 10.20.1.0/24 via 10.20.3.9 dev out0 onlink",
    ),
    routed("forwarding of IPv6 off", "sysctl", "r2", "r2 sysctl -qw net.ipv6.conf.all.forwarding=0", ask=SIX),
    routed("forwarding of one interface off", "sysctl", "r1", "r1 sysctl -qw net.ipv4.conf.in0.forwarding=0"),
    routed("IPv6 off on one interface", "", "r2", "r2 sysctl -qw net.ipv6.conf.out0.disable_ipv6=1", ask=SIX),
    routed(
        "loose rp_filter without any way",
        "sysctl or return path",
        "r2",
        "r2 sysctl -qw net.ipv4.conf.in0.rp_filter=2",
        "r2 ip route del 10.20.1.0/24",
    ),
    routed(
        "arp_ignore 8",
        "sysctl or neighbour",
        "b",
        "b sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
        "r2 ip neigh flush dev out0",
    ),
    routed("no ARP", "link or neighbour", "b", "b ip link set eth0 arp off", "r2 ip neigh flush dev out0"),
    routed(
        "wrong permanent neighbour",
        "neighbour",
        "r2",
        "r2 ip neigh replace 10.20.3.2 lladdr 02:00:00:00:00:99 dev out0 nud permanent",
    ),
    routed("echo requests ignored", "sysctl", "b", "b sysctl -qw net.ipv4.icmp_echo_ignore_all=1"),
]
