"""Which packets a namespace began to send, but no frame shows: they ended before an interface, in OUTPUT say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from netkit.model import Frame
    from netkit.netfilter import Mark

_BEGINS = {"ethernet": 14, "ip": 0}
_EXTENSIONS, _FRAGMENT = (0, 43, 44, 60), 44  # RFC 8200, 4
_KEPT = {TCP: ((4, 8),), UDP: ((4, 6),), ICMP: ((0, 1), (6, 8)), ICMPV6: ((0, 1), (6, 8))}
"""What neither translation nor cutting changes: TCP's sequence, UDP's length, ICMP's type and sequence."""


def unsent(marks: Iterable[Mark], frames: Iterable[Frame], whole: Container[str]) -> tuple[Mark, ...]:
    """The marks without those of packets at "output" that a frame shows.

    Args:
        marks: of an x-ray.
        frames: what it recorded.
        whole: the namespaces of which frames were recorded at every interface; of others nothing can be said.
    """
    marks = tuple(marks)
    if not any(mark.hook == "output" for mark in marks):
        return marks
    out = (frame for frame in frames if frame.direction == "out")
    sent = {_print(frame.namespace, frame.data[_BEGINS.get(frame.link, 0) :]) for frame in out}
    return tuple(
        mark for mark in marks if mark.hook != "output" or (mark.namespace in whole and _is_unknown(mark, sent))
    )


def _is_unknown(mark: Mark, sent: set[tuple | None]) -> bool:
    seen = _print(mark.namespace, mark.network + mark.transport)
    return seen is not None and seen not in sent


def _print(namespace: str, packet: bytes) -> tuple | None:
    """By what a packet is known again on its way out of a namespace; None where nothing does."""
    if len(packet) < 20:
        return None
    if packet[0] >> 4 == 4:
        protocol, size, own = packet[9], (packet[0] & 15) * 4, packet[4:6]
        if int.from_bytes(packet[6:8]) & 0x1FFF:  # a later fragment
            return None
    else:
        protocol, size, own = packet[6], 40, b""
        while protocol in _EXTENSIONS and len(packet) > size + 1:
            length = 8 if protocol == _FRAGMENT else packet[size + 1] * 8 + 8
            protocol, size = packet[size], size + length
    if protocol not in _KEPT or len(packet) < size + 8:
        return None
    return namespace, protocol, own, *(packet[size + begin : size + end] for begin, end in _KEPT[protocol])
