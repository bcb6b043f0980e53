"""Layers and fields of frames; scapy builds the frames and says what each field holds."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from netkit.packets.layers import Layer, layers

ETHER = Ether(src="02:42:ac:11:00:02", dst="02:42:ac:11:00:03")
PAIR = IP(src="10.0.0.1", dst="10.0.0.2")
PAIR6 = IPv6(src="fd00::1", dst="fd00::2")
OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (7, 8)), ("NOP", None), ("WScale", 7)]

FRAMES = {
    "arp": ETHER / ARP(op=2, hwsrc="02:42:ac:11:00:02", psrc="10.0.0.1", pdst="10.0.0.2"),
    "echo": ETHER / PAIR / ICMP(id=7, seq=3) / b"abcdefgh",
    "vlan": ETHER / Dot1Q(prio=5, vlan=42) / PAIR / UDP(sport=1, dport=2),
    "padded": ETHER / PAIR / UDP(sport=1, dport=2) / b"x" / Raw(b""),
    "tcp": ETHER / PAIR / TCP(sport=40000, dport=80, flags="SA", options=OPTIONS) / b"GET / HTTP/1.1\r\n\r\n",
    "router alert": ETHER / IP(options=[IPOption_Router_Alert()]) / ICMP(),
    "fragment": ETHER / IP(frag=10, flags="MF") / Raw(b"y" * 24),
    "ipv6": ETHER / PAIR6 / ICMPv6EchoRequest(id=1, seq=2) / b"abc",
    "neighbour": ETHER / PAIR6 / ICMPv6ND_NS(tgt="fd00::2") / ICMPv6NDOptSrcLLAddr(lladdr="02:42:ac:11:00:02"),
    "extensions": ETHER / PAIR6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(id=9) / UDP(sport=1, dport=2) / b"z",
    "vxlan": ETHER / PAIR / UDP(dport=4789) / VXLAN(vni=42) / ETHER / PAIR / ICMP(),
    "error": ETHER / PAIR / ICMP(type=3, code=4, nexthopmtu=1400) / IP(src="10.0.0.2", dst="10.0.0.9") / UDP(),
    "IP in IP": ETHER / PAIR / IP(src="10.1.0.1", dst="10.1.0.2") / ICMP(),
    "length": Ether(type=0x0026) / Raw(b"BB\x03"),
}


def taken_apart(packet: Packet | bytes) -> list[Layer]:
    return layers(bytes(packet))


def spoken(packet: Packet | bytes) -> dict[str, dict[str, str]]:
    return {layer.name: {field.name: field.value for field in layer.fields} for layer in taken_apart(packet)}


def check_cover(data: bytes, found: list[Layer]) -> None:
    """Layers and fields follow one another without a gap; they share bytes only where a field is less than a byte."""
    edges = [0, *(layer.stop for layer in found)]
    assert [layer.start for layer in found] == edges[:-1]
    assert edges[-1] == len(data)
    for layer in found:
        assert sum(field.bits for field in layer.fields) == 8 * (layer.stop - layer.start)
        assert all(field.start < field.stop <= layer.stop for field in layer.fields)
        for one, other in pairwise(layer.fields):
            assert other.start == one.stop or (other.start == one.stop - 1 and (one.bits % 8 or other.bits % 8))


@pytest.mark.parametrize("name", FRAMES)
def test_every_byte_belongs_to_a_field(name: str) -> None:
    data = bytes(FRAMES[name])
    check_cover(data, layers(data))


@settings(max_examples=25)
@given(st.sampled_from(sorted(FRAMES)), st.integers(0, 200), st.binary(max_size=40))
def test_frames_cut_short_and_padded_ones_are_covered_too(name: str, size: int, more: bytes) -> None:
    data = bytes(FRAMES[name])[:size] + more
    check_cover(data, layers(data))


@settings(max_examples=25)
@given(st.binary(max_size=200), st.sampled_from(["ethernet", "ip"]))
def test_any_bytes_are_covered(data: bytes, link: str) -> None:
    check_cover(data, layers(data, link))


@settings(max_examples=25)
@given(st.binary(max_size=120), st.sampled_from([b"\x08\x00E", b"\x86\xdd`", b"\x08\x06\x00\x01\x08\x00\x06\x04"]))
def test_any_bytes_behind_a_known_type_are_covered(data: bytes, kind: bytes) -> None:
    frame = bytes(12) + kind + data
    check_cover(frame, layers(frame))


NAMES = {
    Ether: ("Ethernet", {"type": "EtherType"}),
    Dot1Q: ("VLAN tag", {"prio": "priority", "dei": "may be dropped", "vlan": "VLAN", "type": "EtherType"}),
    IP: ("IPv4", {
        "version": "version", "ihl": "header length", "len": "total length", "id": "identification",
        "frag": "fragment offset", "ttl": "TTL", "proto": "protocol", "chksum": "checksum",
    }),
    IPv6: ("IPv6", {
        "version": "version", "tc": "traffic class", "fl": "flow label", "plen": "payload length",
        "nh": "next header", "hlim": "hop limit",
    }),
    TCP: ("TCP", {
        "sport": "source port", "dport": "destination port", "seq": "sequence number", "window": "window",
        "ack": "acknowledgment number", "dataofs": "header length", "chksum": "checksum",
        "urgptr": "urgent pointer",
    }),
    UDP: ("UDP", {"sport": "source port", "dport": "destination port", "len": "length", "chksum": "checksum"}),
    ICMP: ("ICMP", {
        "type": "type", "code": "code", "chksum": "checksum", "id": "identifier", "seq": "sequence number",
    }),
    VXLAN: ("VXLAN", {"vni": "VNI"}),
    ARP: ("ARP", {
        "hwtype": "hardware type", "ptype": "protocol type", "hwlen": "hardware address length",
        "plen": "protocol address length", "op": "operation",
    }),
}  # fmt: skip
"""Our names by scapy's."""
ADDRESSES = {
    "Ethernet": ("src", "dst"), "IPv4": ("src", "dst"), "IPv6": ("src", "dst"),
    "ARP": ("hwsrc", "psrc", "hwdst", "pdst"),
}  # fmt: skip
OURS = {
    "src": "source", "dst": "destination", "hwsrc": "sender MAC", "psrc": "sender address", "hwdst": "target MAC",
    "pdst": "target address",
}  # fmt: skip


def same(one: str, other: str) -> bool:
    """Whether two texts are the same address: ::ffff:0:0 is ::ffff:0.0.0.0."""
    return one == other or ip_address(one) == ip_address(other)


def check_against_scapy(packet: Packet) -> None:
    """Each field that scapy names holds the same here."""
    read = {}
    for layer in taken_apart(packet):
        read.setdefault(layer.name, layer)
    packet = Ether(bytes(packet))
    for kind, (name, fields) in NAMES.items():
        if kind in packet:
            part = packet[kind]
            assert {ours: read[name][ours].number for ours in fields.values()} == {
                ours: int(getattr(part, theirs)) for theirs, ours in fields.items()
            }
            for theirs in ADDRESSES.get(name, ()):
                assert same(read[name][OURS[theirs]].value, getattr(part, theirs))


bits = st.integers(0, 2**16 - 1)
small = st.integers(0, 255)
v4 = st.ip_addresses(v=4).map(str)
v6 = st.ip_addresses(v=6).map(str)
payloads = st.binary(max_size=30)


ipv4 = st.builds(IP, src=v4, dst=v4, id=bits, ttl=small, tos=small)
ipv6 = st.builds(IPv6, src=v6, dst=v6, tc=small, fl=st.integers(0, 2**20 - 1), hlim=small)


@settings(max_examples=25)
@given(ipv4, bits, st.integers(0, 2**32 - 1), st.sampled_from("SAPRFU"), payloads)
def test_tcp_as_scapy_reads_it(header, number, seq, flag, data) -> None:
    tcp = TCP(sport=number, dport=number ^ 1, seq=seq, ack=seq, window=number, flags=flag, urgptr=number)
    check_against_scapy(ETHER / header / tcp / data)
    names = {"S": "SYN", "A": "ACK", "P": "PSH", "R": "RST", "F": "FIN", "U": "URG"}
    assert spoken(ETHER / header / tcp / data)["TCP"]["flags"] == names[flag]


@settings(max_examples=25)
@given(ipv6, bits, payloads)
def test_udp_over_ipv6_as_scapy_reads_it(header, port, data) -> None:
    check_against_scapy(ETHER / header / UDP(sport=port, dport=9) / data)


@settings(max_examples=25)
@given(st.integers(0, 7), st.integers(0, 4095), bits, bits, payloads)
def test_icmp_in_a_vlan_as_scapy_reads_it(priority, vlan, number, seq, data) -> None:
    check_against_scapy(ETHER / Dot1Q(prio=priority, vlan=vlan) / PAIR / ICMP(id=number, seq=seq) / data)


@settings(max_examples=25)
@given(v4, v4, st.sampled_from([1, 2]))
def test_arp_as_scapy_reads_it(source, target, operation) -> None:
    check_against_scapy(ETHER / ARP(op=operation, psrc=source, pdst=target, hwsrc=ETHER.src, hwdst=ETHER.dst))


@settings(max_examples=25)
@given(st.integers(0, 2**24 - 1), payloads)
def test_vxlan_as_scapy_reads_it(vni, data) -> None:
    packet = ETHER / PAIR / UDP(sport=9, dport=4789) / VXLAN(vni=vni) / ETHER / PAIR / ICMP() / data
    check_against_scapy(packet)
    names = ["Ethernet", "IPv4", "UDP", "VXLAN", "Ethernet", "IPv4", "ICMP", *(["payload"] if data else [])]
    assert [layer.name for layer in taken_apart(packet)] == names


def test_the_same_place_as_in_the_standards() -> None:
    _, header, icmp, data = taken_apart(FRAMES["echo"])
    assert (header["version"].start, header["version"].stop, header["version"].bits) == (14, 15, 4)
    assert (header["header length"].start, header["header length"].value) == (14, "5 (20 bytes)")
    assert (header["more fragments"].start, header["fragment offset"].start) == (20, 20)
    assert (header["fragment offset"].stop, header["TTL"].start) == (22, 22)
    assert header["destination"][1:4] == ("10.0.0.2", 30, 34)
    assert icmp["type"][1:4] == ("8 (echo request)", 34, 35)
    assert (data.start, data.stop, data["data"].value) == (42, 50, "8 bytes")


def test_options_in_words() -> None:
    said = spoken(FRAMES["tcp"])["TCP"]
    assert said["option: maximum segment size"] == "1460 bytes"
    assert said["option: timestamps"] == "7, answering 8"
    assert said["option: window scale"] == "7 (the window counts 128 bytes a step)"
    assert said["option: SACK permitted"] == "yes"
    assert spoken(FRAMES["tcp"])["payload"]["data"] == "HTTP: GET / HTTP/1.1 (18 bytes)"
    assert "option: router alert" in spoken(FRAMES["router alert"])["IPv4"]
    neighbour = spoken(FRAMES["neighbour"])["ICMPv6"]
    assert neighbour["target"] == "fd00::2"
    assert neighbour["option: source link-layer address"] == "02:42:ac:11:00:02"


def test_fragments_quotes_and_padding_in_words() -> None:
    assert spoken(FRAMES["fragment"])["payload"]["data"] == "fragment, from byte 80 on: 24 bytes"
    assert spoken(FRAMES["fragment"])["IPv4"]["more fragments"] == "yes"
    error = spoken(FRAMES["error"])
    assert error["ICMP"]["MTU"] == "1400"
    assert error["quoted IPv4"]["destination"] == "10.0.0.9"
    assert spoken(bytes(FRAMES["arp"]) + bytes(18))["trailer"] == {"padding": "18 bytes"}
    assert spoken(bytes(FRAMES["padded"]) + bytes(3))["trailer"] == {"padding": "3 bytes"}
    assert spoken(bytes(FRAMES["echo"])[:21])["IPv4"]["cut short"] == "1 byte"


def test_flags_of_a_neighbour_advertisement() -> None:
    said = spoken(ETHER / PAIR6 / ICMPv6ND_NA(R=0, S=1, O=1, tgt="fd00::2"))["ICMPv6"]
    assert (said["router"], said["solicited"], said["override"]) == ("no", "yes", "yes")
