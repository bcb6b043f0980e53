"""Healthy networks that are unusual, on their way through routers: traffic flows, and `nk.why` has to say so."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_hosts import PROXIED
from tests.inside.wild_kinds import ASK_WEB, FORWARD, ROUTE, SIX, WEB, inside, nft
from tests.inside.wild_networks import ROUTED


def mac(namespace: str, name: str) -> str:
    """What the MAC of an interface is, as a shell asks for it."""
    return f"$(ip -n {namespace} -br link show {name} | tr -s ' ' | cut -d' ' -f3)"


def well(name: str, base: list[str], ask: tuple, *lines: str, **rest: object) -> Case:
    """A network that works; the lines are commands of one of its namespaces."""
    done = tuple(line if line in PROXIED else inside(line) for line in lines)
    return Case(name, base, ask, "", "", (), healthy=done, **rest)  # type: ignore[arg-type]


def routed(name: str, *lines: str, ask: tuple = ROUTE, **rest: object) -> Case:
    """Between a and b."""
    return well(name, ROUTED, ask, *lines, **rest)


HEALTHY_WAYS = [
    routed("a table that throws", "a ip route add throw default table 50", "a ip rule add to 10.20.3.0/24 lookup 50"),
    routed(
        "a rule that jumps",
        "r1 ip rule add pref 50 goto 200",
        "r1 ip rule add pref 100 prohibit",
        "r1 ip rule add pref 200 lookup main",
    ),
    routed("a rule for another interface", "a ip rule add oif lo prohibit pref 5"),
    routed("a rule for other users", "a ip rule add uidrange 5000-6000 prohibit"),
    routed("a rule for other services", "r1 ip rule add tos 0x10 prohibit"),
    routed("a rule for other ports", "a ip rule add ipproto tcp dport 443 prohibit", ask=ASK_WEB, servers=(WEB,)),
    routed(
        "a rule for other marks",
        "r1 iptables -t mangle -A PREROUTING -j MARK --set-xmark 0x15/0xff",
        "r1 ip rule add fwmark 0x20/0xf0 prohibit",
    ),
    routed(
        "a connection's mark that leads right",
        "r2 iptables -t mangle -A PREROUTING -i in0 -j CONNMARK --set-mark 4",
        "r2 iptables -t mangle -A PREROUTING -i out0 -j CONNMARK --restore-mark",
        "r2 ip route add 10.20.1.0/24 via 10.20.2.1 table 40",
        "r2 ip rule add fwmark 4 lookup 40",
    ),
    routed("an unused table of blackholes", "r1 ip route add blackhole default table 99"),
    routed(
        "the main table without its default",
        "a ip rule add lookup main suppress_prefixlength 0 pref 100",
        "a ip route add default via 10.20.1.1 table 55",
        "a ip rule add lookup 55 pref 200",
    ),
    routed("the local table asked late", "b ip rule add pref 100 lookup local", "b ip rule del pref 0"),
    routed(
        "next hops as a group",
        "r1 ip nexthop add id 1 via 10.20.2.2 dev out0",
        "r1 ip nexthop add id 9 group 1",
        "r1 ip route replace 10.20.3.0/24 nhid 9",
    ),
    routed(
        "two legs to one router",
        "r1 ip addr add 10.20.2.11/24 dev out0",
        "r2 ip addr add 10.20.2.12/24 dev in0",
        "r1 ip route replace 10.20.3.0/24 nexthop via 10.20.2.2 nexthop via 10.20.2.12",
    ),
    routed("IPv4 by routers of IPv6", "host ip -n r1 route replace 10.20.3.0/24 via inet6 fd20:2::2 dev out0"),
    routed(
        "a source that the route names",
        "a ip addr add 10.20.1.77/24 dev eth0",
        "a ip route replace default via 10.20.1.1 src 10.20.1.77",
    ),
    routed(
        "a route of another MTU", "r1 ip route replace 10.20.3.0/24 via 10.20.2.2 mtu 900", ask=ASK_WEB, servers=(WEB,)
    ),
    routed(
        "IPv6 forwarded by one switch",
        "r2 sysctl -qw net.ipv6.conf.all.forwarding=0",
        "r2 sysctl -qw net.ipv6.conf.in0.force_forwarding=1 net.ipv6.conf.out0.force_forwarding=1",
        ask=SIX,
    ),
    routed(
        "no link-local addresses",
        "a ip -6 addr flush dev eth0 scope link",
        "r1 ip -6 addr flush dev in0 scope link",
        ask=SIX,
    ),
    routed(
        "labels of IPv6",
        "a ip -6 addr add fd20:1::77/64 dev eth0 nodad",
        "a ip addrlabel add prefix fd20:1::77/128 label 77",
        "a ip addrlabel add prefix fd20:3::/64 label 77",
        ask=SIX,
    ),
    routed(
        "loose rp_filter with another way back",
        "host ip link add x0 netns r1 type veth peer name x0 netns r2",
        "r1 ip addr add 10.20.7.1/24 dev x0",
        "r2 ip addr add 10.20.7.2/24 dev x0",
        "r1 ip link set x0 up",
        "r2 ip link set x0 up",
        "r2 ip route replace 10.20.1.0/24 via 10.20.7.1",
        "r1 sysctl -qw net.ipv4.conf.all.rp_filter=2",
        "r2 sysctl -qw net.ipv4.conf.all.rp_filter=2",
    ),
    routed(
        "neighbours that are told",
        "b ip link set eth0 arp off",
        f"r2 ip neigh replace 10.20.3.2 lladdr {mac('b', 'eth0')} dev out0 nud permanent",
        f"b ip neigh replace 10.20.3.1 lladdr {mac('r2', 'out0')} dev eth0 nud permanent",
    ),
    routed("no queue for the unknown", "a sysctl -qw net.ipv4.neigh.eth0.unres_qlen_bytes=0"),
    routed(
        "IPsec for others",
        "a ip xfrm policy add src 10.20.1.0/24 dst 10.20.4.0/24 dir out action block",
        "r1 ip xfrm policy add src 10.20.1.0/24 dst 10.20.3.0/24 proto udp dir fwd action block",
    ),
    routed(
        "IPsec that lets pass first",
        "r1 ip xfrm policy add src 10.20.1.0/24 dst 10.20.3.0/24 dir fwd priority 9 action block",
        "r1 ip xfrm policy add src 10.20.1.2/32 dst 10.20.3.2/32 dir fwd priority 1 action allow",
        "r1 ip xfrm policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir out action allow",
    ),
    routed(
        "IPsec off for an interface",
        "a ip xfrm policy add src 10.20.1.0/24 dst 10.20.3.0/24 dir out action block",
        "a sysctl -qw net.ipv4.conf.eth0.disable_xfrm=1",
    ),
    routed("a queue that may be left out", "r1 iptables -A FORWARD -p icmp -j NFQUEUE --queue-num 3 --queue-bypass"),
    routed(
        "limits that are wide",
        "r1 iptables -A FORWARD -m limit --limit 1000/s --limit-burst 1000 -j ACCEPT",
        "r1 iptables -P FORWARD DROP",
    ),
    routed(
        "a quota that is large",
        "r2 iptables -A FORWARD -m quota --quota 100000000 -j ACCEPT",
        "r2 iptables -P FORWARD DROP",
    ),
    routed(
        "others are remembered",
        "r1 iptables -A FORWARD -m recent --name bad --rcheck -j DROP",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "few connections",
        "b iptables -A INPUT -p tcp --syn -m connlimit --connlimit-above 50 -j REJECT",
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed("copies for somebody", "r1 iptables -t mangle -A PREROUTING -i in0 -j TEE --gateway 10.20.2.77"),
    routed("other users may not", "a iptables -A OUTPUT -m owner ! --uid-owner 0 -j DROP"),
    routed(
        "nobody is tracked",
        *(f"{r} iptables -t raw -A PREROUTING -j CT --notrack" for r in ("r1", "r2")),
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "nft limits and counts",
        *nft("r1", "inet f", f"{FORWARD} policy drop ;", "add rule inet f c limit rate 1000/second accept"),
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "a set of those who called",
        *nft(
            "r1", "inet f", FORWARD, "add set inet f seen '{ type ipv4_addr ; flags dynamic, timeout ; timeout 1h ; }'"
        ),
        "r1 nft add rule inet f c update @seen '{ ip saddr }' counter accept",
    ),
    routed(
        "timeouts of one's own",
        *nft(
            "r1",
            "ip f",
            "type filter hook prerouting priority -100 ;",
            "add ct timeout ip f t '{ protocol tcp ; policy = { established : 100 } ; }'",
        ),
        'r1 nft add rule ip f c tcp dport 80 ct timeout set \\"t\\"',
        ask=ASK_WEB,
        servers=(WEB,),
    ),
    routed(
        "answers checked by nft",
        *nft(
            "r2",
            "ip f",
            "type filter hook prerouting priority -300 ;",
            "add rule ip f c fib saddr . iif oif missing drop",
        ),
    ),
    routed("a proxy that answers for b", *PROXIED, ask=ASK_WEB, servers=(WEB, "r1 tcp 0.0.0.0 50080 transparent")),
    routed(
        "redirected to the router itself",
        "r1 iptables -t nat -A PREROUTING -i in0 -p tcp --dport 80 -j REDIRECT --to-ports 8888",
        ask=ASK_WEB,
        servers=(WEB, "r1 tcp 0.0.0.0 8888"),
    ),
    routed("one server for both versions", ask=ASK_WEB, servers=("b tcp :: 80",)),
    routed("no echoes, but a server", "b sysctl -qw net.ipv4.icmp_echo_ignore_all=1", ask=ASK_WEB, servers=(WEB,)),
    routed("a server of the right interface", ask=ASK_WEB, servers=("b tcp 0.0.0.0 80 device=eth0",)),
    routed("a long way for TTL", "a iptables -t mangle -A POSTROUTING -j TTL --ttl-set 3"),
    routed(
        "a filter that is asleep",
        "r1 nft add table ip f '{ flags dormant ; }'",
        "r1 nft add chain ip f c '{ type filter hook forward priority 0 ; policy drop ; }'",
    ),
]
