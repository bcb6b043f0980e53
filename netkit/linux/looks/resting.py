"""A link's record without what is other at every look: then what it means can be remembered by its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.linux.looks.layouts import BEGIN, Layouts, attributes_at
from netkit.linux.netlink.protocol import ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTED = frozenset([7, 23])  # IFLA_STATS, IFLA_STATS64: Linux tells the latter also to those who want none
_LINKINFO, _KIND, _DATA, _OF_A_PORT = 18, 1, 2, 5  # IFLA_LINKINFO, IFLA_INFO_KIND, …_DATA, …_SLAVE_DATA
_TIMERS = {
    _DATA: frozenset([16, 17, 18, 19]),  # IFLA_BR_HELLO_TIMER, …_TCN_TIMER, …_TOPOLOGY_CHANGE_TIMER, …_GC_TIMER
    _OF_A_PORT: frozenset([21, 22, 23]),  # IFLA_BRPORT_MESSAGE_AGE_TIMER, …_FORWARD_DELAY_TIMER, …_HOLD_TIMER
}
_NUMBER = 0x3FFF


def at_rest(body: memoryview) -> bytes:
    """The record with zeros for what the kernel counts, and for the timers of a bridge and of its ports.

    Args:
        body: of RTM_NEWLINK.
    """
    data = bytearray(body)
    for begin, end in _left_out.of(body):
        data[begin:end] = bytes(end - begin)
    return bytes(data)


def _walked(body: memoryview) -> tuple[list[int], tuple[tuple[int, int], ...]]:
    """The places of all headers, and from where to where the values are that are left out."""
    walk = list(_walk(body))
    left_out = ((place + ATTRIBUTE.size, place + length) for place, length, fleeting in walk if fleeting)
    return [place for place, _, _ in walk], tuple(left_out)


def _walk(body: memoryview) -> Iterator[tuple[int, int, bool]]:
    """Place and length of each attribute, those of a bridge or a port among them; whether its value is left out."""
    for place, length, kind in attributes_at(body, BEGIN, len(body)):
        yield place, length, kind & _NUMBER in _COUNTED
        if kind & _NUMBER != _LINKINFO:
            continue
        bridge = False
        for inner, size, part in attributes_at(body, place + 4, place + length):
            yield inner, size, False
            bridge = bridge or (part & _NUMBER == _KIND and body[inner + 4 : inner + size] == b"bridge\0")
            if part & _NUMBER == _OF_A_PORT or (bridge and part & _NUMBER == _DATA):
                for spot, bytes_, own in attributes_at(body, inner + 4, inner + size):
                    yield spot, bytes_, own & _NUMBER in _TIMERS[part & _NUMBER]


_left_out: Layouts[tuple[tuple[int, int], ...]] = Layouts(_walked)
