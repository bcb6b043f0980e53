"""The recorded frames, each read once, where each was seen, and which one it follows."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.keys import Packet, read
from netkit.journey.joining.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from netkit.journey.joining.wiring import Place
    from netkit.journey.values import Seen
    from netkit.model import Frame

NONE = -1
"""No frame: what the first frame of a packet follows."""

_UPON = ("macvlan", "macvtap", "ipvlan", "ipvtap", "vlan")
_CAPSULES = ("ipip", "sit", "ip6tnl", "gre", "gretap", "ip6gre", "ip6gretap")

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
        below: the interface that a macvlan, an ipvlan or a VLAN lies on.
        tag: a VLAN's number.
        is_capsule: whether it puts packets into other IP packets.
        bond: the bond that it belongs to.
    """

    place: Place
    peer: Place | None
    bridge: Place | None
    is_bridge: bool
    is_tunnel: bool
    vni: int | None
    below: Place | None = None
    tag: int | None = None
    is_capsule: bool = False
    bond: Place | None = None


class Frames:
    """The recorded frames, each read once, and for each the one that it follows."""

    def __init__(self, seen: Seen) -> None:
        self.all: tuple[Frame, ...] = seen.frames
        self.wiring = Wiring(seen.before, seen.after)
        self.tunnels = seen.tunnels
        self.follows: list[int] = [NONE] * len(self.all)
        self.used: set[int] = set()
        """Those that another frame follows."""
        self.ways: dict[int, str] = {}
        """How a frame came from the one that it follows: ROUTED, WRAPPED or UNWRAPPED; missing where bytes stayed."""
        self.cuts: dict[tuple[int, Place], list[int]] = {}
        """The segments into which a packet was cut on its way to an interface, by packet and interface."""
        self._names: dict[tuple[bytes, int], int] = {}
        self._known: list[Packet] = []
        self.places: dict[Place, Role] = {}
        """The role of each interface at which frames were seen."""
        self.roles: list[Role] = []
        self.came: list[bool] = [frame.direction == "in" for frame in self.all]
        """Whether each frame was received, not sent."""
        self.wires: list[int] = []
        for frame in self.all:
            bytes_ = frame.data, frame.length
            wire = self._names.get(bytes_)
            if wire is None:
                wire = self._names[bytes_] = len(self._known)
                self._known.append(read(*bytes_, frame.link, self.tunnels))
            self.wires.append(wire)
            place = frame.namespace, frame.interface
            self.roles.append(self.places.get(place) or self.role_at(place))
        self.packets: list[Packet] = [self._known[wire] for wire in self.wires]
        """What is known of each frame's bytes."""

    def at(self, kind: Callable[[Role], object]) -> list[int]:
        """The frames that were seen at interfaces of a kind.

        Args:
            kind: whether a role is one of them.
        """
        places = {role.place for role in self.places.values() if kind(role)}
        return [number for number, role in enumerate(self.roles) if role.place in places] if places else []

    def is_filtered(self, number: int) -> bool:
        """Whether a packet passes the packet filter's hooks also where it is bridged (br_netfilter)."""
        spaces = self.wiring.filtering.get(len(self.packets[number].flow[1]), ())
        return self.all[number].namespace in spaces

    def waits(self, number: int) -> bool:
        """Whether a translated packet is at a bridge's own interface until its new receiver's MAC is known."""
        role, followed = self.roles[number], self.follows[number]
        came_by_port = followed != NONE and self.roles[followed].bridge is not None
        return came_by_port and role.is_bridge and not self.came[number]

    def read(self) -> Iterator[tuple[bytes, Packet]]:
        """What was recorded, equal bytes once, and what is known of it."""
        return ((data, self._known[wire]) for (data, _), wire in self._names.items())

    def inside(self, number: int) -> int:
        """The number of the bytes that a VXLAN packet carries; -1 where they were not seen outside of it."""
        packet = self.packets[number]
        carried = self.all[number].data[packet.inner :]
        known = self._names.get((carried, packet.inner_length), -1)
        if known == -1:  # the rest is in other fragments, or was not recorded
            for data, wire in self._tunnelled.get(packet.inner_length, ()):
                if data.startswith(carried) or carried.startswith(data):
                    return wire
        return known

    def alike(self, number: int) -> Hashable:
        """Equal for frames that differ at most in checksums, which the kernel may fill in late."""
        packet = self.packets[number]
        return packet[:5] if packet.lasting is not None else self.wires[number]

    def role_at(self, place: Place) -> Role:
        """What an interface does with frames."""
        known = self.places.get(place)
        if known is None:
            known = self.places[place] = self._looked_up(place)
        return known

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
            below=link.parent if link is not None and kind in _UPON else None,
            tag=int(link.detail("vlan") or 0) if link is not None and kind == "vlan" else None,
            is_capsule=kind in _CAPSULES,
            bond=(place[0], bond) if (bond := self.wiring.bonds.get(place)) else None,
        )

    @cached_property
    def _tunnelled(self) -> dict[int, set[tuple[bytes, int]]]:
        """What VXLAN devices sent or received, by length."""
        found: dict[int, set[tuple[bytes, int]]] = {}
        for frame, role, wire in zip(self.all, self.roles, self.wires, strict=True):
            if role.is_tunnel:
                found.setdefault(frame.length, set()).add((frame.data, wire))
        return found

    @cached_property
    def bundles(self) -> dict[int, list[int]]:
        """All fragments of one packet that were seen at one place, for each of them; the first one comes first."""
        latest: dict[Hashable, list[int]] = {}
        found: dict[int, list[int]] = {}
        for number, role in enumerate(self.roles):
            packet = self.packets[number]
            if packet.part is not None:
                key = role.place, self.came[number], packet.datagram
                bundle = latest.get(key)
                if bundle is None or any(self.packets[other].part == packet.part for other in bundle):
                    latest[key] = bundle = []
                bundle.append(number)
                found[number] = bundle
        return found

    def pieces(self, number: int) -> list[int]:
        """The frames that are, with this one, parts of one packet that they all follow; often itself alone."""
        cut = self.cuts.get((self.follows[number], self.roles[number].place)) if self.cuts else None
        return cut or self.bundles.get(number) or [number]

    def line(self, number: int) -> Iterator[int]:
        """A frame and those that it follows within its namespace."""
        space = self.roles[number].place[0]
        while number != NONE and self.roles[number].place[0] == space:
            yield number
            if self.ways.get(number) == UNWRAPPED:
                return
            number = self.follows[number]

    @cached_property
    def times(self) -> list[int]:
        """When each frame was seen."""
        return [frame.time for frame in self.all]

    @cached_property
    def sent(self) -> list[int]:
        """The frames that leave by an interface."""
        return [number for number, came in enumerate(self.came) if not came]

    @cached_property
    def received(self) -> list[int]:
        """The frames that come in by an interface."""
        return [number for number, came in enumerate(self.came) if came]

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
        known: dict[Hashable, tuple[list[int], dict[Hashable, list[int]]]] = {}
        for key, number in offers:
            same = known.get(key)
            if same is None:
                known[key] = [number], {}
            else:
                same[0].append(number)
        for key, lane, number in takers:
            same = known.get(key)
            if same is not None and self.follows[number] == NONE:
                same[1].setdefault(lane, []).append(number)
        for offered, lanes in known.values():
            for followers in lanes.values():
                for follower, followed in paired(offered, followers, order):
                    self.follow(follower, followed, way)

    def follow(self, number: int, followed: int, way: str = "") -> None:
        """Say that a frame follows another one."""
        self.follows[number] = followed
        self.used.add(followed)
        if way:
            self.ways[number] = way


def paired(earlier: list[int], later: list[int], order: Callable[[int], int] | None = None) -> list[tuple[int, int]]:
    """What follows what, of things that nothing else distinguishes.

    Backwards in time, the last follower that still waits gets the next one before it.

    Args:
        earlier: what may be followed, in order.
        later: what may follow, in order.
        order: when each was; if nothing is given, their numbers say it.

    Returns:
        Pairs of a follower and what it follows.
    """
    if len(earlier) == len(later) == 1:
        one, other = earlier[0], later[0]
        return [(other, one)] if (order(one) <= order(other) if order else one < other) else []
    order = order or (lambda number: number)
    things = sorted(
        [(order(n), False, at, n) for at, n in enumerate(earlier)]
        + [(order(n), True, at, n) for at, n in enumerate(later)],
        reverse=True,
    )
    waiting: deque[int] = deque()
    pairs = []
    for _, follows, _, number in things:
        if follows:
            waiting.append(number)
        elif waiting:
            pairs.append((waiting.popleft(), number))
    return pairs
