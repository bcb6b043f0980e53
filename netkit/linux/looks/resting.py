"""A link's record without what is other at every look: then what it means can be remembered by its bytes.

Where that stands, the headers of its attributes tell. A record whose headers are those of an earlier one, all compared
at once, need not be walked through again.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.netlink.protocol import ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = 16
"""Where the attributes begin, behind struct ifinfomsg."""

_COUNTED = frozenset([7, 23])  # IFLA_STATS, IFLA_STATS64: Linux tells the latter also to those who want none
_LINKINFO, _OF_A_PORT = 18, 5  # IFLA_LINKINFO, IFLA_INFO_SLAVE_DATA
_TIMERS = frozenset([21, 22, 23])  # IFLA_BRPORT_MESSAGE_AGE_TIMER, …_FORWARD_DELAY_TIMER, …_HOLD_TIMER
_NUMBER = 0x3FFF


class _Layout(NamedTuple):
    """Where a record's headers stand, what they are, and which values, from where to where, are left out."""

    places: struct.Struct
    headers: tuple[int, ...]
    left_out: tuple[tuple[int, int], ...]


_layouts: dict[int, _Layout] = {}
"""The last one of each length: there are as many as there are kinds of links with names of other lengths."""


def at_rest(body: memoryview) -> bytes:
    """The record with zeros for what the kernel counts, and for the timers of a bridge's port.

    Args:
        body: of RTM_NEWLINK.
    """
    layout = _layouts.get(len(body))
    if layout is None or layout.places.unpack_from(body) != layout.headers:
        layout = _layouts[len(body)] = _layout(body)
    data = bytearray(body)
    for begin, end in layout.left_out:
        data[begin:end] = bytes(end - begin)
    return bytes(data)


def _layout(body: memoryview) -> _Layout:
    shape, headers, left_out, reached = "=", [], [], 0
    for position, length, kind, fleeting in _walk(body):
        shape += f"{position - reached}xHH"
        headers += [length, kind]
        reached = position + ATTRIBUTE.size
        if fleeting:
            left_out.append((reached, position + length))
    return _Layout(struct.Struct(shape), tuple(headers), tuple(left_out))


def _walk(body: memoryview) -> Iterator[tuple[int, int, int, bool]]:
    """Position, length and kind of each attribute, those of a port among them; whether its value is left out."""
    for position, length, kind in _attributes(body, BEGIN, len(body)):
        yield position, length, kind, kind & _NUMBER in _COUNTED
        if kind & _NUMBER != _LINKINFO:
            continue
        for inner, size, part in _attributes(body, position + 4, position + length):
            yield inner, size, part, False
            if part & _NUMBER == _OF_A_PORT:
                for place, bytes_, own in _attributes(body, inner + 4, inner + size):
                    yield place, bytes_, own, own & _NUMBER in _TIMERS


def _attributes(body: memoryview, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    while begin <= end - 4:
        length, kind = ATTRIBUTE.unpack_from(body, begin)
        if length < 4:
            return
        yield begin, length, kind
        begin += (length + 3) & -4
