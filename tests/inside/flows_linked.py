"""Flows on cables, bridges, macvlans and tunnels: what they carry is one journey, and what they do not is told."""

from __future__ import annotations

from tests.inside.flows import FLOWS_TALK, Flow, Lost, at, ping, reached, talk
from tests.inside.flows_filtered import ECHO, NEAR, UNCALLED, WARM_NEAR
from tests.inside.wild_networks import OVER, SWITCHED, UPON, cable, forward, space


def near(
    name: str,
    cause: str,
    *breaking: str,
    what: str = "",
    act: str = "",
    version: int = 4,
    proof: str = "",
    said: tuple[str, ...] = (),
) -> Flow:
    """A packet of h1 to h2 that the switch, or one of its cables, does not carry."""
    lost = (Lost(what or ECHO[version], cause, proof),) if cause else ()
    return Flow(name, SWITCHED, act or ping("h1", NEAR[version]), lost, breaking, warm=WARM_NEAR, said=said)


def mac(name: str, device: str) -> str:
    return f"$(ip netns exec {name} cat /sys/class/net/{device}/address)"


TWO_BRIDGES = [
    *space("h1", "h2", "s1", "s2"), "ip -n s1 link add br0 type bridge", "ip -n s2 link add br0 type bridge", "ip -n s1 link set br0 up", "ip -n s2 link set br0 up",
    *cable(("h1", "eth0", "10.41.0.1/24"), ("s1", "p0", "")), *cable(("h2", "eth0", "10.41.0.2/24"), ("s2", "p0", "")), *cable(("s1", "up0", ""), ("s2", "down0", "")),
    "ip -n s1 link set p0 master br0", "ip -n s1 link set up0 master br0", "ip -n s2 link set p0 master br0", "ip -n s2 link set down0 master br0",
]  # fmt: skip
OVER_WARM = reached("c1", "10.25.0.2")


def over(
    name: str,
    cause: str,
    *breaking: str,
    act: str = "",
    what: str = "ICMP echo request",
    said: tuple[str, ...] = (),
    most: int = 0,
    servers: tuple[str, ...] = (),
) -> Flow:
    """A packet of c1 to c2, through a tunnel between m1 and m2."""
    lost = (Lost(what, cause, most=most),) if cause else ()
    return Flow(
        name, OVER, act or ping("c1", "10.25.0.2"), lost, breaking, servers, OVER_WARM, said, uncounted=("m1", "m2")
    )


NESTED = [
    *OVER,
    *[line for one, other in ((1, 2), (2, 1)) for line in (
        f"ip -n c{one} link add vx1 type vxlan id 77 local 10.25.0.{one} remote 10.25.0.{other} dstport 4789",
        f"ip -n c{one} addr add 10.77.0.{one}/24 dev vx1", f"ip -n c{one} link set vx1 mtu 1400 up")],
]  # fmt: skip
"""A tunnel in the tunnel."""

LIES = "the macvlan mv1 and host:trunk, on which it lies, never hear one another"

PROXIED = [
    *space("a", "p", "b"), *forward("p"), *cable(("a", "eth0", "10.42.0.1/16"), ("p", "west", "10.42.0.254/24")), *cable(("p", "east", "10.42.1.254/24"), ("b", "eth0", "10.42.1.1/16")),
    *at("p", "sysctl -qw net.ipv4.conf.west.proxy_arp=1 net.ipv4.conf.east.proxy_arp=1"),
]  # fmt: skip

STP = at("sw", "ip link set br0 type bridge stp_state 1 forward_delay 3000")

LINKED = [
    near("a switch", ""), near("a switch, IPv6", "", version=6), near("a switch, no br_netfilter", "", *UNCALLED),
    Flow("two switches", TWO_BRIDGES, ping("h1", "10.41.0.2", "-c2 -i0.1"), warm=reached("h1", "10.41.0.2")),
    Flow("two switches, not yet learned", TWO_BRIDGES, ping("h1", "10.41.0.2")),
    near("a MAC that the switch has forgotten", "", *at("h2", "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"), f"sh -c 'bridge -n sw fdb del {mac('h2', 'eth0')} dev p2 master'", said=("floods the frame to every other port",)),
    near("a port is down", "br0 did not send it out of p2, which is down", "ip -n sw link set p2 down"),
    near("the receiver's interface is down", "br0 did not send it out of p2, which has no carrier", "ip -n h2 link set eth0 down"),
    near("the bridge is down", "the bridge br0 is down", "ip -n sw link set br0 down"),
    near("isolated ports", "isolated port", *at("sw", "bridge link set dev p1 isolated on"), *at("sw", "bridge link set dev p2 isolated on")),
    near("a port that does not forward yet", "p2, which br0 keeps (listening|learning)|where the frame came from|nobody answered ARP|h1 does not get the MAC", *STP, *at("sw", "ip link set p2 down", "ip link set p2 up")),
    near("a port that does not forward yet what comes", "which the bridge br0 keeps (listening|learning)|nobody answered ARP|h1 does not get the MAC", *STP, *at("sw", "ip link set p1 down", "ip link set p1 up"), said=("which the bridge br0 keeps (listening|learning)",)),
    near("a locked port", "sw:p1 is locked, and the FDB of br0 does not have", *at("sw", "bridge link set dev p1 learning off locked on"), f"sh -c 'bridge -n sw fdb del {mac('h1', 'eth0')} dev p1 master'"),
    near("a MAC fixed behind the wrong port", "is behind p3|ignored at h3|reached h3|for the MAC of h2:eth0", f"sh -c 'bridge -n sw fdb replace {mac('h2', 'eth0')} dev p3 master static sticky'"),
    near("a MAC fixed behind the own port", "is behind p1, where the frame came from", f"sh -c 'bridge -n sw fdb replace {mac('h2', 'eth0')} dev p1 master static sticky'"),
    near("no flood of the unknown", "flood is off|sends it to no other port", *at("sw", "bridge link set dev p2 flood off"), *at("sw", "bridge link set dev p3 flood off"), f"sh -c 'bridge -n sw fdb del {mac('h2', 'eth0')} dev p2 master'",
         "ip -n sw link set br0 type bridge ageing_time 1"),
    Flow("no flood of broadcasts", SWITCHED, ping("h1", NEAR[4]), (Lost("ARP who has", "where bcast_flood is off"), Lost(ECHO[4], "nobody answered ARP for 10.21.0.2")), (*at("sw", "bridge link set dev p2 bcast_flood off"), "ip -n h1 neigh flush all"), warm=WARM_NEAR),
    Flow("no flood of groups", SWITCHED, ping("h1", NEAR[6]), (Lost("ICMPv6 who has", "where mcast_flood is off"), Lost(ECHO[6], "nobody answered neighbour discovery for fd21::2")), (*at("sw", "bridge link set dev p2 mcast_flood off"), "ip -n h1 -6 neigh flush all"), warm=WARM_NEAR),
    near("a wrong neighbour entry", "ignored at|for 02:00:00:00:00:99|reached", "ip -n h1 neigh replace 10.21.0.2 lladdr 02:00:00:00:00:99 dev eth0 nud permanent"),
    near("a neighbour entry with another's MAC", "ignored at|h3 does not forward it|ip_forward", f"sh -c 'ip -n h1 neigh replace 10.21.0.2 lladdr {mac('h3', 'eth0')} dev eth0 nud permanent'"),
    Flow("arp off", SWITCHED, ping("h1", NEAR[4]), (Lost("ARP who has", "heard by h2, which did not answer|h2"), Lost(ECHO[4], "nobody answered ARP")), ("ip -n h2 link set eth0 arp off", "ip -n h1 neigh flush all"), warm=WARM_NEAR),
    Flow("a hairpin", [*SWITCHED, "ip -n h1 link add link eth0 name mv0 type macvlan mode vepa", "ip -n h1 link set mv0 address 02:42:00:00:00:77", "ip -n h1 addr add 10.21.0.7/24 dev mv0", "ip -n h1 link set mv0 up"],
         ping("h2", "10.21.0.7"), (), at("sw", "bridge link set dev p1 hairpin on"), warm=reached("h2", "10.21.0.7")),
    Flow("a neighbour proxy", PROXIED, ping("a", "10.42.1.1"), warm=reached("a", "10.42.1.1")),
    Flow("a question that a proxy answers", PROXIED, "ip -n a neigh flush all; " + reached("a", "10.42.1.1"), warm=reached("a", "10.42.1.1"), said=("answered by p, which does not have 10.42.1.1 itself",)),
    Flow("macvlans of one interface", UPON, ping("v1", "10.26.0.12"), warm=reached("v1", "10.26.0.12")), Flow("a macvlan and the world", UPON, ping("v1", "10.26.0.9"), warm=reached("v1", "10.26.0.9")),
    Flow("the world and a macvlan", UPON, ping("up", "10.26.0.12"), warm=reached("up", "10.26.0.12")),
    Flow("a macvlan and the machine that it lies on", UPON, ping("v1", "10.26.0.1"), (Lost("ARP who has", LIES), Lost(ECHO[4], "nobody answered ARP for 10.26.0.1 at v1:mv1"))),
    Flow("private macvlans", UPON, ping("v1", "10.26.0.12"), (Lost("ARP who has", "v2 has 10.26.0.12, but the question did not reach it"), Lost(ECHO[4], "nobody answered ARP for 10.26.0.12 at v1:mv1")),
         ("ip -n v1 link set mv1 type macvlan mode private", "ip -n v2 link set mv2 type macvlan mode private")),
    # tunnels
    over("a tunnel", "", said=("outer header added: VXLAN 42",)), over("a tunnel that carries much", "", act=talk("c1", "burst tcp 10.25.0.2 80 60"), servers=(f"c2: {FLOWS_TALK} sink 80",)),
    over("a tunnel that carries datagrams", "", act=ping("c1", "10.25.0.2", "-c1 -s 1400 -M do")), over("fragments in a tunnel", "", act=ping("c1", "10.25.0.2", "-c1 -s 3000")),
    over("another network's number", "no VXLAN device of m[12] has the network 4[23]", *at("m2", "ip link del vx0"), "ip -n m2 link add vx0 type vxlan id 43 local 10.24.0.2 remote 10.24.0.1 dstport 4789", "ip -n m2 link set vx0 mtu 1450 master br0 up"),
    over("another port", "vx0 of m[12] listens on UDP port 47(90|89), not on", *at("m2", "ip link del vx0"), "ip -n m2 link add vx0 type vxlan id 42 local 10.24.0.2 remote 10.24.0.1 dstport 4790", "ip -n m2 link set vx0 mtu 1450 master br0 up"),
    over("the tunnel's device is down", "vx0 of m2 is down|nothing", "ip -n m2 link set vx0 down"),
    over("the way below is filtered", "dropped in m2 by filter INPUT", *at("m2", "iptables -A INPUT -p udp --dport 4789 -j DROP")),
    over("the way below has no neighbour", "nobody answered ARP for 10.24.0.9|10.24.0.9", *at("m1", "ip link del vx0"), "ip -n m1 link add vx0 type vxlan id 42 local 10.24.0.1 remote 10.24.0.9 dstport 4789 nolearning", "ip -n m1 link set vx0 mtu 1450 master br0 up", act="ip netns exec c1 ping -n -c1 -W4 10.25.0.2"),
    over("no VTEP is known", "knows no VTEP to send it to|sent it to no port", *at("m1", "ip link del vx0"), "ip -n m1 link add vx0 type vxlan id 42 local 10.24.0.1 dstport 4789 nolearning", "ip -n m1 link set vx0 mtu 1450 master br0 up"),
    over("too big for the way below", "too big|takes at most|1400", "ip -n m1 link set eth0 mtu 1400", "ip -n m2 link set eth0 mtu 1400", act=ping("c1", "10.25.0.2", "-c1 -s 1420 -M do")),
    Flow("a tunnel in a tunnel", NESTED, ping("c1", "10.77.0.2"), warm=reached("c1", "10.77.0.2"), said=("outer header added: VXLAN 77", "outer header added: VXLAN 42"), uncounted=("c1", "c2", "m1", "m2")),
    Flow("a tunnel in a tunnel whose network is another's", NESTED, ping("c1", "10.77.0.2"), (Lost(ECHO[4], "no VXLAN device of c2 has the network 77"), Lost("ICMPv6", "no VXLAN device of c1 has the network 78", most=-1)),
         (*at("c2", "ip link del vx1"), "ip -n c2 link add vx1 type vxlan id 78 local 10.25.0.2 remote 10.25.0.1 dstport 4789", "ip -n c2 link set vx1 up"), warm=reached("c1", "10.77.0.2"), uncounted=("c1", "c2", "m1", "m2")),
]  # fmt: skip
