"""What rules of nft do with a packet, read from their words."""

from __future__ import annotations

import pytest

from netkit.diagnosis.matching import Passing
from netkit.diagnosis.nft import does
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.packetfilter import at_hook
from netkit.model import Namespace, Rule

TCP = Passing(Packet("172.17.0.2", "10.0.0.1", "tcp", 40000, 80), "docker0", "eth0")
UDP = Passing(Packet("172.17.0.2", "10.0.0.1", "udp", 40000, 53), "docker0", "eth0")
ANSWER = Passing(TCP.packet.reversed(), "eth0", "docker0")
SIX = Passing(Packet("fd00::2", "fd00:1::1", "tcp", 40000, 80), "docker0", "eth0")
NOTHING, NOT_KNOWN = "", None

RULES = {
    "ip daddr 10.0.0.1 drop": "drop",
    "ip daddr 10.0.0.9 drop": NOTHING,
    "ip saddr 172.17.0.0/16 drop": "drop",
    "ip saddr != 172.17.0.0/16 drop": NOTHING,
    "ip saddr != 10.0.0.0/8 drop": "drop",
    "ip saddr { 10.0.0.9, 172.17.0.0/24, 192.168.0.1-192.168.0.5 } drop": "drop",
    "ip saddr != { 10.0.0.9, 172.17.0.2 } drop": NOTHING,
    "ip daddr 10.0.0.0-10.0.0.5 drop": "drop",
    "ip daddr 10.0.0.2-10.0.0.5 drop": NOTHING,
    "ip6 saddr != fd00::/64 drop": NOTHING,
    "tcp dport 80 drop": "drop",
    "tcp dport { 81, 443 } drop": NOTHING,
    "tcp dport { 22, 80-90, 443 } drop": "drop",
    "tcp dport != { 81, 443 } drop": "drop",
    "tcp dport 80-90 drop": "drop",
    "tcp dport != 80-90 drop": NOTHING,
    "tcp dport != 80 drop": NOTHING,
    "tcp sport 1024-65535 tcp dport 80 drop": "drop",
    "udp dport != 53 drop": NOTHING,
    "th dport 80 drop": "drop",
    "meta l4proto { 6, 17 } accept": "accept",
    "meta l4proto != tcp accept": NOTHING,
    'iifname "docker0" tcp dport 80 counter accept': "accept",
    'iifname "dock*" oifname { "eth0", "eth1" } accept': "accept",
    'iif != "lo" accept': "accept",
    'tcp dport 80 log prefix "to drop " level info accept comment "do not drop"': "accept",
    'tcp dport 80 counter comment "only counted, no drop"': NOTHING,
    'tcp dport 80 drop comment "ends with a \\"': "drop",
    "counter": NOTHING,
    "drop": "drop",
    "return": "return",
    "tcp dport 80 counter reject with tcp reset": "reject",
    "ip saddr @bad drop": NOT_KNOWN,
    "ip saddr != @bad drop": NOT_KNOWN,
    "tcp dport @ports accept": NOT_KNOWN,
    "iifname @inside accept": NOT_KNOWN,
    "tcp dport >= 1024 drop": NOT_KNOWN,
    "tcp dport ssh drop": NOT_KNOWN,
    "tcp dport { 80 timeout 5s, 81 } drop": NOT_KNOWN,
    "tcp dport { 80,": NOT_KNOWN,
    "tcp dport": NOT_KNOWN,
    "ip saddr & 255.255.0.255 == 172.17.0.2 drop": NOT_KNOWN,
    "ip daddr . tcp dport { 10.0.0.1 . 80 } drop": NOT_KNOWN,
    "meta l4proto . th dport { tcp . 80 } drop": NOT_KNOWN,
    "meta l4proto vmap { tcp : drop }": NOT_KNOWN,
    "meta mark 0x00000001 accept": NOT_KNOWN,
    "tcp dport 80 jump other": NOT_KNOWN,
    "tcp dport 81 jump other": NOTHING,
    "tcp dport 81 meta mark 0x00000001 accept": NOTHING,
    "ct state established,related accept": NOTHING,
    "ct state 0x2,0x4 accept": NOTHING,
    "ct state new accept": "accept",
    "ct state 0x8 accept": "accept",
    "ct state { established, new } accept": "accept",
    "ct state != new drop": NOTHING,
    "ct state invalid drop": NOTHING,
    "ct state 0x2,0x10 accept": NOT_KNOWN,
    "ct state vmap { 0x1 : drop, 0x2 : accept }": NOT_KNOWN,
    "limit rate 10/second accept": NOT_KNOWN,
}


def listed(text: str) -> Rule:
    return Rule("nft", "inet mine", "forward", text)


@pytest.mark.parametrize(("rule", "expected"), RULES.items())
def test_a_rule(rule: str, expected: str | None) -> None:
    assert does(listed(rule), TCP) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("tcp dport 53 drop", NOTHING), ("tcp dport != 80 drop", NOTHING), ("udp dport 53 drop", "drop")],
)
def test_a_port_is_that_of_its_protocol(rule: str, expected: str) -> None:
    assert does(listed(rule), UDP) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ip saddr != 10.0.0.0/8 drop", NOTHING),
        ("ip6 saddr fd00::/64 drop", "drop"),
        ("ip6 daddr { fd00::1, fd00:1::-fd00:1::ff } drop", "drop"),
        ("ip6 daddr != fd00:1::1 drop", NOTHING),
    ],
)
def test_an_address_is_that_of_its_version(rule: str, expected: str) -> None:
    assert does(listed(rule), SIX) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ct state established,related accept", "accept"),
        ("ct state 0x2,0x4 accept", "accept"),
        ("ct state { 0x2, 0x4 } accept", "accept"),
        ("ct state != 0x8 accept", "accept"),
        ("ct state new drop", NOTHING),
    ],
)
def test_an_answer_belongs_to_a_connection(rule: str, expected: str) -> None:
    assert does(listed(rule), ANSWER) == expected


PING = Passing(Packet("172.17.0.2", "10.0.0.1"))
PING6 = Passing(Packet("fd00::2", "fd00:1::1"))
OF_ICMP = {
    "meta l4proto ipv6-icmp accept": (NOTHING, "accept"),
    "meta l4proto 58 accept": (NOTHING, "accept"),
    "meta l4proto icmp accept": ("accept", NOTHING),
    "meta l4proto { 1, 58 } accept": ("accept", "accept"),
    "ip protocol 1 accept": ("accept", NOTHING),
    "ip6 nexthdr 58 accept": (NOTHING, "accept"),
    "icmp type 8 accept": ("accept", NOTHING),
    "icmp type { 0, 8 } accept": ("accept", NOTHING),
    "icmp type != 8 accept": (NOTHING, NOTHING),
    "icmpv6 type 128 accept": (NOTHING, "accept"),
    "icmpv6 type { echo-request, nd-neighbor-solicit } accept": (NOTHING, "accept"),
    "meta nfproto 2 accept": ("accept", NOTHING),
    "meta nfproto ipv6 accept": (NOTHING, "accept"),
}


@pytest.mark.parametrize(("rule", "expected"), OF_ICMP.items())
def test_icmp_is_that_of_its_version(rule: str, expected: tuple[str, str]) -> None:
    assert (does(listed(rule), PING), does(listed(rule), PING6)) == expected


def dropped_by(*lines: str, policy: str = "drop") -> str:
    """The rule or policy of a base chain by which the packet is dropped, "" if it is not."""
    base = f"type filter hook forward priority 0; policy {policy};"
    rules = tuple(Rule("nft", "inet guard", "transit", line) for line in (base, *lines))
    verdict = at_hook(Namespace("host", rules=rules), "FORWARD", TCP)
    return verdict.rule.text if verdict.dropped and verdict.rule else ""


def test_a_policy_drops_what_no_rule_accepts() -> None:
    assert dropped_by("tcp dport 81 accept", "ct state 0x2 accept").endswith("policy drop;")
    assert dropped_by("return").endswith("policy drop;")
    assert dropped_by("tcp dport 81 jump other").endswith("policy drop;")
    assert not dropped_by("tcp dport 80 accept", "drop")
    assert not dropped_by(policy="accept")


@pytest.mark.parametrize("unread", ["meta mark 0x1 accept", "ip saddr @good accept", "jump other", "tcp dport { 80,"])
def test_a_rule_that_cannot_be_read_may_have_accepted(unread: str) -> None:
    assert not dropped_by(unread)
    assert not dropped_by(unread, "drop", policy="accept")
    assert dropped_by("tcp dport 80 drop", unread) == "tcp dport 80 drop"


def test_a_rule_that_cannot_be_read_but_only_drops_saves_nothing() -> None:
    assert dropped_by("meta mark 0x1 drop").endswith("policy drop;")
    assert not dropped_by("meta mark 0x1 drop", policy="accept")
