"""What changed between two stations of a packet, said: MACs, VLAN tag, TTL, NAT, checksums, fragments, outer header."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.parsed import IPV4, IPV6
from netkit.journey.telling.claims import Claim, said
from netkit.journey.telling.targets import HOOKS
from netkit.journey.telling.translation import Cause, Translation, cause, is_sent, unseen
from netkit.journey.values import ROUTING
from netkit.packets.ip import TCP, UDP
from netkit.packets.wording import ANY, CHOSEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.claims import Record
    from netkit.journey.telling.trip import Trip
    from netkit.packets.ip import IpHeader

_NAMES = {TCP: ("TCP", 16), UDP: ("UDP", 6)}
"""By protocol: its name, and where its header holds the checksum (RFC 9293, RFC 768)."""


class Changed(NamedTuple):
    """One thing that changed.

    Attributes:
        place: the step at which it is said.
        claim: in words, with what shows it.
        checksums: whether these are checksums, which follow from all else.
        tracked: whether it is a translation that only conntrack shows.
    """

    place: int
    claim: Claim
    checksums: bool = False
    tracked: bool = False


class _Pair(NamedTuple):
    """Two stations to compare: the numbers of their steps and how the packet looked there."""

    before: int
    number: int
    old: View
    new: View


def changes(trip: Trip, around: Around) -> list[list[Changed]]:
    """What changed at each step against the steps before it.

    An address changes at the hook that translates it, as far as netfilter told of that hook: destinations before
    the route is looked up, sources at the end.

    Args:
        trip: the steps.
        around: the networks.

    Returns:
        For each step what changed there.
    """
    told: list[dict[str, Changed]] = [{} for _ in trip.steps]  # a dict keeps the order and each sentence once
    for number in range(len(trip.steps)):
        for change in _at(trip, around, number):
            told[change.place].setdefault(change.claim.text, change)
    return [_in_order(found.values()) if found else [] for found in told]


def _in_order(found: Iterable[Changed]) -> list[Changed]:
    """Checksums follow from all else: they come last, and once."""
    found = list(found)
    sums = sorted((change for change in found if change.checksums), key=lambda change: len(change.claim.text))
    return [change for change in found if not change.checksums] + sums[-1:]


def _at(trip: Trip, around: Around, number: int) -> list[Changed]:
    """What a step shows to have changed, each with the step at which to say it."""
    new, before = trip.first[number], trip.shown_before(number)
    if new is None:
        return _in_the_end(trip, around, number) if before is not None else []
    if before is None:
        return _at_first(trip, around, number, new) + _within(trip, around, number)
    step, followed = trip.steps[number], trip.steps[before]
    if step.frame is not None and followed.frame is not None and step.frame.data == followed.frame.data:
        return []
    found = _between(trip, around, _Pair(before, number, trip.last[before], new))
    return found + _within(trip, around, number) + _behind(trip, around, number)


def _within(trip: Trip, around: Around, number: int) -> list[Changed]:
    """What changed within one hook: chains behind the one that translates see the packet as it is then."""
    new, last = trip.first[number], trip.last[number]
    if new is None or last is None or new == last:
        return []
    told = _translated(trip, around, _Pair(number, number, new, last))
    return told + _sums(told, new.ip, last.ip)


def _behind(trip: Trip, around: Around, number: int) -> list[Changed]:
    """What happens to a packet that is taken in behind the chains of INPUT that saw it."""
    step = trip.steps[number]
    if step.hook != "input" or trip.children[number] or any(event.verdict == "drop" for event in step.events):
        return []
    return _remembered(trip, around, number)


def _remembered(trip: Trip, around: Around, number: int) -> list[Changed]:
    """What conntrack changed where no headers show it."""
    return [each for change in unseen(trip, around, number) for each in _told(trip, around, change)]


def _at_first(trip: Trip, around: Around, number: int, new: View) -> list[Changed]:
    """What is already different when the packet is first seen."""
    told = _remembered(trip, around, number) if is_sent(trip, number) else []
    part = said(_part(new.ip, _total(trip)), trip.record(number)) if new.ip and new.ip.fragment else None
    parts = [Changed(number, part)] if part else []
    return told + parts


def _in_the_end(trip: Trip, around: Around, number: int) -> list[Changed]:
    """What happens to a packet that is taken in, after it was last seen."""
    before, step = trip.shown_before(number), trip.steps[number]
    if before is None or step.hook != ROUTING or trip.shown_after(number) is not None:
        return []
    own = around.own(step.namespace, trip.last[before].ip.target if trip.last[before].ip else b"")
    arrived = own and _arrived_in_parts(trip, before)
    whole = [Changed(number, said(_reassembled(trip, before), trip.record(before)))] if arrived else []
    if before in trip.foreseen or not own:
        return whole
    return whole + _remembered(trip, around, number)


def _between(trip: Trip, around: Around, pair: _Pair) -> list[Changed]:
    old, new = pair.old, pair.new
    if new.depth != old.depth:
        place = trip.path(pair.before, pair.number)[1] if new.depth > old.depth else pair.number
        return [Changed(place, said(_tunnel(old, new, around), *_both(trip, pair)))]
    seen = _seen(trip, pair, _macs(trip, around, pair) + _tags(old, new))
    if old.ip is None or new.ip is None or old.ip.version != new.ip.version:
        return seen
    told = _seen(trip, pair, _ttl(old.ip, new.ip)) + _translated(trip, around, pair)
    parts = _parts(trip, pair)
    return seen + told + (parts or _sums(told, old.ip, new.ip))


def _both(trip: Trip, pair: _Pair) -> tuple[Record | None, ...]:
    """What shows the packet before and after."""
    return trip.record(pair.before), trip.record(pair.number)


def _seen(trip: Trip, pair: _Pair, sentences: list[str]) -> list[Changed]:
    """What a comparison of both shows."""
    return [Changed(pair.number, said(sentence, *_both(trip, pair))) for sentence in sentences]


def _tunnel(old: View, new: View, around: Around) -> str:
    if new.depth < old.depth or new.ip is None:
        return f"outer header removed: {old.carrier}"
    ends = around.wording.address(new.ip.source), around.wording.address(new.ip.target)
    by = f"{new.carrier} in UDP" if new.vni is not None else new.carrier
    return f"outer header added: {by} from {ends[0]} to {ends[1]}"


def _macs(trip: Trip, around: Around, pair: _Pair) -> list[str]:
    """Frames of both ends of a way through hooks are compared: events show no MACs."""
    before = trip.frame_before(pair.number)
    if before is None or pair.new.macs is None or trip.first[before].macs is None:
        return []
    old, said = trip.first[before], []
    if old.depth != pair.new.depth:
        return []
    for name, was, now in zip(("destination", "source"), old.macs, pair.new.macs, strict=True):
        if was != now:
            said.append(f"{name} MAC {_mac(around, was)} → {_mac(around, now)}")
    return said


def _mac(around: Around, mac: bytes) -> str:
    return "none" if not any(mac) else around.wording.mac(mac)


def _tags(old: View, new: View) -> list[str]:
    if old.macs is None or new.macs is None:
        return []
    if len(new.tags) > len(old.tags):
        return [f"VLAN tag {new.tags[0]} added"]
    if len(new.tags) < len(old.tags):
        return [f"VLAN tag {old.tags[0]} removed"]
    return [f"VLAN tag {was} → {now}" for was, now in zip(old.tags, new.tags, strict=True) if was != now]


def _ttl(old: IpHeader, new: IpHeader) -> list[str]:
    name = "hop limit" if new.version == 6 else "TTL"
    return [f"{name} {old.ttl} → {new.ttl}"] if old.ttl != new.ttl else []


def _translated(trip: Trip, around: Around, pair: _Pair) -> list[Changed]:
    """Addresses and ports that NAT changed, said at the hook that did."""
    old, new = pair.old.ip, pair.new.ip
    if old is None or new is None or pair.old.kind not in (IPV4, IPV6):
        return []
    before, after = old.ports, new.ports
    if old[1:3] == new[1:3] and before == after:
        return []
    found, way = [], trip.path(pair.before, pair.number)
    ends = (("destination", old.target, new.target, 1), ("source", old.source, new.source, 0))
    for name, was, now, which in ends:
        change = Translation(_place(trip, way, name), name, (was, before[which]), (now, after[which]))
        found += _told(trip, around, change)
    return found


def _told(trip: Trip, around: Around, change: Translation) -> list[Changed]:
    """A translation in sentences, each with the step at which to say it."""
    (was, old), (now, new) = change.was, change.now
    sentences = [words for words in (_address(around, change.name, was, now), _port(change.name, old, new)) if words]
    why = cause(trip, around, change) if sentences else Cause()
    words = [f"{sentence} ({why.text})" if why.text else sentence for sentence in sentences]
    shown = trip.record(change.place), why.record
    return [Changed(change.place, said(each, *shown), tracked=why.tracked) for each in words]


def _place(trip: Trip, way: list[int], name: str) -> int:
    """The step at which an address is translated."""
    hook = next((number for number in way if trip.steps[number].hook in HOOKS[name]), None)
    if hook is not None:
        return hook
    return way[1] if name == "destination" and len(way) > 1 else way[-1]


def _address(around: Around, name: str, was: bytes, now: bytes) -> str:
    words = around.wording.address
    return f"{name} address {words(was)} → {words(now)}" if was != now else ""


def _port(name: str, was: int | None, now: int | None) -> str:
    if was == now or was is None or now is None:
        return ""
    if was in CHOSEN and now in CHOSEN:
        return f"{name} port: another one of those chosen at random"
    return f"{name} port {ANY if was in CHOSEN else was} → {ANY if now in CHOSEN else now}"


def _sums(told: list[Changed], old: IpHeader | None, new: IpHeader | None) -> list[Changed]:
    """The checksums that changed with what has just been told, said at the same step."""
    words = _checksums(old, new) if told and old is not None and new is not None else ""
    return [Changed(told[-1].place, said(words, told[-1].claim), checksums=True)] if words else []


def _checksums(old: IpHeader, new: IpHeader) -> str:
    """What was computed anew because a header changed."""
    names = ["IP"] if old.checksum != new.checksum else []
    name, at = _NAMES.get(new.protocol, ("", 0))
    carried = old.body[at : at + 2] != new.body[at : at + 2]
    if name and carried and (old.source, old.target, old.ports) != (new.source, new.target, new.ports):
        names.append(name)
    return f"{' and '.join(names)} checksum{'s' if names[1:] else ''} recomputed" if names else ""


def _parts(trip: Trip, pair: _Pair) -> list[Changed]:
    """A packet that became fragments, or fragments that became a packet."""
    old, new = pair.old.ip, pair.new.ip
    if new.fragment and (not old.fragment or old.size != new.size):
        return _seen(trip, pair, [_part(new, _total(trip) if old.fragment else old.size)])
    if old.fragment and not new.fragment:
        whole = said(_reassembled(trip, pair.before), *_both(trip, pair))
        return [Changed(trip.path(pair.before, pair.number)[1], whole)]
    return []


def _part(head: IpHeader, total: int) -> str:
    whole = f" of {total}" if total else ""
    return f"fragment: bytes {head.offset} to {head.offset + head.size - 1}{whole}"


def _total(trip: Trip) -> int:
    """How many bytes the packet carries of which these are fragments; 0 if its last one was not seen."""
    heads = [view.ip for view in trip.first if view is not None and view.ip is not None]
    return max((head.offset + head.size for head in heads if head.offset and not head.more), default=0)


def _reassembled(trip: Trip, before: int) -> str:
    """How many frames came in where the last one of them did."""
    return f"reassembled from {len(trip.together(before))} fragments"


def _arrived_in_parts(trip: Trip, before: int) -> bool:
    """Whether fragments came in, all of them, which a host puts together where they are for itself."""
    view = trip.last[before]
    parts = view is not None and view.ip is not None and view.ip.fragment
    return parts and trip.steps[before].direction == "in" and trip.all_there(before)
