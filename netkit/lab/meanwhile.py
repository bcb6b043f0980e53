"""Counters that grew while a probe of nk.why was sent: of queues and filters of tc(8), and of packets thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.diagnosis import counters, queues
from netkit.linux.looks import losses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from netkit.diagnosis import Finding, World


@dataclass(frozen=True)
class _Count:
    """What was counted up to a moment, by namespace."""

    queues: Mapping[str, tuple[queues.Queue, ...]]
    redirects: Mapping[str, tuple[queues.Redirect, ...]]
    kernel: Mapping[str, Mapping[str, int]]


def losing(
    world: World, places: Iterable[str], watched: Callable[[], Finding | None], unseen: Finding | None
) -> Finding | None:
    """What has lost packets, or else where they were seen last.

    Args:
        world: the snapshot of before.
        places: the namespaces on the way.
        watched: sends a probe and tells where it was seen last.
        unseen: what the walk says where it saw no further.
    """
    before = _count(world, places)
    seen = watched()
    after = _count(world, places)
    led = queues.led_away(world, before.redirects, after.redirects)
    lost = queues.losing(
        world, before.queues, after.queues, lambda place, name: losses.filters(world.paths[place], name)
    )
    filtered = seen if seen is not None and seen.layer == "filter" else None
    told = counters.thrown_away(world, before.kernel, after.kernel)
    return led or lost or filtered or told or unseen or seen


def _count(world: World, places: Iterable[str]) -> _Count:
    paths = {place: world.paths[place] for place in places}
    led = {place: {each.device for each in world.space(place).queues if "Redirect to" in each.text} for place in paths}
    return _Count(
        {place: losses.queues(path) for place, path in paths.items()},
        {place: losses.redirects(path, sorted(led[place])) for place, path in paths.items() if led[place]},
        {place: losses.counters(path) for place, path in paths.items()},
    )
