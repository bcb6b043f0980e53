"""nk.compare: forty-six networks that differ in one thing each, and twenty that are the same up to their names."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import netkit as nk

if TYPE_CHECKING:
    from collections.abc import Iterator

AFTERWARDS = (
    *("ip rule del from 10.1.0.1", "ip rule del fwmark 1", "ip nexthop flush", "ip route flush table 7"),
    *("ip addrlabel del prefix 2001:db8:7::/48", "ip xfrm policy flush"),
    *("sysctl -qw net.bridge.bridge-nf-call-iptables=0", "rm -rf /etc/netns/web"),
)

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


@dataclass(frozen=True)
class Plan:
    """What a network's things are called, and in which order they are made.

    Attributes:
        left: a namespace.
        right: the other one.
        bridge: on the host.
        ends: the interfaces inside.
        ports: the bridge's.
        net: the first three numbers of their subnet.
        far: those of a network behind the first namespace.
        backwards: whether the second namespace is made first.
    """

    left: str = "web"
    right: str = "db"
    bridge: str = "br0"
    ends: tuple[str, str] = ("eth0", "eth0")
    ports: tuple[str, str] = ("p1", "p2")
    net: str = "10.1.0"
    far: str = "10.5.0"
    backwards: bool = False

    def lines(self) -> list[str]:
        """The commands."""
        names = ((self.left, self.ends[0], self.ports[0], 1), (self.right, self.ends[1], self.ports[1], 2))
        found = [f"ip link add {self.bridge} type bridge", f"ip addr add {self.net}.254/24 dev {self.bridge}"]
        for name, end, port, number in reversed(names) if self.backwards else names:
            found += [
                f"ip netns add {name}",
                f"ip link add {port} type veth peer name {end} netns {name}",
                f"ip link set {port} master {self.bridge} up",
                f"ip -n {name} addr add {self.net}.{number}/24 dev {end}",
                f"ip -n {name} link set {end} up",
                f"ip -n {name} route add default via {self.net}.254",
            ]
        return [
            *found,
            f"ip link set {self.bridge} up",
            f"ip route add {self.far}.0/24 via {self.net}.1",
            f"ip neigh add {self.net}.9 lladdr 00:11:22:33:44:55 dev {self.bridge}",
            f"iptables -t nat -A POSTROUTING -s {self.net}.0/24 ! -o {self.bridge} -j MASQUERADE",
            f"iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination {self.net}.1:80",
            "sysctl -qw net.ipv4.ip_forward=1",
        ]


@pytest.fixture(autouse=True)
def _() -> Iterator[None]:
    """What goes with no link is taken away."""
    yield
    for line in AFTERWARDS:
        subprocess.run(line.split(), capture_output=True, check=False)  # what is not there, need not go
    nk.sh("iptables -P FORWARD ACCEPT")


def built(plan: Plan, *more: str) -> nk.Snapshot:
    """The network, and what else is done to it."""
    for line in (*plan.lines(), *more):
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    return nk.snapshot()


DIFFERENT = (
    "ip link set p1 down",
    "ip link set p1 nomaster",
    "ip -n web link set eth0 mtu 1400",
    "ip -n web link set eth0 arp off",
    "ip -n web link set eth0 address 00:11:22:33:44:66 && ip neigh add 10.1.0.1 lladdr 00:11:22:33:44:66 dev br0",
    "ip link set br0 type bridge stp_state 1",
    "ip link set br0 type bridge ageing_time 0",
    "bridge link set dev p1 isolated on",
    "bridge link set dev p1 hairpin on",
    "bridge link set dev p2 flood off",
    "ip -n web addr add 10.1.0.7/24 dev eth0",
    "ip -n web addr del 10.1.0.1/24 dev eth0",
    "ip -n web addr add 10.77.0.1/24 broadcast 10.77.0.9 dev eth0",
    "ip -n web addr del 10.1.0.1/24 dev eth0; ip -n web addr add 10.1.0.1/24 brd 10.1.0.99 dev eth0"
    " && ip -n web route add default via 10.1.0.254",
    "ip -n db addr add 10.6.0.1 peer 10.6.0.2 dev eth0",
    "ip -n db addr change 10.1.0.2/24 dev eth0 metric 50",
    "ip -n web route del default",
    "ip -n web route replace default via 10.1.0.2",
    "ip -n web route add blackhole 10.9.0.0/16",
    "ip route change 10.5.0.0/24 via 10.1.0.1 mtu 900",
    "ip route change 10.5.0.0/24 via 10.1.0.2",
    "ip route add 10.8.0.0/16 via 10.1.0.1 table 7",
    "ip rule add from 10.1.0.1 lookup 7",
    "ip rule add fwmark 1 prohibit",
    "ip nexthop add id 5 via 10.1.0.1 dev br0",
    "ip neigh add 10.1.0.8 lladdr 00:11:22:33:44:56 dev br0",
    "ip neigh replace 10.1.0.9 lladdr $(cat /sys/class/net/p1/address) dev br0",
    "ip neigh add proxy 10.1.0.30 dev br0",
    "bridge fdb add 00:11:22:33:44:58 dev p1 master static",
    "ip -n web link set eth0 multicast off",
    "ip netns exec web sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
    "ip netns exec web sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
    "ip netns exec db sysctl -qw net.ipv4.conf.all.arp_ignore=1",
    "iptables -P FORWARD DROP",
    "iptables -A FORWARD -s 10.1.0.1 -j DROP",
    "iptables -t nat -A PREROUTING -p tcp --dport 81 -j DNAT --to-destination 10.1.0.2:80",
    "iptables -t nat -F POSTROUTING",
    "nft add table inet own && nft add set inet own bad '{ type ipv4_addr ; elements = { 10.1.0.1 } ; }'",
    "tc qdisc add dev p1 root tbf rate 1mbit burst 32kbit latency 400ms",
    "ip link add m0 link br0 type macvlan mode bridge",
    "ip token set ::5 dev p1",
    "ip addrlabel add prefix 2001:db8:7::/48 label 99",
    "bridge mdb add dev br0 port p1 grp 239.1.1.1 permanent",
    "ip xfrm policy add src 10.1.0.1 dst 10.1.0.2 dir out action block",
    "sysctl -qw net.bridge.bridge-nf-call-iptables=1",
    "mkdir -p /etc/netns/web && echo nameserver 10.1.0.2 > /etc/netns/web/resolv.conf",
)
"""What one of two equal networks gets beside."""

SAME: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "namespaces": (Plan(left="a1", right="b1"), ()),
    "namespaces exchanged": (Plan(left="db", right="web"), ()),
    "bridge": (Plan(bridge="docker9"), ()),
    "interfaces inside": (Plan(ends=("if-x", "if-y")), ()),
    "ports": (Plan(ports=("vetha", "vethb")), ()),
    "ports exchanged": (Plan(ports=("p2", "p1")), ()),
    "subnet": (Plan(net="172.30.9"), ()),
    "gateway and ports": (Plan(bridge="lan", ports=("lan1", "lan2")), ()),
    "all names": (Plan("n1", "n2", "sw", ("x0", "x1"), ("y0", "y1"), "192.168.7"), ()),
    "order": (Plan(backwards=True), ()),
    "order and names": (Plan(left="zz", right="aa", backwards=True), ()),
    "usual broadcast": (Plan(), ("ip -n web addr change 10.1.0.1/24 brd 10.1.0.255 dev eth0",)),
    "label": (
        Plan(),
        (
            "ip -n db addr del 10.1.0.2/24 dev eth0",
            "ip -n db addr add 10.1.0.2/24 dev eth0 label eth0:x",
            "ip -n db route add default via 10.1.0.254",
        ),
    ),
    "counters": (Plan(), ("ip netns exec web ping -c1 -q 10.1.0.254",)),
    "learned neighbours": (Plan(), ("ip netns exec web ping -c1 -q 10.1.0.2",)),
    "taken back": (Plan(), ("ip rule add from 9.9.9.9 lookup 7", "ip rule del from 9.9.9.9 lookup 7")),
    "table made and gone": (Plan(), ("nft add table ip t7", "nft delete table ip t7")),
    "other MACs": (
        Plan(),
        ("ip -n web link set eth0 address 02:aa:00:00:00:01", "ip -n db link set eth0 address 02:aa:00:00:00:02"),
    ),
    "down and up": (Plan(), ("ip link set p1 down", "ip link set p1 up")),
    "rule put back": (
        Plan(),
        ("iptables -t nat -F POSTROUTING", "iptables -t nat -A POSTROUTING -s 10.1.0.0/24 ! -o br0 -j MASQUERADE"),
    ),
}
"""By what differs although it does not matter: the other plan, and what is done beside."""

DEFAULT = (12, 17)
"""Of those that differ, which are tried by default."""


def differing(line: str) -> object:
    """What is said of the network and of that with one thing more."""
    first = built(Plan())
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return nk.compare(first, nk.snapshot())


@pytest.mark.parametrize("line", [DIFFERENT[place] for place in DEFAULT])
def test_networks_that_differ(line: str) -> None:
    assert not differing(line).equal


@pytest.mark.long
@pytest.mark.parametrize("line", DIFFERENT)
def test_forty_six_networks_that_differ(line: str) -> None:
    result = differing(line)
    assert not result.equal
    assert result.differences


@pytest.mark.long
@pytest.mark.parametrize("name", SAME)
def test_twenty_networks_that_are_the_same_up_to_names(name: str) -> None:
    from tests.inside.empty import sweep

    first = built(Plan())
    sweep()
    plan, more = SAME[name]
    result = nk.compare(first, built(plan, *more))
    assert result.equal, result


def test_there_are_forty_six_and_twenty() -> None:
    assert (len(set(DIFFERENT)), len(SAME)) == (46, 20)
