"""Random batches of commands: what `ip`, `bridge`, `tc` and `nft` tell as changed gives a line, nothing else does."""

from __future__ import annotations

import random
import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux.looks import observe
from tests.inside import kernel_says
from tests.inside.empty import sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.changes.result import Change

SPACES = ("host", "pod")
NETWORK = """
sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.accept_dad=0
ip netns add pod
ip netns exec pod sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.accept_dad=0
ip link add v0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns pod
ip addr add 10.0.0.1/24 dev v0
ip addr add fd00::1/64 dev v0
ip -n pod addr add 10.0.0.2/24 dev eth0
ip link set v0 up
ip -n pod link set eth0 up
ip link add br0 address 02:00:00:00:00:03 type bridge
ip link add w0 address 02:00:00:00:00:04 type veth peer name w1 address 02:00:00:00:00:05
ip link set br0 up
ip link set w0 master br0 up
ip link set w1 up
ip route add 10.99.0.0/16 via 10.0.0.2
nft add table inet own
nft add chain inet own in { type filter hook input priority 0 \\; }
nft add set inet own ports { type inet_service \\; }
"""
AFTERWARDS = """
ip nexthop flush
ip rule flush; ip rule add pref 32766 lookup main; ip rule add pref 32767 lookup default
ip -6 rule flush; ip -6 rule add pref 32766 lookup main
for table in 7 9; do ip route flush table $table; ip -6 route flush table $table; done
nft flush ruleset; sysctl -qw net.ipv6.conf.default.addr_gen_mode=0 net.ipv6.conf.default.accept_dad=1
"""
COMMANDS = """
ip link set {link} up
ip link set {link} down
ip link set {link} mtu {mtu}
ip link set {link} alias {word}
ip link set {link} txqueuelen {small}
ip link set {link} group {small}
ip link set {link} promisc {switch}
ip link set {link} arp {switch}
ip link set {link} multicast {switch}
ip link set {link} allmulticast {switch}
ip link set {link} address 02:00:00:00:01:{pair}
ip link set {link} gso_max_segs 3{small}
ip link set {veth} master br0
ip link set {veth} nomaster
ip link property add dev {link} altname {word}x
ip link add m{small} link v0 type macvlan mode {mode}
ip link del m{small}
ip link set m{small} type macvlan mode {mode}
ip link add vx{small} type vxlan id {small} dstport 4789 local 10.0.0.1
ip link del vx{small}
ip link add b{small} address 02:00:00:00:02:{pair} type bridge
ip link del b{small}
ip link add a{small} type veth peer name z{small}
ip link del a{small}
ip link set w1 netns pod
ip link set br0 type bridge ageing_time {mtu}
ip link set br0 type bridge forward_delay {mtu}
ip link set br0 type bridge mcast_snooping {bit}
ip link set br0 type bridge group_fwd_mask {small}
bridge link set dev w0 learning {switch}
bridge link set dev w0 flood {switch}
bridge link set dev w0 hairpin {switch}
bridge link set dev w0 isolated {switch}
bridge link set dev w0 locked {switch}
bridge link set dev w0 cost {small}
bridge link set dev w0 bcast_flood {switch}
bridge link set dev w0 mcast_flood {switch}
ip addr add 10.{small}.0.1/24 dev {link}
ip addr del 10.{small}.0.1/24 dev {link}
ip addr add 10.0.0.{small}9/24 dev v0
ip addr add 10.{small}.0.1/24 broadcast 10.{small}.0.99 dev {link}
ip addr change 10.0.0.1/24 dev v0 metric {small}
ip addr add 10.{small}.1.1 peer 10.{small}.1.2 dev {link}
ip addr flush dev {link}
ip addr replace 10.0.0.1/24 dev v0
ip -6 addr add fd0{small}::1/64 dev {link}
ip -6 addr del fd0{small}::1/64 dev {link}
ip -n pod addr add 10.{small}.2.1/24 dev eth0
ip -n pod addr del 10.0.0.2/24 dev eth0
ip -n pod link set eth0 {way}
ip route add 10.9{small}.0.0/16 via 10.0.0.{small}
ip route del 10.9{small}.0.0/16
ip route replace 10.99.0.0/16 via 10.0.0.{small}
ip route replace 10.99.0.0/16 via 10.0.0.2 mtu {mtu}
ip route add {never} 10.8{small}.0.0/16
ip route del {never} 10.8{small}.0.0/16
ip route add default via 10.0.0.{small}
ip route del default
ip route append 10.99.0.0/16 via 10.0.0.{small} metric {small}
ip route add 10.7{small}.0.0/16 via 10.0.0.2 table {table}
ip route flush table {table}
ip -n pod route add default via 10.0.0.1
ip -6 route add fd9{small}::/64 via fd00::{small}
ip -6 route del fd9{small}::/64
ip -6 route add {never} fd8{small}::/64
ip route add 10.6{small}.0.0/16 nexthop via 10.0.0.2 weight {small} nexthop via 10.0.0.3
ip route del 10.6{small}.0.0/16
ip rule add from 10.0.0.{small} lookup {table} pref 10{small}
ip rule del pref 10{small}
ip rule add fwmark {small} lookup {table} pref 20{small}
ip rule add iif v0 {never} pref 30{small}
ip rule del pref 30{small}
ip -6 rule add to fd0{small}::/64 lookup {table} pref 40{small}
ip -6 rule del pref 40{small}
ip rule add ipproto tcp dport 8{small} lookup {table} pref 50{small}
ip rule del pref 20{small}
ip neigh replace 10.0.0.{small} lladdr 00:11:22:00:00:{pair} dev v0
ip neigh del 10.0.0.{small} dev v0
ip neigh add proxy 10.0.0.2{small} dev v0
ip neigh del proxy 10.0.0.2{small} dev v0
ip -6 neigh replace fd00::{small} lladdr 00:11:22:00:00:{pair} dev v0
ip neigh replace 10.0.0.{small} lladdr 00:11:22:00:00:{pair} dev v0 nud noarp
ip nexthop add id {small} via 10.0.0.{small} dev v0
ip nexthop del id {small}
ip nexthop replace id {small} blackhole
ip nexthop replace id 1{small} group {small}
ip route add 10.5{small}.0.0/16 nhid {small}
bridge fdb add 00:11:22:00:01:{pair} dev w0 master static
bridge fdb del 00:11:22:00:01:{pair} dev w0 master
bridge fdb append 00:00:00:00:00:00 dev vx{small} dst 10.0.0.{small}
tc qdisc replace dev {veth} root tbf rate {small}mbit burst 32kbit latency 400ms
tc qdisc del dev {veth} root
tc qdisc add dev {veth} ingress
tc qdisc del dev {veth} ingress
tc qdisc replace dev {veth} root handle 1: prio
nft add rule inet own in tcp dport 8{small} counter drop
nft flush chain inet own in
nft add table ip t{small}
nft delete table ip t{small}
nft add element inet own ports {{ {small} }}
nft delete element inet own ports {{ {small} }}
nft add chain inet own c{small}
nft delete chain inet own c{small}
nft insert rule inet own in ip saddr 10.0.0.{small} accept
nft chain inet own in {{ policy {policy} \\; }}
iptables -A INPUT -s 9.9.9.{small} -j DROP
iptables -D INPUT -s 9.9.9.{small} -j DROP
iptables -P FORWARD {POLICY}
ip6tables -A INPUT -s fd09::{small} -j DROP
iptables -t nat -A POSTROUTING -s 10.0.0.0/24 -o {link} -j MASQUERADE
"""
CHOICES = {
    "link": ("v0", "w0", "w1", "br0"),
    "veth": ("w0", "w1", "v0"),
    "mtu": ("1300", "1400", "1500"),
    "small": tuple("23456"),
    "pair": ("0a", "0b", "0c"),
    "switch": ("on", "off"),
    "bit": ("0", "1"),
    "word": ("uplink", "other"),
    "mode": ("bridge", "private", "vepa"),
    "way": ("up", "down"),
    "never": ("blackhole", "prohibit", "unreachable", "throw"),
    "table": ("7", "9"),
    "policy": ("accept", "drop"),
    "POLICY": ("ACCEPT", "DROP"),
}
TEMPLATES = COMMANDS.strip().splitlines()
BATCHES, BY_DEFAULT = 300, 12
SECONDS_TO_REST = 3.0
ABOUT = {
    "links": r"link (?P<which>[^\s:,]+)",
    "addresses": r"address (?P<which>\S+ on [^\s:,]+)",
    "routes": r"route (?:(?:blackhole|prohibit|unreachable|throw) )?(?P<which>[^\s,]+?)(?=:? |:?$)",
    "neighbours": r"neighbour (?P<which>\S+ on [^\s:,]+)",
    "fdb": r"fdb (?P<which>\S+ on [^\s:,]+)",
    "policies": r"ip (?P<which>(?:-6 )?rule \d+)",
    "nexthops": r"nexthop id (?P<which>\d+)",
    "queues": r"(?:qdisc|class|filter) on (?P<which>[^\s:,]+)",
    "rules": r"(?P<which>)",
}
"""How a line of each kind names what it is about."""

KINDS = {
    "link": "links",
    "address": "addresses",
    "route": "routes",
    "neighbour": "neighbours",
    "fdb": "fdb",
    "rule": "policies",
    "nexthop": "nexthops",
    "qdisc": "queues",
    "filter": "rules",
}
NO_OBJECTS = ("sysctls", "connections", "processes", "hosts", "groups")
"""What the four programs' lists say nothing of."""


@pytest.fixture
def network() -> Iterator[None]:
    """A cable into a namespace, a bridge with a port, a filter; nothing of IPv6 happens by itself."""
    nk.echo(on=False)
    sweep()
    for line in NETWORK.strip().splitlines():
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    yield
    subprocess.run(["sh", "-c", AFTERWARDS], capture_output=True, check=False)  # what is not there, need not go
    sweep()


def batch(number: int) -> list[str]:
    """Some commands; many of them are refused, as things are, and some take back what others do."""
    draw = random.Random(number)  # noqa: S311  (not for secrets)
    chosen = [draw.choice(TEMPLATES) for _ in range(draw.randint(1, 4))]
    return [line.format(**{key: draw.choice(values) for key, values in CHOICES.items()}) for line in chosen]


def at_rest() -> kernel_says.Objects:
    """What the programs say, once they say the same twice."""
    deadline = time.monotonic() + SECONDS_TO_REST
    said = kernel_says.objects(*SPACES)
    while time.monotonic() < deadline:
        time.sleep(0.05)  # between two looks at what ends by itself: the kernel tells links' states a moment later
        again = kernel_says.objects(*SPACES)
        if again == said:
            return said
        said = again
    raise AssertionError("the network does not come to rest")


def by_the_programs(before: kernel_says.Objects, after: kernel_says.Objects) -> set[tuple[str, str, str]]:
    """What is new, gone or other."""
    return {
        (space, KINDS[kind], _named(kind, which))
        for space, kind, which in before.keys() | after.keys()
        if before.get((space, kind, which)) != after.get((space, kind, which))
    }


def _named(kind: str, which: str) -> str:
    if kind == "rule":
        version, priority = which.split()
        return ("-6 " if version == "-6" else "") + f"rule {priority}"
    if kind == "route":
        destination = which.partition(" ")[0]
        alone = "" if "/" in destination or destination == "default" else "/128" if ":" in destination else "/32"
        return destination + alone
    return "" if kind == "filter" else which


def by_the_lines(changes: Iterable[Change]) -> set[tuple[str, str, str]]:
    """What the lines are about."""
    found = set()
    for change in changes:
        if change.kind not in NO_OBJECTS and " table local" not in change.text:
            match = re.match(ABOUT[change.kind], change.text)
            assert match, change
            found.add((change.namespace, change.kind, match["which"]))
    return found


def differences(batches: Iterable[int]) -> list[str]:
    """Batches of which the lines and the programs' lists do not tell the same."""
    found, said, seen = [], at_rest(), observe.snapshot(everything=True)
    for number in batches:
        lines = batch(number)
        for line in lines:
            subprocess.run(["sh", "-c", line], capture_output=True, check=False)
        said, before = at_rest(), said
        seen, earlier = observe.snapshot(everything=True), seen
        changes = nk.diff(earlier, seen)
        truth, told = by_the_programs(before, said), by_the_lines(changes)
        if truth != told:
            more, less = sorted(told - truth), sorted(truth - told)
            found.append(f"batch {number}: {lines}\n not told: {less}\n told for nothing: {more}\n{changes!r}")
    return found


@pytest.mark.usefixtures("network")
def test_a_dozen_batches_are_told_as_the_programs_tell_them() -> None:
    assert differences(range(BY_DEFAULT)) == []


@pytest.mark.long
@pytest.mark.usefixtures("network")
def test_three_hundred_batches_are_told_as_the_programs_tell_them() -> None:
    found = differences(range(BATCHES))
    assert not found, "\n\n".join(found)
