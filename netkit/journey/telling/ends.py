"""Says what became of a packet, all cases together: delivered, ignored, dropped or rejected by a rule, reset, lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.telling import beside, verdicts
from netkit.journey.telling.arrivals import End, arrived
from netkit.journey.telling.asking import NAMED, asked_for, kept_from_owner, listed, silent, unanswered, unreached
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.hearers import answers_none, by_everyone
from netkit.journey.telling.heeding import heeded
from netkit.journey.telling.losses import lost
from netkit.journey.telling.reasons import told_by_icmp, unheard
from netkit.journey.telling.trip import taken_as
from netkit.packets.ip import TCP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip

_SYN, _RST = 2, 4


class Ending(NamedTuple):
    """What became of a packet.

    Attributes:
        claim: in words, and what shows it.
        places: the namespaces in which it ended, as far as that is known.
        delivered: whether it reached whom it was for.
        dropped: whether the packet filter dropped it without a word.
    """

    claim: Claim
    places: tuple[str, ...] = ()
    delivered: bool = False
    dropped: bool = False


def ending(trip: Trip, around: Around, replies: Sequence[Trip] = ()) -> Ending:
    """What became of a packet.

    Args:
        trip: its steps.
        around: the networks.
        replies: the packets that answer it; ICMP errors say why it ended.
    """
    leaves = [leaf for leaf in _last_ones(trip, around) if not _went_on(trip, leaf)] or trip.leaves
    ends = [_end(trip, around, leaf) for leaf in leaves]
    taken = [end for end in ends if end.delivered]
    if taken and not replies and (silence := _not_heeded(trip, around, ends) or heeded(trip, around, taken)):
        return Ending(silence, _places(taken))
    if taken:
        return _taken(trip, around, ends, replies)
    for end, leaf in zip(ends, leaves, strict=True):
        if verdicts.dropped(trip.steps[leaf].events):
            return Ending(end.claim, _places([end]), dropped=end.dropped)
    why = told_by_icmp(trip, around, replies) or ((asked, ()) if (asked := in_vain(trip, around)) else None)
    if why is not None:
        return Ending(*why)
    real = [end for end in ends if not end.ignored] or ends
    if all(end.ignored for end in ends):
        return _all_ignored(trip, around, ends, replies)
    return Ending(real[-1].claim, _places(real[-1:]))


def _last_ones(trip: Trip, around: Around) -> list[int]:
    """The steps at which it ended; an ifb shows packets that are somewhere else (tc-mirred(8))."""
    found = []
    for leaf in trip.leaves:
        before = trip.steps[leaf].after
        if before is None or not beside.shows(around, trip.steps[leaf]):
            found.append(leaf)
        elif len(trip.children[before]) == 1:
            found.append(before)
    return found


def in_vain(trip: Trip, around: Around) -> Claim:
    """What became of a neighbour solicitation that nobody answered; NOTHING for all else."""
    if trip.start is None or trip.start.ip is None or not (address := unanswered(trip, around)):
        return NOTHING
    asker = trip.steps[0].namespace
    heard = sorted({trip.steps[leaf].namespace for leaf in trip.leaves} - {asker})
    return unreached(trip, around, address, heard)


def _places(ends: Sequence[End]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(end.place for end in ends))


def _went_on(trip: Trip, leaf: int) -> bool:
    """Whether a fragment went on together with another one that came in where it did."""
    step, view = trip.steps[leaf], trip.last[leaf]
    if step.direction != "in" or view is None or view.ip is None or not view.ip.fragment:
        return False
    return any(trip.children[number] for number in trip.together(leaf))


def _taken(trip: Trip, around: Around, ends: list[End], replies: Sequence[Trip]) -> Ending:
    """What became of a packet that somebody took in."""
    deaf, heard = by_everyone(trip, around, [end for end in ends if end.delivered])
    if not heard:
        places = _places([end for end in ends if end.delivered])
        return Ending(said(f"reached {listed(places)}, which {deaf}", deaf), places)
    claim = _delivered(trip, [end for end in ends if end.ignored or end in heard], replies)
    silence = answers_none(trip, around, heard) if not replies else NOTHING
    others = listed(_places([end for end in ends if end.delivered and end not in heard]))
    more = f"; {others} {deaf}" if deaf else f", {silence}" if silence else ""
    return Ending(said(f"{claim}{more}", claim, deaf, silence), _places(heard), delivered=True)


def _all_ignored(trip: Trip, around: Around, ends: list[End], replies: Sequence[Trip]) -> Ending:
    """What became of a packet that was for nobody whom it reached; one of them may answer for another (proxy_arp)."""
    if not replies or not (asked := asked_for(trip.start)):
        return Ending(_unwanted(trip, around, ends), _places(ends) if len(ends) == 1 else ())
    place = replies[0].steps[0].namespace
    words = f"answered by {place}, which does not have {around.wording.address(asked)} itself"
    return Ending(said(words, replies[0].record(0), around.searched(place)), (place,), delivered=True)


def _delivered(trip: Trip, ends: list[End], replies: Sequence[Trip]) -> Claim:
    good = [end for end in ends if end.delivered]
    taken = list(dict.fromkeys(end.claim.text for end in good))
    text = f"delivered to {listed(taken)}"
    if (others := _ignored(ends)) != "":
        text += f", ignored by {others}"
    telling = [reply for reply in replies if _reset(trip, reply) or unheard([reply])]
    if telling:
        how = "with RST" if _reset(trip, telling[0]) else "ICMP port unreachable"
        text += f", where nothing listens on port {_port(trip)} that would take it: it answered {how}"
    shown = [reply.record(len(reply.steps) - 1) for reply in telling]
    return said(text, *(end.claim for end in good), *(end.claim for end in ends if end.ignored), *shown)


def _port(trip: Trip) -> int | None:
    """The port that a packet came to at last, its translations done."""
    at_end = [trip.steps[leaf if trip.steps[leaf].interface else trip.frame_before(leaf) or 0] for leaf in trip.leaves]
    heads = [head for step in at_end if (head := taken_as(step)) is not None]
    heads += [view.ip for view in reversed((trip.start, *trip.last)) if view is not None and view.ip is not None]
    return heads[0].ports[1] if heads else None


def _reset(trip: Trip, reply: Trip) -> bool:
    """Whether a SYN was answered with RST."""
    view, question = reply.start, trip.start
    heads = [v.ip for v in (view, question) if v is not None and v.ip is not None and v.ip.protocol == TCP]
    if len(heads) < 2 or any(len(head.body) < 14 for head in heads):
        return False
    return bool(heads[0].body[13] & _RST) and bool(heads[1].body[13] & _SYN)


def _not_heeded(trip: Trip, around: Around, ends: list[End]) -> Claim:
    """That whoever has an address heard the question for it, and nobody saw an answer; NOTHING where that is not so."""
    address = unanswered(trip, around)
    reached = [end for end in ends if end.delivered and address and around.own(end.place, address)]
    if not reached:
        return NOTHING
    others = _ignored(ends)
    words = silent(list(dict.fromkeys(end.place for end in reached)))
    return said(f"{words}{f'; ignored by {others}' if others else ''}", *(end.claim for end in ends))


def _ignored(ends: list[End]) -> str:
    places = _ignoring(ends)
    return listed(places) if len(places) <= NAMED else f"{len(places)} others"


def _ignoring(ends: list[End]) -> list[str]:
    """The namespaces that got a copy that was not for them, and none that was."""
    return sorted({end.place for end in ends if end.ignored} - {end.place for end in ends if end.delivered})


def _unwanted(trip: Trip, around: Around, ends: list[End]) -> Claim:
    """Everybody who got it ignored it."""
    if address := asked_for(trip.start):
        return unreached(trip, around, address, _ignoring(ends))
    claims = [end.claim for end in ends]
    if len({claim.text for claim in claims}) == 1:
        return _strayed(trip, around, claims)
    head = trip.start.ip if trip.start is not None else None
    if head is not None and all(end.stranger for end in ends):
        return said(f"no one reached has joined {around.wording.address(head.target)}: {_ignored(ends)}", *claims)
    return said(f"reached {_ignored(ends)}, whom it was not for", *claims)


def _strayed(trip: Trip, around: Around, claims: Sequence[Claim]) -> Claim:
    """What is said of copies that all came to others, and what kept the packet from its receiver."""
    kept = kept_from_owner(trip, around)
    return said(f"{claims[0]}{f'; {kept}' if kept else ''}", *claims, kept)


def _end(trip: Trip, around: Around, leaf: int) -> End:
    """What became of one copy."""
    step = trip.steps[leaf]
    if (verdict := verdicts.dropped(step.events)) is not None:
        rejected = verdicts.rejects(verdict.event)
        text = f"{'rejected' if rejected else 'dropped'} in {step.namespace} by {verdicts.by_whom(verdict)}"
        return End(said(text, *step.events), step.namespace, dropped=not rejected)
    at = leaf if step.interface is not None else trip.frame_before(leaf)
    if at is None or trip.steps[at].namespace != step.namespace or trip.steps[at].direction == "out":
        return End(lost(trip, around, leaf), step.namespace)
    view = trip.last[leaf] or trip.last[trip.shown_before(leaf) or 0]
    return arrived(trip, around, (leaf, at), view)
