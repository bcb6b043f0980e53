"""Flows whose addresses are translated: there and back, at a gateway, on a bridge, in the machine itself; published ports."""

from __future__ import annotations

from tests.inside.flows import Flow, Lost, at, ping, reached, ruled, talk
from tests.inside.flows_filtered import ECHO
from tests.inside.wild import TALK
from tests.inside.wild_networks import ROUTED, cable, forward, space
from tests.inside.wild_networks import TRANSLATED as GATEWAY

WEB, OUT = "in1 tcp 0.0.0.0 80", "out tcp 0.0.0.0 80"
WARM = f"{reached('in1', '10.23.0.2')}; {reached('in2', '10.22.0.11')}; {reached('gw', '10.22.0.11')}"


def ask(name: str, target: str, port: int, protocol: str = "tcp", seconds: float = 2.5) -> str:
    return at(name, f"timeout {seconds} {TALK} ask {protocol} {target} {port}")[0]


def through(
    name: str,
    act: str,
    *breaking: str,
    lost: tuple[Lost, ...] = (),
    servers: tuple[str, ...] = (WEB, OUT),
    said: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
) -> Flow:
    """Packets at the gateway of `wild.TRANSLATED`."""
    return Flow(name, GATEWAY, act, lost, breaking, servers, WARM, said, absent)


PUBLISH = "iptables -t nat -A PREROUTING -p tcp -d 10.22.0.1 --dport 8080 -j DNAT --to-destination 10.22.0.11:80"
LOCAL = (
    "iptables -t nat -A OUTPUT -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.22.0.11:80"
)
REFUSED = "nothing listens on port 80 that would take it: it answered with RST"
HAIRPIN = "iptables -t nat -A POSTROUTING -s 10.22.0.0/24 -d 10.22.0.0/24 -j MASQUERADE"
CALLED = at("gw", "sysctl -qw net.bridge.bridge-nf-call-iptables=1")
UNCALLED = at("gw", "sysctl -qw net.bridge.bridge-nf-call-iptables=0")
LOCALNET = at("gw", "sysctl -qw net.ipv4.conf.lan.route_localnet=1 net.ipv4.conf.all.route_localnet=1")

DOUBLE = [
    *space("c", "g1", "g2", "s"), *forward("g1", "g2"), *cable(("c", "eth0", "10.51.1.2/24"), ("g1", "in0", "10.51.1.1/24")),
    *cable(("g1", "out0", "10.51.2.2/24"), ("g2", "in0", "10.51.2.1/24")), *cable(("g2", "out0", "10.51.3.1/24"), ("s", "eth0", "10.51.3.2/24")),
    "ip -n c route add default via 10.51.1.1", "ip -n g1 route add default via 10.51.2.1",
    *at("g1", "iptables -t nat -A POSTROUTING -o out0 -j MASQUERADE"), *at("g2", "iptables -t nat -A POSTROUTING -o out0 -j MASQUERADE"),
]  # fmt: skip
"""Two gateways, each of which translates."""


ON_A_BRIDGE = [
    *GATEWAY, *(f"ip -n {name} addr add fd22::{number}/64 dev {device} nodad" for name, number, device in (("gw", 1, "lan"), ("in1", 11, "eth0"), ("in2", 12, "eth0"))),
    *(f"ip -n {name} -6 route add default via fd22::1" for name in ("in1", "in2")),
    *at("gw", "ip6tables -t nat -A PREROUTING -p tcp -d fd22::1 --dport 8080 -j DNAT --to-destination [fd22::11]:80", "sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=1"),
]  # fmt: skip
"""The same gateway, which publishes a port of IPv6, and filters nothing bridged but that."""


def double(
    name: str,
    act: str,
    *breaking: str,
    lost: tuple[Lost, ...] = (),
    servers: tuple[str, ...] = (),
    said: tuple[str, ...] = (),
) -> Flow:
    return Flow(name, DOUBLE, act, lost, breaking, servers, reached("c", "10.51.3.2"), said)


REPLY = "ICMP echo reply"
SIX = [*ROUTED, "ip -n r2 -6 route del fd20:1::/64", *at("r1", "ip6tables -t nat -A POSTROUTING -o out0 -j MASQUERADE")]

REDIRECTS = (Lost("ICMP redirect", "last seen at gw OUTPUT; the kernel does not say why", most=-1),)

TRANSLATED = [
    through("masquerade", ping("in1", "10.23.0.2"), said=(r"source address 10.22.0.11 → 10.23.0.1 \(MASQUERADE\)",)), through("masquerade of TCP", ask("in1", "10.23.0.2", 80)),
    through("masquerade of UDP", ask("in1", "10.23.0.2", 5300, "udp"), servers=("out udp 0.0.0.0 5300",)),
    through("a published port", ask("out", "10.23.0.1", 8080), said=(r"destination address 10.23.0.1 → 10.22.0.11 \(DNAT\)",)),
    through("a published port that nobody serves", ask("out", "10.23.0.1", 8080), servers=(), said=(REFUSED,)),
    through("a port published for nobody", ask("out", "10.23.0.1", 8081, seconds=4.5), *at("gw", "iptables -t nat -A PREROUTING -i wan -p tcp --dport 8081 -j DNAT --to-destination 10.22.0.99:80"), lost=(Lost("TCP [SYN]", "nobody answered ARP for 10.22.0.99 at gw:lan"),)),
    through("a published port behind a filter", ask("out", "10.23.0.1", 8080), *at("gw", "iptables -A FORWARD -p tcp --dport 80 -d 10.22.0.11 -j DROP"), lost=(Lost("TCP [SYN]", "dropped in gw by filter FORWARD", ruled("gw", "iptables", "filter", "-A FORWARD")),)),
    *(through(f"hairpin by the gateway, {word} br_netfilter", ask("in2", "10.22.0.1", 8080), *at("gw", PUBLISH, HAIRPIN), *switch, lost=REDIRECTS) for word, switch in (("with", CALLED), ("without", UNCALLED))),
    through("a port of a neighbour, with br_netfilter", ask("in2", "10.22.0.1", 8080), *at("gw", PUBLISH), *CALLED),
    through("a port of a neighbour that nobody serves, with br_netfilter", ask("in2", "10.22.0.1", 8080), *at("gw", PUBLISH), *CALLED, servers=(), said=(REFUSED,)),
    through("one's own published port, with br_netfilter", ask("in1", "10.22.0.1", 8080, seconds=0.8), *at("gw", PUBLISH, HAIRPIN), *CALLED, lost=(Lost("TCP [SYN]", "is behind to1, where the frame came from and which is not in hairpin mode"),)),
    *(through(f"one's own published port{word}, with br_netfilter and a port in hairpin mode", ask("in1", "10.22.0.1", 8080), *at("gw", PUBLISH, HAIRPIN, "bridge link set dev to1 hairpin on"), *CALLED, servers=by, said=(*told, r"source address 10.22.0.11 → 10.22.0.1 \(MASQUERADE\)")) for word, by, told in (("", (WEB,), ()), (" that nobody serves", (), (REFUSED,)))),
    through("a port of a neighbour behind a filter, with br_netfilter", ask("in2", "10.22.0.1", 8080, seconds=0.8), *at("gw", PUBLISH, "iptables -A FORWARD -p tcp --dport 80 -j DROP"), *CALLED, lost=(Lost("TCP [SYN]", "dropped in gw by filter FORWARD", ruled("gw", "iptables", "filter", "-A FORWARD")),), absent=("├ gw FORWARD",)),
    through("a port of a neighbour, without br_netfilter and MASQUERADE", ask("in2", "10.22.0.1", 8080), *at("gw", PUBLISH), *UNCALLED, lost=REDIRECTS),
    through("a published port, asked by the gateway", ask("gw", "10.22.0.1", 8080), *at("gw", LOCAL)), through("a published port, asked by the gateway's other address", ask("gw", "10.23.0.1", 8080), *at("gw", LOCAL)),
    through("a published port at 127.0.0.1, without route_localnet", ask("gw", "127.0.0.1", 8080, seconds=1.0), *at("gw", LOCAL), lost=(Lost("TCP [SYN]", "127.0.0.1 may not leave by gw:lan: route_localnet is 0 there"),)),
    through("a published port at 127.0.0.1", ask("gw", "127.0.0.1", 8080), *at("gw", LOCAL, "iptables -t nat -A POSTROUTING -s 127.0.0.1 -o lan -j MASQUERADE"), *LOCALNET, absent=("127.0.0.1 is gw's own address: the packet stays here",)),
    through("REDIRECT to the machine itself", ask("in1", "10.23.0.2", 2222), *at("gw", "iptables -t nat -A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22"), servers=("gw tcp 0.0.0.0 22",), said=("delivered to 10.22.0.1 in gw",)),
    through("REDIRECT of UDP", ask("in1", "10.23.0.2", 53, "udp"), *at("gw", "iptables -t nat -A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353"), servers=("gw udp 0.0.0.0 5353",)),
    through("REDIRECT of UDP to a port that nobody serves", ask("in1", "10.23.0.2", 53, "udp"), *at("gw", "iptables -t nat -A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353"), servers=(), said=("nothing listens on port 5353 that would take it",)),
    through("REDIRECT of the machine's own", ask("gw", "10.23.0.2", 2222), *at("gw", "iptables -t nat -A OUTPUT -p tcp --dport 2222 -j REDIRECT --to-ports 22"), servers=("gw tcp 0.0.0.0 22",)),
    through("DNAT to 127.0.0.1, without route_localnet", ask("in1", "10.22.0.1", 2223, seconds=0.8), *at("gw", "iptables -t nat -A PREROUTING -p tcp --dport 2223 -j DNAT --to-destination 127.0.0.1:22"), servers=("gw tcp 127.0.0.1 22",), lost=(Lost("TCP [SYN]", "127.0.0.1 is reached by loopback only: route_localnet of gw:lan is 0"),)),
    through("DNAT to 127.0.0.1", ask("in1", "10.22.0.1", 2223), *at("gw", "iptables -t nat -A PREROUTING -p tcp --dport 2223 -j DNAT --to-destination 127.0.0.1:22"), *LOCALNET, servers=("gw tcp 127.0.0.1 22",)),
    through("SNAT to a chosen address", ping("in1", "10.23.0.2"), "ip -n gw addr add 10.23.0.77/24 dev wan", *at("gw", "iptables -t nat -I POSTROUTING -o wan -j SNAT --to-source 10.23.0.77"), said=("10.22.0.11 → 10.23.0.77",)),
    through("NETMAP", ping("out", "10.99.0.11"), *at("gw", "iptables -t nat -A PREROUTING -d 10.99.0.0/24 -j NETMAP --to 10.22.0.0/24"), "ip -n out route add 10.99.0.0/24 via 10.23.0.1"),
    through("nft dnat", ask("out", "10.23.0.1", 9090), *at("gw", "nft 'add table ip n; add chain ip n c { type nat hook prerouting priority -101 ; }; add rule ip n c tcp dport 9090 dnat to 10.22.0.11:80'"), said=("destination address 10.23.0.1 → 10.22.0.11",)),
    through("nft masquerade", ping("in2", "10.23.0.2"), *at("gw", "iptables -t nat -F POSTROUTING", "nft 'add table ip n; add chain ip n c { type nat hook postrouting priority 99 ; }; add rule ip n c oifname wan masquerade'")),
    through("nft redirect", ask("in1", "10.23.0.2", 2225), *at("gw", "nft 'add table ip n; add chain ip n c { type nat hook prerouting priority -101 ; }; add rule ip n c tcp dport 2225 redirect to :22'"), servers=("gw tcp 0.0.0.0 22",)),
    through("iptables-legacy masquerade", ping("in1", "10.23.0.2"), *at("gw", "iptables -t nat -F POSTROUTING", "iptables-legacy -t nat -A POSTROUTING -o wan -j MASQUERADE")),
        through("translation of an error", ping("in1", "10.23.0.77"), lost=(Lost(ECHO[4], "nobody answered ARP for 10.23.0.77 at gw:wan"),)),
    double("translated twice", ping("c", "10.51.3.2"), said=("10.51.1.2 → 10.51.2.2", "10.51.2.2 → 10.51.3.1")), double("translated twice, TCP", ask("c", "10.51.3.2", 80), servers=("s tcp 0.0.0.0 80",)),
    double("an answer lost behind a blackhole", ping("c", "10.51.3.2"), "ip -n g1 route add blackhole 10.51.1.2/32", lost=(Lost(REPLY, "the blackhole route 10.51.1.2/32 of g1 refuses 10.51.1.2"),)),
    double("an answer dropped at the gateway", ping("c", "10.51.3.2"), *at("g1", "iptables -A FORWARD -d 10.51.1.2 -j DROP"), lost=(Lost(REPLY, "dropped in g1 by filter FORWARD", ruled("g1", "iptables", "filter", "-A FORWARD")),)),
    double("an answer dropped by older rules", ping("c", "10.51.3.2"), *at("g1", "iptables-legacy -A FORWARD -d 10.51.1.2 -j DROP"), lost=(Lost(REPLY, "`-A FORWARD -d 10.51.1.2/32 -j DROP` of iptables-legacy", ruled("g1", "iptables-legacy", "filter", "-A FORWARD")),)),
    double("an answer to nobody", "ip netns exec c ping -n -c1 -W4 10.51.3.2", "ip -n c addr add 10.51.1.9/24 dev eth0; ip -n c link set eth0 arp off", "ip -n g1 neigh flush all", "ip -n c neigh replace 10.51.1.1 lladdr $(ip netns exec g1 cat /sys/class/net/in0/address) dev eth0 nud permanent",
           lost=(Lost(REPLY, "nobody answered ARP for 10.51.1.2 at g1:in0"), Lost("ICMP host", "ignored|reached|g1|delivered", most=-1))),
    double("an ICMP error through both", ask("c", "10.51.3.2", 5300, "udp", 0.8), said=("ICMP port unreachable",)),
    Flow("masquerade of IPv6", SIX, ping("a", "fd20:3::2"), warm=reached("a", "fd20:3::2"), said=("MASQUERADE",)),
    *(Flow(f"a port of a neighbour of IPv6{word}, with br_netfilter", ON_A_BRIDGE, at("in2", f"timeout 2.5 {TALK} ask tcp fd22::1 8080")[0], servers=by, warm=f"{reached('in2', 'fd22::11')}; {reached('gw', 'fd22::11')}", said=("delivered to fd22::11 in in1", *told)) for word, by, told in (("", ("in1 tcp :: 80",), ()), (" that nobody serves", (), (REFUSED,)))),
    Flow("a published port of IPv6", [*ROUTED, *at("r1", "ip6tables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination [fd20:3::2]:80")], at("a", f"{TALK} ask tcp fd20:1::1 8080")[0], servers=("b tcp :: 80",), warm=reached("a", "fd20:3::2")),
    through("a stream through the gateway", talk("in1", "burst tcp 10.23.0.2 80 60"), servers=("out: " + talk("out", "sink 80").removeprefix("ip netns exec out "),)),
]  # fmt: skip
