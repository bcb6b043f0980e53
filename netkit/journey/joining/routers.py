"""Which frames a namespace sent on after others that it had received: routed, translated, reassembled, fragmented."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, ROUTED, Frames

if TYPE_CHECKING:
    from collections.abc import Hashable

    from netkit.journey.joining.keys import Flow, Packet

    _Groups = defaultdict[tuple, tuple[list[tuple[Flow, int]], list[tuple[Flow, int]]]]
    """Packets that are alike but for their flows: those that left a namespace, and those that came, each its flow."""

_IPV6 = 16  # bytes of an address


def connect(frames: Frames) -> None:
    """Let forwarded frames follow those that were received.

    Args:
        frames: the recorded ones.
    """
    groups, tracking = _groups(), frames.wiring.tracking
    for n, role in enumerate(frames.roles):
        packet, space = frames.packets[n], role.place[0]
        if packet.lasting is None or role.bridge is not None or (packet.part is not None and space in tracking):
            continue
        came = frames.came[n]
        if came or frames.follows[n] == NONE:
            key = space, packet.lasting, packet.rest, packet.ttl - came
            groups[key][came].append((packet.flow, n))
    _join(frames, groups)
    if frames.wiring.ageing:
        _join_aged(frames, groups)
    if frames.bundles:
        _fragmented(frames)


def _groups() -> _Groups:
    return defaultdict(lambda: ([], []))


def _join(frames: Frames, groups: _Groups) -> None:
    """Join by flows, as they are translated; then without them, for translations that nobody remembers."""
    for key, (left, came) in groups.items():
        if not left or not came:
            continue
        if len(left) == len(came) == 1 and came[0][1] not in frames.used:  # nothing else comes into question
            if came[0][1] < left[0][1]:
                frames.follow(left[0][1], came[0][1], ROUTED)
            continue
        _join_by_flow(frames, key[0], came, left)
        frames.join(
            [(None, n) for _, n in came if n not in frames.used],
            [(None, None, n) for _, n in left if frames.follows[n] == NONE],
            way=ROUTED,
        )


def _join_by_flow(frames: Frames, space: str, came: list[tuple[Flow, int]], left: list[tuple[Flow, int]]) -> None:
    translated = frames.wiring.translations.get(space, {})
    frames.join(
        [(translated.get(flow, flow), n) for flow, n in came], [(flow, None, n) for flow, n in left], way=ROUTED
    )


def _join_aged(frames: Frames, groups: _Groups) -> None:
    """Join without the TTL where rules set it."""
    aged = _groups()
    for (space, *lasting, _), both in groups.items():
        if space in frames.wiring.ageing:
            same = aged[space, *lasting]
            same[0].extend(each for each in both[0] if frames.follows[each[1]] == NONE)
            same[1].extend(each for each in both[1] if each[1] not in frames.used)
    for key, (left, came) in aged.items():
        _join_by_flow(frames, key[0], came, left)


def _fragmented(frames: Frames) -> None:
    """What came in as one piece, or as several, and went out as others.

    A namespace that tracks connections waits for the last fragment; any other one sends each on as it comes.
    """
    groups = _groups()

    def offset(number: int) -> int:
        return frames.packets[number].offset

    for bundle in _bundles(frames):
        role, packet = frames.roles[bundle[0]], frames.packets[min(bundle, key=offset)]  # it alone has ports
        space = role.place[0]
        if packet.lasting is None or role.bridge is not None:
            continue
        if frames.came[bundle[0]]:
            if not frames.used.issuperset(bundle):  # of some fragments, each may have gone on as it came
                number = bundle[-1] if space in frames.wiring.tracking else bundle[0]
                groups[space, _mark(packet), packet.ttl - 1][1].append((packet.flow, number))
        elif (cut := next((n for n in bundle if frames.follows[n] == NONE), None)) is not None:
            groups[space, _mark(packet), packet.ttl][0].append((packet.flow, cut))
    _join(frames, groups)
    for left, _ in groups.values():
        for _, n in left:
            if frames.ways.get(n) == ROUTED:
                _complete(frames, n)


def _mark(packet: Packet) -> Hashable:
    """What is equal of a packet's first fragments on both sides: in IPv6 each router that cuts draws a new number."""
    if packet.part is not None and packet.lasting is not None and len(packet.datagram[1]) == _IPV6:
        return packet.rest[:64]
    return packet.datagram[3:]


def _bundles(frames: Frames) -> list[list[int]]:
    """The fragments of each packet, and each packet that is whole but has the same identification as fragments."""
    fragmented = {frames.packets[n].datagram[3:] for n in frames.bundles}
    found = []
    for n in range(len(frames.all)):
        if n in frames.bundles:
            if frames.bundles[n][0] == n:
                found.append(frames.bundles[n])
        elif frames.packets[n].datagram[3:] in fragmented:
            found.append([n])
    return found


def _complete(frames: Frames, number: int) -> None:
    """Let all fragments that went out follow what came in: the last of it, or the piece that they are cut from."""
    followed = frames.follows[number]
    came = frames.bundles.get(followed, [followed])
    waits = frames.roles[number].place[0] in frames.wiring.tracking
    for other in frames.bundles.get(number, [number]):
        earlier = [] if waits else [n for n in came if frames.packets[n].offset <= frames.packets[other].offset]
        frames.follow(other, max(earlier, key=lambda n: frames.packets[n].offset, default=came[-1]), ROUTED)
