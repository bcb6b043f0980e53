"""Knows the steps of one packet as a tree: what it looked like at each, what came before, what followed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from netkit.journey.joining.parsed import View, parsed, reported
from netkit.journey.telling.targets import HOOKS, leads_to
from netkit.packets.ip import TCP, UDP
from netkit.packets.reader import STANDARD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.telling.claims import Record
    from netkit.journey.values import Step
    from netkit.packets.ip import IpHeader


class Trip:
    """The steps of one packet with its headers at each of them.

    Args:
        steps: in causal order.
        tunnels: the UDP ports that VXLAN devices listen on.

    Attributes:
        steps: as given, but each copy to its end before the next.
        first: the headers at each step, None where nothing shows them; at a hook, those of its first event.
        last: the same; at a hook, those of its last event.
        children: the steps that follow each step.
        leaves: the steps that nothing follows, in order.
        start: the packet as its sender wrote it, without what tunnels put around it.
        foreseen: the hooks at which `last` is what a rule there makes of the packet: nothing shows it afterwards.
        asked: the packet that it answers, if whoever told what answers what knew one.
        start_time: when its first frame was seen, in nanoseconds since the epoch.
    """

    def __init__(self, steps: Sequence[Step], tunnels: frozenset[int] = STANDARD) -> None:
        self.steps = _depth_first(steps)
        self.first: list[View | None] = []
        self.last: list[View | None] = []
        for step in self.steps:
            views = _views(step, tunnels)
            self.first.append(views[0] if views else None)
            self.last.append(views[-1] if views else None)
        self.children = _children(self.steps)
        self.leaves = [number for number, following in enumerate(self.children) if not following]
        self.foreseen = {number for number in range(len(self.steps)) if self._foresee(number)}
        self.asked: Trip | None = None
        self.start = next((view.innermost for view in self.first if view is not None), None)
        self.start_time = next((step.frame.time for step in self.steps if step.frame is not None), None)

    def _foresee(self, number: int) -> bool:
        """Take over what a DNAT rule makes of a packet that is not seen again; whether there is one."""
        step, view = self.steps[number], self.last[number]
        if step.hook not in HOOKS["destination"] or view is None or view.ip is None or self.shown_after(number):
            return False
        end = leads_to(step.events)
        if end is None or len(end[0]) != len(view.ip.target):
            return False
        body = view.ip.body
        if end[1] is not None and view.ip.protocol in (TCP, UDP):
            body = body[:2] + end[1].to_bytes(2) + body[4:]
        self.last[number] = view._replace(ip=view.ip._replace(target=end[0], body=body))
        return True

    def record(self, number: int | None) -> Record | None:
        """What shows a packet at a step, or else at the nearest one before: a frame, or a report of netfilter."""
        while number is not None:
            step = self.steps[number]
            if step.frame is not None or step.events or step.mark is not None:
                return step.frame or (step.events[-1] if step.events else step.mark)
            number = step.after
        return next((found for step in self.steps if (found := step.frame or step.mark) is not None), None)

    def all_there(self, at: int) -> bool:
        """Whether all fragments of a packet came in where one did.

        Args:
            at: the step at which that one was seen.
        """
        heads = self._heads(at)
        parts = {head.offset: head.size for head in heads}
        ends = [head.offset + head.size for head in heads if not head.more]
        return bool(ends) and sum(parts.values()) == ends[-1]

    def overlaps(self, at: int) -> bool:
        """Whether fragments of a packet that came in where one did hold the same bytes: kernels take none of them."""
        parts = sorted({(head.offset, head.offset + head.size) for head in self._heads(at)})
        return any(end > following for (_, end), (following, _) in itertools.pairwise(parts))

    def together(self, at: int) -> list[int]:
        """The steps at which the fragments of a packet were seen where one was."""
        point = _point(self.steps[at])
        return [number for number, step in enumerate(self.steps) if _point(step) == point]

    def _heads(self, at: int) -> list[IpHeader]:
        views = (self.first[number] for number in self.together(at))
        return [view.ip for view in views if view is not None and view.ip is not None]

    def shown_before(self, number: int) -> int | None:
        """The nearest step before this one of which the headers are known."""
        before = self.steps[number].after
        while before is not None and self.last[before] is None:
            before = self.steps[before].after
        return before

    def frame_before(self, number: int) -> int | None:
        """The nearest step before this one at an interface."""
        before = self.steps[number].after
        while before is not None and self.steps[before].interface is None:
            before = self.steps[before].after
        return before

    def path(self, since: int | None, number: int) -> list[int]:
        """The steps from one to a later one, both included; from the beginning for None."""
        found = [number]
        while found[-1] != since and (before := self.steps[found[-1]].after) is not None:
            found.append(before)
        return found[::-1]

    def shown_after(self, number: int) -> View | None:
        """The headers at the nearest step after this one at which they are known."""
        for following in self.children[number]:
            view = self.first[following] or self.shown_after(following)
            if view is not None:
                return view
        return None

    def way_out(self, number: int) -> int | None:
        """The first step after this one at an interface, if the packet goes out there."""
        for following in self.children[number]:
            step = self.steps[following]
            if step.interface is not None:
                return following if step.direction == "out" else None
            if (found := self.way_out(following)) is not None:
                return found
        return None


def taken_as(step: Step) -> IpHeader | None:
    """The IP header of a packet as its namespace took it in, its translations undone; None where nobody knows."""
    view = reported(step.mark, frozenset()) if step.mark is not None else None
    return view.ip if view is not None else None


def _point(step: Step) -> tuple[str, str | None, str | None]:
    return step.namespace, step.interface, step.direction


def _children(steps: Sequence[Step]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in steps]
    for number, step in enumerate(steps):
        if step.after is not None:
            found[step.after].append(number)
    return found


def _depth_first(steps: Sequence[Step]) -> list[Step]:
    """Each copy of a packet to its end before the next copy: at what moments they move is left to chance."""
    if all(step.after == number - 1 for number, step in enumerate(steps) if number):
        return list(steps)
    children: dict[int | None, list[int]] = {}
    for number, step in enumerate(steps):
        children.setdefault(step.after, []).append(number)
    order, waiting = [], children.get(None, [])[::-1]
    while waiting:
        order.append(waiting.pop())
        waiting += children.get(order[-1], [])[::-1]
    places = {number: place for place, number in enumerate(order)}
    return [steps[number]._replace(after=places.get(steps[number].after)) for number in order]


def _views(step: Step, tunnels: frozenset[int]) -> list[View]:
    if step.frame is not None:
        return [parsed(step.frame.data, step.frame.link, tunnels)]
    ends = [step.events[0], step.events[-1]] if step.events else [step.mark] if step.mark else []
    return [view for view in (reported(event, tunnels) for event in ends) if view is not None]
