"""A link's record is the same at the next look although the kernel has counted meanwhile."""

from __future__ import annotations

import struct

import pytest

from netkit.linux.looks import resting
from netkit.linux.netlink.protocol import attribute

_NAME, _STATS64, _LINKINFO, _OF_A_PORT, _HOLD_TIMER, _STATE = 3, 23, 18, 5, 23, 1


def record(name: bytes, counted: int, *, timer: int = 0, state: int = 3) -> bytes:
    """A link that has sent so much, and is a bridge's port."""
    port = attribute(_STATE, bytes([state])) + attribute(_HOLD_TIMER, struct.pack("=Q", timer))
    info = attribute(1, b"veth\0") + attribute(4, b"bridge\0") + attribute(_OF_A_PORT, port)
    counters = attribute(_STATS64, struct.pack("=24Q", *[counted] * 24))
    return bytes(resting.BEGIN) + attribute(_NAME, name) + counters + attribute(_LINKINFO, info)


def rest(body: bytes) -> bytes:
    """The record at rest."""
    return resting.at_rest(memoryview(body))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (record(b"eth0\0", 1), record(b"eth0\0", 2), True),
        (record(b"eth0\0", 1), record(b"eth0\0", 1, timer=7), True),
        (record(b"eth0\0", 1), record(b"eth1\0", 1), False),
        (record(b"eth0\0", 1), record(b"eth0\0", 1, state=4), False),
        (record(b"eth0\0", 1), record(b"a-longer-name\0", 1), False),
    ],
)
def test_what_is_counted_makes_no_other_record(first: bytes, second: bytes, *, same: bool) -> None:
    assert (rest(first) == rest(second)) is same
    assert len(rest(first)) == len(first)


def test_an_equally_long_record_with_other_attributes_is_walked_through_anew() -> None:
    """What looks like a counter in one record is a name in another of the same length."""
    counted = bytes(resting.BEGIN) + attribute(_STATS64, b"abcdefgh")
    named = bytes(resting.BEGIN) + attribute(_NAME, b"abcdefg\0")
    assert rest(counted).endswith(bytes(8))
    assert rest(named) == named
    assert rest(counted).endswith(bytes(8))


def bridge(timer: int, age: int) -> bytes:
    """A bridge whose garbage collector is due, and whose entries live so long."""
    data = attribute(4, struct.pack("=I", age)) + attribute(19, struct.pack("=Q", timer))
    return (
        bytes(resting.BEGIN)
        + attribute(_NAME, b"br0\0")
        + attribute(_LINKINFO, attribute(1, b"bridge\0") + attribute(2, data))
    )


def test_the_timers_of_a_bridge_are_left_out_and_what_somebody_set_is_not() -> None:
    assert rest(bridge(1, 300)) == rest(bridge(2, 300)) != rest(bridge(1, 400))


def test_what_bears_the_number_of_a_timer_in_another_kind_of_link_stays() -> None:
    other = bytes(resting.BEGIN) + attribute(_LINKINFO, attribute(1, b"vxlan\0") + attribute(2, attribute(19, b"\1")))
    assert rest(other) == other
