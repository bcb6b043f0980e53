"""Broken networks whose translations and connections are at fault: zones, tracking, maps, IPv6, what is written."""

from __future__ import annotations

from tests.inside.wild_kinds import OUT_WEB, nft, translated

IN_WEB = "in1 tcp 0.0.0.0 80"
IN_OUT = ("in1", "10.23.0.2", 80, "tcp")
OUT_IN = ("out", "10.23.0.1", 8080, "tcp")

SIX_TOO = (
    "ip -n gw addr add fd22::1/64 dev lan nodad",
    "ip -n in1 addr add fd22::11/64 dev eth0 nodad",
    "ip -n in1 -6 route add default via fd22::1",
    "ip -n gw addr add fd23::1/64 dev wan nodad",
    "ip -n out addr add fd23::2/64 dev eth0 nodad",
)
"""The same network has IPv6 as well."""

STATES = [
    translated(
        "zone of one direction",
        "conntrack or nat",
        "gw",
        "gw iptables -t raw -A PREROUTING -i lan -j CT --zone 5",
        ask=IN_OUT,
        servers=(OUT_WEB,),
        cause="zone",
    ),
    translated(
        "zone of nft",
        "conntrack or nat",
        "gw",
        *nft("gw", "ip z", "type filter hook prerouting priority -300 ;", "add rule ip z c iif wan ct zone set 9"),
        ask=("in1", "10.23.0.2"),
        cause="zone",
    ),
    translated(
        "answers not tracked",
        "conntrack or nat",
        "gw",
        "gw iptables -t raw -A PREROUTING -i wan -j CT --notrack",
        ask=IN_OUT,
        servers=(OUT_WEB,),
        cause="notrack|NOTRACK|not track",
    ),
    translated(
        "accepted before it is led on",
        "nat",
        "gw",
        "gw iptables -t nat -I PREROUTING -p tcp --dport 8080 -j ACCEPT",
        ask=OUT_IN,
        servers=(IN_WEB,),
        cause="ACCEPT",
    ),
    translated(
        "map that leads to nobody",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        *nft(
            "gw",
            "ip n",
            "type nat hook prerouting priority -100 ;",
            "add rule ip n c iif wan dnat to tcp dport map '{ 8080 : 10.22.0.77 . 80 }'",
        ),
        ask=OUT_IN,
        servers=(IN_WEB,),
        cause="10.22.0.77",
    ),
    translated(
        "chain of translation that nobody calls",
        "nat or service",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        "gw iptables -t nat -N published",
        "gw iptables -t nat -A published -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:80",
        ask=OUT_IN,
        servers=(IN_WEB,),
        heals=False,
    ),
    translated(
        "masquerade for other ports",
        "nat or return path",
        "gw",
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -o wan -p udp -j MASQUERADE",
        ask=("in1", "10.23.0.2"),
    ),
    translated(
        "marks that are not hidden",
        "nat or return path",
        "gw",
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -o wan -m mark --mark 7 -j MASQUERADE",
        ask=("in1", "10.23.0.2"),
    ),
    translated(
        "source changed by bytes",
        "nat or filter or return path",
        "gw",
        *nft(
            "gw",
            "ip n",
            "type filter hook postrouting priority 300 ;",
            "add rule ip n c oif wan ip saddr set 10.23.0.99",
        ),
        ask=("in1", "10.23.0.2"),
        cause="10.23.0.99|set",
    ),
    translated(
        "IPv6 not hidden",
        "nat or return path",
        "gw",
        "gw ip6tables -t nat -F POSTROUTING",
        ask=("in1", "fd23::2"),
        healthy=(
            *SIX_TOO,
            "ip netns exec gw ip6tables -t nat -A POSTROUTING -s fd22::/64 -o wan -j MASQUERADE",
        ),
    ),
    translated(
        "IPv6 led to nobody",
        "nat",
        "gw",
        "gw ip6tables -t nat -F PREROUTING",
        "gw ip6tables -t nat -A PREROUTING -i wan -p tcp --dport 8080 -j DNAT --to-destination '[fd22::77]:80'",
        ask=("out", "fd23::1", 8080, "tcp"),
        servers=("in1 tcp :: 80",),
        healthy=(
            *SIX_TOO,
            "ip netns exec gw ip6tables -t nat -A PREROUTING -i wan -p tcp --dport 8080 "
            "-j DNAT --to-destination '[fd22::11]:80'",
        ),
    ),
]
