"""Who heeded a broadcast or multicast packet that reached him, or an echo request (icmp_echo_ignore_all)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import NOTHING, Claim, Counted, said
from netkit.packets.ip import ICMP, ICMPV6, UDP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.telling.around import Around
    from netkit.journey.telling.arrivals import End
    from netkit.journey.telling.trip import Trip
    from netkit.packets.ip import IpHeader

_REQUESTS = {ICMP: 8, ICMPV6: 128}
_NO_SOCKET = ("UdpIgnoredMulti", "Udp6IgnoredMulti")
_OFF = "net.ipv4.icmp_echo_ignore_all"


def by_everyone(trip: Trip, around: Around, taken: Sequence[End]) -> tuple[Claim, list[End]]:
    """What is to be said of those who got a broadcast or multicast packet and did not heed it, and who did.

    Args:
        trip: the packet's steps.
        around: the networks.
        taken: where it was taken in.

    Returns:
        What those did, or did not, NOTHING where all heeded it or nobody knows; and the others.
    """
    head = trip.start.ip if trip.start is not None else None
    if head is None or head.offset or not all(around.everyone(end.place, head.target) for end in taken):
        return NOTHING, list(taken)
    if _is_echo_request(head):
        deaf = [end for end in taken if not _answers(around, end.place, head)]
        words = "did not answer"
        return _apart(taken, deaf, words)
    if head.protocol != UDP:
        return NOTHING, list(taken)
    counts = {end.place: around.meanwhile.counted(end.place, *_NO_SOCKET) for end in taken}
    deaf = [end for end in taken if counts[end.place] is not None]
    sure = all(count.more >= around.meanwhile.for_everyone(place) for place, count in counts.items() if count)
    name = next((count.name for count in counts.values() if count is not None), "")
    words = f"counted {'it' if sure else 'such a one'} as taken by no socket ({name})"
    return _apart(taken, deaf, words, *counts.values())


def _apart(taken: Sequence[End], deaf: Sequence[End], words: str, *shown: Counted | None) -> tuple[Claim, list[End]]:
    places = list(dict.fromkeys(end.place for end in deaf))
    heard = [end for end in taken if end.place not in places]
    if not places:
        return NOTHING, heard
    return said(words, *(end.claim for end in deaf), *shown), heard


def _is_echo_request(head: IpHeader) -> bool:
    """Whether a packet asks for an echo (RFC 792, RFC 4443)."""
    return _REQUESTS.get(head.protocol) == (head.body[0] if len(head.body) >= 8 and not head.offset else None)


def _answers(around: Around, place: str, head: IpHeader) -> bool:
    identifier = int.from_bytes(head.body[4:6])
    flows = ((head.protocol, own, head.source, identifier, 0) for own in around.addresses(place))
    return any(around.meanwhile.sends(place, flow) for flow in flows)


def answers_none(trip: Trip, around: Around, taken: Sequence[End]) -> Claim:
    """That a namespace which took in an echo request is set to answer none; NOTHING where it is not."""
    head = trip.start.ip if trip.start is not None else None
    places = list(dict.fromkeys(end.place for end in taken))
    if head is None or head.protocol != ICMP or not _is_echo_request(head) or len(places) != 1:
        return NOTHING
    switch = around.sysctl(places[0], _OFF)
    if switch is None or switch.value == "0":
        return NOTHING
    return said(f"which answers no echo requests: {_OFF} is {switch.value} there", switch)
