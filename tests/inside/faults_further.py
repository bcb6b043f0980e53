"""Faults of rules and tables, of switches, of what shares a cable, of IPv6, of queues, and of tunnels' own ways."""

from __future__ import annotations

from tests.inside.fault import IN, Fault, routed, tunnelled


def six(name: str, inject: str, layer: str, repair: str, **more: str | bool) -> Fault:
    """A fault of the routed network of IPv6."""
    return Fault(name, "six", inject, layer, repair, **{"source": "a", "destination": "fd00:2::2", **more})


POLICIES = [
    routed("a rule refuses", f"{IN} r ip rule add to 10.0.2.0/24 prohibit", "route", "ip rule del priority", where="r"),
    routed(
        "a rule by mark, a table that refuses",
        f"{IN} a iptables -t mangle -A OUTPUT -j MARK --set-mark 3; {IN} a ip route add unreachable default table 30; "
        f"{IN} a ip rule add fwmark 3 lookup 30",
        "route",
        "ip route del unreachable default table 30",
        where="a",
    ),
    routed(
        "a rule by port, a table that leads astray",
        f"{IN} r ip route add default via 10.0.1.77 dev eth0 table 40; "
        f"{IN} r ip rule add iif eth0 ipproto icmp lookup 40",
        "route",
        "via 10.0.2.2",
        where="r",
        destination="10.0.9.1",
        long=True,
    ),
    routed("throw", f"{IN} r ip route add throw 10.0.2.2/32", "route", "ip route del throw 10.0.2.2/32", where="r"),
    routed(
        "another table's wrong gateway",
        f"{IN} a ip route add default via 10.0.1.77 dev eth0 onlink table 40; "
        f"{IN} a ip rule add to 10.0.2.0/24 lookup 40",
        "route",
        "ip route replace default via 10.0.1.254 table 40",
        where="a",
    ),
    routed(
        "onlink by the wrong interface",
        f"{IN} a ip route add 10.0.2.0/24 via 10.0.1.254 dev eth1 onlink",
        "route",
        "ip route replace 10.0.2.0/24 via 10.0.1.254 dev eth0",
        where="a",
        long=True,
    ),
    routed(
        "an own network hides another one",
        f"{IN} b ip link add q0 type veth peer name q1; {IN} b ip addr add 10.0.1.9/24 dev q0; "
        f"{IN} b ip link set q0 up; {IN} b ip link set q1 up",
        "address",
        "ip route add 10.0.1.1 via 10.0.2.254",
        where="b",
    ),
    routed(
        "a router's address of another network",
        f"{IN} r ip addr flush dev eth1; {IN} r ip addr add 10.0.7.254/24 dev eth1",
        "address",
        "ip addr add 10.0.2.254/24 dev eth1",
        where="r",
    ),
    routed(
        "addresses the wrong way round",
        f"{IN} r ip addr flush dev eth0; {IN} r ip addr flush dev eth1; {IN} r ip addr add 10.0.2.254/24 dev eth0; "
        f"{IN} r ip addr add 10.0.1.254/24 dev eth1",
        "address",
        "ip addr del",
        where="r",
        long=True,
    ),
]
SWITCHES = [
    routed(
        "not forwarding from one interface",
        f"{IN} r sysctl -qw net.ipv4.conf.eth0.forwarding=0",
        "sysctl",
        "net/ipv4/conf/eth0/forwarding=1",
        where="r",
    ),
    routed(
        "loose rp_filter, no way back",
        f"{IN} b ip route del default; {IN} b sysctl -qw net.ipv4.conf.all.rp_filter=2",
        "sysctl",
        "ip route add 10.0.1.0/24 via 10.0.2.254",
        where="b",
    ),
    routed(
        "a router has the sender's address",
        f"{IN} r ip addr add 10.0.1.1/32 dev lo",
        "address",
        "ip addr del 10.0.1.1/32 dev lo",
        where="r",
    ),
    six(
        "an interface's hop limit",
        f"{IN} a sysctl -qw net.ipv6.conf.eth0.hop_limit=1",
        "sysctl",
        "net/ipv6/conf/eth0/hop_limit=64",
        where="a",
    ),
    six("an MTU too small for IPv6", f"{IN} r ip link set eth1 mtu 1000", "mtu", "eth1 mtu 1500", where="r"),
    six(
        "IPv6 switched off at an interface",
        f"{IN} r sysctl -qw net.ipv6.conf.eth1.disable_ipv6=1",
        "sysctl",
        "net/ipv6/conf/eth1/disable_ipv6=0",
        where="r",
        long=True,
    ),
    Fault(
        "ARP questions are ignored",
        "bridge",
        f"{IN} ns2 sysctl -qw net.ipv4.conf.eth1.arp_ignore=8; {IN} ns1 ip neigh flush all; "
        f"{IN} ns2 ip neigh flush all",
        "neighbour",
        "net/ipv4/conf/eth1/arp_ignore=0",
        where="ns2",
        long=True,  # ns2 may ask ns1 itself meanwhile, and then it flows
    ),
]
CABLES = [
    Fault(
        "a port takes no questions",
        "bridge",
        f"bridge link set dev veth2 bcast_flood off; {IN} ns1 ip neigh flush all; {IN} ns2 ip neigh flush all",
        "bridge",
        "bridge link set dev veth2 bcast_flood on",
        where="host",
    ),
    Fault(
        "a macvlan and its parent",
        "bridge",
        "ip netns add box; ip -n ns2 link add mv0 link eth1 netns box type macvlan mode bridge; "
        "ip -n box addr add 172.17.1.9/24 dev mv0; ip -n box link set mv0 up",
        "link",
        "type macvlan mode bridge",
        source="ns2",
        destination="172.17.1.9",
        where="box",
    ),
    Fault(
        "macvlans kept apart",
        "bridge",
        "; ".join(
            f"ip netns add box{n}; ip -n ns2 link add mv0 link eth1 netns box{n} type macvlan mode private; "
            f"ip -n box{n} addr add 172.17.1.2{n}/24 dev mv0; ip -n box{n} link set mv0 up"
            for n in (1, 2)
        ),
        "link",
        "type macvlan mode bridge",
        source="box1",
        destination="172.17.1.22",
        long=True,
    ),
    Fault(
        "a cable in another bridge",
        "bridge",
        "ip link add other type bridge; ip link set other up; ip link set veth2 master other",
        "bridge",
        "ip link set dev veth2 master brtest",
        where="host",
    ),
    routed(
        "a queue that loses all",
        f"{IN} a tc qdisc add dev eth0 root tbf rate 8kbit burst 50 latency 1ms",
        "qdisc",
        "tc qdisc del dev eth0 root",
        where="a",
        alone=True,
        long=True,
    ),
]
WAYS = [
    tunnelled(
        "a tunnel's packets by the tunnel itself",
        f"{IN} node1 ip route add 192.168.0.2 dev vxlan0",
        "route",
        "ip route del 192.168.0.2",
        where="node1",
    ),
    tunnelled(
        "a tunnel's address is gone",
        f"{IN} node1 ip addr flush dev eth0; {IN} node1 ip addr add 192.168.0.9/24 dev eth0",
        "address",
        "ip addr add 192.168.0.1/24 dev eth0",
        where="node1",
    ),
]
FURTHER = [*POLICIES, *SWITCHES, *CABLES, *WAYS]
