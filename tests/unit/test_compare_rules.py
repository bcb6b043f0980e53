"""Rules are compared by what they match and do: words, chains and order count only where a packet can feel it."""

from __future__ import annotations

import pytest

import netkit as nk
from netkit.linux.looks.rules import parse_nft
from netkit.model import Interface, Namespace, Rule, Snapshot

NETS = ("172.17.0.1/16", "172.18.0.1/16")


def network(*lines: str, tool: str = "iptables") -> Snapshot:
    """A host with two bridges and these rules, each "table words"."""
    links = {f"br{n}": Interface(f"br{n}", "bridge", up=True, addresses=(net,)) for n, net in enumerate(NETS)}
    rules = []
    for table, text in (line.split(" ", 1) for line in lines):
        rules.append(Rule(tool, table, text.split()[1], text))
    return Snapshot({"host": Namespace("host", links, rules=tuple(rules))})


SAME = {
    "order of matches": (
        ["nat -A PREROUTING -p tcp -m tcp --dport 8080 -i br0 -j DNAT --to-destination 172.17.0.2:80"],
        ["nat -A PREROUTING -i br0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"],
    ),
    "long words": (
        ["filter -A FORWARD --in-interface br0 --source 172.17.0.2 --protocol 6 --jump ACCEPT"],
        ["filter -A FORWARD -s 172.17.0.2/32 -i br0 -p tcp -j ACCEPT"],
    ),
    "state and conntrack": (
        ["filter -A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT"],
        ["filter -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"],
    ),
    "comments and counters": (
        ['filter -A FORWARD -c 12 900 -i br0 -m comment --comment "ours -j DROP" -j ACCEPT'],
        ["filter -A FORWARD -i br0 -j ACCEPT"],
    ),
    "the usual answer of REJECT": (
        ["filter -A INPUT -p tcp -j REJECT --reject-with icmp-port-unreachable"],
        ["filter -A INPUT -p tcp -j REJECT"],
    ),
    "chains of one's own": (
        ["filter -N MINE", "filter -A FORWARD -i br0 -j MINE", "filter -A MINE -p tcp -j ACCEPT"],
        ["filter -A FORWARD -i br0 -p tcp -j ACCEPT"],
    ),
    "chains of other names": (
        ["filter -N MINE", "filter -A FORWARD -j MINE", "filter -A MINE -p tcp -j ACCEPT"],
        ["filter -N DOCKER", "filter -A FORWARD -j DOCKER", "filter -A DOCKER -p tcp -j ACCEPT"],
    ),
    "chains that do nothing": (
        ["filter -N DOCKER-USER", "filter -A FORWARD -j DOCKER-USER", "filter -A DOCKER-USER -j RETURN"],
        ["filter -N UNUSED", "filter -A UNUSED -j DROP"],
    ),
    "an early return": (
        ["nat -N D", "nat -A PREROUTING -j D", "nat -A D -i br0 -j RETURN", "nat -A D -p udp -j REDIRECT --to-ports 5"],
        ["nat -A PREROUTING ! -i br0 -p udp -j REDIRECT --to-ports 5"],
    ),
    "goto": (
        ["filter -N M", "filter -A FORWARD -i br0 -g M", "filter -A M -p tcp -j DROP", "filter -A FORWARD -j ACCEPT"],
        ["filter -A FORWARD -i br0 -p tcp -j DROP", "filter -A FORWARD ! -i br0 -j ACCEPT"],
    ),
    "what is never met": (
        ["filter -A FORWARD -i br0 ! -i br0 -j DROP", "filter -A FORWARD ! -o br0 -o br1 -j ACCEPT"],
        ["filter -A FORWARD -o br1 -j ACCEPT"],
    ),
    "order that nothing feels": (
        ["filter -A FORWARD -p tcp --dport 80 -j ACCEPT", "filter -A FORWARD -p tcp --dport 81 -j DROP"],
        ["filter -A FORWARD -p tcp --dport 81 -j DROP", "filter -A FORWARD -p tcp --dport 80 -j ACCEPT"],
    ),
    "lists of ports": (
        ["filter -A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT"],
        ["filter -A FORWARD -p tcp -m multiport --dports 443,80 -j ACCEPT"],
    ),
    "the resolver's port": (
        ["nat -A OUTPUT -d 127.0.0.11/32 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:36001"],
        ["nat -A OUTPUT -d 127.0.0.11/32 -p udp --dport 53 -j DNAT --to-destination 127.0.0.11:41002"],
    ),
    "bridges the other way round": (
        ["filter -A FORWARD -i br0 -o br1 -j DROP"],
        ["filter -A FORWARD -i br0 -o br1 -j DROP", "filter -P INPUT ACCEPT"],
    ),
}
OTHER = {
    "ports": (["filter -A INPUT -p tcp --dport 80 -j DROP"], ["filter -A INPUT -p tcp --dport 81 -j DROP"]),
    "negation": (["filter -A FORWARD -i br0 -j DROP"], ["filter -A FORWARD ! -i br0 -j DROP"]),
    "direction": (["filter -A FORWARD -i br0 -o br1 -j DROP"], ["filter -A FORWARD -i br1 -o br0 -j DROP"]),
    "table": (["nat -A OUTPUT -p tcp -j ACCEPT"], ["filter -A OUTPUT -p tcp -j ACCEPT"]),
    "chain": (["filter -A INPUT -p tcp -j DROP"], ["filter -A FORWARD -p tcp -j DROP"]),
    "target": (["filter -A INPUT -p tcp -j DROP"], ["filter -A INPUT -p tcp -j REJECT"]),
    "to": (["nat -A OUTPUT -p tcp -j DNAT --to-destination 1.1.1.1:80"],
           ["nat -A OUTPUT -p tcp -j DNAT --to-destination 1.1.1.1:81"]),
    "source": (["nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE"], ["nat -A POSTROUTING -j MASQUERADE"]),
    "outside address": (["filter -A INPUT -s 8.8.8.8 -j DROP"], ["filter -A INPUT -s 9.9.9.9 -j DROP"]),
    "twice": (["filter -A INPUT -p tcp -j LOG", "filter -A INPUT -p tcp -j LOG"], ["filter -A INPUT -p tcp -j LOG"]),
    "a return that counts": (
        ["filter -N M", "filter -A INPUT -j M", "filter -A M -i br0 -p tcp -j RETURN", "filter -A M -j DROP"],
        ["filter -A INPUT -j DROP"],
    ),
    "module": (["filter -A INPUT -m socket -j DROP"], ["filter -A INPUT -j DROP"]),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_the_same_meaning(case: str) -> None:
    one, other = (network(*lines) for lines in SAME[case])
    assert nk.compare(one, other).equal, nk.compare(one, other)
    assert nk.compare(other, one).equal


@pytest.mark.parametrize("case", OTHER)
def test_another_meaning(case: str) -> None:
    one, other = (network(*lines) for lines in OTHER[case])
    for result in (nk.compare(one, other), nk.compare(other, one)):
        assert not result.equal
        assert len(result.differences) <= 2
        assert all("rule" in text for text in result.differences), result


def test_order_that_a_packet_feels() -> None:
    drop, accept = "filter -A FORWARD -i br0 -j DROP", "filter -A FORWARD -p tcp -j ACCEPT"
    result = nk.compare(network(drop, accept), network(accept, drop))
    assert result.differences == [
        "a: host tries in FORWARD `-A FORWARD -i br0 -j DROP` before `-A FORWARD -p tcp -j ACCEPT`; "
        "b: host tries the second before the first"
    ]


def test_ip6tables_is_another_tool() -> None:
    line = "filter -A INPUT -p tcp -j DROP"
    assert not nk.compare(network(line), network(line, tool="ip6tables")).equal


@pytest.mark.parametrize("text", ["-A FORWARD -m comment --comment 'open", "-A FORWARD -j", "-A FORWARD ! ", "-A", ""])
def test_a_broken_rule_is_compared_as_it_stands(text: str) -> None:
    rule = Rule("iptables", "filter", "FORWARD", text)
    one = Snapshot({"host": Namespace("host", {}, rules=(rule,))})
    assert nk.compare(one, one).equal


def test_chains_that_call_each_other_come_to_an_end() -> None:
    lines = ["filter -A FORWARD -j A", "filter -A A -j B", "filter -A B -j A", "filter -A B -p tcp -j DROP"]
    assert nk.compare(network(*lines), network(*lines)).equal


PARTS = [
    ("table ip t {\n}", "", "the table ip t with nothing in it", "no empty table of that name"),
    (
        "flags dormant",
        "chain c {\n}",
        "the table ip t with `{ flags dormant; }`",
        "the table ip t otherwise, or not at all",
    ),
    (
        "chain c {\n}",
        "chain c {\ndrop # handle 2\n}",
        "in the table ip t the empty chain c",
        "in the chain c of the table ip t the rule `drop`",
    ),
]


@pytest.mark.parametrize(("listing", "other", "has", "lacks"), PARTS)
def test_an_empty_part_of_nft_is_not_said_to_be_missing_where_it_has_rules(
    listing: str, other: str, has: str, lacks: str
) -> None:
    one, two = (Snapshot({"host": Namespace("host", {}, rules=parse_nft(each, "ip t"))}) for each in (listing, other))
    assert f"a: host has {has}; b: host has {lacks}" in nk.compare(one, two).differences
