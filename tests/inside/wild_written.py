"""Broken networks whose filters write into packets, lead them elsewhere, or have chains that several rules lead to."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import ASK_WEB, FORWARD, WEB, inside, nft, routed, switched
from tests.inside.wild_networks import ROUTED, SWITCHED, TRANSLATED

EARLY = "type filter hook prerouting priority -300 ;"
ZONES = inside(
    """gw nft -f - <<'X'
table inet fw4 {
 chain input { type filter hook input priority filter; policy drop;
  ct state vmap { established : accept, related : accept }
  iifname "lan" accept; iifname "wan" jump input_wan; jump handle_reject; }
 chain forward { type filter hook forward priority filter; policy drop;
  ct state vmap { established : accept, related : accept }
  iifname "lan" accept; iifname "wan" jump forward_wan; jump handle_reject; }
 chain handle_reject { meta l4proto tcp reject with tcp reset; reject; }
 chain input_wan { icmp type echo-request counter accept; jump reject_from_wan; }
 chain forward_wan { ct status dnat accept; jump reject_to_wan; }
 chain reject_from_wan { iifname "wan" jump handle_reject; }
 chain reject_to_wan { oifname "wan" jump handle_reject; }
}
X"""
)
"""A router's zones in the way of OpenWrt's firewall4: one chain refuses for all of them."""

OUT_IN = ("out", "10.23.0.1", 8080, "tcp")
SERVED = ("in1 tcp 0.0.0.0 80", "in2 tcp 0.0.0.0 80", "gw tcp 0.0.0.0 22", "gw tcp 0.0.0.0 23")


def zoned(name: str, ask: tuple, *breaking: str, **rest: object) -> Case:
    """A fault of the router with zones."""
    return Case(name, TRANSLATED, ask, "filter", "gw", breaking, servers=SERVED, **rest)  # type: ignore[arg-type]


WRITTEN = [
    routed(
        "port rewritten without tracking",
        "nat",
        "r1",
        *nft("r1", "ip f", EARLY, "add rule ip f c iif in0 tcp dport 80 tcp dport set 81"),
        ask=ASK_WEB,
        servers=(WEB,),
        cause="10.20.3.2:81",
    ),
    routed(
        "frames led to another interface by nft",
        "filter",
        "r2",
        "host ip link add d0 netns r2 type veth peer name d1 netns r2",
        "r2 ip link set d0 up",
        "r2 ip link set d1 up",
        *nft(
            "r2",
            "netdev f",
            "type filter hook ingress device in0 priority 0 ;",
            "add rule netdev f c ip protocol icmp fwd to d0",
        ),
        cause="leads icmp packets .* to another interface",
    ),
    routed(
        "frames sent to another MAC",
        "filter",
        "r1",
        *nft(
            "r1",
            "netdev f",
            "type filter hook egress device out0 priority 0 ;",
            "add rule netdev f c ip protocol icmp ether daddr set 02:00:00:00:00:99",
        ),
        cause="another MAC",
    ),
    switched(
        "frames sent to another MAC by a bridge",
        "filter",
        "sw",
        *nft("sw", "bridge f", EARLY, "add rule bridge f c ip protocol icmp ether daddr set 02:00:00:00:00:77"),
        cause="another MAC",
    ),
    switched(
        "frames taken in by a bridge",
        "filter",
        "sw",
        "sw ebtables -t nat -A PREROUTING -p IPv4 -i p1 -j redirect",
        "sw sysctl -qw net.ipv4.ip_forward=0",
        cause="takes in",
    ),
    routed(
        "condition that is never met",
        "filter",
        "b",
        *nft(
            "b",
            "inet f",
            "type filter hook input priority 0 ; policy drop ;",
            "add rule inet f c ct state established accept",
            "add rule inet f c oifname eth0 icmp type echo-request accept",
        ),
        servers=(WEB,),
        shut=(ASK_WEB,),
    ),
    routed(
        "word of large packets dropped",
        "mtu",
        "r2",
        "r2 ip link set out0 mtu 900",
        "b ip link set eth0 mtu 900",
        "r1 iptables -P FORWARD DROP",
        "r1 iptables -A FORWARD -i in0 -j ACCEPT",
        "r1 iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        big=1200,
        servers=("a tcp 0.0.0.0 80",),
        heals=False,
        shut=(("b", "10.20.1.2", 80, "tcp"),),
    ),
    routed(
        "word of large packets dropped by nft",
        "mtu",
        "r1",
        "r1 ip link set out0 mtu 1000",
        "r2 ip link set in0 mtu 1000",
        *nft(
            "r1",
            "ip f",
            "type filter hook output priority 0 ;",
            "add rule ip f c icmp type destination-unreachable drop",
        ),
        big=1200,
        heals=False,
    ),
    zoned(
        "zone without what is published",
        OUT_IN,
        *map(
            inside,
            (
                "gw nft flush chain inet fw4 forward_wan",
                "gw nft add rule inet fw4 forward_wan jump reject_to_wan",
            ),
        ),
        healthy=(ZONES,),
        shut=(("out", "10.22.0.12", 80, "tcp"),),
    ),
    zoned("zone that lets nobody in", ("out", "10.23.0.1", 22, "tcp"), ZONES, shut=(("out", "10.23.0.1", 23, "tcp"),)),
]

HEALTHY_WRITTEN = [
    well("zones", TRANSLATED, OUT_IN, ZONES.replace("ip netns exec ", "", 1), servers=SERVED),
    well(
        "copies, notes and bypasses",
        ROUTED,
        ("a", "10.20.3.2"),
        "r1 iptables -t mangle -A FORWARD -j TEE --gateway 10.20.2.2",
        "r1 iptables -A FORWARD -j NFLOG --nflog-group 3",
        "r1 iptables -A FORWARD -j NFQUEUE --queue-num 9 --queue-bypass",
        "r1 iptables -t raw -A PREROUTING -p icmp -j TRACE",
        *nft("r1", "ip f", FORWARD, "add rule ip f c icmp type echo-reply counter log"),
    ),
    well(
        "addresses that were reserved once",
        SWITCHED,
        ("h1", "240.0.0.2"),
        "h1 ip addr add 240.0.0.1/24 dev eth0",
        "h2 ip addr add 240.0.0.2/24 dev eth0",
    ),
    well("first address of a network", SWITCHED, ("h1", "10.21.0.0"), "h2 ip addr add 10.21.0.0/24 dev eth0"),
]
