"""Each kind of change of a network is told: one row for each, a dozen by default and all of them behind `long`."""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux import sysctls
from netkit.linux.looks import observe
from netkit.model import switches
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = """
ip netns add pod
ip link add v0 type veth peer name eth0 netns pod
ip addr add 10.0.0.1/24 dev v0
ip addr add fd00::1/64 dev v0 nodad
ip link set v0 up
ip -n pod link set eth0 up
ip link add br0 type bridge
ip link set br0 up
ip link add w0 type veth peer name w1
ip link set w0 master br0 up
ip link set w1 up
ip route add 10.99.0.0/16 via 10.0.0.2
ip -6 route add fd99::/64 via fd00::2
"""
AFTERWARDS = """
ip nexthop flush
ip rule flush; ip rule add pref 32766 lookup main; ip rule add pref 32767 lookup default
ip -6 rule flush; ip -6 rule add pref 32766 lookup main
ip route flush table local proto boot; for table in 7 9; do ip route flush table $table; done
iptables -P FORWARD ACCEPT; rm -rf /etc/netns/pod; rmdir /etc/netns
"""
ALIKE = {"mc_forwarding", "stable_secret", "mtu", "ioam6_id_wide"}
"""The kernel writes the first itself; the others are left out, or take no small number."""

NEW_VALUES = {"ioam6_id": "7", "addr_gen_mode": "1", "force_igmp_version": "2", "force_mld_version": "1"}

ROWS = [
    ("ip link set w1 down", "link w1: up → down"),
    ("ip link set w1 up", "link w1: down → up"),
    ("ip link set v0 mtu 1400", "link v0: MTU 1500 → 1400"),
    ("ip link set v0 promisc on", "link v0: promisc off → on"),
    ("ip link set v0 allmulticast on", "link v0: allmulticast off → on"),
    ("ip link set v0 multicast off", "link v0: multicast on → off"),
    ("ip link set v0 arp off", "link v0: arp on → off"),
    ("ip link set v0 dynamic on", "link v0: dynamic off → on"),
    ("ip link set v0 alias uplink", "link v0: alias none → uplink"),
    ("ip link set v0 txqueuelen 7", "link v0: txqlen 1000 → 7"),
    ("ip link set v0 group 5", "link v0: group number 0 → 5"),
    ("ip link set v0 address 00:11:22:33:44:55", "link v0: MAC .* → 00:11:22:33:44:55"),
    ("ip link set v0 broadcast ff:ff:ff:ff:ff:fe", "link v0: broadcast ff:ff:ff:ff:ff:ff → ff:ff:ff:ff:ff:fe"),
    ("ip link set v0 gso_max_size 3000", "link v0: gso max size 65536 → 3000"),
    ("ip link set v0 gso_max_segs 30", "link v0: gso max segs 65535 → 30"),
    ("ip link property add dev v0 altname second", "link v0: altnames none → second"),
    ("ip link set w1 name w2", "link w2: renamed from w1"),
    ("ip link set dev w2 netns pod", "link w2: moved"),
    ("ip link add m0 link v0 type macvlan mode bridge", r"\+ link m0 \(macvlan\), .*on v0, mode bridge"),
    ("ip link set m0 type macvlan mode private", "link m0: mode bridge → private"),
    ("ip link set m0 type macvlan mode source", "link m0: mode private → source"),
    ("ip link set m0 type macvlan macaddr add 00:11:22:33:44:66", "link m0: from none → 00:11:22:33:44:66"),
    ("ip link add vx type vxlan id 5 dstport 4789 local 10.0.0.1 dev v0", r"\+ link vx \(vxlan\), .*on v0.*vni 5"),
    ("ip link set vx type vxlan ttl 9", "link vx: ttl 0 → 9"),
    ("ip link set vx type vxlan nolearning", "link vx: learning on → off"),
    ("ip link set vx type vxlan ageing 30", "link vx: ageing 300 → 30"),
    ("ip link set vx type vxlan remote 10.0.0.9", "link vx: group none → 10.0.0.9"),
    ("ip link add vy type vxlan id 6 dstport 4790 proxy l2miss", r"\+ link vy \(vxlan\), .*l2miss on, .*proxy on"),
    ("ip tuntap add dev tap0 mode tap", r"\+ link tap0 \(tun\), .*type tap"),
    ("ip link set br0 type bridge ageing_time 100", "link br0: ageing time 30000 → 100"),
    ("ip link set br0 type bridge forward_delay 400", "link br0: forward delay 1500 → 400"),
    ("ip link set br0 type bridge hello_time 300", "link br0: hello time 200 → 300"),
    ("ip link set br0 type bridge max_age 900", "link br0: max age 2000 → 900"),
    ("ip link set br0 type bridge priority 4096", "link br0: priority 32768 → 4096"),
    ("ip link set br0 type bridge group_fwd_mask 8", "link br0: group fwd mask 0 → 8"),
    ("ip link set br0 type bridge mcast_snooping 0", "link br0: mcast snooping on → off"),
    ("ip link set br0 type bridge mcast_querier 1", "link br0: mcast querier off → on"),
    ("ip link set br0 type bridge mcast_router 2", "link br0: mcast router 1 → 2"),
    ("ip link set br0 type bridge mcast_hash_max 512", "link br0: mcast hash max 4096 → 512"),
    ("ip link set br0 type bridge mcast_query_interval 9000", "link br0: mcast query interval 12500 → 9000"),
    ("ip link set br0 type bridge mcast_igmp_version 3", "link br0: mcast igmp version 2 → 3"),
    ("ip link set br0 type bridge nf_call_iptables 1", "link br0: nf call iptables off → on"),
    ("ip link set br0 type bridge no_linklocal_learn 1", "link br0: options 0 → 1"),
    ("ip link set br0 type bridge stp_state 1", "link br0: stp off → on"),
    ("ip link set br0 type bridge stp_state 0", "link br0: stp on → off"),
    ("bridge link set dev w0 learning off", "link w0: port learning on → off"),
    ("bridge link set dev w0 flood off", "link w0: flood on → off"),
    ("bridge link set dev w0 bcast_flood off", "link w0: bcast flood on → off"),
    ("bridge link set dev w0 mcast_flood off", "link w0: mcast flood on → off"),
    ("bridge link set dev w0 locked on", "link w0: locked off → on"),
    ("bridge link set dev w0 neigh_suppress on", "link w0: neigh suppress off → on"),
    ("bridge link set dev w0 hairpin on", "link w0: hairpin off → on"),
    ("bridge link set dev w0 isolated on", "link w0: isolated off → on"),
    ("bridge link set dev w0 guard on", "link w0: guard off → on"),
    ("bridge link set dev w0 root_block on", "link w0: root block off → on"),
    ("bridge link set dev w0 fastleave on", "link w0: fastleave off → on"),
    ("bridge link set dev w0 cost 9", "link w0: cost 2 → 9"),
    ("bridge link set dev w0 priority 5", "link w0: port priority 32 → 5"),
    ("bridge link set dev w0 mcast_to_unicast on", "link w0: mcast to unicast off → on"),
    ("bridge link set dev w0 vlan_tunnel on", "link w0: vlan tunnel off → on"),
    ("ip link set w0 nomaster", "link w0: port of br0 → no port"),
    ("ip addr add 10.5.0.1/24 dev v0", r"\+ address 10.5.0.1/24 on v0"),
    ("ip addr add 10.6.0.1 peer 10.6.0.2 dev v0", r"\+ address 10.6.0.1/32 on v0 peer 10.6.0.2"),
    ("ip addr add 10.7.0.1/24 dev v0 label v0:web", r"\+ address 10.7.0.1/24 on v0 label v0:web"),
    ("ip addr add 10.8.0.1/24 dev v0 noprefixroute", r"\+ address 10.8.0.1/24 on v0 noprefixroute"),
    ("ip addr add 10.9.0.1/24 dev v0 scope link", r"\+ address 10.9.0.1/24 on v0 scope link"),
    ("ip addr change 10.5.0.1/24 dev v0 metric 50", "address 10.5.0.1/24 on v0: plain → metric 50"),
    ("ip addr change 10.5.0.1/24 dev v0 valid_lft 900 preferred_lft 900", "address 10.5.0.1/24 on v0: .*for a time"),
    ("ip addr change 10.5.0.1/24 dev v0 valid_lft 900 preferred_lft 0", "address 10.5.0.1/24 on v0: .*deprecated"),
    ("ip addr del 10.6.0.1/32 peer 10.6.0.2 dev v0", "- address 10.6.0.1/32 on v0 peer 10.6.0.2"),
    ("ip -6 addr add fd05::1/64 dev v0 nodad", r"\+ address fd05::1/64 on v0"),
    ("ip -6 addr change fd05::1/64 dev v0 home", "address fd05::1/64 on v0: .*home"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 mtu 900", "route 10.99.0.0/16: .* → .* mtu 900"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 mtu lock 900", "route 10.99.0.0/16: .* → .* mtu lock 900"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 advmss 800", "route 10.99.0.0/16: .* → .* advmss 800"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 initcwnd 20", "route 10.99.0.0/16: .* → .* initcwnd 20"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 hoplimit 9", "route 10.99.0.0/16: .* → .* hoplimit 9"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 window 900", "route 10.99.0.0/16: .* → .* window 900"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 quickack 1", "route 10.99.0.0/16: .* → .* quickack 1"),
    ("ip route change 10.99.0.0/16 via 10.0.0.2 proto static", "route 10.99.0.0/16: .* → .* proto static"),
    ("ip route change 10.99.0.0/16 via 10.0.0.9 dev v0 onlink", "route 10.99.0.0/16: .* → .*10.0.0.9.* onlink"),
    ("ip route add 10.98.0.0/16 via 10.0.0.2 tos 0x10", r"\+ route 10.98.0.0/16 .*tos 0x10"),
    (
        "ip route add 10.97.0.0/16 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3",
        r"\+ route 10.97.0.0/16 .*weight 2",
    ),
    ("ip route add blackhole 10.96.0.0/16", r"\+ route blackhole 10.96.0.0/16"),
    ("ip route add throw 10.95.0.0/16 table 7", r"\+ route throw 10.95.0.0/16 table 7"),
    ("ip route add local 10.94.0.1 dev lo", r"\+ route local 10.94.0.1/32 dev lo table local"),
    ("ip route del local 10.0.0.1 table local", "- route local 10.0.0.1/32 dev v0"),
    ("ip route add broadcast 10.93.0.255 dev v0 table 9", r"\+ route broadcast 10.93.0.255/32 dev v0 table 9"),
    ("ip -6 route change fd99::/64 via fd00::2 mtu 1300", "route fd99::/64: .* → .* mtu 1300"),
    ("ip -6 route change fd99::/64 via fd00::2 pref high", "route fd99::/64: .* → .* pref high"),
    ("ip -6 route add prohibit fd98::/64", r"\+ route prohibit fd98::/64"),
    ("ip rule add from 10.0.0.5 lookup 200", r"\+ ip rule 32765: from 10.0.0.5 lookup 200"),
    ("ip rule add to 10.0.0.0/24 lookup 200", r"\+ ip rule \d+: from all to 10.0.0.0/24 lookup 200"),
    ("ip rule add fwmark 1 lookup 100", r"\+ ip rule \d+: from all fwmark 0x1 lookup 100"),
    ("ip rule add fwmark 1/0xf lookup 101", r"\+ ip rule \d+: from all fwmark 0x1/0xf lookup 101"),
    ("ip rule add iif v0 lookup 102", r"\+ ip rule \d+: from all iif v0 lookup 102"),
    ("ip rule add oif v0 lookup 103", r"\+ ip rule \d+: from all oif v0 lookup 103"),
    ("ip rule add ipproto tcp dport 80 lookup 104", r"\+ ip rule \d+: from all ipproto tcp dport 80 lookup 104"),
    ("ip rule add sport 1-9 ipproto udp lookup 105", r"\+ ip rule \d+: from all ipproto udp sport 1-9 lookup 105"),
    ("ip rule add uidrange 5-9 lookup 106", r"\+ ip rule \d+: from all uidrange 5-9 lookup 106"),
    ("ip rule add not from 10.1.0.0/16 lookup 107", r"\+ ip rule \d+: not from 10.1.0.0/16 lookup 107"),
    ("ip rule add tos 0x10 lookup 108", r"\+ ip rule \d+: from all tos 0x10 lookup 108"),
    ("ip rule add from 10.0.0.7 blackhole", r"\+ ip rule \d+: from 10.0.0.7 blackhole"),
    ("ip rule add from 10.0.0.7 prohibit", r"\+ ip rule \d+: from 10.0.0.7 prohibit"),
    ("ip rule add goto 32766 pref 50", r"\+ ip rule 50: from all goto 32766"),
    ("ip rule add lookup 9 suppress_prefixlength 0", r"\+ ip rule \d+: from all lookup 9 suppress_prefixlength 0"),
    ("ip rule del pref 32767", "ip rule 32767: from all lookup default is missing"),
    ("ip -6 rule add from fd01::5 lookup 50", r"\+ ip -6 rule 32765: from fd01::5 lookup 50"),
    ("ip nexthop add id 5 via 10.0.0.2 dev v0", r"\+ nexthop id 5 via 10.0.0.2 dev v0"),
    ("ip nexthop replace id 5 via 10.0.0.3 dev v0", "nexthop id 5: via 10.0.0.2 dev v0 → via 10.0.0.3 dev v0"),
    ("ip nexthop add id 6 blackhole", r"\+ nexthop id 6 blackhole"),
    ("ip nexthop add id 7 via fd00::2 dev v0", r"\+ nexthop id 7 via fd00::2 dev v0"),
    ("ip nexthop add id 8 group 5,3", r"\+ nexthop id 8 group 5,3"),
    ("ip route add 10.92.0.0/16 nhid 5", r"\+ route 10.92.0.0/16 .*nhid 5"),
    ("ip neigh add 10.0.0.50 lladdr 00:11:22:00:00:50 dev v0", r"\+ neighbour 10.0.0.50 on v0 at .*, permanent"),
    ("ip neigh replace 10.0.0.50 lladdr 00:11:22:00:00:51 dev v0 nud noarp", "neighbour 10.0.0.50 .* → .*:51, noarp"),
    ("ip neigh add proxy 10.0.0.200 dev v0", r"\+ neighbour 10.0.0.200 on v0 proxy"),
    ("ip -6 neigh add proxy fd00::200 dev v0", r"\+ neighbour fd00::200 on v0 proxy"),
    ("ip neigh replace 10.0.0.50 lladdr 00:11:22:00:00:51 dev v0 nud permanent extern_learn", "permanent extern_learn"),
    ("ip link set w0 master br0", "link w0: no port → port of br0"),
    ("bridge fdb add 00:11:22:00:00:60 dev w0 master static", r"\+ fdb 00:11:22:00:00:60 on w0 of br0, static"),
    ("bridge fdb replace 00:11:22:00:00:60 dev w0 master static sticky", "static → .* static sticky"),
    ("bridge fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.8", r"\+ fdb 00:00:00:00:00:00 on vx to 10.0.0.8, static"),
    ("bridge fdb append 00:11:22:00:00:61 dev vx dst 10.0.0.8 port 9 vni 6", r"\+ fdb .* to 10.0.0.8.* port 9 vni 6"),
    ("tc qdisc add dev v0 root tbf rate 1mbit burst 32kbit latency 400ms", r"\+ qdisc on v0 tbf .*rate 1Mbit"),
    ("tc qdisc change dev v0 root tbf rate 2mbit burst 32kbit latency 400ms", "qdisc on v0: tbf .*1Mbit.* → .*2Mbit"),
    ("tc qdisc add dev v0 ingress", r"\+ qdisc on v0 ingress"),
    ("tc qdisc del dev v0 root", "- qdisc on v0 tbf"),
    ("ip maddr add 33:33:00:00:99:99 dev v0", r"\+ group 33:33:00:00:99:99 on v0"),
    ("sysctl -qw net.ipv4.ip_forward=1", "sysctl net.ipv4.ip_forward: 0 → 1"),
    ("sysctl -qw net.ipv6.conf.all.forwarding=1", "sysctl net.ipv6.conf.all.forwarding: 0 → 1"),
    ("sysctl -qw net.ipv4.icmp_echo_ignore_all=1", "sysctl net.ipv4.icmp_echo_ignore_all: 0 → 1"),
    ("sysctl -qw net.ipv4.ip_default_ttl=33", "sysctl net.ipv4.ip_default_ttl: 64 → 33"),
    ("sysctl -qw net.ipv4.conf.all.arp_ignore=8", "sysctl net.ipv4.conf.all.arp_ignore: 0 → 8"),
    ("sysctl -qw net.ipv4.conf.all.route_localnet=1", "sysctl net.ipv4.conf.all.route_localnet: 0 → 1"),
    ("sysctl -qw net.ipv4.tcp_syncookies=2", "sysctl net.ipv4.tcp_syncookies: 1 → 2"),
    ("sysctl -qw net.ipv4.neigh.v0.gc_stale_time=33", "sysctl net.ipv4.neigh.v0.gc_stale_time: 60 → 33"),
    ("sysctl -qw net.ipv6.bindv6only=1", "sysctl net.ipv6.bindv6only: 0 → 1"),
    ("sysctl -qw net.core.somaxconn=9", "sysctl net.core.somaxconn: 4096 → 9"),
    ("sysctl -qw net.ipv4.ip_nonlocal_bind=1", "sysctl net.ipv4.ip_nonlocal_bind: 0 → 1"),
    ("sysctl -qw net.ipv6.ip_nonlocal_bind=1", "sysctl net.ipv6.ip_nonlocal_bind: 0 → 1"),
    ("sysctl -qw net.ipv4.tcp_fin_timeout=33", "sysctl net.ipv4.tcp_fin_timeout: 60 → 33"),
    ("sysctl -qw net.ipv4.ipfrag_time=9", "sysctl net.ipv4.ipfrag_time: 30 → 9"),
    ("sysctl -qw net.ipv4.fib_multipath_hash_policy=1", "sysctl net.ipv4.fib_multipath_hash_policy: 0 → 1"),
    ("sysctl -qw net.ipv4.conf.default.rp_filter=2", "sysctl net.ipv4.conf.default.rp_filter: 0 → 2"),
    ("sysctl -qw net.ipv6.conf.default.accept_ra=0", "sysctl net.ipv6.conf.default.accept_ra: 1 → 0"),
    (
        "mkdir -p /etc/netns/pod && echo 'nameserver 9.9.9.9' > /etc/netns/pod/resolv.conf",
        "/etc/netns/pod/resolv.conf name",
    ),
    ("iptables -P FORWARD DROP", "policy iptables -P FORWARD: ACCEPT → DROP"),
    ("iptables -A INPUT -s 9.9.9.9 -j DROP", r"\+ rule iptables -A INPUT -s 9.9.9.9/32 -j DROP"),
    ("ip netns add other", r"\+ namespace other"),
]


DOZEN = {
    "ip link set v0 promisc on",
    "ip link set v0 arp off",
    "ip link set br0 type bridge ageing_time 100",
    "bridge link set dev w0 flood off",
    "ip addr add 10.6.0.1 peer 10.6.0.2 dev v0",
    "ip route change 10.99.0.0/16 via 10.0.0.2 mtu 900",
    "ip rule add fwmark 1 lookup 100",
    "ip nexthop add id 5 via 10.0.0.2 dev v0",
    "ip neigh add proxy 10.0.0.200 dev v0",
    "tc qdisc add dev v0 root tbf rate 1mbit burst 32kbit latency 400ms",
    "sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
    "sysctl -qw net.ipv4.tcp_syncookies=2",
}
"""Each needs no other before it."""


def shell(line: str) -> None:
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}: {done.stderr}"


@pytest.fixture
def network() -> Iterator[None]:
    """A cable into a namespace, and a bridge with a port; all of it at rest."""
    nk.echo(on=False)
    sweep()
    before = _values()
    for line in NETWORK.strip().splitlines():
        shell(line)
    deadline = time.monotonic() + 5
    while ("state", "learning") in dict(nk.snapshot()["host"]["w0"].details).items() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield
    subprocess.run(["sh", "-c", AFTERWARDS], capture_output=True, check=False)  # what is not there, need not go
    for name, value in before.items():
        if sysctls.read_here(name) != value:
            sysctls.write_here(name, value)
    sweep()


def _values() -> dict[str, str]:
    names = [line.split("-qw ")[1].split("=")[0] for line, _ in ROWS if line.startswith("sysctl")]
    return {name: value for name in names if (value := sysctls.read_here(name)) is not None}


def told(line: str) -> str:
    """What a line changed, as `%%changes` sees it."""
    before = observe.snapshot(everything=True)
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    return repr(nk.diff(before, observe.snapshot(everything=True)))


def missed(rows: list[tuple[str, str]]) -> list[str]:
    """The lines of which it is not told what they changed, with what is told."""
    found = [(line, wanted, told(line)) for line, wanted in rows]
    return [f"{line}: {wanted!r} is not in {said!r}" for line, wanted, said in found if not re.search(wanted, said)]


@pytest.mark.usefixtures("network")
def test_a_dozen_kinds_of_change_are_told() -> None:
    rows = [row for row in ROWS if row[0] in DOZEN]
    assert len(rows) == len(DOZEN)
    assert missed(rows) == []


@pytest.mark.long
@pytest.mark.usefixtures("network")
def test_every_kind_of_change_is_told() -> None:
    assert len(ROWS) >= 150
    assert missed(ROWS) == []


@pytest.mark.long
@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(("family", "names"), [("ipv4", switches.OF_IPV4), ("ipv6", switches.OF_IPV6)])
def test_every_switch_of_an_interface_is_told(family: str, names: tuple[str, ...]) -> None:
    rows = []
    for name in names:
        full = f"net.{family}.conf.v0.{name}"
        value = sysctls.read_here(full)
        if value is None or name in ALIKE:
            continue
        new = NEW_VALUES.get(
            name, "1" if value == "0" else "0" if value == "1" else str(int(value) + (1000 if int(value) > 999 else 1))
        )
        rows.append((f"sysctl -qw {full}={new}", f"sysctl {full}: {value} → {new}"))
    assert len(rows) > (30 if family == "ipv4" else 45)
    assert missed(rows) == []
