"""What rules of nft do with a packet, read from their words."""

from __future__ import annotations

import pytest

from netkit.diagnosis.matching import Passing
from netkit.diagnosis.nft import does
from netkit.diagnosis.values import Packet

TCP = Passing(Packet("172.17.0.2", "10.0.0.1", "tcp", 40000, 80), "docker0", "eth0")
UDP = Passing(Packet("172.17.0.2", "10.0.0.1", "udp", 40000, 53), "docker0", "eth0")
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
    "limit rate 10/second accept": NOT_KNOWN,
}


@pytest.mark.parametrize(("rule", "expected"), RULES.items())
def test_a_rule(rule: str, expected: str | None) -> None:
    assert does(rule, TCP) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("tcp dport 53 drop", NOTHING), ("tcp dport != 80 drop", NOTHING), ("udp dport 53 drop", "drop")],
)
def test_a_port_is_that_of_its_protocol(rule: str, expected: str) -> None:
    assert does(rule, UDP) == expected


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
    assert does(rule, SIX) == expected
