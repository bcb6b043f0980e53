"""The Internet checksum (RFC 1071), and whether what an IP packet carries has the one that it should."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from netkit.packets.ip import IpHeader

_WHERE = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
"""At which byte of the header the checksum stands."""

_ALL_ONES = 0xFFFF


def wrong(head: IpHeader) -> bool:
    """Whether a packet that was recorded whole has a wrong checksum of TCP, UDP or ICMP.

    One that is left to the hardware is not wrong: the kernel has written the sum of the addresses there, to begin with.

    Args:
        head: the IP header, with what follows it.
    """
    place = _WHERE.get(head.protocol)
    if place is None or head.fragment or len(head.body) < max(head.size, place + 2):
        return False
    body = head.body[: head.size]
    found = int.from_bytes(body[place : place + 2], "big")
    if found == 0 and head.protocol == UDP and head.version == 4:
        return False  # it has none
    begun = 0
    if head.protocol != ICMP:
        begun = _sum(head.source + head.target + struct.pack("!II", head.size, head.protocol))
    return found != begun and _sum(body, begun) != _ALL_ONES


def checksum(data: bytes) -> int:
    """The Internet checksum of some bytes: the complement of their sum.

    Args:
        data: in which the place of the checksum itself holds zeros.
    """
    return ~_sum(data) & _ALL_ONES


def _sum(data: bytes, begun: int = 0) -> int:
    """The sum of 16-bit words with the carry added again."""
    padded = data + bytes(len(data) % 2)
    total = begun + sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > _ALL_ONES:
        total = (total & _ALL_ONES) + (total >> 16)
    return total
