"""Records of the kernel whose attributes stand at the same places: what follows from that is found once for them all.

Where they stand, their headers tell (netlink(7), struct nlattr). A record whose headers are those of an earlier one,
all compared at once, need not be walked through again.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from netkit.linux.netlink.protocol import ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Found = TypeVar("Found")

BEGIN = 16
"""Where the attributes of a link begin, behind struct ifinfomsg."""


class _Layout(NamedTuple):
    """What reads a record's headers, what they are, and what was found."""

    headers: struct.Struct
    read: tuple[int, ...]
    found: object


class Layouts(Generic[Found]):
    """What follows from the places of a link's attributes.

    Args:
        walk: walks through a record; returns the places of its headers, in their order, and what follows from them.
    """

    def __init__(self, walk: Callable[[memoryview], tuple[Iterable[int], Found]]) -> None:
        self._walk = walk
        self._last: dict[tuple[int, int], _Layout] = {}  # of each length, and length of the first attribute, the name

    def of(self, body: memoryview | bytes) -> Found:
        """What follows for a record of RTM_NEWLINK."""
        key = len(body), body[BEGIN] if len(body) > BEGIN else 0
        layout = self._last.get(key)
        if layout is None or layout.headers.unpack_from(body) != layout.read:
            places, found = self._walk(memoryview(body))
            layout = self._last[key] = _Layout(headers := _headers(places), headers.unpack_from(body), found)
        return layout.found  # type: ignore[return-value]  (its own walk has found it)


def attributes_at(body: memoryview, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Place, length and number of each attribute between two places of a record.

    Args:
        body: the record.
        begin: where the first one begins.
        end: where they end.
    """
    while begin <= end - ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(body, begin)
        if length < ATTRIBUTE.size:
            return
        yield begin, length, kind
        begin += (length + 3) & -4


def _headers(places: Iterable[int]) -> struct.Struct:
    """What reads the headers at these places at once."""
    shape, reached = "=", 0
    for place in places:
        shape += f"{place - reached}xHH"
        reached = place + ATTRIBUTE.size
    return struct.Struct(shape)
