"""What the table says of a frame; scapy builds the frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6ND_RS,
    IPv6,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from netkit.packets.dissect import WORDS, read
from netkit.packets.wording import Wording

FIXED, RANDOM, BROADCAST = "02:42:ac:11:00:02", "6e:12:34:56:78:9a", "ff:ff:ff:ff:ff:ff"
OURS = Wording({RANDOM: "ns1:eth1"})
ETHER = Ether(src=FIXED, dst="02:42:ac:11:00:03")
PAIR = IP(src="10.0.0.1", dst="10.0.0.2")
PAIR6 = IPv6(src="fd00::1", dst="fd00::2")
LINK_LOCAL = "fe80::6c12:34ff:fe56:789a"  # what RANDOM gives
SAID = PAIR / UDP(sport=40000, dport=9999) / b"hello"

LINES = {
    "arp request": (
        Ether(src=RANDOM, dst=BROADCAST) / ARP(op=1, hwsrc=RANDOM, psrc="10.0.0.1", pdst="10.0.0.2"),
        "10.0.0.1 → everyone: ARP who has 10.0.0.2? tell 10.0.0.1",
    ),
    "arp reply, random MAC": (
        ETHER / ARP(op=2, hwsrc=RANDOM, psrc="10.0.0.1", pdst="10.0.0.2"),
        "10.0.0.1 → 10.0.0.2: ARP 10.0.0.1 is at the MAC of ns1:eth1",
    ),
    "arp reply, fixed MAC": (
        ETHER / ARP(op=2, hwsrc=FIXED, psrc="10.0.0.1", pdst="10.0.0.2"),
        f"10.0.0.1 → 10.0.0.2: ARP 10.0.0.1 is at {FIXED}",
    ),
    "arp reply, unknown MAC": (
        ETHER / ARP(op=2, hwsrc="6e:00:00:00:00:01", psrc="10.0.0.1", pdst="10.0.0.2"),
        "10.0.0.1 → 10.0.0.2: ARP 10.0.0.1 is at 6e:00:00:00:00:01",
    ),
    "arp announcement": (
        Ether(src=FIXED, dst=BROADCAST) / ARP(op=1, hwsrc=FIXED, psrc="10.0.0.1", pdst="10.0.0.1"),
        f"10.0.0.1 → everyone: ARP announces 10.0.0.1 at {FIXED}",
    ),
    "arp probe": (
        Ether(src=FIXED, dst=BROADCAST) / ARP(op=1, hwsrc=FIXED, psrc="0.0.0.0", pdst="10.0.0.9"),
        "0.0.0.0 → everyone: ARP who has 10.0.0.9? (a probe)",
    ),
    "echo": (ETHER / PAIR / ICMP(type=8, id=7, seq=3), "10.0.0.1 → 10.0.0.2: ICMP echo request seq 3"),
    "echo reply": (ETHER / PAIR / ICMP(type=0, id=7, seq=3), "10.0.0.1 → 10.0.0.2: ICMP echo reply seq 3"),
    "port unreachable": (
        ETHER / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(type=3, code=3) / SAID,
        "10.0.0.2 → 10.0.0.1: ICMP port unreachable (10.0.0.1:* → 10.0.0.2:9999)",
    ),
    "frag needed": (
        ETHER / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(type=3, code=4, nexthopmtu=1400) / SAID,
        "10.0.0.2 → 10.0.0.1: ICMP fragmentation needed, at most 1400 bytes (10.0.0.1:* → 10.0.0.2:9999)",
    ),
    "time exceeded": (
        ETHER / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(type=11) / SAID,
        "10.0.0.2 → 10.0.0.1: ICMP time to live exceeded (10.0.0.1:* → 10.0.0.2:9999)",
    ),
    "redirect": (
        ETHER / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(type=5, code=1, gw="10.0.0.3") / SAID,
        "10.0.0.2 → 10.0.0.1: ICMP redirect to 10.0.0.3 (10.0.0.1:* → 10.0.0.2:9999)",
    ),
    "syn": (ETHER / PAIR / TCP(sport=40000, dport=80, flags="S"), "10.0.0.1:* → 10.0.0.2:80: TCP [SYN]"),
    "syn ack": (ETHER / PAIR / TCP(sport=80, dport=40000, flags="SA"), "10.0.0.1:80 → 10.0.0.2:*: TCP [SYN, ACK]"),
    "http": (
        ETHER / PAIR / TCP(sport=40000, dport=8080, flags="PA") / b"GET /x HTTP/1.1\r\nHost: web\r\n\r\n",
        "10.0.0.1:* → 10.0.0.2:8080: TCP [PSH, ACK] 30 bytes | HTTP: GET /x HTTP/1.1",
    ),
    "udp": (ETHER / SAID, "10.0.0.1:* → 10.0.0.2:9999: UDP 5 bytes"),
    "dns question": (
        ETHER / PAIR / UDP(sport=40000, dport=53) / DNS(id=9, rd=1, qd=DNSQR(qname="web")),
        "10.0.0.1:* → 10.0.0.2:53: DNS asks for web (A)",
    ),
    "dns answer": (
        ETHER / PAIR / UDP(sport=53, dport=40000)
        / DNS(id=9, qr=1, qd=DNSQR(qname="web"), an=DNSRR(rrname="web", rdata="172.18.0.2")),
        "10.0.0.1:53 → 10.0.0.2:*: DNS answers web (A): 172.18.0.2",
    ),
    "no such name": (
        ETHER / PAIR / UDP(sport=53, dport=40000) / DNS(id=9, qr=1, rcode=3, qd=DNSQR(qname="wbe")),
        "10.0.0.1:53 → 10.0.0.2:*: DNS answers wbe (A): no such name",
    ),
    "dhcp": (
        ETHER / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / BOOTP()
        / DHCP(options=[("message-type", "discover"), "end"]),
        "0.0.0.0:68 → 255.255.255.255:67: DHCP discover",
    ),
    "vlan": (
        ETHER / Dot1Q(vlan=10) / PAIR / ICMP(seq=1), "10.0.0.1 → 10.0.0.2: VLAN 10 | ICMP echo request seq 1",
    ),
    "vxlan": (
        ETHER / PAIR / UDP(sport=50000, dport=4789) / VXLAN(vni=42) / ETHER
        / IP(src="192.168.1.1", dst="192.168.1.2") / ICMP(seq=1),
        "10.0.0.1:* → 10.0.0.2:4789: VXLAN 42 | 192.168.1.1 → 192.168.1.2 ICMP echo request seq 1",
    ),
    "first fragment": (
        ETHER / IP(src="10.0.0.1", dst="10.0.0.2", flags="MF") / ICMP(seq=1) / bytes(8),
        "10.0.0.1 → 10.0.0.2: ICMP echo request seq 1 (first fragment)",
    ),
    "later fragment": (
        ETHER / IP(src="10.0.0.1", dst="10.0.0.2", frag=185, proto=1) / bytes(100),
        "10.0.0.1 → 10.0.0.2: fragment, bytes 1480 to 1579",
    ),
    "later fragment, v6": (
        ETHER / PAIR6 / IPv6ExtHdrFragment(offset=181, nh=58) / bytes(100),
        "fd00::1 → fd00::2: fragment, bytes 1448 to 1547",
    ),
    "igmp": (ETHER / IP(src="10.0.0.1", dst="224.0.0.22", proto=2) / bytes(8), "10.0.0.1 → 224.0.0.22: IGMP"),
    "gre": (ETHER / IP(src="10.0.0.1", dst="10.0.0.2", proto=47) / bytes(8), "10.0.0.1 → 10.0.0.2: GRE"),
    "echo v6": (
        ETHER / PAIR6 / ICMPv6EchoRequest(id=7, seq=2), "fd00::1 → fd00::2: ICMPv6 echo request seq 2",
    ),
    "link-local": (
        ETHER / IPv6(src=LINK_LOCAL, dst="fe80::42:acff:fe11:2") / ICMPv6EchoRequest(seq=1),
        "link-local of ns1:eth1 → fe80::42:acff:fe11:2: ICMPv6 echo request seq 1",
    ),
    "tcp v6": (
        ETHER / PAIR6 / IPv6ExtHdrHopByHop() / TCP(sport=40000, dport=80, flags="S"),
        "[fd00::1]:* → [fd00::2]:80: TCP [SYN]",
    ),
    "unreachable v6": (
        ETHER / PAIR6 / ICMPv6DestUnreach(code=4) / PAIR6 / UDP(sport=40000, dport=9),
        "fd00::1 → fd00::2: ICMPv6 port unreachable ([fd00::1]:* → [fd00::2]:9)",
    ),
    "neighbour": (
        ETHER / IPv6(src=LINK_LOCAL, dst="ff02::1:ff00:2") / ICMPv6ND_NS(tgt="fd00::2"),
        "link-local of ns1:eth1 → ff02::1:ff00:2: ICMPv6 who has fd00::2?",
    ),
    "router": (
        ETHER / IPv6(src=LINK_LOCAL, dst="ff02::2") / ICMPv6ND_RS(),
        "link-local of ns1:eth1 → ff02::2: ICMPv6 asks for routers",
    ),
    "unknown": (
        Ether(src=RANDOM, dst=FIXED, type=0x1234) / Raw(b"x" * 20), f"the MAC of ns1:eth1 → {FIXED}: EtherType 0x1234",
    ),
}  # fmt: skip

FRAMES = {name: bytes(packet) for name, (packet, _) in LINES.items()}


@pytest.mark.parametrize("name", LINES)
def test_a_frame_in_one_line(name: str) -> None:
    reading = read(FRAMES[name], wording=OURS)
    assert f"{reading.source} → {reading.destination}: {reading.what}" == LINES[name][1]


def test_random_things_are_not_told() -> None:
    told = [repr(read(FRAMES[name], wording=OURS).what) for name in LINES]
    assert not any(word in line for line in told for word in (RANDOM, "40000", "50000", " id "))


@pytest.mark.parametrize(("name", "words"), [
    ("vxlan", {"ip", "udp", "vxlan", "icmp"}), ("vlan", {"vlan", "ip", "icmp"}), ("arp request", {"arp"}),
    ("dns answer", {"ip", "udp", "dns"}), ("http", {"ip", "tcp", "http"}), ("dhcp", {"ip", "udp", "dhcp"}),
    ("first fragment", {"ip", "icmp", "fragment"}), ("later fragment", {"ip", "fragment"}),
    ("echo v6", {"ipv6", "icmpv6"}), ("unknown", set()),
])  # fmt: skip
def test_words(name: str, words: set[str]) -> None:
    assert read(FRAMES[name]).words == words


def test_every_word_is_known() -> None:
    assert {word for frame in FRAMES.values() for word in read(frame).words} == set(WORDS)


def test_housekeeping_is_what_the_kernel_says_by_itself() -> None:
    assert {name for name in LINES if read(FRAMES[name]).housekeeping} == {"neighbour", "router", "igmp"}
    inner = bytes(ETHER / PAIR / UDP(dport=8472) / VXLAN(vni=1) / FRAMES["neighbour"])
    assert read(inner).housekeeping


def test_one_packet_has_one_key_at_all_hops() -> None:
    def key(ttl: int, ident: int, mac: str) -> object:
        return read(bytes(Ether(dst=mac) / IP(src="10.0.0.1", dst="10.0.0.2", ttl=ttl, id=ident) / ICMP(seq=1))).key

    assert key(64, 5, FIXED) == key(63, 5, RANDOM)
    assert key(64, 5, FIXED) != key(64, 6, FIXED)


def test_the_key_does_not_mind_a_checksum_that_comes_late() -> None:
    frames = [bytes(ETHER / PAIR / TCP(sport=40000, dport=80, chksum=n)) for n in (0, 7)]
    assert read(frames[0]).key == read(frames[1]).key


def test_a_packet_without_ethernet_header() -> None:
    assert read(bytes(SAID), "ip").what == "UDP 5 bytes"


@pytest.mark.parametrize("name", LINES)
def test_frames_that_are_cut_are_read_as_far_as_they_go(name: str) -> None:
    lines = [read(FRAMES[name][:length], wording=OURS) for length in range(len(FRAMES[name]))]
    assert all(line.what for line in lines)
    assert "too short" in lines[13].what


@given(st.sampled_from(sorted(FRAMES)), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=8))
def test_damaged_frames_raise_nothing(name: str, damage: list[tuple[int, int]]) -> None:
    frame = bytearray(FRAMES[name])
    for place, value in damage:
        frame[place % len(frame)] = value
    assert read(bytes(frame), wording=OURS).what


@given(st.binary(max_size=200), st.sampled_from(["ethernet", "ip"]))
def test_any_bytes_raise_nothing(data: bytes, link: str) -> None:
    assert read(data, link).what
