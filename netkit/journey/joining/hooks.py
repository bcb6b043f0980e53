"""Which recorded frames the hooks belong to that netfilter reported: by headers, interfaces and order."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from netkit.journey.joining.clues import Clues
from netkit.journey.joining.frames import Frames, paired

if TYPE_CHECKING:
    from collections.abc import Container, Hashable

    from netkit.journey.joining.headers import Heads
    from netkit.journey.joining.passages import Visit

_SLOW = 20_000_000  # nanoseconds: so long may a report wait until it is read, and hardly ever longer


class Hooks:
    """The hooks beside the frames.

    Args:
        frames: the recorded ones, each with the one that it follows.
        heads: their packets as netfilter reports them.
        passages: what it reported.

    Attributes:
        arriving: PREROUTING, by the received frame behind which it lies.
        leading: what lies between the routing decision, or a bridge's port, and a frame that was sent; by that frame.
        ending: what a received frame passed behind the routing decision, or behind a bridge's port, and no frame
            that was sent shows.
        alone: what no frame shows.
    """

    def __init__(self, frames: Frames, heads: Heads, passages: list[list[Visit]]) -> None:
        self.frames = frames
        self.arriving: dict[int, Visit] = {}
        self.leading: dict[int, list[Visit]] = {}
        self.ending: dict[int, list[list[Visit]]] = {}
        self.alone: list[list[Visit]] = []
        self._clues = Clues(frames, heads, passages)
        self._latest = 0
        """When the last packet came that netfilter reported until now."""
        self._waiting: list[tuple[int, list[Visit]]] = []
        """Hooks of which nothing tells what came in before, each with a time at which it had not yet happened."""
        for visits in passages:
            self._place(visits)
        self._depart()

    def _place(self, visits: list[Visit]) -> None:
        """Find the frames of the hooks that a packet passed; those of its own packets wait until all others are."""
        came, first = None, visits[0]
        if first.hook == "prerouting":
            came = self._arrived(first)
            if came is None:
                self._forsake(visits)
                return
            self.arriving[came] = first
            self._latest = max(self._latest, self.frames.times[came])
            if len(visits) == 1:
                return
            visits = visits[1:]
            first = visits[0]
        last = visits[-1]
        if first.hook != "input" and not last.ends:
            if came is None:
                self._waiting.append((max(self._latest, first.events[0].time - _SLOW), visits))
                return
            went = self._near("out", last, last.oif, came, self.leading)
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
            later = [number for number in self._clues.of("out").get(key, ())[::-1] if number not in self.leading]
            pairs = list(paired(earlier, later, lambda n: bounds[~n] if n < 0 else self.frames.times[n]))
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
        for number in self._clues.of("out by what lasts").get((visit.namespace, packet.lasting, packet.ttl), ())[::-1]:
            ends = zip(self.frames.packets[number].flow[1:3], packet.flow[1:3], strict=True)
            if number not in self.leading and any(now == was for now, was in ends):
                return number
        return None

    def _end(self, visits: list[Visit], came: int | None) -> None:
        """Hooks behind which no frame was sent."""
        kind = "input" if visits[0].hook == "input" else "forward"
        if visits[0].iif is not None and (came is None or came in self.frames.used):  # else it ended where it came
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
        fitting = self._clues.of("in").get(_key(visit, visit.iif))
        return fitting.pop() if fitting else None

    def _near(
        self, kind: str, visit: Visit, interface: str | None, came: int | None, taken: Container[int]
    ) -> int | None:
        """The first frame that fits, has no such hooks yet, and comes from the one that came, if that is known."""
        key, likely = _key(visit, interface), came if kind != "out" else self._followers.get(came)
        if likely is not None and likely not in taken and self._clues.fits(kind, likely, key):
            return likely
        fitting = self._clues.of(kind).get(key, [])
        while fitting and fitting[-1] in taken:
            fitting.pop()
        for number in reversed(fitting):
            if number not in taken and (came in (None, number) or came in self.frames.line(number)):
                return number
        return None

    @cached_property
    def _followers(self) -> dict[int | None, int]:
        """The first frame that follows another one, by that one."""
        return {followed: number for number, followed in reversed(list(enumerate(self.frames.follows)))}

    def has_arrived(self, number: int) -> bool:
        """Whether a received packet came to PREROUTING, at this frame or, filtered on a bridge, at its port."""
        return number in self.arriving or any(each in self.arriving for each in self.frames.line(number))


def _key(visit: Visit, interface: str | None) -> Hashable:
    packet = visit.packet
    return visit.namespace, interface, packet.lasting, packet.ttl, packet.flow
