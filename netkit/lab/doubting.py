"""Where nobody knows whether a rule matches, a probe that is watched decides: its trace, and the rules' counters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import aims, rejections, services
from netkit.lab import last_seen
from netkit.linux.looks import conntrack, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from netkit.diagnosis import Finding, Packet, World
    from netkit.diagnosis.hooks import Hooks
    from netkit.diagnosis.matching import Doubt, Turn
    from netkit.model import Rule
    from netkit.netfilter import Connection


def decided(
    world: World, hooks: Hooks, asked: tuple[str, Packet], probe: Callable[[], object], behind: Finding | None
) -> Finding | None:
    """Send a probe once more, and say which of the rules in doubt has dropped it, or led it to nobody.

    Args:
        world: the networks, as they were before.
        hooks: what may have become of it at each.
        behind: what is wrong on the way behind those rules, None where nothing is.
        asked: who asks, and what is sent.
        probe: sends it.

    Returns:
        None where none of them, and no other rule, is seen to have done so.
    """
    doubts = [each for each in hooks.doubts if behind is None or not any(map(_answers, each.rules))]
    places = dict.fromkeys(doubt.place.namespace for doubt in doubts)
    before, turned = {place: rules.of(world.paths[place]) for place in places}, _connections(world, hooks.turns)
    seen = last_seen.finding(world, *asked, probe)
    found = _grown(world, doubts, before) or _led(world, hooks.turns, turned)
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


def _answers(rule: Rule) -> bool:
    """Whether a rule answers for a server, and asks that itself, so that it counts what it does not drop."""
    return rule.target == "SYNPROXY" or "synproxy" in rule.text.split()


def _connections(world: World, turns: Sequence[Turn]) -> dict[str, set[Connection]]:
    """What namespaces whose rules may lead packets elsewhere know of connections."""
    return {place: set(conntrack.connections(world.paths[place])) for place in {turn.namespace for turn in turns}}


def _led(world: World, turns: Sequence[Turn], before: Mapping[str, set[Connection]]) -> Finding | None:
    """What is wrong with where a rule in doubt has led a new connection, as conntrack tells."""
    after = _connections(world, turns)
    for turn in turns:
        new = after[turn.namespace] - before[turn.namespace]
        led = {each.back[0] for each in new if each.there[1] == turn.before.aim}
        if turn.after.aim in led:
            found = aims.translated(world, turn.namespace, turn.before, turn.after, turn.rule)
            places = [place for place, _ in world.topology.bearers(turn.after.destination)]
            found = found or next((services.taken(world, place, turn.before, turn.after) for place in places), None)
            if found is not None:
                return found
    return None


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
