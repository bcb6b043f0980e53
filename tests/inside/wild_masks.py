"""Broken networks that translate addresses, or carry frames in packets."""

from __future__ import annotations

from tests.inside.wild_kinds import OUT_WEB, nft, over, translated

MASKS = [
    translated(
        "port mapped elsewhere",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        "gw iptables -t nat -A PREROUTING -i wan -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:81",
        ask=("out", "10.23.0.1", 8080, "tcp"),
        servers=("in1 tcp 0.0.0.0 80",),
    ),
    translated(
        "published to nobody",
        "",
        "in1",
        "unserve in1 tcp 0.0.0.0 80",
        ask=("out", "10.23.0.1", 8080, "tcp"),
        servers=("in1 tcp 0.0.0.0 80",),
        heals=False,
    ),
    translated(
        "redirected to nobody",
        "nat or service",
        "gw",
        "gw iptables -t nat -I PREROUTING -i lan -p tcp --dport 80 -j REDIRECT --to-ports 3128",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
    ),
    translated(
        "wrong netmap",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        "gw iptables -t nat -A PREROUTING -d 10.28.0.0/24 -j NETMAP --to 10.22.9.0/24",
        ask=("out", "10.28.0.11"),
        healthy=(
            "ip netns exec gw iptables -t nat -A PREROUTING -d 10.28.0.0/24 -j NETMAP --to 10.22.0.0/24",
            "ip -n out route add 10.28.0.0/24 via 10.23.0.1",
        ),
    ),
    translated(
        "source translated to nobody's address",
        "nat or return path",
        "gw",
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -o wan -j SNAT --to-source 10.23.0.77",
        ask=("in1", "10.23.0.2"),
    ),
    translated(
        "masquerade of other networks",
        "nat or return path",
        "gw",
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -s 10.99.0.0/24 -o wan -j MASQUERADE",
        ask=("in1", "10.23.0.2"),
    ),
    translated(
        "source ports used up",
        "nat or conntrack",
        "gw",
        "gw iptables -t nat -F POSTROUTING",
        "gw iptables -t nat -A POSTROUTING -p tcp -o wan -j SNAT --to-source 10.23.0.1:5000-5000",
        "keep in2 tcp 10.23.0.2 80 4000",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=("out tcp 0.0.0.0 80 hold",),
    ),
    translated(
        "not tracked",
        "conntrack or nat",
        "gw",
        "gw iptables -t raw -A PREROUTING -i lan -j CT --notrack",
        ask=("in1", "10.23.0.2"),
    ),
    translated(
        "no state of answers",
        "filter",
        "gw",
        "gw iptables -D FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
        healthy=(
            "ip netns exec gw iptables -P FORWARD DROP",
            "ip netns exec gw iptables -A FORWARD -i lan -o wan -j ACCEPT",
            "ip netns exec gw iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        ),
    ),
    translated(
        "taken by a transparent proxy",
        "",
        "gw",
        "gw iptables -t mangle -A PREROUTING -i lan -p tcp --dport 80 -j TPROXY --on-port 50080 --tproxy-mark 1",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
    ),
    translated(
        "no way back through the host's own bridge",
        "nat or return path or neighbour or route",
        "",
        "in1 ip route del default",
        ask=("out", "10.23.0.1", 8080, "tcp"),
        servers=("in1 tcp 0.0.0.0 80",),
    ),
    translated(
        "nft redirect",
        "nat or service",
        "gw",
        *nft(
            "gw", "ip own", "type nat hook prerouting priority -105 ;", "add rule ip own c tcp dport 80 redirect to :99"
        ),
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
    ),
    over(
        "another VNI",
        "tunnel",
        "",
        "m2 ip link del vx0",
        *(
            "m2 ip link add vx0 type vxlan id 43 local 10.24.0.2 remote 10.24.0.1 dstport 4789",
            "m2 ip link set vx0 mtu 1450 master br0 up",
        ),
    ),
    over(
        "another port",
        "tunnel",
        "",
        "m2 ip link del vx0",
        *(
            "m2 ip link add vx0 type vxlan id 42 local 10.24.0.2 remote 10.24.0.1 dstport 4790",
            "m2 ip link set vx0 mtu 1450 master br0 up",
        ),
    ),
    over(
        "a tunnel to nobody",
        "tunnel",
        "m1",
        "m1 ip link set vx0 type vxlan nolearning",
        "m1 bridge fdb flush dev vx0",
        "m1 ip link set vx0 type vxlan remote 10.24.0.9",
    ),
    over("packets of the tunnel filtered", "filter", "m2", "m2 iptables -A INPUT -p udp --dport 4789 -j DROP"),
    over(
        "packets of the tunnel filtered when sent", "filter", "m1", "m1 iptables -A OUTPUT -p udp --dport 4789 -j DROP"
    ),
    over("below the tunnel down", "link or carrier", "m2", "m2 ip link set eth0 down"),
    over("tunnel down", "link or tunnel", "m1", "m1 ip link set vx0 down"),
]
