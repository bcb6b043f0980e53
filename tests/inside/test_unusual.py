"""Right solutions that few would think of: other programs, other names, more than was asked for."""

from __future__ import annotations

from typing import Any

import pytest

import netkit as nk
from netkit.lessons import catalogue
from netkit.lessons.task import Task
from tests.inside.test_lessons import built

pytestmark = [pytest.mark.usefixtures("fresh", "own_progress"), pytest.mark.once]

NFT = """
nft add table ip mine
nft add chain ip mine {chain} '{{ type {kind} hook {chain} priority {priority}; }}'
nft add rule ip mine {chain} {rule}
"""


def nft(chain: str, rule: str, kind: str = "nat", priority: int = -110) -> str:
    """Lines for a rule of nft's own."""
    return NFT.format(chain=chain, rule=rule, kind=kind, priority=priority)


UNUSUAL: dict[str, tuple[str, str]] = {
    "a rule of nft's own": (
        "01.1",
        'docker.run("two", SERVE)\n' + nft("output", "tcp dport 8081 dnat to 172.17.0.2:80"),
    ),
    "a map of nft's": (
        "01.1",
        'docker.run("two", SERVE)\n' + nft("output", "dnat to tcp dport map '{ 8081 : 172.17.0.2 . 80 }'"),
    ),
    "several ports at once": (
        "01.1",
        'docker.run("two", SERVE)\n'
        "iptables -t nat -A OUTPUT -p tcp -m multiport --dports 8080,8081 -j DNAT --to-destination 172.17.0.2:80\n",
    ),
    "a filter of the bridge": (
        "02.2",
        "nft add table bridge mine\n"
        "nft add chain bridge mine forward '{ type filter hook forward priority 0; }'\n"
        "nft add rule bridge mine forward ip saddr 172.17.0.0/16 ip daddr 172.17.0.0/16 drop\n",
    ),
    "more addresses, another cable, and one end of that off": (
        "03.1",
        "ip netns add left; ip netns add right; ip netns add third\n"
        "ip link add x netns left type veth peer name y netns right\n"
        "ip link add spare netns left type veth peer name spare netns third\n"
        "ip -n left addr add 192.0.2.1/24 dev x; ip -n left addr add 10.1.1.1/24 dev x\n"
        "ip -n right addr add 10.1.1.2/24 dev y; ip -n right addr add 10.2.0.0/31 dev y\n"
        "ip -n left link set x up; ip -n right link set y up\n",
    ),
    "a bridge of bridges beside it": (
        "04.1",
        "ip netns add ns3; ip link add br9 type bridge; ip link set br9 up\n"
        "ip link add p3 type veth peer name lan netns ns3; ip link set p3 master brtest up\n"
        "ip link add p9 type veth peer name wan netns ns3; ip link set p9 master br9\n"
        "ip -n ns3 link set lan up; ip -n ns3 addr add 172.17.1.33/24 dev lan\n"
        "ip -n ns3 addr add 172.17.1.3/24 dev lan\n",
    ),
    "ip netns attach": ("05.2", "ip netns attach web {other.pid}\n"),
    "nft in the place of iptables": (
        "06.1",
        nft("prerouting", "ip daddr 192.168.1.1 tcp dport 8081 dnat to 172.17.0.2:80")
        + nft("output", "ip daddr 192.168.1.1 tcp dport 8081 dnat to 172.17.0.2:80").replace(
            "nft add table ip mine\n", ""
        )
        + "iptables -I DOCKER-USER -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT\n",
    ),
    "kept out by nft": ("06.2", nft("prerouting", "ip saddr 192.168.2.60 tcp dport 8082 drop", "filter", -150)),
    "a filter of nft's own that drops": (
        "11.2",
        "ip -n web route add default via 172.17.0.1; sysctl -qw net.ipv4.ip_forward=1\n"
        "nft add table inet mine\n"
        "nft add chain inet mine forward '{ type filter hook forward priority 0; policy drop; }'\n"
        "nft add rule inet mine forward iifname docker0 accept\n"
        "nft add rule inet mine forward ct state established,related accept\n"
        "nft add chain inet mine post '{ type nat hook postrouting priority 100; }'\n"
        "nft add rule inet mine post ip saddr 172.17.0.0/16 oifname != docker0 masquerade\n",
    ),
    "a last rule that drops": (
        "11.2",
        "ip -n web route add default via 172.17.0.1; sysctl -qw net.ipv4.ip_forward=1\n"
        "iptables -A FORWARD -i docker0 -j ACCEPT\n"
        "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
        "iptables -A FORWARD -j DROP\n"
        "iptables -t nat -A POSTROUTING -o lan1 -j SNAT --to-source 192.168.1.1\n",
    ),
}
"""By name: the task, and lines for the host; those that begin with `docker.` are Python."""

SOON = {"a map of nft's", "a last rule that drops"}


@pytest.fixture(autouse=True)
def emptied() -> Any:
    """Containers end with the test that began them."""
    yield
    nk.reset()


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in SOON else pytest.mark.long) for n in UNUSUAL])
def test_a_right_solution_passes_however_it_was_made(name: str) -> None:
    which, lines = UNUSUAL[name]
    names = built(catalogue.find(which, Task).given)
    for line in filter(None, lines.splitlines()):
        if line.startswith("docker."):
            built(line, names)
        else:
            done = nk.sh(line.replace("{other.pid}", str(names["other"].pid)) if "{other.pid}" in line else line)
            assert done.returncode == 0, (line, done)
    assert nk.check(which).ok, nk.check(which)
