"""Large TCP packets that the kernel cut into segments on the way (GSO), and segments that it put together (GRO)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.frames import NONE, ROUTED, UNWRAPPED, Frames
from netkit.journey.joining.keys import Packet, read

if TYPE_CHECKING:
    from collections.abc import Hashable

_TCP = 6
_ETHERNET = 1514  # bytes of the largest frame that an ordinary card sends
_BEHIND = 128
"""Among so many packets before it, that of which a segment is a part is looked for."""


class Span(NamedTuple):
    """What part of a TCP stream a frame carries, perhaps in a VXLAN packet.

    Attributes:
        stream: the flow; around it, that of the tunnel.
        first: the number of the first byte.
        size: how many bytes.
    """

    stream: tuple
    first: int
    size: int

    def holds(self, other: Span) -> bool:
        """Whether another span is a smaller part of this one."""
        return self.size > other.size > 0 and self.first <= other.first < self.first + self.size


def connect(frames: Frames) -> None:
    """Let segments follow what they were cut from, and what was put together the last of its segments.

    Args:
        frames: the recorded ones.
    """
    if not _is_needed(frames):
        return
    spans = {n: span for n, packet in enumerate(frames.packets) if (span := _span(frames, n, packet)) is not None}
    large: dict[Hashable, deque[int]] = {}
    small: dict[Hashable, deque[int]] = {}
    for n, span in spans.items():
        role = frames.roles[n]
        if frames.came[n] and role.is_tunnel and frames.follows[n] == NONE:
            _put_together(frames, n, span, (small.get(span.stream[-1], ()), spans))
        elif not frames.came[n] and frames.follows[n] == NONE:
            _cut(frames, n, span, (large, spans))
        if frames.came[n] or role.is_bridge:
            large.setdefault(_going(frames, n, span), deque(maxlen=_BEHIND)).append(n)
        if frames.came[n] and frames.packets[n].vni is not None and role.bridge is None:
            small.setdefault(span.stream[-1], deque(maxlen=_BEHIND)).append(n)


def _is_needed(frames: Frames) -> bool:
    """Whether there is a large packet at all, or something in a tunnel of which nobody knows whence it came."""
    tunnelled = frames.at(lambda role: role.is_tunnel)
    if any(frames.came[n] and frames.follows[n] == NONE for n in tunnelled):
        return True
    return max((frame.length for frame in frames.all), default=0) > _ETHERNET


def _span(frames: Frames, number: int, packet: Packet) -> Span | None:
    """None where a frame carries no bytes of a TCP stream."""
    frame, streams = frames.all[number], ()
    data, length, at = frame.data, frame.length, packet.start
    if packet.vni is not None and packet.part is None:
        streams = (packet.flow[1:3],)
        data, length = data[packet.inner :], packet.inner_length
        packet = read(data, length)
        at = packet.start
    if packet.flow[0] != _TCP or packet.part is not None or len(data) < packet.payload + 13:
        return None
    total = packet.lasting[2] if packet.lasting else 0
    size = total - (packet.payload - at) - (data[packet.payload + 12] >> 4) * 4
    first = int.from_bytes(data[packet.payload + 4 : packet.payload + 8])
    return Span((*streams, packet.flow), first, size) if size > 0 else None


def _going(frames: Frames, number: int, span: Span) -> Hashable:
    """How a frame that was received looks when it is sent on."""
    role, packet = frames.roles[number], frames.packets[number]
    if role.bridge or (role.is_bridge and not frames.came[number]):
        return role.bridge or role.place, packet.macs, span.stream, packet.ttl
    flow = frames.wiring.translations.get(role.place[0], {}).get(packet.flow, packet.flow)
    stream = (flow,) if len(span.stream) == 1 else span.stream
    return role.place[0], stream, packet.ttl - 1


def _cut(frames: Frames, number: int, span: Span, known: tuple[dict[Hashable, deque[int]], dict[int, Span]]) -> None:
    """Let a segment that was sent follow the packet that it was cut from."""
    large, spans = known
    role, packet = frames.roles[number], frames.packets[number]
    if role.bridge:
        key: Hashable = (role.bridge, packet.macs, span.stream, packet.ttl)
    else:
        key = role.place[0], span.stream, packet.ttl
    for other in reversed(large.get(key, ())):
        if spans[other].holds(span):
            frames.follow(number, other, "" if role.bridge else ROUTED)
            bundle = frames.cuts.get((other, role.place)) or frames.cuts.setdefault((other, role.place), [])
            bundle.append(number)
            return


def _put_together(
    frames: Frames, number: int, span: Span, known: tuple[deque[int] | tuple[()], dict[int, Span]]
) -> None:
    """Let what a tunnel's device received follow the last packet that brought a part of it."""
    small, spans = known
    space = frames.roles[number].place[0]
    for other in reversed(small):
        if frames.roles[other].place[0] == space and span.holds(spans[other]):
            frames.follow(number, other, UNWRAPPED)
            return
