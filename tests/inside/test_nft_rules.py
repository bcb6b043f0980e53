"""What nft itself makes of rules, and what those rules then do with packets, as a diagnosis reads them."""

from __future__ import annotations

from typing import Any

import pytest

import netkit as nk
from netkit.diagnosis import nft
from netkit.diagnosis.matching import Passing
from netkit.diagnosis.nft_values import Sets
from netkit.diagnosis.packet import Packet
from netkit.linux import entering
from netkit.linux.looks.ruleset import ruleset
from tests.inside import needs

TCP = Passing(Packet("172.17.0.2", "10.0.0.1", "tcp", 40000, 80, ttl=64), "docker0", "eth0", mac="02:42:ac:11:00:02")
UDP = Passing(Packet("172.17.0.2", "10.0.0.1", "udp", 40000, 53), "docker0", "eth0")
ANSWER = Passing(TCP.packet.reversed(), "eth0", "docker0")
SIX = Passing(Packet("fd00::2", "fd00:1::1", "tcp", 40000, 80), "docker0", "eth0")
PING, PING6 = Passing(Packet("172.17.0.2", "10.0.0.1")), Passing(Packet("fd00::2", "fd00:1::1"))
ON, UNSURE = ("on",), ("on", "drop")

FOR_TCP = {
    "ip daddr 10.0.0.1 drop": ("drop",),
    "ip daddr 10.0.0.9 drop": ON,
    "ip saddr 172.17.0.0/16 drop": ("drop",),
    "ip saddr != 172.17.0.0/16 drop": ON,
    "ip saddr { 10.0.0.9, 172.17.0.0/24, 192.168.0.1-192.168.0.5 } drop": ("drop",),
    "ip saddr != { 10.0.0.9, 172.17.0.2 } drop": ON,
    "ip daddr 10.0.0.0-10.0.0.5 drop": ("drop",),
    "ip daddr & 0.0.0.255 == 0.0.0.1 drop": ("drop",),
    "ip6 saddr != fd00::/64 drop": ON,
    "tcp dport 80 drop": ("drop",),
    "tcp dport { 22, 80-90, 443 } drop": ("drop",),
    "tcp dport != { 81, 443 } drop": ("drop",),
    "tcp dport != 80-90 drop": ON,
    "tcp dport >= 1024 drop": ON,
    "tcp sport 1024-65535 tcp dport 80 drop": ("drop",),
    "udp dport != 53 drop": ON,
    "th dport 80 drop": ("drop",),
    "meta l4proto { tcp, udp } accept": ("accept",),
    "meta l4proto != tcp accept": ON,
    'iifname "dock*" oifname { "eth0", "eth1" } accept': ("accept",),
    'iif != "lo" accept': ("accept",),
    'tcp dport 80 log prefix "to drop " accept comment "do not drop"': ("accept",),
    "counter": ON,
    "return": ("return",),
    "tcp dport 80 counter reject with tcp reset": ("drop",),
    "ip saddr @bad drop": ("drop",),
    "ip saddr != @bad drop": ON,
    "tcp dport @ports accept": ("accept",),
    "ip saddr . tcp dport @pairs drop": ("drop",),
    "ip daddr . tcp dport { 10.0.0.1 . 81 } drop": ON,
    "tcp dport vmap { 80 : drop, 81 : accept }": ("drop",),
    "tcp dport vmap @verdicts": ("accept",),
    "tcp dport vmap { 81 : drop }": ON,
    "iifname vmap { docker0 : jump other, eth0 : drop }": ("jump",),
    "tcp dport 80 goto other": ("goto",),
    "ct state established,related accept": ON,
    "ct state new accept": ("accept",),
    "ct state vmap { invalid : drop, established : accept }": ON,
    "ct state { established, new } accept": ("accept",),
    "ct state != new drop": ON,
    "ct original ip daddr 10.0.0.1 accept": ("accept",),
    "ct status dnat accept": ("on", "accept"),
    "tcp flags & (syn | ack) == syn drop": ("drop",),
    "tcp flags syn drop": ("drop",),
    "tcp flags ack drop": ON,
    "ip ttl < 10 drop": ON,
    "ip ttl 64 accept": ("accept",),
    "meta mark 0x1 drop": ON,
    "meta mark set 7 meta mark 7 drop": ("drop",),
    "meta mark set ip saddr map { 172.17.0.2 : 7 } meta mark 7 drop": ("drop",),
    "meta pkttype broadcast drop": ON,
    "ether saddr 02:42:ac:11:00:02 drop": ("drop",),
    "fib daddr type local drop": ON,
    "fib daddr type unicast drop": ("drop",),
    "limit rate 10/second drop": UNSURE,
    "limit rate 10/second accept": ("on", "accept"),
    "quota over 25 mbytes drop": UNSURE,
    "ct count over 5 drop": UNSURE,
    "meta skuid 1000 drop": UNSURE,
    "numgen random mod 2 vmap { 0 : drop, 1 : accept }": ("on", "drop", "accept"),
    "tcp dport 81 limit rate 10/second drop": ON,
    "notrack": ON,
}
FOR_OTHERS = {
    "tcp dport 53 drop": {"udp": ON},
    "udp dport 53 drop": {"udp": ("drop",)},
    "ip6 saddr fd00::/64 drop": {"six": ("drop",)},
    "ip6 daddr { fd00::1, fd00:1::-fd00:1::ff } drop": {"six": ("drop",)},
    "ct state established,related accept": {"answer": ("accept",)},
    "tcp flags & (syn | ack) == syn | ack drop": {"answer": ("drop",)},
    "meta l4proto ipv6-icmp accept": {"ping": ON, "ping6": ("accept",)},
    "icmp type { echo-reply, echo-request } accept": {"ping": ("accept",), "ping6": ON},
    "icmpv6 type { echo-request, nd-neighbor-solicit } accept": {"ping": ON, "ping6": ("accept",)},
    "meta nfproto ipv6 accept": {"ping": ON, "ping6": ("accept",)},
}
PASSING = {"tcp": TCP, "udp": UDP, "six": SIX, "answer": ANSWER, "ping": PING, "ping6": PING6}
MADE = """
add table inet guard
add set inet guard bad { type ipv4_addr; flags interval; elements = { 172.17.0.0/16, 10.1.1.1 } }
add set inet guard ports { type inet_service; elements = { 80, 443 } }
add set inet guard pairs { type ipv4_addr . inet_service; elements = { 172.17.0.2 . 80 } }
add map inet guard verdicts { type inet_service : verdict; elements = { 80 : accept } }
add chain inet guard other
add chain inet guard way
"""


@pytest.fixture(scope="module")
def listed() -> Any:
    """The rules of both tables as nft lists them, by their words, and the named sets."""
    nk.echo(on=False)
    words = [*FOR_TCP, *(each for each in FOR_OTHERS if each not in FOR_TCP)]
    lines = "".join(f"add rule inet guard way {each}\n" for each in words)
    made = nk.sh(f"nft -f - <<END\n{MADE}{lines}END")
    found = ruleset(entering.HOST_PATH)
    own = [said["rule"] for said in found if said.get("rule", {}).get("table") == "guard"]
    sets = {each["name"]: each["elem"] for said in found for each in said.values() if "elem" in each}
    nk.sh("nft delete table inet guard")
    nk.echo(on=True)
    assert len(own) == len(words), made
    return dict(zip(words, own, strict=True)), Sets(sets)


CASES = [(words, "tcp", acts) for words, acts in FOR_TCP.items()]
CASES += [(words, whose, acts) for words, found in FOR_OTHERS.items() for whose, acts in found.items()]


@needs.nftables
@pytest.mark.parametrize(("words", "whose", "acts"), CASES, ids=lambda each: each if isinstance(each, str) else "")
def test_a_rule(listed: Any, words: str, whose: str, acts: tuple[str, ...]) -> None:
    found, sets = listed
    assert tuple(act.kind for act in nft.does(found[words], sets, PASSING[whose])) == acts
