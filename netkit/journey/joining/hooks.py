"""Which recorded frames the hooks belong to that netfilter reported: by headers, interfaces and order."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, ROUTED, UNWRAPPED, WRAPPED, Frames, paired
from netkit.journey.joining.headers import FRAGMENT, Heads
from netkit.journey.joining.keys import Packet

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterator

    from netkit.journey.joining.keys import Flow
    from netkit.journey.joining.passages import Visit

_IPV6 = 16  # bytes of an address
_SLOW = 20_000_000  # nanoseconds: so long may a report wait until it is read, and hardly ever longer


class Hooks:
    """The hooks beside the frames.

    Args:
        frames: the recorded ones, each with the one that it follows.
        passages: what netfilter reported.

    Attributes:
        arriving: PREROUTING, by the received frame behind which it lies.
        leading: what lies between the routing decision, or a bridge's port, and a frame that was sent; by that frame.
        ending: what a received frame passed behind the routing decision, or behind a bridge's port, and no frame
            that was sent shows.
        alone: what no frame shows.
    """

    def __init__(self, frames: Frames, passages: list[list[Visit]]) -> None:
        self.frames = frames
        self.arriving: dict[int, Visit] = {}
        self.leading: dict[int, list[Visit]] = {}
        self.ending: dict[int, list[list[Visit]]] = {}
        self.alone: list[list[Visit]] = []
        self.heads = Heads(frames)
        self._spaces = {visits[0].namespace for visits in passages}
        self._indexes: dict[str, dict[Hashable, deque[int]]] = {}
        """The frames by what netfilter may report, for each kind of hook that is looked for."""
        self._latest = 0
        """When the last packet came that netfilter reported until now."""
        self._waiting: list[tuple[int, list[Visit]]] = []
        """Hooks of which nothing tells what came in before, each with a time at which it had not yet happened."""
        for visits in passages:
            self._place(visits)
        self._depart()

    def _index(self, kind: str) -> dict[Hashable, deque[int]]:
        """The frames by what netfilter may report of their packets; made only for what is looked for."""
        if kind not in self._indexes:
            self._indexes[kind] = defaultdict(deque)
            keys = {"in": self._keys_in, "forward": self._keys_forward, "input": self._keys_input}
            keys_of = self._keys_lasting if kind == "out by what lasts" else keys.get(kind, self._keys_sent)
            for number in filter(self._is_reported, self.frames.received if kind in keys else self.frames.sent):
                for key in keys_of(number):
                    self._indexes[kind][key].append(number)
        return self._indexes[kind]

    def _is_reported(self, number: int) -> bool:
        """Whether netfilter may have seen the packet where the frame was."""
        frames, role = self.frames, self.frames.roles[number]
        space = role.place[0]
        hooked = space in self._spaces and (role.bridge is None or space in frames.wiring.filtering)
        return hooked and frames.packets[number].lasting is not None

    def _keys_in(self, number: int) -> Iterator[Hashable]:
        """PREROUTING; where bridged packets are filtered, it lies before the bridge itself."""
        head, role = self._head_received(number), self.frames.roles[number]
        space, interface = role.bridge or role.place
        if head is not None and not (role.is_bridge and space in self.frames.wiring.filtering):
            yield space, interface, head.lasting, head.ttl, head.flow
            yield from self._nameless(number, (space, interface))

    def _nameless(self, number: int, place: tuple[str, str]) -> Iterator[Hashable]:
        """By what a later fragment of IPv6 is known besides: the kernel reports no header of it at all."""
        packet, tracked = self.frames.packets[number], self.frames.wiring.tracking
        later = packet.part is not None and packet.part[0] > 0 and len(packet.flow[1]) == _IPV6
        if later and place[0] not in tracked:
            yield *place, None, 0, Packet(b"").flow

    def _keys_forward(self, number: int) -> Iterator[Hashable]:
        """FORWARD of a packet that was not sent on."""
        head, role = self._head_received(number), self.frames.roles[number]
        space, interface = role.bridge or role.place
        if head is not None:
            for flow in _between(head.flow, self._translated(space, head.flow)):
                yield space, interface, head.lasting, head.ttl - (role.bridge is None), flow
            yield from self._nameless(number, (space, interface))

    def _keys_input(self, number: int) -> Iterator[Hashable]:
        """INPUT, where fragments are together, but those of IPv6, which are put together behind it."""
        whole, role, packet = self.heads.whole(number), self.frames.roles[number], self.frames.packets[number]
        if role.bridge is not None:
            return
        if packet.part is not None and (head := self.heads.of(number)).flow[0] == FRAGMENT:
            yield *role.place, head.lasting, head.ttl, head.flow
            yield from self._nameless(number, role.place)
        if whole is None:
            return
        came = whole.flow
        if role.is_bridge:
            *_, first = self._line(number)
            came = self.frames.packets[first].flow if first != number else came
        now = self._translated(role.place[0], came)
        flows = {whole.flow} if now == whole.flow else {*_between(came, now), now, whole.flow}
        for flow in flows:  # the last chain sees the source translated as well
            yield *role.place, whole.lasting, whole.ttl, flow

    def _head_received(self, number: int) -> Packet | None:
        """The packet as it was when the first hook saw it: fragments are put together where connections are tracked."""
        waits = self.frames.roles[number].place[0] in self.frames.wiring.tracking
        return self.heads.whole(number) if waits else self.heads.of(number)

    def _keys_sent(self, number: int) -> Iterator[Hashable]:
        """FORWARD, OUTPUT and POSTROUTING; a bridge's own packets passed them before its interface."""
        frames, role = self.frames, self.frames.roles[number]
        followed = frames.follows[number]
        if role.bridge is not None and followed != NONE and frames.roles[followed].is_bridge:
            return
        head = self._head_sent(number)
        if head is not None:
            space, interface = role.bridge or role.place
            for flow in self._sent_flows(number, head):
                yield space, interface, head.lasting, head.ttl, flow
                if followed == NONE or frames.ways.get(number) == WRAPPED:  # translated, it may leave elsewhere
                    yield space, None, head.lasting, head.ttl, flow
            yield from self._nameless(number, (space, interface))

    def _keys_lasting(self, number: int) -> Iterator[Hashable]:
        """The same without addresses, of packets that a namespace itself sends, or its bridge."""
        head = self._head_sent(number) if self.frames.follows[number] == NONE else None
        if head is not None:
            yield self.frames.roles[number].place[0], head.lasting, head.ttl

    def _head_sent(self, number: int) -> Packet | None:
        """The packet that was sent, before it was cut; None for all its pieces but the first."""
        frames, space = self.frames, self.frames.roles[number].place[0]
        followed = frames.follows[number]
        if (followed, frames.roles[number].place) in frames.cuts:
            whole = self.heads.of(followed)._replace(ttl=frames.packets[number].ttl, flow=frames.packets[number].flow)
            return whole if frames.pieces(number)[0] == number else None
        if followed not in frames.bundles or space in frames.wiring.tracking:
            return self.heads.whole(number)
        came, goes = self.heads.of(followed), self.heads.of(number)
        if came.lasting == goes.lasting:
            return goes  # a fragment went on as it came
        pieces = [each for each in frames.pieces(number) if frames.follows[each] == followed]
        return came._replace(ttl=goes.ttl) if pieces[0] == number else None

    def _sent_flows(self, number: int, head: Packet) -> set[Flow]:
        """How a packet that was sent may have looked at the hooks before: from as it came to as it went."""
        space, followed = self.frames.roles[number].place[0], self.frames.follows[number]
        if followed != NONE and self.frames.ways.get(number, ROUTED) == ROUTED:
            came = (self.heads.whole(followed) or self.heads.of(followed)).flow  # a later fragment has no ports
        else:
            came = self.frames.wiring.origins.get(space, {}).get(head.flow, head.flow)
        return {came, *_between(came, head.flow)}

    def _translated(self, namespace: str, flow: Flow) -> Flow:
        return self.frames.wiring.translations.get(namespace, {}).get(flow, flow)

    def _place(self, visits: list[Visit]) -> None:
        """Find the frames of the hooks that a packet passed; those of its own packets wait until all others are."""
        came = None
        if visits[0].hook == "prerouting":
            came = self._arrived(visits[0])
            if came is None:
                self._forsake(visits)
                return
            self.arriving[came] = visits[0]
            self._latest = max(self._latest, self.frames.all[came].time)
            visits = visits[1:]
        if not visits:
            return
        if visits[0].hook != "input" and not visits[-1].ends:
            if came is None:
                self._waiting.append((max(self._latest, visits[0].events[0].time - _SLOW), visits))
                return
            went = self._near("out", visits[-1], visits[-1].oif, came, self.leading)
            if went is not None:
                self.leading[went] = visits
                return
        self._end(visits, came)

    def _depart(self) -> None:
        """Find the frames that were sent after hooks of which nothing tells what came in before.

        A packet may have been lost between the hook and the interface: then an equal one may follow, and each frame
        gets the latest hooks before it.
        """
        bounds = [bound for bound, _ in self._waiting]
        groups: dict[Hashable, list[int]] = {}
        for number, (_, visits) in enumerate(self._waiting):
            interface = None if visits[-1].hook == "output" else visits[-1].oif
            groups.setdefault(_key(visits[-1], interface), []).append(~number)
        left = set(range(len(bounds)))
        for key, earlier in groups.items():
            later = [number for number in self._index("out").get(key, ()) if number not in self.leading]
            pairs = list(paired(earlier, later, lambda n: bounds[~n] if n < 0 else self.frames.all[n].time))
            found = {number for pair in pairs for number in pair}
            overdue = [known for known in earlier if known not in found]
            alone = [went for went in later if went not in found]
            # A busy machine reads reports so late that their time tells nothing: then their order does.
            for went, known in [*pairs, *zip(alone, overdue, strict=False)]:
                self.leading[went] = self._waiting[~known][1]
                left.discard(~known)
        for number in sorted(left):
            visits = self._waiting[number][1]
            went = self._translated_unseen(visits[-1])
            if went is None:
                self._end(visits, None)
            else:
                self.leading[went] = visits

    def _translated_unseen(self, visit: Visit) -> int | None:
        """The frame of a packet that was translated on its way out by a connection that nobody remembers.

        The answer of a rule that rejects is one: the kernel forgets the connection that it belongs to at once.
        """
        packet = visit.packet
        for number in self._index("out by what lasts").get((visit.namespace, packet.lasting, packet.ttl), ()):
            ends = zip(self.frames.packets[number].flow[1:3], packet.flow[1:3], strict=True)
            if number not in self.leading and any(now == was for now, was in ends):
                return number
        return None

    def _end(self, visits: list[Visit], came: int | None) -> None:
        """Hooks behind which no frame was sent."""
        kind = "input" if visits[0].hook == "input" else "forward"
        if visits[0].iif is not None:
            found = self._near(kind, visits[0], visits[0].iif, came, self.ending)
            came = found if found is not None else came
        if came is None:
            self._forsake(visits)
        else:
            self.ending.setdefault(came, []).append(visits)

    def _forsake(self, visits: list[Visit]) -> None:
        """Hooks that no frame shows: a packet of its own, unless it was but seen passing."""
        told = [visit for visit in visits if visit.told]
        if told:
            self.alone.append(told)

    def _arrived(self, visit: Visit) -> int | None:
        """The first frame that fits and has no such hook yet."""
        queue = self._index("in").get(_key(visit, visit.iif))
        return queue.popleft() if queue else None

    def _near(
        self, kind: str, visit: Visit, interface: str | None, came: int | None, taken: Container[int]
    ) -> int | None:
        """The first frame that fits, has no such hooks yet, and comes from the one that came, if that is known."""
        queue = self._index(kind).get(_key(visit, interface), deque())
        while queue and queue[0] in taken:
            queue.popleft()
        fitting = (n for n in queue if n not in taken and (came is None or came in self._line(n)))
        return next(fitting, None)

    def has_arrived(self, number: int) -> bool:
        """Whether a received packet came to PREROUTING, at this frame or, filtered on a bridge, at its port."""
        return any(each in self.arriving for each in self._line(number))

    def _line(self, number: int) -> Iterator[int]:
        """A frame and those that it follows within its namespace."""
        space = self.frames.roles[number].place[0]
        while number != NONE and self.frames.roles[number].place[0] == space:
            yield number
            if self.frames.ways.get(number) == UNWRAPPED:
                return
            number = self.frames.follows[number]


def _key(visit: Visit, interface: str | None) -> Hashable:
    packet = visit.packet
    return visit.namespace, interface, packet.lasting, packet.ttl, packet.flow


def _between(came: Flow, went: Flow) -> set[Flow]:
    """How a flow may look between two translations: its destination is rewritten first, its source at last.

    ICMP's identifier, which stands for both ports, is rewritten with either.
    """
    protocol, source, _, port, _ = came
    _, _, destination, identifier, other = went
    return {(protocol, source, destination, port, other), (protocol, source, destination, identifier, other)}
