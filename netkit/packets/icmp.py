"""One line about an ICMP message: "host unreachable", "time exceeded", echoes, neighbours (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.packets.wording import Wording

HOUSEKEEPING = (130, 131, 132, 133, 134, 135, 136, 137, 143)
"""ICMPv6 types by which routers, neighbours and multicast listeners find one another (RFC 4861, RFC 3810)."""

_UNREACHABLE = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    9: "network prohibited",
    10: "host prohibited",
    13: "prohibited by a filter",
}
_UNREACHABLE_V6 = {
    0: "no route",
    1: "prohibited by a filter",
    3: "address unreachable",
    4: "port unreachable",
    5: "source address refused",
    6: "route rejected",
}
_NEIGHBOURS = {135: "who has", 136: "it is I:"}
_GROUPS = {130: "asks for listeners", 131: "listener report", 132: "listener leaves", 143: "listener report"}
_ROUTERS = {133: "asks for routers", 134: "router announces itself", 137: "redirect"}


def icmp(message: bytes, about: Callable[[], str]) -> str:
    """One line about an ICMP message.

    Args:
        message: from its type on; 8 bytes at least.
        about: words the packet, cut short, that an error is about.
    """
    kind, code, low = struct.unpack_from("!BB4xH", message)
    if kind in (0, 8):
        return f"ICMP echo {'request' if kind else 'reply'} seq {low}"
    if kind == 3:
        why = f"fragmentation needed, at most {low} bytes" if code == 4 else _UNREACHABLE.get(code, f"code {code}")
        return f"ICMP {why} ({about()})"
    if kind == 5:
        via = ".".join(str(byte) for byte in message[4:8])
        return f"ICMP redirect to {via} ({about()})"
    if kind == 11:
        why = "reassembly took too long" if code else "time to live exceeded"
        return f"ICMP {why} ({about()})"
    return f"ICMP type {kind}"


def icmpv6(message: bytes, wording: Wording, about: Callable[[], str]) -> str:
    """One line about an ICMPv6 message.

    Args:
        message: from its type on; 8 bytes at least.
        wording: how to write addresses.
        about: words the packet, cut short, that an error is about.
    """
    kind, code, number = struct.unpack_from("!BB2xI", message)
    if kind in (128, 129):
        return f"ICMPv6 echo {'request' if kind == 128 else 'reply'} seq {number & 0xFFFF}"
    if kind in _NEIGHBOURS:
        if len(message) < 24:
            return "ICMPv6, cut short"
        return f"ICMPv6 {_NEIGHBOURS[kind]} {wording.address(message[8:24])}{'?' if kind == 135 else ''}"
    if kind in _ROUTERS or kind in _GROUPS:
        return f"ICMPv6 {_ROUTERS.get(kind) or _GROUPS[kind]}"
    errors = {
        1: _UNREACHABLE_V6.get(code, f"unreachable, code {code}"),
        2: f"packet too big, at most {number} bytes",
        3: "reassembly took too long" if code else "hop limit exceeded",
    }
    return f"ICMPv6 {errors[kind]} ({about()})" if kind in errors else f"ICMPv6 type {kind}"
