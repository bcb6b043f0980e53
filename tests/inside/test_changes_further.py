"""Objects that snapshots read for `%%changes` alone, and those of nft that rules use by name: each change is told."""

from __future__ import annotations

import pytest

from tests.inside.test_changes_complete import missed, network

__all__ = ["network"]

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("network")]

ROWS = [
    (
        "ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out action block",
        "ip xfrm policy: src 10.9.0.0/24 .*block",
    ),
    ("ip xfrm policy delete src 10.9.0.0/24 dst 10.8.0.0/24 dir out", "- ip xfrm policy"),
    ("bridge mdb add dev br0 port w0 grp 239.1.1.1 permanent", r"\+ bridge mdb: dev br0 port w0 grp 239.1.1.1"),
    ("bridge mdb add dev br0 port w0 grp ff05::9 permanent", r"\+ bridge mdb: dev br0 port w0 grp ff05::9"),
    ("ip token set ::5 dev v0", r"\+ ip token: token ::5 dev v0"),
    ("ip addrlabel add prefix fd98::/64 label 77", r"\+ ip addrlabel: prefix fd98::/64 label 77"),
    ("ip addrlabel del prefix fc00::/7 label 5", r"\+ ip addrlabel: prefix fc00::/7 label 5 is missing"),
    ("ip addrlabel add prefix fc00::/7 label 5", r"- ip addrlabel: prefix fc00::/7 label 5 is missing"),
    ("ip addrlabel del prefix fd98::/64 label 77", "- ip addrlabel: prefix fd98::/64"),
    ("nft add table inet f", r"\+ table nft inet f"),
    ("nft add quota inet f q '{ 5 mbytes ; }'", r"\+ quota nft inet f q { 5 mbytes; }"),
    ("nft add counter inet f k", r"\+ counter nft inet f k"),
    ("nft add limit inet f l '{ rate 1/second ; }'", r"\+ limit nft inet f l"),
    (
        "nft add ct timeout inet f t '{ protocol tcp ; policy = { established: 100 } ; }'",
        r"\+ ct timeout nft inet f t",
    ),
    ("nft add synproxy inet f s '{ mss 1460 ; wscale 7 ; }'", r"\+ synproxy nft inet f s"),
    ("nft delete quota inet f q", "- quota nft inet f q"),
    ("nft add table inet f '{ flags dormant ; }'", "flags dormant"),
    ("nft delete table inet f", "- counter nft inet f k"),
    ("ip route add 10.50.0.0/16 via 10.0.0.2 realm 5", r"\+ route 10.50.0.0/16 .*realm 5"),
    ("ip route add 10.51.0.0/16 via 10.0.0.2 congctl reno", r"\+ route 10.51.0.0/16 .*congctl reno"),
    ("ip route add 10.52.0.0/16 via inet6 fd00::2 dev v0", r"\+ route 10.52.0.0/16 via fd00::2"),
    ("ip -6 route add fd61::/64 from fd00::/64 via fd00::2", r"\+ route fd61::/64 .*from fd00::/64"),
    ("ip rule add from 10.1.1.2 lookup 100 realms 3/4", r"\+ ip rule \d+: from 10.1.1.2 lookup 100 realms"),
    ("ip rule add from 10.1.1.3 lookup 100 suppress_ifgroup 5", r"\+ ip rule \d+: .*suppress_ifgroup 5"),
    ("ip rule add tun_id 5 lookup 100", r"\+ ip rule \d+: from all tun_id 5 lookup 100"),
    ("ip nexthop add id 31 via 10.0.0.2 dev v0 onlink", r"\+ nexthop id 31 .*onlink"),
    ("ip ntable change name arp_cache dev v0 queue 5", "sysctl net.ipv4.neigh.v0.unres_qlen_bytes"),
    ("ip link set v0 addrgenmode none", "sysctl net.ipv6.conf.v0.addr_gen_mode: 0 → 1"),
    ("bridge link set dev w0 mcast_router 2", "link w0: port mcast router 1 → 2"),
    ("ip link set w0 type bridge_slave proxy_arp on", "link w0: proxy arp off → on"),
    ("ip link set br0 type bridge mcast_startup_query_count 5", "link br0: mcast startup query count 2 → 5"),
    ("ip link set br0 type bridge group_address 01:80:c2:00:00:0f", "link br0: group address .* → 01:80:c2:00:00:0f"),
    ("tc qdisc add dev w1 root handle 1: htb default 5", r"\+ qdisc on w1 htb 1:"),
    ("tc class add dev w1 parent 1: classid 1:5 htb rate 5mbit", r"\+ class on w1 htb 1:5"),
    (
        "arptables -A OUTPUT -j mangle --mangle-mac-s 02:00:00:00:00:55",
        r"\+ rule arptables -A OUTPUT -j mangle --mangle",
    ),
    ("arptables -F OUTPUT", "- rule arptables -A OUTPUT -j mangle"),
    ("ebtables -P FORWARD DROP", "policy ebtables -P FORWARD: ACCEPT → DROP"),
    ("ebtables -P FORWARD ACCEPT", "policy ebtables -P FORWARD: DROP → ACCEPT"),
    ("ip link set v0 address 02:00:00:00:00:31", "link v0: another MAC, 02:00:00:00:00:31"),
    ("bridge fdb add 02:00:00:00:00:32 dev w0 master static", r"\+ fdb 02:00:00:00:00:32 on w0 of br0, static"),
    ("ip neigh add 10.0.0.60 lladdr 02:00:00:00:00:33 dev v0", r"\+ neighbour 10.0.0.60 on v0 at 02:00:00:00:00:33"),
    ("ip neigh add 10.0.0.61 lladdr 02:00:00:00:00:34 dev v0 nud stale", "at a MAC that no interface has, learned"),
    ("ip -6 neigh add fd00::60 lladdr 02:00:00:00:00:33 dev v0 router", r"\+ neighbour fd00::60 .*permanent router"),
    ("ip addr add 10.0.0.88/24 broadcast 10.0.0.99 dev v0", r"\+ address 10.0.0.88/24 on v0 broadcast 10.0.0.99"),
    ("ip route add 10.53.0.0/16 via 10.0.0.2 rtt 100ms rttvar 20ms", r"\+ route 10.53.0.0/16 .*rtt 100ms rttvar 20ms"),
    ("ip route add 10.54.0.0/16 via 10.0.0.2 features ecn", r"\+ route 10.54.0.0/16 .*features ecn"),
    ("ip rule add from 10.1.1.4 lookup 100 protocol 9", r"\+ ip rule \d+: from 10.1.1.4 lookup 100 protocol 9"),
    ("ip rule add l3mdev pref 1000", r"\+ ip rule 1000: from all l3mdev$"),
    (
        "ip nexthop add id 32 group 31 type resilient buckets 8 idle_timer 30",
        r"\+ nexthop id 32 group 31 type resilient buckets 8 idle_timer 30 unbalanced_timer 0",
    ),
    (
        "mkdir -p /etc/netns/pod/iproute2; echo '77 blue' > /etc/netns/pod/iproute2/rt_tables",
        r"\+ /etc/netns/pod/iproute2/rt_tables 77 blue",
    ),
    ("touch /etc/netns/pod/hosts", r"\+ /etc/netns/pod/hosts, empty"),
    ("ip addr add 239.5.5.5/32 dev v0 autojoin", r"\+ address 239.5.5.5/32 on v0 autojoin"),
    ("sysctl -qw net.ipv4.ip_local_reserved_ports=5001", "sysctl net.ipv4.ip_local_reserved_ports:  → 5001"),
    ("sysctl -qw net.ipv4.ip_local_reserved_ports=", "sysctl net.ipv4.ip_local_reserved_ports: 5001 → "),
]


def test_each_is_told() -> None:
    assert missed(ROWS) == []
