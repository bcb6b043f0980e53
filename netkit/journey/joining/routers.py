"""Which frames a namespace sent on after others that it had received: routed, translated, reassembled, fragmented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, ROUTED, Frames

if TYPE_CHECKING:
    from collections.abc import Hashable

    from netkit.journey.joining.keys import Flow, Packet

_IPV6 = 16  # bytes of an address


def connect(frames: Frames) -> None:
    """Let forwarded frames follow those that were received.

    Args:
        frames: the recorded ones.
    """
    offers, takers, tracking = [], [], frames.wiring.tracking
    for n, role in enumerate(frames.roles):
        packet = frames.packets[n]
        if packet.lasting is None or role.bridge is not None:
            continue
        space = role.place[0]
        if packet.part is not None and space in tracking:
            continue
        if frames.all[n].direction == "in":
            flow = _translated(frames, space, packet.flow)
            offers.append(((space, packet.lasting, packet.rest, packet.ttl - 1, flow), n))
        elif frames.follows[n] == NONE:
            takers.append(((space, packet.lasting, packet.rest, packet.ttl, packet.flow), None, n))
    _joined(frames, offers, takers)
    if frames.wiring.ageing:
        _aged(frames, offers, takers)
    if frames.bundles:
        _fragmented(frames)


def _joined(frames: Frames, offers: list[tuple[tuple, int]], takers: list[tuple[tuple, None, int]]) -> None:
    """Join by keys that end with the flow; then without it, for translations that nobody remembers."""
    frames.join(offers, takers, way=ROUTED)
    offers = [(key[:-1], n) for key, n in offers if n not in frames.used]
    takers = [(key[:-1], None, n) for key, _, n in takers if frames.follows[n] == NONE]
    frames.join(offers, takers, way=ROUTED)


def _aged(frames: Frames, offers: list[tuple[tuple, int]], takers: list[tuple[tuple, None, int]]) -> None:
    """Join without the TTL where rules set it."""
    spaces = frames.wiring.ageing
    offers = [((*key[:-2], key[-1]), n) for key, n in offers if n not in frames.used and key[0] in spaces]
    frames.join(offers, [((*key[:-2], key[-1]), None, n) for key, _, n in takers if key[0] in spaces], way=ROUTED)


def _translated(frames: Frames, namespace: str, flow: Flow) -> Flow:
    """How a flow looks when it leaves a namespace."""
    return frames.wiring.translations.get(namespace, {}).get(flow, flow)


def _fragmented(frames: Frames) -> None:
    """What came in as one piece, or as several, and went out as others.

    A namespace that tracks connections waits for the last fragment; any other one sends each on as it comes.
    """
    offers, takers = [], []
    for bundle in _bundles(frames):
        role, packet = frames.roles[bundle[0]], frames.packets[_head(frames, bundle)]
        space = role.place[0]
        if packet.lasting is None or role.bridge is not None:
            continue
        if frames.all[bundle[0]].direction == "in":
            if not frames.used.intersection(bundle):
                key = space, _mark(packet), packet.ttl - 1, _translated(frames, space, packet.flow)
                offers.append((key, bundle[-1] if space in frames.wiring.tracking else bundle[0]))
        elif frames.follows[bundle[0]] == NONE:
            takers.append(((space, _mark(packet), packet.ttl, packet.flow), None, bundle[0]))
    _joined(frames, offers, takers)
    for _, _, n in takers:
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


def _head(frames: Frames, bundle: list[int]) -> int:
    """The first fragment, which alone has ports."""
    return min(bundle, key=lambda number: frames.packets[number].part or (0, False))


def _complete(frames: Frames, number: int) -> None:
    """Let all fragments that went out follow what came in: the last of it, or the piece that they are cut from."""
    followed = frames.follows[number]
    came = frames.bundles.get(followed, [followed])
    waits = frames.roles[number].place[0] in frames.wiring.tracking
    for other in frames.bundles.get(number, [number]):
        place = (frames.packets[other].part or (0, False))[0]
        earlier = [n for n in came if (frames.packets[n].part or (0, False))[0] <= place]
        frames.follow(
            other,
            came[-1] if waits or not earlier else max(earlier, key=lambda n: frames.packets[n].part or (0, False)),
            ROUTED,
        )
