"""What became of a copy of a packet last seen coming in: taken in, ignored (for another, group not joined), or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.decisions import EVERYONE
from netkit.journey.telling.doors import thrown_away
from netkit.journey.telling.losses import lost
from netkit.journey.telling.trip import taken_as
from netkit.journey.values import TAKEN

if TYPE_CHECKING:
    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.packets.arp import Arp

_GROUPS_4, _ALL_4, _GROUPS_6 = 0xE0, 0xF0, 0xFF


class End(NamedTuple):
    """What became of a packet, or of one of its copies.

    Attributes:
        claim: in words, and what shows it; of a delivery only to whom.
        place: the namespace.
        delivered: whether it reached whom it was for.
        ignored: whether this is a copy that a flood brought to somebody whom it was not for.
        dropped: whether the packet filter dropped it without a word.
        stranger: whether it is for a group that the namespace does not belong to.
    """

    claim: Claim
    place: str
    delivered: bool = False
    ignored: bool = False
    dropped: bool = False
    stranger: bool = False


def arrived(trip: Trip, around: Around, last: tuple[int, int], view: View | None) -> End:
    """What became of a copy that was last seen coming in.

    Args:
        trip: the packet's steps.
        around: the networks.
        last: the last step, and the last one at an interface.
        view: the packet's headers at last.
    """
    leaf, at = last
    step, seen = trip.steps[at], trip.first[at]
    link = around.interface(*step.place)
    mac = seen.macs[0] if seen is not None and seen.macs is not None else None
    if around.master(*step.place) is not None:  # a port's frame is taken in by the bridge only
        return End(lost(trip, around, leaf), step.namespace)
    stranger = mac is not None and not mac[0] & 1 and any(mac) and link is not None and mac.hex(":") != link.mac
    if stranger and link is not None and link.mac is not None and link.kind != "loopback":
        whose = around.wording.mac(mac or b"")
        text = f"ignored at {step.where}: the frame is for {whose}, not for it"
        own = around.record(*step.place)
        return End(said(text, step.frame, own), step.namespace, ignored=True)
    if view is not None and view.arp is not None:
        return _asked(around, view.arp, step, mac)
    return _of_ip(trip, around, last, view)


def _of_ip(trip: Trip, around: Around, last: tuple[int, int], view: View | None) -> End:
    """A packet of IP, or of something that nobody knows."""
    leaf, at = last
    step = trip.steps[at]
    group = view.ip.target if view is not None and view.ip is not None and not view.carrier else b""
    if group and _is_group(group) and (foreign := _not_joined(around, step, group)):
        return End(foreign, step.namespace, ignored=True, stranger=True)
    target = _taken(trip, at, view)
    everyone = bool(target) and around.everyone(step.namespace, target)
    if not everyone and not (target and (step.fate == TAKEN or around.own(step.namespace, target))):
        return End(lost(trip, around, leaf), step.namespace)
    if view is not None and view.ip is not None and (spoiled := thrown_away(around, step, view.ip)):
        return End(spoiled, step.namespace)
    shown = step.mark or step.frame, around.bearer(step.namespace, target), _membership(around, step, target)
    name = step.namespace if everyone else f"{around.wording.address(target)} in {step.namespace}"
    return End(said(name, *shown), step.namespace, delivered=True)


def _is_group(address: bytes) -> bool:
    """Whether an address is a group's (RFC 1112, RFC 4291): not that of everybody."""
    return _GROUPS_4 <= address[0] < _ALL_4 if len(address) == 4 else address[0] == _GROUPS_6


def _membership(around: Around, step: Step, target: bytes) -> Claim:
    group = around.meanwhile.joined(*step.place, target) if _is_group(target) else None
    known = group is not None and group[1:] in around.seen.members.get(step.namespace, ())
    return said(str(group.address), group) if group is not None and known else NOTHING


def _not_joined(around: Around, step: Step, group: bytes) -> Claim:
    """That a namespace does not belong to a group that a packet is for; NOTHING where it does, or nobody knows."""
    known = around.meanwhile.knows_groups(step.namespace)
    if step.fate == TAKEN or not known or around.meanwhile.joined(*step.place, group):
        return NOTHING
    words = f"{step.namespace} has not joined {around.wording.address(group)} at {step.interface}"
    return said(words, step.frame, around.searched(step.namespace))


def _taken(trip: Trip, at: int, view: View | None) -> bytes:
    """Whom a packet that came in is for, if it may have been taken in; b"" if it was not, or is a tunnel's."""
    step = trip.steps[at]
    if view is None or view.ip is None or view.carrier:
        return b""
    if step.fate == "":  # nobody knows more than that all of it came
        return view.ip.target if not view.ip.fragment or trip.all_there(at) else b""
    head = taken_as(step) or view.ip
    in_pieces = view.ip.fragment and view.ip.version == 6  # these are put together behind INPUT
    return head.target if step.fate == TAKEN and (not in_pieces or trip.all_there(at)) else b""


def _asked(around: Around, message: Arp, step: Step, mac: bytes | None) -> End:
    """Who is meant by an ARP message (RFC 826)."""
    name, namespace = around.wording.address(message.target), step.namespace
    if message.sender == message.target and mac == EVERYONE:
        return End(said(namespace, step.frame), namespace, delivered=True)  # an announcement is for everyone
    if around.own(namespace, message.target):
        bearer = around.bearer(namespace, message.target)
        return End(said(f"{name} in {namespace}", step.frame, bearer), namespace, delivered=True)
    words = f"{namespace} does not have {name}"
    return End(said(words, step.frame, around.searched(namespace)), namespace, ignored=True)
