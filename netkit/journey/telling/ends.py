"""Knows what became of a packet: delivered, dropped, lost, and as far as the kernel shows it, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.telling import verdicts
from netkit.journey.telling.asking import NAMED, asked_for, listed, silent, unanswered, unreached
from netkit.journey.telling.decisions import EVERYONE
from netkit.journey.telling.losses import lost, thrown_away
from netkit.journey.telling.reasons import told_by_icmp, unheard
from netkit.journey.telling.trip import taken_as
from netkit.journey.values import TAKEN
from netkit.packets.ip import TCP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.packets.arp import Arp

_SYN, _RST, _ACK = 2, 4, 16
_FLAGS = 14  # bytes of a TCP header up to its flags


class End(NamedTuple):
    """What became of a packet, or of one of its copies.

    Attributes:
        text: in words.
        place: the namespace.
        delivered: whether it reached whom it was for.
        ignored: whether this is a copy that a flood brought to somebody whom it was not for.
        dropped: whether the packet filter dropped it without a word.
    """

    text: str
    place: str
    delivered: bool = False
    ignored: bool = False
    dropped: bool = False


class Ending(NamedTuple):
    """What became of a packet.

    Attributes:
        text: in words.
        places: the namespaces in which it ended, as far as that is known.
        delivered: whether it reached whom it was for.
        dropped: whether the packet filter dropped it without a word.
    """

    text: str
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
    leaves = [leaf for leaf in trip.leaves if not _went_on(trip, leaf)] or trip.leaves
    ends = [_end(trip, around, leaf) for leaf in leaves]
    taken = [end for end in ends if end.delivered]
    if taken and not replies and (silence := _not_heeded(trip, around, ends) or _unanswered(trip, around, taken)) != "":
        return Ending(silence, _places(taken))
    if taken:
        return Ending(_delivered(trip, ends, replies), _places(taken), delivered=True)
    for end, leaf in zip(ends, leaves, strict=True):
        if verdicts.dropped(trip.steps[leaf].events):
            return Ending(end.text, _places([end]), dropped=end.dropped)
    why = told_by_icmp(trip, around, replies) or ((asked, ()) if (asked := in_vain(trip, around)) else None)
    if why is not None:
        return Ending(*why)
    real = [end for end in ends if not end.ignored] or ends
    if all(end.ignored for end in ends):
        return Ending(_unwanted(trip, around, ends))
    return Ending(real[-1].text, _places(real[-1:]))


def in_vain(trip: Trip, around: Around) -> str:
    """What became of a neighbour solicitation that nobody answered; "" for all else."""
    if trip.start is None or trip.start.ip is None or not (address := unanswered(trip, around)):
        return ""
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
    point = _point(step)
    return any(trip.children[number] for number, other in enumerate(trip.steps) if _point(other) == point)


def _point(step: Step) -> tuple[str, str | None, str | None]:
    return step.namespace, step.interface, step.direction


def _unanswered(trip: Trip, around: Around, taken: list[End]) -> str:
    """Why it is not known that a socket took the first packet of a TCP connection; "" where it did, or none is due."""
    head = trip.start.ip if trip.start is not None else None
    if head is None or head.protocol != TCP or len(head.body) < _FLAGS or head.body[13] & (_SYN | _ACK) != _SYN:
        return ""
    places = [step for step in trip.steps if step.fate == TAKEN]
    if not places:
        return ""
    place, last = places[-1].namespace, taken_as(places[-1]) or head
    if around.sends(place, (TCP, last.target, last.source, last.ports[1], last.ports[0])):
        return ""  # to another SYN of the connection
    if around.counted(place, "TcpExtListenOverflows", "TcpExtListenDrops"):
        full = f"the queue of those who wait at port {last.ports[1]} was full"
        return f"reached {taken[0].text}; {full}: {place} counted a drop (TcpExtListenDrops)"
    return f"reached {taken[0].text}; whether a socket took it was not seen: nobody answered"


def _delivered(trip: Trip, ends: list[End], replies: Sequence[Trip]) -> str:
    taken = list(dict.fromkeys(end.text for end in ends if end.delivered))
    text = f"delivered to {taken[0]}" if len(taken) == 1 else f"delivered to {listed(taken)}"
    if (others := _ignored(ends)) != "":
        text += f", ignored by {others}"
    port = trip.start.ip.ports[1] if trip.start and trip.start.ip else None
    last = next((view.ip for view in reversed(trip.last) if view is not None and view.ip is not None), None)
    port = last.ports[1] if last is not None else port
    if any(_reset(trip, reply) for reply in replies):
        text += f", where nothing listens on port {port}: it answered with RST"
    elif unheard(replies):
        text += f", where nothing listens on port {port}: it answered ICMP port unreachable"
    return text


def _reset(trip: Trip, reply: Trip) -> bool:
    """Whether a SYN was answered with RST."""
    view, question = reply.start, trip.start
    heads = [v.ip for v in (view, question) if v is not None and v.ip is not None and v.ip.protocol == TCP]
    if len(heads) < 2 or any(len(head.body) < 14 for head in heads):
        return False
    return bool(heads[0].body[13] & _RST) and bool(heads[1].body[13] & _SYN)


def _not_heeded(trip: Trip, around: Around, ends: list[End]) -> str:
    """That whoever has an address heard the question for it, and nobody saw an answer; "" where that is not so."""
    address = unanswered(trip, around)
    reached = [end.place for end in ends if end.delivered and address and around.own(end.place, address)]
    if not reached:
        return ""
    others = _ignored(ends)
    return f"{silent(list(dict.fromkeys(reached)))}{f'; ignored by {others}' if others else ''}"


def _ignored(ends: list[End]) -> str:
    places = _ignoring(ends)
    return listed(places) if len(places) <= NAMED else f"{len(places)} others"


def _ignoring(ends: list[End]) -> list[str]:
    """The namespaces that got a copy that was not for them, and none that was."""
    return sorted({end.place for end in ends if end.ignored} - {end.place for end in ends if end.delivered})


def _unwanted(trip: Trip, around: Around, ends: list[End]) -> str:
    """Everybody who got it ignored it."""
    if address := asked_for(trip.start):
        return unreached(trip, around, address, _ignoring(ends))
    return ends[0].text if len(ends) == 1 else f"reached {_ignored(ends)}, whom it was not for"


def _end(trip: Trip, around: Around, leaf: int) -> End:
    """What became of one copy."""
    step = trip.steps[leaf]
    if (verdict := verdicts.dropped(step.events)) is not None:
        rejected = verdicts.rejects(verdict.event)
        text = f"{'rejected' if rejected else 'dropped'} in {step.namespace} by {verdicts.by_whom(verdict)}"
        return End(text, step.namespace, dropped=not rejected)
    at = leaf if step.interface is not None else trip.frame_before(leaf)
    if at is None or trip.steps[at].namespace != step.namespace or trip.steps[at].direction == "out":
        return End(lost(trip, around, leaf), step.namespace)
    view = trip.last[leaf] or trip.last[trip.shown_before(leaf) or 0]
    return _arrived(trip, around, leaf, at, view)


def _arrived(trip: Trip, around: Around, leaf: int, at: int, view: View | None) -> End:
    """What became of a copy that was last seen coming in."""
    step, seen = trip.steps[at], trip.first[at]
    link = around.interface(step.namespace, step.interface or "")
    mac = seen.macs[0] if seen is not None and seen.macs is not None else None
    if link is not None and link.master is not None and leaf == at:
        return End(lost(trip, around, leaf), step.namespace)
    stranger = mac is not None and not mac[0] & 1 and any(mac) and link is not None and mac.hex(":") != link.mac
    if stranger and link is not None and link.mac is not None and link.kind != "loopback":
        whose = around.wording.mac(mac or b"")
        text = f"ignored at {step.namespace}:{step.interface}: the frame is for {whose}, not for it"
        return End(text, step.namespace, ignored=True)
    if view is not None and view.arp is not None:
        return _asked(around, view.arp, step.namespace, mac)
    target = _taken(trip, at, view)
    everyone = bool(target) and around.everyone(step.namespace, target)
    if not everyone and not (target and (step.fate == TAKEN or around.own(step.namespace, target))):
        return End(lost(trip, around, leaf), step.namespace)
    if view is not None and view.ip is not None and (spoiled := thrown_away(around, step, view.ip)):
        return End(spoiled, step.namespace)
    name = step.namespace if everyone else f"{around.wording.address(target)} in {step.namespace}"
    return End(name, step.namespace, delivered=True)


def _taken(trip: Trip, at: int, view: View | None) -> bytes:
    """Whom a packet that came in is for, if it may have been taken in; b"" if it was not, or is a tunnel's."""
    step = trip.steps[at]
    if view is None or view.ip is None or view.vni is not None:
        return b""
    if step.fate == "":  # nobody knows more than that all of it came
        return view.ip.target if not view.ip.fragment or _all_there(trip, at) else b""
    head = taken_as(step) or view.ip
    return head.target if step.fate == TAKEN else b""


def _asked(around: Around, message: Arp, namespace: str, mac: bytes | None) -> End:
    """Who is meant by an ARP message (RFC 826)."""
    name = around.wording.address(message.target)
    if message.sender == message.target and mac == EVERYONE:
        return End(namespace, namespace, delivered=True)  # an announcement is for everyone
    if around.own(namespace, message.target):
        return End(f"{name} in {namespace}", namespace, delivered=True)
    return End(f"{namespace} does not have {name}", namespace, ignored=True)


def _all_there(trip: Trip, at: int) -> bool:
    """Whether all fragments of a packet came in where this one did."""
    point = _point(trip.steps[at])
    heads = [
        view.ip
        for other, view in zip(trip.steps, trip.first, strict=True)
        if _point(other) == point and view is not None and view.ip is not None
    ]
    parts = {head.offset: head.size for head in heads}
    ends = [head.offset + head.size for head in heads if not head.more]
    return bool(ends) and sum(parts.values()) == ends[-1]
