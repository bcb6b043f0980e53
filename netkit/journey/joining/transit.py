"""Which recorded frame follows from which: over veth cables, loopback, macvlan, bonds, VXLAN; it calls the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.joining import beside, bridges, capsules, routers, segments
from netkit.journey.joining.frames import NONE, UNWRAPPED, WRAPPED, Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from netkit.journey.values import Seen


def connect(seen: Seen) -> Frames:
    """Find for each frame the one that it follows.

    Args:
        seen: what was recorded.
    """
    frames = Frames(seen)
    bridges.reassemble(frames)
    beside.connect(frames)
    for identity in (frames.wires.__getitem__, frames.alike):
        _cables(frames, identity)
        bridges.connect(frames, identity)
        _stacked(frames, identity)
        _bonded(frames, identity)
    bridges.translate(frames)
    _tunnels(frames)
    capsules.tagged(frames)
    capsules.wrapped(frames)
    _unknown_cables(frames)
    routers.connect(frames)
    segments.connect(frames)
    return frames


def _cables(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """Through a veth pair, or through loopback: what one end sends, the other receives."""
    roles, follows, used = frames.roles, frames.follows, frames.used
    frames.join(
        [((roles[n].peer, identity(n)), n) for n in frames.sent if roles[n].peer and n not in used],
        [((roles[n].place, identity(n)), None, n) for n in frames.received if roles[n].peer and follows[n] == NONE],
        frames.times.__getitem__,
    )


def _stacked(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """From a macvlan out by the interface that it lies on, or back to others that lie there; and in by both.

    To another one of the same interface a unicast frame comes by that interface, a broadcast one straight.
    """
    below = {role.below for role in frames.places.values() if role.tag is None} - {None}
    if not below:
        return
    down = [((roles.below, identity(n)), n) for n in frames.sent if (roles := frames.roles[n]).below in below]
    carriers = [n for n, role in enumerate(frames.roles) if role.place in below and frames.follows[n] == NONE]
    frames.join(down, [((frames.roles[n].place, identity(n)), frames.came[n], n) for n in carriers])
    up = [(role.place, n) for n in frames.received if (role := frames.roles[n]).place in below]
    upper = [n for n in frames.received if frames.roles[n].below in below]
    takers = [((frames.roles[n].below, identity(n)), frames.roles[n].place, n) for n in upper]
    frames.join([((place, identity(n)), n) for place, n in up], takers)
    frames.join(down, [taker for taker in takers if frames.follows[taker[2]] == NONE])


def _bonded(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """From a bond out by one of its interfaces, and in by one of them up to it."""
    bonds = {role.bond for role in frames.places.values()} - {None}
    if not bonds:
        return
    roles = frames.roles
    upper = [((roles[n].place, identity(n)), roles[n].place, n) for n in range(len(roles)) if roles[n].place in bonds]
    lower = [((roles[n].bond, identity(n)), roles[n].place, n) for n in range(len(roles)) if roles[n].bond is not None]
    for frames_of, offers, takers in ((frames.sent, upper, lower), (frames.received, lower, upper)):
        those = set(frames_of)
        frames.join(
            [(key, n) for key, _, n in offers if n in those],
            [(key, lane, n) for key, lane, n in takers if n in those and frames.follows[n] == NONE],
        )


def _unknown_cables(frames: Frames) -> None:
    """Between interfaces that were there in neither snapshot: what one sends and another receives at once."""

    def may_have_a_cable(number: int) -> bool:
        role = frames.roles[number]
        elsewhere = role.is_bridge or role.is_tunnel or role.is_capsule or role.below is not None
        return role.peer is None and not elsewhere

    frames.join(
        [(frames.wires[n], n) for n in frames.sent if n not in frames.used and may_have_a_cable(n)],
        [(frames.wires[n], None, n) for n in frames.received if frames.follows[n] == NONE and may_have_a_cable(n)],
        frames.times.__getitem__,
    )


def _tunnels(frames: Frames) -> None:
    """Into a VXLAN device and, wrapped, out of another interface; unwrapped at the other end."""
    if not any(role.is_tunnel for role in frames.places.values()):
        return
    going, unwrapped, wrapped, coming = [], [], [], []
    for n, role in enumerate(frames.roles):
        packet, out = frames.packets[n], not frames.came[n]
        home = frames.wiring.homes.get(role.place, role.place[0])
        if role.is_tunnel and out:
            going.append(((home, role.vni, frames.wires[n]), n))
        elif role.is_tunnel:
            unwrapped.append(((home, role.vni, frames.wires[n]), role.place, n))
        if packet.vni is None or role.bridge is not None:
            continue
        if out:
            wrapped.append(((home, packet.vni, frames.inside(n)), packet.datagram[2], n))
        else:
            last = max(frames.bundles.get(n, (n,)))
            coming.append(((home, packet.vni, frames.inside(n)), last))
    frames.join(going, wrapped, way=WRAPPED)
    frames.join(coming, unwrapped, way=UNWRAPPED)
    for _, _, n in wrapped:
        if frames.ways.get(n) == WRAPPED:
            for other in frames.bundles.get(n, ()):
                frames.follow(other, frames.follows[n], WRAPPED)
