"""Healthy networks that are unusual, by what hangs at devices, expires, or is said twice."""

from __future__ import annotations

from tests.inside.wild_healthy import routed, well
from tests.inside.wild_kinds import ASK_DNS, ASK_WEB, DNS, FORWARD, INPUT, NEAR, SIX, WEB, nft
from tests.inside.wild_networks import SWITCHED, UPON

HEALTHY_FURTHER = [
    routed(
        "redirected through an ifb that is on",
        "r2 ip link add ifb9 type ifb",
        "r2 ip link set ifb9 up",
        "r2 tc qdisc add dev in0 ingress",
        "r2 tc filter add dev in0 parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev ifb9",
    ),
    routed(
        "shaped in classes",
        "r1 tc qdisc add dev out0 root handle 1: htb default 10",
        "r1 tc class add dev out0 parent 1: classid 1:10 htb rate 10mbit",
    ),
    routed("a hop limit that is enough", "a ip route replace default via 10.20.1.1 hoplimit 10"),
    routed(
        "a narrow address with a way",
        "r2 ip route add 10.20.2.1 dev in0",
        "r2 ip addr add 10.20.2.2/32 dev in0",
        "r2 ip addr del 10.20.2.2/24 dev in0",
        "r2 ip route replace 10.20.2.1 dev in0 src 10.20.2.2",
        "r2 ip route replace 10.20.1.0/24 via 10.20.2.1",
    ),
    routed("blackhole under a way", "r1 ip route add blackhole 10.0.0.0/8", "r2 ip route add unreachable 10.20.0.0/16"),
    routed(
        "a server behind loopback",
        "r1 sysctl -qw net.ipv4.conf.in0.route_localnet=1",
        "r1 iptables -t nat -A PREROUTING -i in0 -p tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8888",
        ask=ASK_WEB,
        servers=(WEB, "r1 tcp 127.0.0.1 8888"),
    ),
    routed(
        "sets with timeouts",
        *nft("r1", "inet f", f"{FORWARD} policy drop ;", "add set inet f ok '{ type ipv4_addr ; flags timeout ; }'"),
        "r1 nft add element inet f ok '{ 10.20.1.2 timeout 1h }'",
        "r1 nft add rule inet f c ct state established,related accept",
        "r1 nft add rule inet f c ip saddr @ok accept",
    ),
    routed(
        "a map of verdicts by chain",
        *nft("r1", "inet f", f"{FORWARD} policy drop ;", "add chain inet f web"),
        "r1 nft add rule inet f web accept",
        "r1 nft add rule inet f c ct state vmap '{ established : accept, related : accept, invalid : drop }'",
        "r1 nft add rule inet f c tcp dport vmap '{ 80 : goto web, 22 : drop }'",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "fib of locals",
        *nft(
            "b",
            "inet f",
            "type filter hook prerouting priority -150 ;",
            "add rule inet f c fib daddr type '!=' '{ local, broadcast, multicast }' drop",
        ),
    ),
    routed(
        "IPv6 and its neighbours let through",
        *nft(
            "r1",
            "ip6 f",
            f"{INPUT} policy drop ;",
            "add rule ip6 f c icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }' accept",
        ),
        "a ip -6 neigh flush dev eth0",
        ask=SIX,
    ),
    routed(
        "marks that are restored",
        "r1 iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark",
        "r1 iptables -t mangle -A PREROUTING -m mark ! --mark 0 -j ACCEPT",
        "r1 iptables -t mangle -A PREROUTING -i in0 -j MARK --set-mark 1",
        "r1 iptables -t mangle -A PREROUTING -j CONNMARK --save-mark",
        "r1 ip route add 10.20.3.0/24 via 10.20.2.2 table 100",
        "r1 ip route add 10.20.1.0/24 dev in0 table 100",
        "r1 ip rule add fwmark 1 lookup 100",
    ),
    routed(
        "MSS clamped",
        "r1 iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "helpers",
        *nft(
            "r1",
            "ip h",
            "type filter hook prerouting priority 0 ;",
            "add ct helper ip h ftp '{ type \"ftp\" protocol tcp ; }'",
        ),
        "r1 nft add rule ip h c tcp dport 21 ct helper set ftp",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "TTL set back",
        "r2 iptables -t mangle -A PREROUTING -j TTL --ttl-set 64",
        "a sysctl -qw net.ipv4.ip_default_ttl=2",
    ),
    routed("large bytes", "r1 ip link set out0 mtu 1400", "r2 ip link set in0 mtu 1400", ask=ASK_WEB, servers=(WEB,)),
    routed("two servers by port reuse", ask=ASK_DNS, servers=(DNS, "b udp 10.20.3.2 5301")),
    routed(
        "fast answers of no cookies",
        "b sysctl -qw net.ipv4.tcp_syncookies=0 net.core.somaxconn=1",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    well(
        "ARP with another MAC that is right",
        SWITCHED,
        NEAR,
        "h2 ip link set eth0 address 02:00:00:00:21:02",
        "h2 arptables -A OUTPUT -j mangle --mangle-mac-s 02:00:00:00:21:02",
        "h1 ip neigh flush dev eth0",
    ),
    well(
        "frames of others dropped",
        SWITCHED,
        NEAR,
        "sw ebtables -A FORWARD -p IPv4 --ip-proto udp -j DROP",
        "sw ebtables -A FORWARD -p ARP --arp-opcode 3 -j DROP",
    ),
    well(
        "redirected by tc for others",
        SWITCHED,
        NEAR,
        "sw tc qdisc add dev p1 ingress",
        "sw tc filter add dev p1 parent ffff: protocol ip u32 match ip dst 10.21.0.3/32 "
        "action mirred egress redirect dev p3",
    ),
    well(
        "macvtap beside",
        UPON,
        ("v1", "10.26.0.9"),
        "host ip link add link trunk name tap9 type macvtap mode bridge",
        "host ip link set tap9 up",
    ),
]
