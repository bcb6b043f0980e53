"""The network in words: one fact a line, exact, and the same for the same network."""

from __future__ import annotations

import pytest

from netkit.model import ForwardingEntry, Namespace, Neighbour, Route, Rule, Snapshot
from netkit.pictures.ink import Picture, describe
from netkit.visible import in_html
from tests.unit import cases

SECTION_4 = """\
3 namespaces: host, ns1 and ns2; bridge brtest of host with ns1 and ns2.
host: lo is up.
host: bridge brtest is up with 172.17.1.254/24, ports veth1 and veth2.
host: veth1 is up, a port of brtest, cabled to eth1 of ns1.
host: veth2 is up, a port of brtest, cabled to eth1 of ns2.
ns1: lo is up.
ns1: eth1 is up with 172.17.1.1/24, cabled to veth1 of host.
ns2: lo is up.
ns2: eth1 is up with 172.17.1.2/24, cabled to veth2 of host."""

FACTS = [
    ("sandbox", "1 namespace: host."),
    ("section_3_both_ends_here", "host: veth-a is down, cabled to veth-b beside it."),
    ("section_3_half_up", "host: veth-a is up without a carrier, cabled to veth-b of nstest."),
    ("section_3_half_up", "nstest: lo is down."),
    ("section_4_unplugged", "host: bridge brtest is down, no ports."),
    ("docker", "host: eth0 is up with 192.168.1.7/24."),
    ("docker", "host: route default via 192.168.1.1 dev eth0."),
    ("docker", "host: net.ipv4.ip_forward = 1."),
    ("docker", "host: net.bridge.bridge-nf-call-iptables = 1."),
    ("docker", "host: iptables table filter: -P FORWARD DROP."),
    ("docker", "host: iptables table nat: -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE."),
    ("two_hosts", "hostA: vxlan vxlan42 is up, mtu 1450, remote 192.168.50.2, vni 42, a port of br-overlay."),
    ("two_hosts", "VXLAN tunnel, VNI 42, between vxlan42 of hostA and vxlan42 of hostB."),
    ("addresses", "ns1: lo is up with 10.255.0.1/32."),
    ("two_bridges", "host: bridge br-empty is up without a carrier, no ports."),
    ("odd", "a\\x07b: eth0 is up, cabled to v$_3 of host."),
    ("odd", "host: static FDB entry 02:42:ac:11:00:02 dev v$_0."),
    ("odd", "日本語: eth0 is up, the other end of its cable is out of sight."),
]


def test_the_articles_bridge_in_words() -> None:
    assert describe(cases.section_4()) == SECTION_4


@pytest.mark.parametrize(("name", "fact"), FACTS)
def test_a_fact_is_told_in_a_line_of_its_own(name: str, fact: str) -> None:
    assert fact in describe(cases.CASES[name]()).splitlines()


@pytest.mark.parametrize(
    ("name", "word"), [("docker", "INPUT ACCEPT"), ("section_3", "10.0.0.0/24"), ("addresses", "fe80")]
)
def test_what_comes_by_itself_is_not_told(name: str, word: str) -> None:
    assert word not in describe(cases.CASES[name]())


@pytest.mark.parametrize("name", cases.CASES)
def test_the_words_do_not_depend_on_the_order_of_creation(name: str) -> None:
    snapshot = cases.CASES[name]()
    turned = Snapshot(dict(reversed(snapshot.namespaces.items())))
    assert describe(snapshot) == describe(turned)


def test_macs_are_told_on_request_but_never_random_ones() -> None:
    network = cases.Network("ns1").link("ns1", "d0", "dummy", mac="02:42:ac:11:00:02")
    network.link("ns1", "d1", "dummy", mac="9a:11:22:33:44:55")
    assert "MAC" not in describe(network.snapshot())
    told = describe(network.snapshot(), mac=True)
    assert "ns1: dummy d0 is up, MAC 02:42:ac:11:00:02." in told
    assert "9a:" not in told


def test_every_kind_of_entry() -> None:
    network = cases.Network("ns1").room(
        "ns1",
        routes=(Route("10.9.0.0/16", kind="blackhole", metric=5), Route("default", device="eth0", table="100")),
        neighbours=(Neighbour("10.0.0.9", "eth0", "02:42:0a:00:00:09", "permanent"), Neighbour("10.0.0.8", "eth0")),
        fdb=(ForwardingEntry("02:42:0a:00:00:07", "vxlan0", destination="10.0.0.7", state="static"),),
    )
    assert describe(network.snapshot()).splitlines()[2:] == [
        "ns1: route blackhole 10.9.0.0/16 metric 5.",
        "ns1: route default dev eth0 table 100.",
        "ns1: permanent neighbour 10.0.0.9 dev eth0, MAC 02:42:0a:00:00:09.",
        "ns1: static FDB entry 02:42:0a:00:00:07 dev vxlan0 dst 10.0.0.7.",
    ]


def iptables(*lines: str) -> list[Rule]:
    return [Rule("iptables", "filter", line.split()[1], line) for line in lines]


def nft(*lines: tuple[str, str]) -> list[Rule]:
    return [Rule("nft", "ip mine", chain, text) for chain, text in lines]


LEADING = [
    (
        iptables(
            "-P FORWARD DROP",
            "-N MINE",
            "-N EMPTY",
            "-A FORWARD -j EMPTY",
            "-A FORWARD -i lan1 -j MINE",
            "-A MINE -s 10.0.0.9/32 -j RETURN",
            "-A MINE -p tcp -m tcp --dport 80 -j ACCEPT",
            "-A MINE -j RETURN",
        ),
        [
            "iptables table filter: 5 rules: 2 in FORWARD, 3 in MINE; these decide",
            "iptables table filter: -P FORWARD DROP",
            "iptables table filter: -A MINE -s 10.0.0.9/32 -j RETURN",
            "iptables table filter: -A MINE -p tcp -m tcp --dport 80 -j ACCEPT",
        ],
    ),
    (
        iptables("-N MINE", "-A FORWARD -j MINE"),
        ["iptables table filter: 1 rule: 1 in FORWARD; none decides"],
    ),
    (
        nft(
            ("", 'map ways { type ifname : verdict; elements = { "br0" : jump inside } }'),
            ("", 'map gates { type ifname : verdict; elements = { "br1" : drop } }'),
            ("forward", "type filter hook forward priority 0; policy accept;"),
            ("forward", "iifname vmap @ways"),
            ("forward", "oifname vmap @gates"),
            ("inside", "tcp dport 80 drop"),
        ),
        [
            "nft table ip mine: 3 rules: 2 in forward, 1 in inside; these decide",
            'nft table ip mine: map gates { type ifname : verdict; elements = { "br1" : drop } }',
            "nft table ip mine chain inside: tcp dport 80 drop",
        ],
    ),
]


@pytest.mark.parametrize(("rules", "told"), LEADING)
def test_rules_that_only_lead_on_are_counted_and_folded(rules: list[Rule], told: list[str]) -> None:
    picture = Picture(Snapshot({"host": Namespace("host", rules=tuple(rules))}))
    assert [line for line in picture.text.splitlines() if " table " in line] == [f"host: {each}." for each in told]
    folded = picture.html.partition("<details>")[2]
    assert all(in_html(rule.text) in folded for rule in rules)


def test_rules_that_all_decide_are_told_each() -> None:
    picture = Picture(cases.docker())
    assert " rules: " not in picture.text
    assert "<details>" not in picture.html
