"""All faults; here those of the packet filter, of address translation, of services and of tunnels."""

from __future__ import annotations

from tests.inside.fault import IN, Fault, behind_nat, routed, tunnelled
from tests.inside.faults_below import ADDRESSES, LINKS, NEIGHBOURS, ROUTES
from tests.inside.faults_further import FURTHER
from tests.inside.faults_of_filters import MORE_FILTERS, TRANSLATIONS

NF = "net.bridge.bridge-nf-call-iptables"
FORGET = f"{IN} node1 ip neigh flush dev vxlan0"
VXLAN = "local 192.168.0.2 remote 192.168.0.1"
DNAT = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination"
LOCAL = "-m addrtype --dst-type LOCAL"

FILTERS = [
    routed(
        "a rule of which only the trace tells that it matches",
        f"{IN} r iptables -A FORWARD -m length --length 20:2000 -j DROP",
        "filter",
        "iptables -D FORWARD -m length",
        where="r",
        alone=True,
    ),
    Fault(
        "the trap of bridge-nf",
        "bridge",
        f"iptables -P FORWARD DROP; sysctl -qw {NF}=1",
        "filter",
        "iptables -A FORWARD -i brtest -o brtest -j ACCEPT",
        needs=NF,
    ),
    behind_nat(
        "FORWARD policy DROP",
        "iptables -P FORWARD DROP",
        "filter",
        "iptables -A FORWARD -i br0 -o cable -j ACCEPT",
        source="c1",
        destination="192.168.7.2",
        port=None,
    ),
    routed("FORWARD rule", f"{IN} r iptables -A FORWARD -s 10.0.1.0/24 -j DROP", "filter", "-D FORWARD", where="r"),
    routed(
        "FORWARD rule on the way back",
        f"{IN} r iptables -A FORWARD -s 10.0.2.0/24 -p icmp -j DROP",
        "filter",
        "iptables -D FORWARD",
    ),
    routed(
        "nft rule",
        "; ".join(
            f"{IN} r nft {line}"
            for line in (
                "add table ip guard",
                "'add chain ip guard transit { type filter hook forward priority 0; }'",
                "add rule ip guard transit ip daddr 10.0.2.2 drop",
            )
        ),
        "filter",
        "nft delete rule ip guard transit handle",
    ),
    routed(
        "nft policy",
        "; ".join(
            f"{IN} r nft {line}"
            for line in (
                "add table inet guard",
                "'add chain inet guard transit { type filter hook forward priority 0; policy drop; }'",
            )
        ),
        "filter",
        "nft add rule inet guard transit ip saddr",
    ),
    Fault("INPUT rule", "bridge", f"{IN} ns2 iptables -A INPUT -p icmp -j DROP", "filter", "-D INPUT", where="ns2"),
    Fault("INPUT policy", "bridge", f"{IN} ns2 iptables -P INPUT DROP", "filter", "-A INPUT -i eth1", where="ns2"),
    Fault("OUTPUT policy", "bridge", f"{IN} ns1 iptables -P OUTPUT DROP", "filter", "-A OUTPUT -o eth1", where="ns1"),
    Fault("OUTPUT rule there", "bridge", f"{IN} ns2 iptables -A OUTPUT -d 172.17.1.1 -j REJECT", "filter", "-D OUTPUT"),
    Fault("dropped in raw", "bridge", f"{IN} ns2 iptables -t raw -A PREROUTING -j DROP", "filter", "-t raw -D"),
]
SERVICES = [
    behind_nat(
        "DNAT to the wrong port",
        f"iptables -t nat -R PREROUTING 1 {DNAT} 172.17.0.2:81",
        "nat",
        "iptables -t nat -D PREROUTING",
    ),
    behind_nat(
        "DNAT to the wrong address",
        f"iptables -t nat -R PREROUTING 1 {DNAT} 172.17.0.9:80",
        "nat",
        "iptables -t nat -D PREROUTING",
    ),
    behind_nat("published port missing", "iptables -t nat -D PREROUTING 1", "nat", "-A PREROUTING -p tcp"),
    behind_nat(
        "MASQUERADE missing",
        "iptables -t nat -F POSTROUTING",
        "nat",
        "-s 172.17.0.0/16 ! -o br0 -j MASQUERADE",
        source="c1",
        destination="192.168.7.2",
        port=None,
        where="host",
    ),
    behind_nat(
        "not forwarding to the published port",
        "sysctl -qw net.ipv4.ip_forward=0",
        "sysctl",
        "net.ipv4.ip_forward=1",
        where="host",
    ),
    Fault("nobody listens", "bridge", ":", "service", "busybox httpd -p 81", port=81, where="ns2"),
    Fault(
        "listening at 127.0.0.1 only",
        "bridge",
        f"{IN} ns2 busybox httpd -p 127.0.0.1:82",
        "service",
        "0.0.0.0:82",
        port=82,
        alone=True,
    ),
    Fault("wrong hosts entry", "bridge", "echo '172.17.1.77 ns2' >> /etc/hosts", "name", "sed", destination="ns2"),
]
TUNNELS = [
    tunnelled(
        "VNI mismatch",
        f"{IN} node2 ip link del vxlan0; {IN} node2 ip link add vxlan0 type vxlan id 43 {VXLAN} dstport 4789; "
        f"{IN} node2 ip addr add 10.0.0.2/24 dev vxlan0; {IN} node2 ip link set vxlan0 up",
        "tunnel",
        "ip link delete dev vxlan0",
    ),
    tunnelled(
        "UDP port mismatch",
        f"{IN} node2 ip link del vxlan0; {IN} node2 ip link add vxlan0 type vxlan id 42 {VXLAN} dstport 8472; "
        f"{IN} node2 ip addr add 10.0.0.2/24 dev vxlan0; {IN} node2 ip link set vxlan0 up",
        "tunnel",
        "ip link delete dev vxlan0",
    ),
    tunnelled(
        "remote missing",
        f"{IN} node1 bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 192.168.0.2; {FORGET}",
        "tunnel",
        "bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.0.2",
    ),
    tunnelled(
        "wrong remote",
        f"{IN} node1 bridge fdb del 00:00:00:00:00:00 dev vxlan0 dst 192.168.0.2; "
        f"{IN} node1 bridge fdb append 00:00:00:00:00:00 dev vxlan0 dst 192.168.0.9; {FORGET}",
        "tunnel",
        "dst 192.168.0.2",
    ),
    tunnelled("underlay down", f"{IN} node2 ip link set eth0 down", "link", "eth0 up", where="node2"),
    tunnelled(
        "underlay filtered",
        f"{IN} node2 iptables -A INPUT -p udp --dport 4789 -j DROP",
        "filter",
        "iptables -D INPUT",
        where="node2",
    ),
    tunnelled("inner link down", f"{IN} node2 ip link set vxlan0 down", "link", "vxlan0 up", where="node2"),
]

FAULTS = [
    *LINKS,
    *ADDRESSES,
    *ROUTES,
    *NEIGHBOURS,
    *FILTERS,
    *MORE_FILTERS,
    *SERVICES,
    *TRANSLATIONS,
    *TUNNELS,
    *FURTHER,
]
