"""Broken networks whose ends are at fault: what sockets want, who bears an address, what is limited or forgotten."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import ASK_DNS, ASK_WEB, DNS, SIX, WEB, inside, nft, routed, switched
from tests.inside.wild_networks import cable, forward, space

UNNUMBERED = [
    *space("a", "r", "b"),
    *forward("r"),
    *cable(("a", "eth0", ""), ("r", "lan", "")),
    *cable(("r", "out", "fd45::1/64"), ("b", "eth0", "fd45::2/64")),
    "ip -n a addr add fd46::2/128 dev eth0",
    "ip -n a addr add fe80::2/64 dev eth0",
    "ip -n r addr add fe80::1/64 dev lan",
    "ip -n a -6 route add default via fe80::1 dev eth0",
    "ip -n r -6 route add fd46::2/128 via fe80::2 dev lan",
    "ip -n b -6 route add default via fd45::1",
]
"""A link on which nobody has a network: addresses of the link itself lead on."""


def unnumbered(name: str, layers: str, where: str, *breaking: str, **rest: object) -> Case:
    """A fault of that link."""
    return Case(name, UNNUMBERED, ("a", "fd45::2"), layers, where, tuple(map(inside, breaking)), **rest)  # type: ignore[arg-type]


GUARDED = (
    "ip netns exec b sysctl -qw net.ipv4.tcp_syncookies=1 net.netfilter.nf_conntrack_tcp_loose=0",
    "ip netns exec b iptables -t raw -A PREROUTING -p tcp --dport 80 --syn -j CT --notrack",
    "ip netns exec b iptables -A INPUT -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED "
    "-j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460",
    "ip netns exec b iptables -A INPUT -m conntrack --ctstate INVALID -j DROP",
)
"""A rule of b's answers for its server, and asks that only when a connection is there (SYNPROXY)."""

VIP = ("h1", "10.21.0.100")
DIRECTED = tuple(
    map(
        inside,
        (
            "h2 ip addr add 10.21.0.100/32 dev lo",
            "h2 sysctl -qw net.ipv4.conf.all.arp_ignore=1",
            "h2 ip link set eth0 address 02:00:00:00:21:02",
            "h1 ip neigh replace 10.21.0.100 lladdr 02:00:00:00:21:02 dev eth0 nud permanent",
        ),
    )
)
"""An address that all servers bear at lo and nobody answers for: a director leads frames to one of them."""

ENDS = [
    routed(
        "server for neighbours alone",
        "service",
        "b",
        f"unserve {WEB}",
        "serve b tcp 0.0.0.0 80 near=255",
        ask=ASK_WEB,
        servers=(WEB,),
        heals=False,
        cause="IP_MINTTL",
    ),
    routed(
        "server of IPv6 for neighbours alone",
        "service",
        "b",
        "unserve b tcp :: 80",
        "serve b tcp :: 80 near=255",
        ask=("a", SIX[1], 80, "tcp"),
        servers=("b tcp :: 80",),
        heals=False,
        cause="IPV6_MINHOPCOUNT",
    ),
    routed(
        "nobody behind a rule that answers for servers",
        "service",
        "b",
        f"unserve {WEB}",
        ask=ASK_WEB,
        servers=(WEB,),
        healthy=GUARDED,
        heals=False,
    ),
    routed(
        "nobody, and no proxy that nft hands packets to",
        "service",
        "b",
        *nft("r1", "ip tp", "type filter hook prerouting priority -150 ;"),
        "r1 nft add rule ip tp c iif in0 tcp dport 80 tproxy to :50080 meta mark set 1 accept",
        f"unserve {WEB}",
        ask=ASK_WEB,
        servers=(WEB,),
        heals=False,
    ),
    routed(
        "server that marks what it sends",
        "return path",
        "b",
        f"unserve {WEB}",
        "serve b tcp 0.0.0.0 80 mark=9",
        "b ip rule add fwmark 9 prohibit",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="fwmark",
    ),
    routed(
        "rule of the port that answers datagrams",
        "return path",
        "b",
        "b ip rule add ipproto udp sport 5300 unreachable",
        ask=ASK_DNS,
        servers=(DNS,),
    ),
    routed(
        "answers from another port",
        "service",
        "b",
        f"unserve {DNS}",
        "serve b udp 0.0.0.0 5300 from=5301",
        ask=ASK_DNS,
        servers=(DNS,),
        heals=False,
        cause="answers from port 5301",
    ),
    routed(
        "address that a server waits for",
        "address",
        "b",
        "b ip addr del 10.20.3.50/32 dev eth0",
        "r2 ip neigh flush dev out0",
        ask=("a", "10.20.3.50", 80, "tcp"),
        healthy=("ip -n b addr add 10.20.3.50/32 dev eth0",),
        servers=("b tcp 10.20.3.50 80 freebind",),
        cause="listens there",
    ),
    unnumbered(
        "default by a link-local address of nobody",
        "route",
        "a",
        "a ip -6 route replace default via fe80::9 dev eth0",
        cause="fe80::.* knows the way",
    ),
    unnumbered(
        "way back by a link-local address that is gone",
        "return path",
        "r",
        "a ip -6 addr del fe80::2/64 dev eth0",
        "r ip -6 neigh flush dev lan",
        cause="on that very link",
    ),
    switched(
        "director without a server", "address", "h2", "h2 ip addr del 10.21.0.100/32 dev lo", ask=VIP, healthy=DIRECTED
    ),
    switched(
        "director to an old server",
        "neighbour",
        "",
        "h1 ip neigh replace 10.21.0.100 lladdr 02:00:00:00:21:77 dev eth0 nud permanent",
        ask=VIP,
        healthy=DIRECTED,
    ),
    routed(
        "replies limited",
        "sysctl",
        "b",
        "b sysctl -qw net.ipv4.icmp_ratemask=6169 net.ipv4.icmp_ratelimit=600000",
        "host ip netns exec a ping -qn -c 9 -i 0.02 -W 1 10.20.3.2; true",
        cause="icmp_ratemask",
    ),
    routed(
        "questions left to a program",
        "neighbour",
        "r2",
        "r2 sysctl -qw net.ipv4.neigh.out0.mcast_solicit=0 net.ipv4.neigh.out0.app_solicit=3",
        "r2 sysctl -qw net.ipv4.neigh.out0.ucast_solicit=0",
        "r2 ip neigh flush dev out0",
        cause="app_solicit",
    ),
    switched(
        "questions of a stranger",
        "neighbour",
        "h2",
        "h2 sysctl -qw net.ipv4.conf.all.arp_ignore=2",
        "h1 ip neigh flush dev eth0",
        "h2 ip neigh flush dev eth0",
        healthy=(
            "ip -n h1 addr add 10.99.0.1/32 dev lo",
            "ip -n h2 route add 10.99.0.1 via 10.21.0.1",
            "ip -n h1 route replace 10.21.0.0/24 dev eth0 src 10.99.0.1",
        ),
        cause="arp_ignore is 2",
    ),
    routed(
        "proxy of a host's own that is not there",
        "nat",
        "a",
        "a iptables -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="127.0.0.1:15001",
    ),
    routed("all of a link behind a router", "sysctl", "r2", ask=("a", "10.20.3.255"), twin=False, heals=False),
    routed(
        "room of IPv6 alone",
        "mtu",
        "r1",
        "r1 sysctl -qw net.ipv6.conf.out0.mtu=1280",
        "r1 ip6tables -A OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP",
        ask=SIX,
        big=1400,
        heals=False,
    ),
]
HEALTHY_ENDS = [well("addresses of a link lead on", UNNUMBERED, ("a", "fd45::2"))]
