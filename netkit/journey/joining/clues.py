"""By what netfilter reports a packet that a frame shows: namespace, interface, and its headers at the hook."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, ROUTED, WRAPPED, Frames
from netkit.journey.joining.headers import FRAGMENT
from netkit.journey.joining.keys import Packet

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from netkit.journey.joining.headers import Heads
    from netkit.journey.joining.keys import Flow
    from netkit.journey.joining.passages import Visit

_LEADING = ("forward", "output", "postrouting")
_HOOKS = {"in": ("prerouting",), "input": ("input",)} | dict.fromkeys(("forward", "out", "out by what lasts"), _LEADING)
"""At which hooks the packets are that each kind of frame is looked for."""
_IPV6 = 16  # bytes of an address


class Clues:
    """The frames by what netfilter may report of their packets.

    Args:
        frames: the recorded ones, each with the one that it follows.
        heads: their packets as netfilter reports them.
        passages: what it reported.
    """

    def __init__(self, frames: Frames, heads: Heads, passages: list[list[Visit]]) -> None:
        self._frames, self._heads = frames, heads
        self._known: dict[str, dict[Hashable, list[int]]] = {}
        self._received = {"in": self._keys_in, "forward": self._keys_forward, "input": self._keys_input}
        self._keys = {**self._received, "out": self._keys_sent, "out by what lasts": self._keys_lasting}
        self._spaces: dict[str, set[str]] = defaultdict(set)
        """The namespaces that reported something at each hook."""
        for hook, space in {(visit.hook, visit.namespace) for visits in passages for visit in visits}:
            self._spaces[hook].add(space)

    def of(self, kind: str) -> dict[Hashable, list[int]]:
        """The frames, the last one first, by what netfilter may report of them; made only for what is looked for.

        Args:
            kind: which frames, for which hooks: see `_HOOKS`.
        """
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = self._found(kind)
        return known

    def fits(self, kind: str, number: int, key: Hashable) -> bool:
        """Whether netfilter may report a frame so.

        Args:
            kind: see `of`.
            number: the frame's.
            key: as in `of`.
        """
        received = kind in self._received
        return self._frames.came[number] == received and self._is_hooked(number) and key in self._keys[kind](number)

    def _found(self, kind: str) -> dict[Hashable, list[int]]:
        keys_of, spaces = self._keys[kind], set().union(*(self._spaces[hook] for hook in _HOOKS[kind]))
        found: dict[Hashable, list[int]] = defaultdict(list)
        roles = self._frames.roles
        for number in reversed(self._frames.received if kind in self._received else self._frames.sent):
            if roles[number].place[0] in spaces and self._is_hooked(number):
                for key in keys_of(number):
                    found[key].append(number)
        return found

    def _is_hooked(self, number: int) -> bool:
        """Whether a frame shows a packet that passes netfilter's hooks beside it."""
        hooked = self._frames.roles[number].bridge is None or self._frames.is_filtered(number)
        return hooked and self._frames.packets[number].lasting is not None

    def _keys_in(self, number: int) -> Iterable[Hashable]:
        """PREROUTING; where bridged packets are filtered, it lies before the bridge itself."""
        head, role = self._head_received(number), self._frames.roles[number]
        space, interface = role.bridge or role.place
        if head is None or (role.is_bridge and self._frames.is_filtered(number)):
            return ()
        key = space, interface, head.lasting, head.ttl, head.flow
        whole = self._frames.packets[number].part is None
        return (key,) if whole else (key, *self._nameless(number, (space, interface)))

    def _nameless(self, number: int, place: tuple[str, str]) -> Iterable[Hashable]:
        """By what a later fragment of IPv6 is known besides: the kernel reports no header of it at all."""
        packet = self._frames.packets[number]
        if packet.part is None or packet.part[0] == 0 or len(packet.flow[1]) != _IPV6:
            return ()
        return () if place[0] in self._frames.wiring.tracking else ((*place, None, 0, Packet(b"").flow),)

    def _keys_forward(self, number: int) -> Iterable[Hashable]:
        """FORWARD of a packet that was not sent on."""
        head, role = self._head_received(number), self._frames.roles[number]
        if head is None:
            return ()
        space, interface = role.bridge or role.place
        flows, ttl = _between(head.flow, self._translated(space, head.flow)), head.ttl - (role.bridge is None)
        found = [(space, interface, head.lasting, ttl, flow) for flow in flows]
        return *found, *self._nameless(number, (space, interface))

    def _keys_input(self, number: int) -> Iterable[Hashable]:
        """INPUT, where fragments are together, but those of IPv6, which are put together behind it."""
        whole, role, packet = self._heads.whole(number), self._frames.roles[number], self._frames.packets[number]
        if role.bridge is not None:
            return ()
        found: list[Hashable] = []
        if packet.part is not None and (head := self._heads.of(number)).flow[0] == FRAGMENT:
            found = [(*role.place, head.lasting, head.ttl, head.flow), *self._nameless(number, role.place)]
        if whole is None:
            return found
        came = whole.flow
        if role.is_bridge:
            *_, first = self._frames.line(number)
            came = self._frames.packets[first].flow if first != number else came
        now = self._translated(role.place[0], came)
        # the last chain sees the source translated as well
        flows = {whole.flow} if now == whole.flow else {*_between(came, now), now, whole.flow}
        return [*found, *((*role.place, whole.lasting, whole.ttl, flow) for flow in flows)]

    def _head_received(self, number: int) -> Packet | None:
        """The packet as it was when the first hook saw it: fragments are put together where connections are tracked."""
        packet = self._frames.packets[number]
        if packet.part is None:
            return packet
        waits = self._frames.roles[number].place[0] in self._frames.wiring.tracking
        return self._heads.whole(number) if waits else self._heads.of(number)

    def _keys_sent(self, number: int) -> Iterable[Hashable]:
        """FORWARD, OUTPUT and POSTROUTING; a bridge's own packets passed them before its interface, no others do."""
        frames, role = self._frames, self._frames.roles[number]
        followed = frames.follows[number]
        from_itself = role.bridge is not None and followed != NONE and frames.roles[followed].is_bridge
        if frames.waits(number) or (from_itself and not frames.waits(followed)):
            return ()
        head = self._head_sent(number)
        if head is None:
            return ()
        space, interface = role.bridge or role.place
        flows = self._sent_flows(number, head)
        found = [(space, interface, head.lasting, head.ttl, flow) for flow in flows]
        if followed == NONE or frames.ways.get(number) == WRAPPED:  # translated, it may leave elsewhere
            found += [(space, None, head.lasting, head.ttl, flow) for flow in flows]
        return *found, *self._nameless(number, (space, interface))

    def _keys_lasting(self, number: int) -> Iterable[Hashable]:
        """The same without addresses, of packets that a namespace itself sends, or its bridge."""
        head = self._head_sent(number) if self._frames.follows[number] == NONE else None
        return ((self._frames.roles[number].place[0], head.lasting, head.ttl),) if head is not None else ()

    def _head_sent(self, number: int) -> Packet | None:
        """The packet that was sent, before it was cut; None for all its pieces but the first."""
        frames, space = self._frames, self._frames.roles[number].place[0]
        followed = frames.follows[number]
        if frames.cuts and (followed, frames.roles[number].place) in frames.cuts:
            whole = self._heads.of(followed)._replace(ttl=frames.packets[number].ttl, flow=frames.packets[number].flow)
            return whole if frames.pieces(number)[0] == number else None
        if followed not in frames.bundles or space in frames.wiring.tracking:
            return self._heads.whole(number)
        came, goes = self._heads.of(followed), self._heads.of(number)
        if came.lasting == goes.lasting:
            return goes  # a fragment went on as it came
        pieces = [each for each in frames.pieces(number) if frames.follows[each] == followed]
        return came._replace(ttl=goes.ttl) if pieces[0] == number else None

    def _sent_flows(self, number: int, head: Packet) -> set[Flow]:
        """How a packet that was sent may have looked at the hooks before: from as it came to as it went."""
        space, followed = self._frames.roles[number].place[0], self._frames.follows[number]
        if followed != NONE and self._frames.ways.get(number, ROUTED) == ROUTED:
            came = (self._heads.whole(followed) or self._heads.of(followed)).flow  # a later fragment has no ports
        else:
            came = self._frames.wiring.origins.get(space, {}).get(head.flow, head.flow)
        return {came, *_between(came, head.flow)} if came != head.flow else {came}

    def _translated(self, namespace: str, flow: Flow) -> Flow:
        return self._frames.wiring.translations.get(namespace, {}).get(flow, flow)


def _between(came: Flow, went: Flow) -> set[Flow]:
    """How a flow may look between two translations: its destination is rewritten first, its source at last.

    ICMP's identifier, which stands for both ports, is rewritten with either.
    """
    protocol, source, _, port, _ = came
    _, _, destination, identifier, other = went
    return {(protocol, source, destination, port, other), (protocol, source, destination, identifier, other)}
