"""What a world's recording is, and what a joining of it got wrong."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from netkit.journey.values import Seen, Step
from netkit.model import Frame, Interface, Namespace, Snapshot
from tests.unit.journeys.parts import Card, Space, Tap, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.journeys.world import World


class Truth:
    """A recording of a world, and what really happened.

    Attributes:
        seen: as an x-ray would have recorded it.
        taps: what is known of each of its frames.
        told: what is known of each of its events.
    """

    def __init__(self, world: World) -> None:
        self.taps = _merged(world.taps)
        self.told = sorted(world.told, key=lambda told: told.order)
        snapshot = Snapshot({space.name: _namespace(space) for space in world.spaces.values()})
        frames = tuple(Frame(t.stamp, *t.place, t.direction, t.data, len(t.data)) for t in self.taps)
        self.seen = Seen(frames, tuple(told.event for told in self.told), snapshot, snapshot)

    def faults(self, journeys: list[list[Step]]) -> list[str]:
        """What is wrong with a joining: frames and events at the wrong place, used twice or not at all."""
        taps = {id(frame): tap for frame, tap in zip(self.seen.frames, self.taps, strict=True)}
        told = {id(event): known for event, known in zip(self.seen.events, self.told, strict=True)}
        found, used = [], []
        for steps in journeys:
            for number, step in enumerate(steps):
                if step.after is not None and step.after >= number:
                    found.append(f"{step} follows a later one")
                before = _frame_before(steps, number)
                real = taps[id(before)] if before else None
                things: list[Tap | Told] = [told[id(event)] for event in step.events]
                things += [taps[id(step.frame)]] if step.frame else []
                used += map(id, things)
                found += [f"{_named(thing)} follows {_named(real)}" for thing in things if thing.after is not real]
            found += [f"packets {ids} in one journey" for ids in [_packets(steps, taps, told)] if len(ids) > 1]
        if sorted(used) != sorted(map(id, [*taps.values(), *told.values()])):
            found.append("a frame or an event is missing, or was used twice")
        packets = len({thing.packet for thing in [*self.taps, *self.told]})
        if len(journeys) != packets:
            found.append(f"{len(journeys)} journeys of {packets} packets")
        return found


def _named(thing: Tap | Told | None) -> str:
    if thing is None:
        return "nothing"
    if isinstance(thing, Told):
        return f"packet {thing.packet} at {thing.event.hook}, truly after {_named(thing.after)}"
    return f"packet {thing.packet} {thing.direction} at {':'.join(thing.place)}"


def _packets(steps: list[Step], taps: dict[int, Tap], told: dict[int, Told]) -> set[int]:
    frames = {taps[id(step.frame)].packet for step in steps if step.frame}
    return frames | {told[id(event)].packet for step in steps for event in step.events}


def _frame_before(steps: list[Step], number: int) -> Frame | None:
    after = steps[number].after
    while after is not None and steps[after].frame is None:
        after = steps[after].after
    return None if after is None else steps[after].frame


def _merged(taps: list[Tap]) -> list[Tap]:
    """Each namespace's frames in their order, namespaces merged by the latest time seen in each, as captures are."""
    rings: dict[str, list[Tap]] = {}
    for tap in sorted(taps, key=lambda tap: tap.order):
        rings.setdefault(tap.place[0], []).append(tap)
    merged = heapq.merge(*map(_timed, rings.values()), key=lambda timed: timed[:2])
    return [tap for *_, tap in merged]


def _timed(taps: list[Tap]) -> Iterator[tuple[int, bool, Tap]]:
    latest = 0
    for tap in taps:
        latest = max(latest, tap.stamp)
        yield latest, tap.direction == "in", tap


def _namespace(space: Space) -> Namespace:
    cards = {card.name: _interface(card) for card in space.cards.values()}
    if space.translator is None:
        return Namespace(space.name, cards)
    return Namespace(space.name, cards, rules=space.translator.rules, connections=tuple(space.translator.connections))


def _interface(card: Card) -> Interface:
    return Interface(
        card.name,
        card.kind,
        card.mac.hex(":"),
        addresses=(card.address,) if card.address else (),
        peer=card.peer,
        master=card.master,
        details=(("vni", str(card.vni)),) if card.kind == "vxlan" else (),
    )
