"""Broken networks that lose frames: by filters, bridges, tunnels and macvlans."""

from __future__ import annotations

from tests.inside.wild_hosts import upon
from tests.inside.wild_kinds import nft, over, switched

FRAMES = [
    switched(
        "arptables at the sender",
        "filter",
        "h1",
        "h1 arptables -A OUTPUT -d 10.21.0.2 -j DROP",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    switched(
        "arptables mangles",
        "filter or neighbour or nat",
        "",
        "h2 arptables -A OUTPUT -j mangle --mangle-mac-s 02:00:00:00:00:55",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    switched("ebtables by type", "filter", "sw", "sw ebtables -A FORWARD -p IPv4 --ip-proto icmp -j DROP"),
    switched(
        "ebtables of a MAC", "filter", "sw", "sw ebtables -P FORWARD DROP", "sw ebtables -A FORWARD -p ARP -j ACCEPT"
    ),
    switched(
        "nft of bridges by VLAN or MAC",
        "filter",
        "sw",
        *nft(
            "sw",
            "bridge f",
            "type filter hook prerouting priority -300 ;",
            "add rule bridge f c iifname p1 ether type ip drop",
        ),
    ),
    switched(
        "nft ARP by operation",
        "filter",
        "h1",
        *nft(
            "h1",
            "arp f",
            "type filter hook output priority 0 ;",
            "add rule arp f c arp operation request arp daddr ip 10.21.0.2 drop",
        ),
        "h1 ip neigh flush dev eth0",
    ),
    switched(
        "netdev at a port",
        "filter",
        "sw",
        *nft(
            "sw",
            "netdev n",
            "type filter hook ingress device p2 priority 0 ;",
            "add rule netdev n c icmp type echo-reply drop",
        ),
    ),
    switched(
        "bridged packets rejected",
        "filter",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        "sw iptables -A FORWARD -m physdev --physdev-out p2 -p icmp -j REJECT",
    ),
    switched(
        "bridged and raw",
        "filter",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        "sw iptables -t raw -A PREROUTING -s 10.21.0.1 -d 10.21.0.2 -j DROP",
    ),
    switched(
        "bridged and translated",
        "nat",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        "sw iptables -t nat -A PREROUTING -d 10.21.0.2 -p icmp -j DNAT --to-destination 10.21.0.77",
        cause="10.21.0.77",
    ),
    switched(
        "IPv6 of a bridge",
        "bridge",
        "sw",
        "sw bridge link set dev p2 mcast_flood off",
        "sw ip link set br0 type bridge mcast_snooping 0",
        "h1 ip -6 neigh flush dev eth0",
        ask=("h1", "fd21::2"),
    ),
    switched(
        "no neighbours of IPv6",
        "filter",
        "h2",
        "h2 ip6tables -A OUTPUT -p icmpv6 --icmpv6-type neighbour-advertisement -j DROP",
        "h1 ip -6 neigh flush dev eth0",
        ask=("h1", "fd21::2"),
    ),
    switched(
        "port protected by its neighbours",
        "bridge",
        "sw",
        "sw bridge link set dev p1 neigh_suppress on",
        "sw bridge link set dev p2 bcast_flood off",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
    ),
    over(
        "remote elsewhere",
        "tunnel",
        "m2",
        "m2 ip link set vx0 type vxlan nolearning",
        "m2 bridge fdb flush dev vx0",
        "m2 ip link set vx0 type vxlan remote 10.24.0.9",
    ),
    over("not a port any more", "bridge or tunnel or link", "m2", "m2 ip link set vx0 nomaster"),
    over(
        "underlay without an address",
        "tunnel or address or route or link",
        "m2",
        "m2 ip addr del 10.24.0.2/24 dev eth0",
    ),
    over(
        "rp_filter of the underlay",
        "sysctl or filter or tunnel",
        "m2",
        "m2 ip rule add to 10.24.0.1 lookup 9 pref 3",
        "m2 ip route add 10.24.0.1 dev br0 table 9",
        "m2 sysctl -qw net.ipv4.conf.all.rp_filter=1",
    ),
    upon("macvlan passthru", "link or bridge or neighbour", "", "v2 ip link set mv2 down"),
    upon("parent in promiscuous peace", "filter", "v2", "v2 iptables -A INPUT -s 10.26.0.11 -j DROP"),
    upon(
        "to the outside, unanswered",
        "filter",
        "up",
        "up arptables -A INPUT --source-ip 10.26.0.11 -j DROP",
        "v1 ip neigh flush dev mv1",
        ask=("v1", "10.26.0.9"),
    ),
    upon(
        "another network of a macvlan",
        "address or route",
        "v1",
        "v1 ip addr flush dev mv1",
        "v1 ip addr add 10.27.0.11/24 dev mv1",
    ),
]
