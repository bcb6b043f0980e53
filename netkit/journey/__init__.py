"""Knows how captures, netfilter's reports and snapshots become the journeys of single packets.

values   what an x-ray saw, steps and hops
joining  frames and reports put together: the steps of each packet
telling  what changed, who decided, what became of it
shown    tables and trees
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.journey.joining.memory import uncollected

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Seen


@uncollected()
def journeys(seen: Seen) -> list[Journey]:
    """The journeys of all packets that an x-ray saw, in the order in which they were first seen.

    Housekeeping is numbered after everything else: it comes at random moments, and a lesson's journeys keep their
    numbers.

    Args:
        seen: what was recorded.

    Example:
        >>> from netkit.journey.values import Seen
        >>> journeys(Seen(()))
        []
    """
    from netkit.journey.joining.join import join
    from netkit.journey.telling.answers import answers
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.journeys import Known, tell
    from netkit.journey.telling.trip import Trip

    around = Around(seen)
    trips = [Trip(steps, around.seen.tunnels) for steps in join(seen)]
    questions = answers(trips)
    replies: dict[int, list[Trip]] = {}
    for trip, question in zip(trips, questions, strict=True):
        if question is not None:
            replies.setdefault(question, []).append(trip)
            trip.asked = trips[question]
    known = [
        Known(around, trip, replies.get(number, ()), None if question is None else question + 1)
        for number, (trip, question) in enumerate(zip(trips, questions, strict=True))
    ]
    return _numbered([tell(number, each.trip.steps, seen, each) for number, each in enumerate(known, 1)])


def _numbered(told: list[Journey]) -> list[Journey]:
    """The journeys, still in their order, with housekeeping, and what answers it, numbered last."""
    kept = {journey.number for journey in told if journey.housekeeping}
    told = [replace(each, housekeeping=True) if each.answers in kept else each for each in told]
    order = sorted(told, key=lambda journey: journey.housekeeping)
    new: dict[int | None, int] = {journey.number: number for number, journey in enumerate(order, 1)}
    return [
        each
        if (each.number, each.answers) == (new[each.number], new.get(each.answers))
        else replace(each, number=new[each.number], answers=new.get(each.answers))
        for each in told
    ]
