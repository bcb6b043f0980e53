"""Broken networks whose packet filters, translations and queues are like other people's."""

from __future__ import annotations

from tests.inside.wild_kinds import ASK_WEB, FORWARD, SIX, WEB, nft, over, routed, switched, translated

ZONES = (
    "ip netns exec b nft -f - <<'X'\n"
    """table inet firewalld {
 chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
  ct state { established, related } accept; ct status dnat accept; iifname "lo" accept; ct state invalid drop;
  jump filter_INPUT_ZONES; reject with icmpx admin-prohibited; }
 chain filter_INPUT_ZONES { iifname "eth0" goto filter_IN_public; goto filter_IN_public; }
 chain filter_IN_public { jump filter_IN_public_pre; jump filter_IN_public_deny; jump filter_IN_public_allow;
  meta l4proto { icmp, ipv6-icmp } accept; reject with icmpx admin-prohibited; }
 chain filter_IN_public_pre { }
 chain filter_IN_public_deny { }
 chain filter_IN_public_allow { tcp dport 22 ct state { new, untracked } accept;
  tcp dport 80 ct state { new, untracked } accept; }
}
X""",
)
"""A host's filter in the way of firewalld."""

USUAL = tuple(
    f"ip netns exec b {line}"
    for line in (
        *(f"iptables -N {chain}" for chain in ("before-input", "user-input", "not-local")),
        "iptables -A INPUT -j before-input",
        "iptables -P INPUT DROP",
        "iptables -A before-input -i lo -j ACCEPT",
        "iptables -A before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "iptables -A before-input -m conntrack --ctstate INVALID -j DROP",
        "iptables -A before-input -p icmp --icmp-type echo-request -j ACCEPT",
        "iptables -A before-input -j not-local",
        "iptables -A not-local -m addrtype --dst-type LOCAL -j RETURN",
        "iptables -A not-local -j DROP",
        "iptables -A before-input -j user-input",
        "iptables -A user-input -p tcp -m tcp --dport 80 -j ACCEPT",
    )
)
"""A host's filter in the way of ufw."""

OTHER_WEB, ASK_OTHER = "b tcp 0.0.0.0 81", ("a", "10.20.3.2", 81, "tcp")
BOTH = {"ask": ASK_WEB, "servers": (WEB, OTHER_WEB), "shut": (ASK_OTHER,)}
PUBLIC, IN_WEB = ("out", "10.23.0.1", 8080, "tcp"), "in1 tcp 0.0.0.0 80"
SHOWN_BY_ITSELF = "ip link set %s type bridge nf_call_iptables 1"

WALLS = [
    routed(
        "zone without the service",
        "filter",
        "b",
        "b nft flush chain inet firewalld filter_IN_public_allow",
        healthy=ZONES,
        **BOTH,
    ),
    routed(
        "zone that denies first",
        "filter",
        "b",
        "b nft add rule inet firewalld filter_IN_public_deny ip saddr 10.20.1.0/24 drop",
        healthy=ZONES,
        **BOTH,
    ),
    routed("port that is not allowed", "filter", "b", "b iptables -D user-input 1", healthy=USUAL, **BOTH),
    routed(
        "echoes dropped, and the policy behind",
        "filter",
        "b",
        "b iptables -R before-input 4 -p icmp --icmp-type echo-request -j DROP",
        healthy=USUAL,
        servers=(OTHER_WEB,),
        shut=(ASK_OTHER,),
    ),
    routed(
        "only one port is let in",
        "filter",
        "b",
        "b iptables -P INPUT DROP",
        "b iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "b iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
        **BOTH,
    ),
    routed(
        "only one host is let through",
        "filter",
        "r1",
        "r1 iptables -P FORWARD DROP",
        "r1 iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "r1 iptables -A FORWARD -s 10.20.1.99 -j ACCEPT",
        **BOTH,
    ),
    routed(
        "chain that logs and drops",
        "filter",
        "r1",
        "r1 iptables -N LOGDROP",
        "r1 iptables -A LOGDROP -m limit --limit 2/min -j LOG",
        "r1 iptables -A LOGDROP -j DROP",
        "r1 iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "r1 iptables -A FORWARD -p tcp -m multiport --dports 22,443 -j ACCEPT",
        "r1 iptables -A FORWARD -j LOGDROP",
        **BOTH,
    ),
    routed(
        "window of TCP",
        "filter",
        "r1",
        *nft("r1", "ip f", FORWARD, "add rule ip f c tcp window 64240 drop"),
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "hash of the source",
        "filter",
        "r1",
        *nft("r1", "ip f", FORWARD, "add rule ip f c jhash ip saddr mod 1 vmap { 0 : drop }"),
    ),
    routed(
        "realm of a route",
        "filter",
        "r1",
        "r1 ip route replace 10.20.3.0/24 via 10.20.2.2 realm 9",
        "r1 iptables -A FORWARD -m realm --realm 9 -j DROP",
    ),
    routed(
        "range of ports that is shifted",
        "nat",
        "r1",
        "r1 iptables -t nat -A PREROUTING -p tcp --dport 79:90 -j DNAT --to-destination 10.20.3.2:8079-8090",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    translated(
        "public address that is led on, and nobody has",
        "address",
        "gw",
        "gw ip addr del 10.23.0.50/32 dev wan",
        "out ip neigh flush dev eth0",
        ask=("out", "10.23.0.50", 80, "tcp"),
        servers=(IN_WEB,),
        healthy=(
            "ip -n gw addr add 10.23.0.50/32 dev wan",
            "ip netns exec gw iptables -t nat -A PREROUTING -d 10.23.0.50/32 -j DNAT --to-destination 10.22.0.11",
        ),
    ),
    translated(
        "published, asked by the machine itself",
        "nat",
        "gw",
        "gw iptables -t nat -D OUTPUT 1",
        ask=("gw", "10.23.0.1", 8080, "tcp"),
        servers=(IN_WEB,),
        shut=(("in2", "10.23.0.1", 8080, "tcp"),),
        healthy=(
            "ip netns exec gw iptables -t nat -A OUTPUT -p tcp --dport 8080 -m addrtype --dst-type LOCAL "
            "-j DNAT --to-destination 10.22.0.11:80",
        ),
    ),
    translated(
        "published for one caller",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        "gw iptables -t nat -A PREROUTING -s 10.23.0.99 -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:80",
        ask=PUBLIC,
        servers=(IN_WEB,),
        cause="is not for packets",
    ),
    translated(
        "published by a map of ports",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        *nft(
            "gw",
            "ip n",
            "type nat hook prerouting priority -100 ;",
            "add rule ip n c iifname wan dnat to tcp dport map { 8080 : 10.22.0.99 }",
        ),
        ask=PUBLIC,
        servers=(IN_WEB,),
        shut=(("in2", "10.23.0.1", 8080, "tcp"),),
    ),
    translated(
        "published by a hash of senders",
        "nat",
        "gw",
        "gw iptables -t nat -F PREROUTING",
        *nft(
            "gw",
            "ip n",
            "type nat hook prerouting priority -100 ;",
            "add rule ip n c tcp dport 8080 dnat to jhash ip saddr mod 2 map { 0 : 10.22.0.98, 1 : 10.22.0.99 }",
        ),
        ask=PUBLIC,
        servers=(IN_WEB,),
    ),
    translated(
        "source changed when it is taken in",
        "nat",
        "in1",
        "in1 ip route del default",
        "in1 iptables -t nat -A INPUT -p tcp --dport 80 -j SNAT --to-source 10.99.0.1",
        ask=("in2", "10.22.0.11", 80, "tcp"),
        servers=(IN_WEB,),
    ),
    translated(
        "service of the gateway's loopback",
        "service",
        "gw",
        "serve gw tcp 127.0.0.1 53",
        ask=("in1", "10.22.0.1", 53, "tcp"),
        twin=False,
        heals=False,
        shut=(("out", "10.23.0.1", 53, "tcp"),),
    ),
    translated(
        "filter shown by one bridge",
        "filter",
        "gw",
        f"gw {SHOWN_BY_ITSELF % 'lan'}",
        "gw iptables -P FORWARD DROP",
        "gw sysctl -qw net.bridge.bridge-nf-call-iptables=0",
        ask=("in1", "10.22.0.12"),
        cause="the bridge lan shows",
    ),
    switched(
        "filter of a switch shown by one bridge",
        "filter",
        "sw",
        "sw sysctl -qw net.bridge.bridge-nf-call-iptables=0",
        f"sw {SHOWN_BY_ITSELF % 'br0'}",
        "sw iptables -A FORWARD -p icmp -j DROP",
    ),
    switched(
        "answers of ARP dropped at a port",
        "filter",
        "sw",
        *nft(
            "sw",
            "netdev f",
            "type filter hook ingress device p2 priority 0 ;",
            "add rule netdev f c ether type arp drop",
        ),
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
        cause="answers of 10.21.0.2 .* of p2",
    ),
    switched(
        "frames marked and dropped",
        "filter",
        "sw",
        "sw ebtables -t nat -A PREROUTING -i p1 -j mark --mark-set 7 --mark-target CONTINUE",
        "sw ebtables -A FORWARD --mark 7 -j DROP",
        cause="filter of the bridge",
    ),
    switched(
        "server of one interface and one address",
        "service",
        "h2",
        "unserve h2 tcp 0.0.0.0 80",
        "serve h2 tcp 10.21.0.2 80 device=lo",
        ask=("h1", "10.21.0.2", 80, "tcp"),
        servers=("h2 tcp 0.0.0.0 80",),
        cause="SO_BINDTODEVICE",
        heals=False,
    ),
    over(
        "packets of the tunnel by their source port",
        "filter",
        "m2",
        "m2 iptables -A INPUT -p udp --sport 32768:60999 --dport 4789 -j DROP",
        cause="udp packets from 10.24.0.1",
    ),
    routed(
        "IPv6 without its questions",
        "filter",
        "b",
        "b ip -6 neigh flush dev eth0",
        "r2 ip -6 neigh flush dev out0",
        *nft(
            "b",
            "inet f",
            "type filter hook input priority 0 ; policy drop ;",
            "add rule inet f c ct state established,related accept",
            "add rule inet f c ip protocol icmp accept",
            "add rule inet f c tcp dport 80 accept",
        ),
        ask=("a", SIX[1], 80, "tcp"),
        servers=("b tcp :: 80",),
    ),
]
