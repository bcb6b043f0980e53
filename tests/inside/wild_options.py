"""Broken networks whose rules of iptables ask for what every packet has."""

from __future__ import annotations

from tests.inside.wild_kinds import ASK_WEB, SIX, WEB, routed

OPTIONS = [
    routed(
        "options of TCP",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -p tcp --tcp-option 2 -j DROP",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="option",
    ),
    routed("hop by TTL", "filter", "b", "b iptables -A INPUT -m ttl --ttl-lt 64 -j DROP", cause="ttl"),
    routed(
        "side of a connection",
        "filter",
        "r2",
        "r2 iptables -A FORWARD -m conntrack --ctdir REPLY -j DROP",
        cause="ctdir",
    ),
    routed("kind of service of a packet", "filter", "r1", "r1 iptables -A FORWARD -m tos --tos 0 -j DROP", cause="tos"),
    routed(
        "rate for each",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -p icmp -m hashlimit --hashlimit-above 1/hour "
        "--hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-name x -j DROP",
        "a ping -n -c 1 10.20.3.2",  # the one of this hour
        cause="hashlimit",
    ),
    routed(
        "share of a cluster",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -m cluster --cluster-total-nodes 2 "
        "--cluster-local-nodemask 3 --cluster-hash-seed 1 -j DROP",
        cause="cluster",
    ),
    routed(
        "way back asked by xtables",
        "filter",
        "r2",
        "r2 iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP",
        "r2 ip route replace 10.20.1.0/24 via 10.20.3.9 dev out0 onlink",
        cause="rpfilter",
    ),
    routed("processor", "filter", "r1", "r1 iptables -A FORWARD -m cpu ! --cpu 4000 -j DROP", cause="cpu"),
    routed(
        "source unicast",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -m addrtype --src-type UNICAST -j DROP",
        cause="addrtype|src-type",
    ),
    routed(
        "many ports of a sender",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -p tcp -m multiport ! --sports 1:1023 -j DROP",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="multiport|sports",
    ),
    routed(
        "time of day",
        "filter",
        "r2",
        "r2 iptables -A FORWARD -p icmp -m time --weekdays Mon,Tue,Wed,Thu,Fri,Sat,Sun "
        "-j REJECT --reject-with icmp-host-prohibited",
        cause="time|weekdays",
    ),
    routed(
        "header of IPv6",
        "filter",
        "r1",
        "r1 ip6tables -A FORWARD -p icmpv6 -m hl --hl-gt 10 -j DROP",
        ask=SIX,
        cause="hl",
    ),
    routed(
        "every other packet",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -p icmp -m statistic --mode random --probability 1 -j DROP",
        cause="statistic",
    ),
    routed(
        "class of a packet",
        "filter",
        "r1",
        "r1 iptables -A FORWARD -p icmp --icmp-type 8/0 -j REJECT --reject-with icmp-proto-unreachable",
        cause="8|icmp",
    ),
]
