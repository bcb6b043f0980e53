"""Which frames are carried in others: by VLAN tags on the interface below, in IP packets by IP in IP and GRE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, UNWRAPPED, WRAPPED, Frames
from netkit.journey.joining.keys import read
from netkit.packets.capsule import carried

if TYPE_CHECKING:
    from collections.abc import Hashable

    from netkit.journey.joining.keys import Packet

_TAGGED = (b"\x81\x00", b"\x88\xa8")  # IEEE 802.1Q, 802.1ad


def tagged(frames: Frames) -> None:
    """From a VLAN device out by the interface that it lies on, with a tag; and in by both.

    Args:
        frames: the recorded ones.
    """
    if not any(role.tag is not None for role in frames.places.values()):
        return
    upper_out, upper_in, lower_out, lower_in = [], [], [], []
    for n, role in enumerate(frames.roles):
        frame = frames.all[n]
        data, out = frame.data, not frames.came[n]
        if role.tag is not None:
            key = role.below, role.tag, data, frame.length
            upper_out.append((key, n)) if out else upper_in.append((key, role.place, n))
        if data[12:14] in _TAGGED:
            key = role.place, int.from_bytes(data[14:16]) & 0xFFF, data[:12] + data[16:], frame.length - 4
            lower_out.append((key, role.place, n)) if out else lower_in.append((key, n))
    frames.join(upper_out, lower_out)
    frames.join(lower_in, upper_in)


def wrapped(frames: Frames) -> None:
    """Into a tunnel's device and, in another IP packet, out of an interface; and at the other end out of it.

    Args:
        frames: the recorded ones.
    """
    if not any(role.is_capsule for role in frames.places.values()):
        return
    going, outer, coming, inner = [], [], [], []
    for n, role in enumerate(frames.roles):
        frame, packet, space = frames.all[n], frames.packets[n], role.place[0]
        out = not frames.came[n]
        if role.is_capsule:
            key = space, _key(packet, frame.data)
            going.append((key, n)) if out else inner.append((key, role.place, n))
        if role.bridge is None and (found := carried(frame.data[packet.start :], packet.flow[0])) is not None:
            data, link = found
            size = frame.length - (len(frame.data) - len(data))
            key = space, _key(read(data, size, link, frames.tunnels), data)
            outer.append((key, packet.datagram[2], n)) if out else coming.append((key, n))
    frames.join(going, [taker for taker in outer if frames.follows[taker[2]] == NONE], way=WRAPPED)
    frames.join(coming, inner, way=UNWRAPPED)


def _key(packet: Packet, data: bytes) -> Hashable:
    """What is equal inside and outside: checksums may be filled in late."""
    return packet[1:5] if packet.lasting is not None else data
