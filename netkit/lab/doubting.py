"""Where nobody knows whether a rule matches, a probe that is watched decides: its trace, and the rules' counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import rejections
from netkit.lab import last_seen
from netkit.linux.looks import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netkit.diagnosis import Finding, Packet, World
    from netkit.diagnosis.matching import Doubt
    from netkit.model import Rule


def decided(
    world: World, doubts: Sequence[Doubt], asked: tuple[str, Packet], probe: Callable[[], object]
) -> Finding | None:
    """Send a probe once more, and say which of the rules in doubt has dropped it.

    Args:
        world: the networks, as they were before.
        doubts: rules that may have dropped it.
        asked: who asks, and what is sent.
        probe: sends it.

    Returns:
        None where none of them, and no other rule, is seen to have done so.
    """
    places = dict.fromkeys(doubt.place.namespace for doubt in doubts)
    before = {place: rules.of(world.paths[place]) for place in places}
    seen = last_seen.finding(world, *asked, probe)
    found = _grown(world, doubts, before)
    return found or (seen if seen is not None and seen.layer == "filter" else None)


def counted(world: World, doubts: Sequence[Doubt], probe: Callable[[], object]) -> Finding | None:
    """Send a probe once more, and say which of the rules in doubt has counted packets of it.

    Args:
        world: the networks, as they were before.
        doubts: rules that may drop what follows a connection's first packet.
        probe: sends it.
    """
    places = dict.fromkeys(doubt.place.namespace for doubt in doubts)
    before = {place: rules.of(world.paths[place]) for place in places}
    probe()
    return _grown(world, doubts, before)


def _grown(world: World, doubts: Sequence[Doubt], before: Mapping[str, Sequence[Rule]]) -> Finding | None:
    """The first of the rules in doubt that has counted more packets than before."""
    for doubt in doubts:
        after = rules.of(world.paths[doubt.place.namespace])
        for rule in doubt.rules:
            if _packets(after, rule) > _packets(before[doubt.place.namespace], rule):
                return rejections.dropped(world, doubt.place, doubt.passing, rule)
    return None


def _packets(listed: Sequence[Rule], rule: Rule) -> int:
    """How many packets a rule has counted, all that are equal to it together."""
    return sum(each.packets for each in listed if each == rule)
