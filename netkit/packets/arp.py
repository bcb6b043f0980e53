"""What an ARP message about MACs and IPv4 addresses says (RFC 826)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netkit.packets.reader import Span

REQUEST, REPLY = 1, 2
"""Its operations."""
_MESSAGE = struct.Struct("!6xH6s4s6s4s")
_SIZES = b"\x06\x04"


class Arp(NamedTuple):
    """An ARP message.

    Attributes:
        operation: REQUEST or REPLY.
        mac: the sender's, 6 bytes.
        sender: the sender's address, 4 bytes.
        target: the address that is asked for, or that of whom is answered.
    """

    operation: int
    mac: bytes
    sender: bytes
    target: bytes


def is_for_ipv4(data: bytes, span: Span) -> bool:
    """Whether an ARP message is about addresses as long as a MAC and an IPv4 address.

    Args:
        data: the frame.
        span: the message.
    """
    return data[span.start + 4 : span.start + 6] == _SIZES


def arp(data: bytes, span: Span) -> Arp | None:
    """What an ARP message says; None if it is cut short, or about other kinds of addresses.

    Args:
        data: the frame.
        span: the message.
    """
    if not span.sound or not is_for_ipv4(data, span):
        return None
    operation, mac, sender, _, target = _MESSAGE.unpack_from(data, span.start)
    return Arp(operation, mac, sender, target)
