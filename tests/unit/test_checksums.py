"""Whether a packet's checksum is right, wrong, or left to the hardware; whole packets as scapy makes them."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

from netkit.journey.joining.parsed import parsed
from netkit.packets import checksums

FOUR, SIX = IP(src="10.0.0.1", dst="10.0.0.2"), IPv6(src="fd00::1", dst="fd00::2")
WHOLE = [
    FOUR / UDP(sport=1, dport=2) / Raw(b"odd"),
    FOUR / TCP(sport=1, dport=2) / Raw(b"even"),
    FOUR / ICMP(id=7) / Raw(b"x"),
    SIX / UDP(sport=1, dport=2) / Raw(b"x"),
    SIX / ICMPv6EchoRequest(id=7),
]


def is_wrong(data: bytes) -> bool:
    """What is said of a packet."""
    head = parsed(data, "ip").ip
    assert head is not None
    return checksums.wrong(head)


@pytest.mark.parametrize("packet", WHOLE)
def test_a_right_checksum_and_one_of_another_packet(packet: Packet) -> None:
    data = bytes(packet)
    assert not is_wrong(data)
    assert is_wrong(data[:-1] + bytes([data[-1] ^ 1]))


def test_a_packet_that_was_cut_off_is_not_judged() -> None:
    assert not is_wrong(bytes(WHOLE[0])[:-1])


def test_udp_may_have_none() -> None:
    assert not is_wrong(bytes(FOUR / UDP(sport=1, dport=2, chksum=0) / Raw(b"x")))


def test_what_is_left_to_the_hardware_is_not_wrong() -> None:
    """There the kernel has written the sum of the addresses, the protocol and the length."""
    words = (0x0A00, 0x0001, 0x0A00, 0x0002, 17, 9)
    left = bytes(FOUR / UDP(sport=1, dport=2, chksum=sum(words)) / Raw(b"x"))
    assert not is_wrong(left)
