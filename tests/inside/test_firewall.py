"""The packet filter: rules by netkit, by iptables and by nft, and what they do to packets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import KernelRefused
from netkit.model import Rule
from tests.inside import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = (
    "import http.server as h, socketserver as s; "
    's.TCPServer(("172.17.0.2", 80), h.SimpleHTTPRequestHandler).serve_forever()'
)
"""`python3 -m http.server` looks for its own name first, for five seconds."""

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def ns1() -> nk.Namespace:
    return nk.Namespace("ns1")


def texts(space: nk.Namespace) -> list[tuple[str, str, str]]:
    return [(rule.tool, rule.table, rule.text) for rule in space.state.rules]


def test_a_fresh_namespace_has_no_rules(ns1: nk.Namespace) -> None:
    assert ns1.state.rules == ()


def test_rules_are_told_in_iptables_words(ns1: nk.Namespace) -> None:
    ns1.set_policy("FORWARD", "DROP")
    ns1.iptables("-A FORWARD -s 10.0.0.0/24 -j ACCEPT")
    ns1.iptables("-N DOCKER")
    ns1.masquerade("172.17.0.0/16", unless_out="docker0")
    assert texts(ns1) == [
        ("iptables", "filter", "-P FORWARD DROP"),
        ("iptables", "filter", "-N DOCKER"),
        ("iptables", "filter", "-A FORWARD -s 10.0.0.0/24 -j ACCEPT"),
        ("iptables", "nat", "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
    ]
    assert nk.host.state.rules == ()
    ns1.set_policy("FORWARD", "ACCEPT")
    assert ("iptables", "filter", "-P FORWARD DROP") not in texts(ns1)


def test_the_list_comes_back(ns1: nk.Namespace) -> None:
    ns1.iptables("-A INPUT -p icmp -j ACCEPT")
    assert ns1.iptables("-S INPUT").stdout == "-P INPUT ACCEPT\n-A INPUT -p icmp -j ACCEPT\n"


def test_iptables_own_complaint_is_told(ns1: nk.Namespace) -> None:
    with pytest.raises(KernelRefused, match="NOSUCH") as caught:
        ns1.iptables("-A FORWARD -j NOSUCH")
    assert "ip netns exec ns1 iptables -A FORWARD -j NOSUCH" in str(caught.value)
    assert ns1.state.rules == ()


@needs.nftables
def test_rules_that_nft_makes(ns1: nk.Namespace) -> None:
    lines = (
        "add table inet web",
        "add chain inet web input '{ type filter hook input priority 0; policy accept; }'",
        "add rule inet web input tcp dport 80 counter accept",
    )
    for line in lines:
        assert ns1.run(f"nft {line}").returncode == 0
    rules = ns1.state.rules
    assert [(rule.tool, rule.table, rule.chain) for rule in rules] == [("nft", "inet web", "input")] * 2
    assert rules[1].text == "tcp dport 80 counter accept"


@needs.nftables
def test_tables_of_iptables_and_nft_side_by_side(ns1: nk.Namespace) -> None:
    ns1.iptables("-A INPUT -j ACCEPT")
    ns1.run("nft add table ip mine")
    ns1.run("nft add chain ip mine one")
    ns1.run("nft add rule ip mine one accept")
    assert texts(ns1) == [("iptables", "filter", "-A INPUT -j ACCEPT"), ("nft", "ip mine", "accept")]


def test_ipv6_rules(ns1: nk.Namespace) -> None:
    ns1.run("ip6tables -A INPUT -s fd00::/64 -j DROP")
    assert Rule("ip6tables", "filter", "INPUT", "-A INPUT -s fd00::/64 -j DROP") in ns1.state.rules


def test_packets_are_counted_and_do_not_count_when_compared(ns1: nk.Namespace) -> None:
    ns1["lo"].up()
    ns1.iptables("-A INPUT -p icmp -j ACCEPT")
    before = nk.snapshot()
    assert ns1.ping("127.0.0.1", count=2)
    (rule,) = ns1.state.rules
    assert rule.packets == 4  # two requests and two replies
    assert nk.snapshot() == before


@pytest.fixture
def router() -> Iterator[tuple[nk.Namespace, nk.Namespace]]:
    """A container and an outside, each on its own side of the host."""
    inside, outside = nk.Namespace("inside"), nk.Namespace("outside")
    for space, port, network in ((inside, "veth1", "172.17.0"), (outside, "veth2", "192.168.7")):
        here, there = nk.veth(port, "eth0", peer_namespace=space)
        here.add_address(f"{network}.1/24")
        there.add_address(f"{network}.2/24")
        for link in (here, there, space["lo"]):
            link.up()
    inside.add_route("default", via="172.17.0.1")
    nk.host.sysctl("net.ipv4.ip_forward", 1)
    server = inside.start(f"python3 -c '{SERVER}'")
    deadline = time.monotonic() + 10
    while ":80 " not in inside.run("ss -Hltn").stdout and time.monotonic() < deadline:
        time.sleep(0.01)
    yield inside, outside
    server.stop()


def test_masquerade_hides_a_network(router: tuple[nk.Namespace, nk.Namespace]) -> None:
    inside, _ = router
    assert not inside.ping("192.168.7.2", timeout=0.3), "the outside has no route back"
    nk.host.masquerade("172.17.0.0/24", unless_out="veth1")
    assert inside.ping("192.168.7.2")


def test_a_published_port_leads_to_the_container(router: tuple[nk.Namespace, nk.Namespace]) -> None:
    _, outside = router
    fetch = (
        "python3 -c 'import urllib.request as r; "
        'print(r.build_opener(r.ProxyHandler({})).open("http://192.168.7.1:8080/", timeout=2).status)\''
    )
    assert outside.run(fetch).returncode != 0
    nk.host.publish(8080, "172.17.0.2:80", unless_in="veth1")
    assert outside.run(fetch).stdout == "200\n"
    assert nk.sh(fetch).stdout == "200\n", "the host's own packets pass OUTPUT"


def test_a_policy_stops_forwarding(router: tuple[nk.Namespace, nk.Namespace]) -> None:
    inside, outside = router
    outside.add_route("172.17.0.0/24", via="192.168.7.1")
    assert inside.ping("192.168.7.2")
    nk.host.set_policy("FORWARD", "DROP")
    assert not inside.ping("192.168.7.2", timeout=0.3)
    nk.host.set_policy("FORWARD", "ACCEPT")
    assert inside.ping("192.168.7.2")
