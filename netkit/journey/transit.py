"""Which recorded frame follows from which: over cables, bridges, tunnels, loopback and routers."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.keys import Packet, read
from netkit.journey.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from netkit.journey.values import Seen
    from netkit.journey.wiring import Place
    from netkit.model import Frame

NONE = -1
"""No frame: what the first frame of a packet follows."""

ROUTED, WRAPPED, UNWRAPPED = "routed", "wrapped", "unwrapped"


class Role(NamedTuple):
    """What an interface does with frames.

    Attributes:
        place: where it is.
        peer: the other end of its cable; itself for loopback; None where there is none or nobody knows it.
        bridge: the bridge that it is a port of.
        is_bridge: whether it is a bridge's own interface.
        is_tunnel: whether it is a VXLAN device.
        vni: of that device; None where packets say themselves.
    """

    place: Place
    peer: Place | None
    bridge: Place | None
    is_bridge: bool
    is_tunnel: bool
    vni: int | None


class Frames:
    """The recorded frames, each read once, and for each the one that it follows."""

    def __init__(self, seen: Seen) -> None:
        self.all: tuple[Frame, ...] = seen.frames
        self.wiring = Wiring(seen.before, seen.after)
        self.follows: list[int] = [NONE] * len(self.all)
        self.used: set[int] = set()
        """Those that another frame follows."""
        self.ways: dict[int, str] = {}
        """How a frame came from the one that it follows: ROUTED, WRAPPED or UNWRAPPED; missing where bytes stayed."""
        self._names: dict[tuple[bytes, int], int] = {}
        self._packets: list[Packet] = []
        self._roles: dict[Place, Role] = {}
        self.roles: list[Role] = []
        self.wires: list[int] = []
        for frame in self.all:
            self.wires.append(self._wire(frame.data, frame.length, frame.link))
            self.roles.append(self._role((frame.namespace, frame.interface)))

    def packet(self, number: int) -> Packet:
        """What is known of a frame's bytes."""
        return self._packets[self.wires[number]]

    def inside(self, number: int) -> int:
        """The number of the bytes that a VXLAN packet carries; -1 where they were not seen outside of it."""
        frame, packet = self.all[number], self.packet(number)
        return self._names.get((frame.data[packet.inner :], frame.length - packet.inner), -1)

    def alike(self, number: int) -> Hashable:
        """Equal for frames that differ at most in checksums, which the kernel may fill in late."""
        packet = self.packet(number)
        return packet[:4] if packet.lasting is not None else self.wires[number]

    def _wire(self, data: bytes, length: int, link: str) -> int:
        """A number for these bytes: equal bytes have the same."""
        known = self._names.setdefault((data, length), len(self._packets))
        if known == len(self._packets):
            self._packets.append(read(data, length, link))
        return known

    def _role(self, place: Place) -> Role:
        if place not in self._roles:
            self._roles[place] = self._looked_up(place)
        return self._roles[place]

    def _looked_up(self, place: Place) -> Role:
        link = self.wiring.interfaces.get(place)
        kind = link.kind if link else "loopback" if place[1] == "lo" else ""
        bridge = self.wiring.bridges.get(place)
        return Role(
            place=place,
            peer=place if kind == "loopback" else self.wiring.peers.get(place),
            bridge=(place[0], bridge) if bridge else None,
            is_bridge=kind == "bridge",
            is_tunnel=kind == "vxlan",
            vni=self.wiring.tunnels.get(place),
        )

    @cached_property
    def sent(self) -> list[int]:
        """The frames that leave by an interface."""
        return [number for number, frame in enumerate(self.all) if frame.direction == "out"]

    @cached_property
    def received(self) -> list[int]:
        """The frames that come in by an interface."""
        return [number for number, frame in enumerate(self.all) if frame.direction == "in"]

    def join(
        self,
        offers: Iterable[tuple[Hashable, int]],
        takers: Iterable[tuple[Hashable, Hashable, int]],
        order: Callable[[int], int] | None = None,
        way: str = "",
    ) -> None:
        """Let frames follow others of the same key.

        Within a lane each frame follows another one; the latest possible is taken, beginning with the last: so equal
        packets keep their order, and one that was lost has none that follows it.

        Args:
            offers: (key, frame) of those that may be followed, in order.
            takers: (key, lane, frame) of those that may follow, in order; those that follow one already are skipped.
            order: what tells which of two frames was earlier; their places in the recording, if nothing is given.
            way: how the one becomes the other, if its bytes change.
        """
        offered: dict[Hashable, list[int]] = {}
        for key, number in offers:
            offered.setdefault(key, []).append(number)
        lanes: dict[tuple[Hashable, Hashable], list[int]] = {}
        for key, lane, number in takers:
            if key in offered and self.follows[number] == NONE:
                lanes.setdefault((key, lane), []).append(number)
        for (key, _), followers in lanes.items():
            for follower, followed in _pairs(offered[key], followers, order):
                self.follows[follower] = followed
                self.used.add(followed)
                if way:
                    self.ways[follower] = way


def _pairs(earlier: list[int], later: list[int], order: Callable[[int], int] | None) -> list[tuple[int, int]]:
    """(follower, followed)."""
    if len(earlier) == len(later) == 1:
        one, other = earlier[0], later[0]
        return [(other, one)] if (order(one) <= order(other) if order else one < other) else []
    return _latest(earlier, later, order or (lambda number: number))


def _latest(earlier: list[int], later: list[int], order: Callable[[int], int]) -> list[tuple[int, int]]:
    """(follower, followed): backwards in time, the longest waiting follower gets the next one before it."""
    followers = set(later)
    events = sorted({*earlier, *later}, key=lambda number: (order(number), number in followers), reverse=True)
    waiting: deque[int] = deque()
    pairs = []
    for number in events:
        if number in followers:
            waiting.append(number)
        elif waiting:
            pairs.append((waiting.popleft(), number))
    return pairs


def connect(seen: Seen) -> Frames:
    """Find for each frame the one that it follows.

    Args:
        seen: what was recorded.
    """
    frames = Frames(seen)
    for identity in (frames.wires.__getitem__, frames.alike):
        _cables(frames, identity)
        _bridges(frames, identity)
    _tunnels(frames)
    _routers(frames)
    return frames


def _cables(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """Through a veth pair, or through loopback: what one end sends, the other receives."""
    roles, follows, used = frames.roles, frames.follows, frames.used
    frames.join(
        [((roles[n].peer, identity(n)), n) for n in frames.sent if roles[n].peer and n not in used],
        [((roles[n].place, identity(n)), None, n) for n in frames.received if roles[n].peer and follows[n] == NONE],
        lambda number: frames.all[number].time,
    )


def _bridges(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """Into a port and out of others, or up to the bridge's own interface; from that one out of ports."""
    roles, follows, every = frames.roles, frames.follows, frames.all
    offers, takers = [], []
    for n, role in enumerate(roles):
        if role.bridge is not None:
            if every[n].direction == "in":
                offers.append(((role.bridge, identity(n)), n))
            elif follows[n] == NONE:
                takers.append(((role.bridge, identity(n)), role.place, n))
        elif role.is_bridge:
            if every[n].direction == "out":
                offers.append(((role.place, identity(n)), n))
            elif follows[n] == NONE:
                takers.append(((role.place, identity(n)), role.place, n))
    frames.join(offers, takers)


def _tunnels(frames: Frames) -> None:
    """Into a VXLAN device and, wrapped, out of another interface; unwrapped at the other end."""
    roles, wires, every = frames.roles, frames.wires, frames.all
    going, wrapped, coming, unwrapped = [], [], [], []
    for n, role in enumerate(roles):
        space, out = role.place[0], every[n].direction == "out"
        if role.is_tunnel:
            if out:
                going.append(((role.vni, wires[n]), n))
            else:
                unwrapped.append(((space, role.vni, wires[n]), role.place, n))
        vni = frames.packet(n).vni
        if vni is None or role.bridge is not None:
            continue
        if out:
            wrapped.append(((vni, frames.inside(n)), frames.packet(n).flow[2], n))
        else:
            coming.append(((space, vni, frames.inside(n)), n))
    frames.join(going, wrapped, way=WRAPPED)
    frames.join(coming, unwrapped, way=UNWRAPPED)


def _routers(frames: Frames) -> None:
    """In by one interface and out by another, with a TTL one less, addresses perhaps translated."""
    roles, every, translations = frames.roles, frames.all, frames.wiring.translations
    offers, takers = [], []
    for n, role in enumerate(roles):
        packet = frames.packet(n)
        if packet.lasting is None or role.bridge is not None:
            continue
        space = role.place[0]
        if every[n].direction == "in":
            flow = translations.get(space, {}).get(packet.flow, packet.flow)
            offers.append(((space, packet.lasting, packet.ttl - 1, flow), n))
        elif frames.follows[n] == NONE:
            takers.append(((space, packet.lasting, packet.ttl, packet.flow), None, n))
    frames.join(offers, takers, way=ROUTED)
    offers = [(key[:3], n) for key, n in offers if n not in frames.used]  # translations that nobody remembers
    frames.join(offers, [(key[:3], None, n) for key, _, n in takers], way=ROUTED)
