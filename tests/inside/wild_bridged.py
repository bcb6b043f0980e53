"""Broken networks in which a bridge's filter, or that of ARP, drops frames or leads them elsewhere."""

from __future__ import annotations

from tests.inside.wild_kinds import FORWARD, INPUT, nft, switched, translated

OF_SIX = (("gw", 1, "lan"), ("in1", 11, "eth0"), ("in2", 12, "eth0"))

BRIDGED = [
    translated(
        "hairpin of IPv6 that no filter sees",
        "return path",
        "gw",
        "gw sysctl -qw net.bridge.bridge-nf-call-ip6tables=0",
        ask=("in2", "fd22::1", 8080, "tcp"),
        servers=("in1 tcp :: 80",),
        healthy=(
            *(f"ip -n {where} addr add fd22::{number}/64 dev {name} nodad" for where, number, name in OF_SIX),
            "ip netns exec gw sysctl -qw net.bridge.bridge-nf-call-ip6tables=1",
            "ip netns exec gw ip6tables -t nat -A PREROUTING -i lan -p tcp --dport 8080 "
            "-j DNAT --to-destination [fd22::11]:80",
        ),
        cause="which would translate it back$",
    ),
    switched(
        "port of a bridge in iptables",
        "filter",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        "sw iptables -A FORWARD -m physdev --physdev-in p1 -j DROP",
        cause="physdev",
    ),
    switched(
        "bridged packets of IPv6 filtered",
        "filter",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-ip6tables=1",
        "sw ip6tables -A FORWARD -p icmpv6 --icmpv6-type echo-request -j DROP",
        ask=("h1", "fd21::2"),
    ),
    switched(
        "questions of ARP filtered",
        "filter",
        "h2",
        "h2 arptables -A INPUT --source-ip 10.21.0.1 -j DROP",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    switched(
        "nft of ARP",
        "filter",
        "h2",
        *nft("h2", "arp f", INPUT, "add rule arp f c arp operation request drop"),
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    switched(
        "packets over a bridge",
        "filter",
        "sw",
        *nft("sw", "bridge f", FORWARD, "add rule bridge f c meta iifname p1 ip daddr 10.21.0.2 ip protocol icmp drop"),
    ),
    switched(
        "ARP answered by ebtables",
        "filter or bridge or neighbour",
        "sw",
        "sw ebtables -t nat -A PREROUTING -p arp --arp-opcode 1 --arp-ip-dst 10.21.0.2 "
        "-j arpreply --arpreply-mac 02:00:00:00:00:99",
        "h1 ip neigh flush dev eth0",
    ),
    switched(
        "frames led elsewhere by ebtables",
        "filter or bridge or nat",
        "sw",
        "sw ebtables -t nat -A PREROUTING -d 02:00:00:00:21:02 -j dnat --to-destination 02:00:00:00:00:99",
        healthy=("ip -n h2 link set eth0 address 02:00:00:00:21:02",),
    ),
]
