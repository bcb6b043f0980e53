"""The comments beside the frames of a pcapng file: which journey's hop each frame is, what changed, who decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.shown.table import ends, sent
from netkit.journey.shown.tree import finish, following

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Hop
    from netkit.model import Frame


def comments(journeys: Iterable[Journey], frames: Sequence[Frame]) -> dict[int, list[str]]:
    """The sentences about each frame.

    What a hook did is told at the interface that comes next, or at the last one if none comes; what became of
    the packet at its last frame.

    Args:
        journeys: of those frames; their hops hold the very same Frame objects.
        frames: in the order in which they stand in the file.

    Returns:
        Sentences by the frame's place, from 0 on; a frame of no journey has none.

    Example:
        >>> from netkit.journey.shown.table import Journey
        >>> from netkit.journey.values import Hop
        >>> from netkit.model import Frame
        >>> frame = Frame(0, "ns1", "eth1", "out", b"", 0)
        >>> hop = Hop(0, None, "ns1", "eth1", direction="out", recorded=frame)
        >>> comments([Journey(1, "ICMP", "10.0.0.1", "10.0.0.2", hops=(hop,), end="lost")], [frame])
        {0: ['journey 1, hop 1 of 1: ICMP, 10.0.0.1 → 10.0.0.2', 'end: lost']}
    """
    places = {id(frame): number for number, frame in enumerate(frames)}
    told: dict[int, list[str]] = {}
    for journey in journeys:
        for hop, sentences in _sentences(journey):
            place = places.get(id(hop.recorded))
            if place is not None:
                told.setdefault(place, []).extend(sentences)
    return told


def _sentences(journey: Journey) -> list[tuple[Hop, list[str]]]:
    """The hops with frames, each with what is told there."""
    hops = [hop for hop in journey.hops if hop.interface is not None]
    if not hops:
        return []
    about = {hop.number: [_title(journey, hop)] for hop in hops}
    where = _told_at(journey.hops)
    for hop in journey.hops:
        if hop.number in where:
            about[where[hop.number]] += _facts(hop)
    if journey.end:
        last = finish(journey.hops, journey.places)
        at = where.get(last.number, hops[-1].number) if last else hops[-1].number
        about[at].append(f"end: {journey.end}")
    return [(hop, about[hop.number]) for hop in hops]


def _title(journey: Journey, hop: Hop) -> str:
    return f"journey {journey.number}, hop {hop.number + 1} of {len(journey.hops)}: {sent(journey)}, {ends(journey)}"


def _facts(hop: Hop) -> list[str]:
    place = "" if hop.interface is not None else f"{hop.where}: "
    return [*(f"{place}changed: {text}" for text in hop.changed), *([place + hop.decided] if hop.decided else [])]


def _told_at(hops: Sequence[Hop]) -> dict[int, int]:
    """The number of the hop at which each hop is told: its own, that of the next interface, or of the last."""
    after, at = following(hops), {}
    for hop in reversed(hops):
        if hop.interface is not None:
            at[hop.number] = hop.number
        elif nexts := [at[next_.number] for next_ in after[hop.number] if next_.number in at]:
            at[hop.number] = nexts[0]
    for hop in hops:
        if hop.number not in at and hop.after in at:
            at[hop.number] = at[hop.after]
    return at
