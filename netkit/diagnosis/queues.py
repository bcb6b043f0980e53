"""Queueing disciplines (qdisc) and filters of tc(8) that lose, keep or redirect packets: their own counters tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netkit.diagnosis.findings import World


@dataclass(frozen=True)
class Queue:
    """A queueing discipline of an interface.

    Attributes:
        device: the interface.
        kind: "tbf", "netem", "htb", "clsact", "ingress" …
        handle: "1:".
        place: "root", "ingress", or the class that it belongs to.
        lost: how many packets it has dropped.
        waiting: how many packets are in it.
    """

    device: str
    kind: str
    handle: str
    place: str
    lost: int = 0
    waiting: int = 0

    @property
    def at_the_door(self) -> bool:
        """Whether it holds no packets, only filters that they pass as they come in or leave."""
        return self.kind in ("ingress", "clsact")


@dataclass(frozen=True)
class Filter:
    """A filter that packets pass which come in by an interface, or leave by it.

    Attributes:
        place: "ingress" or "egress".
        preference: its number in the order in which filters are tried.
        kind: "bpf", "u32", "flower", "matchall" …
    """

    place: str
    preference: int
    kind: str


@dataclass(frozen=True)
class Redirect:
    """A filter that leads packets to another interface than that of their way.

    Attributes:
        device: the interface that it hangs at.
        place: "ingress" or "egress".
        preference: its number in the order in which filters are tried.
        to: the interface that it leads to.
        led: how many packets it has led there.
    """

    device: str
    place: str
    preference: int
    to: str
    led: int = 0


def led_away(
    world: World, before: Mapping[str, tuple[Redirect, ...]], after: Mapping[str, tuple[Redirect, ...]]
) -> Finding | None:
    """The filter that has led packets off their way meanwhile, if there is one; an ifb gives them back if it is on.

    Args:
        before: those of each namespace on the way, before a probe.
        after: after it.
    """
    for namespace, redirects in after.items():
        known = {replace(each, led=0): each.led for each in before.get(namespace, ())}
        for each in redirects:
            led, there = each.led - known.get(replace(each, led=0), 0), world.link((namespace, each.to))
            if led > 0 and not (there.kind == "ifb" and there.up):
                return _redirected(world, namespace, each, led, off=there.kind == "ifb")
    return None


def _redirected(world: World, namespace: str, one: Redirect, led: int, *, off: bool) -> Finding:
    words = (
        f"a filter of tc at {named((namespace, one.device))} led {led} packets to {one.to}, off their way, while the "
        "probe was sent" + (f"; {one.to} is switched off" if off else "")
    )
    says = f"mirred (Egress Redirect to device {one.to})"
    line = shown(world, namespace, f"tc -s filter show dev {one.device} {one.place}", says)
    mend = f"tc filter del dev {one.device} {one.place} pref {one.preference}"
    repair = typed(world, namespace, f"ip link set dev {one.to} up" if off else mend)
    return Finding("tc", words, (line,), (repair,), namespace)


def losing(
    world: World,
    before: Mapping[str, tuple[Queue, ...]],
    after: Mapping[str, tuple[Queue, ...]],
    filters: Callable[[str, str], tuple[Filter, ...]],
) -> Finding | None:
    """The queueing discipline that has lost or kept packets meanwhile, if there is one.

    Args:
        before: those of each namespace on the way, before a probe.
        after: after it.
        filters: tells those of an interface of a namespace.
    """
    for namespace, queues in after.items():
        known = {(each.device, each.handle, each.place): each for each in before.get(namespace, ())}
        for queue in queues:
            old = known.get((queue.device, queue.handle, queue.place))
            lost = queue.lost - (old.lost if old else 0)
            if lost > 0 and queue.at_the_door:
                return _filtered(world, namespace, queue, lost, filters(namespace, queue.device))
            if lost > 0 or queue.waiting:
                return _queued(world, namespace, queue, lost)
    return None


def _queued(world: World, namespace: str, queue: Queue, lost: int) -> Finding:
    did = f"dropped {lost} packets" if lost else f"keeps {queue.waiting} packets and lets none of them go"
    words = f"the queueing discipline {queue.kind} of {named((namespace, queue.device))} {did} while the probe was sent"
    says = f"{queue.kind} {queue.handle} dropped {queue.lost}"
    line = shown(world, namespace, f"tc -s qdisc show dev {queue.device}", says)
    mend = f"tc qdisc del dev {queue.device} root" if queue.place == "root" else ""
    repair = (typed(world, namespace, mend),) if mend else ()
    return Finding("qdisc", words, (line,), repair, namespace)


def _filtered(world: World, namespace: str, queue: Queue, lost: int, filters: tuple[Filter, ...]) -> Finding:
    words = f"a filter of tc at {named((namespace, queue.device))} dropped {lost} packets while the probe was sent"
    told = "\n".join(f"filter {each.place} pref {each.preference} {each.kind}" for each in filters)
    counted = shown(world, namespace, f"tc -s qdisc show dev {queue.device}", f"{queue.kind} dropped {queue.lost}")
    listed = shown(world, namespace, f"tc filter show dev {queue.device} ingress", told or "none")
    repair: tuple[str, ...] = ()
    if len({(each.place, each.preference) for each in filters}) == 1:
        one = filters[0]
        repair = (typed(world, namespace, f"tc filter del dev {queue.device} {one.place} pref {one.preference}"),)
    else:
        words += "; there are several: which of them is not wanted is to be decided"
    return Finding("tc", words, (counted, listed), repair, namespace)
