"""Whether a ticket's network is mended: what flows again, what stays closed, and what differs from its healthy twin."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.changes import diff
from netkit.lessons.replies import Answer, Check
from netkit.linux.events import questions
from netkit.model import Snapshot
from netkit.tickets.flows import all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.changes.result import Change
    from netkit.model import Namespace
    from netkit.tickets.fault import Network
    from netkit.tickets.flows import Flow

_KINDS = ("namespaces", "links", "addresses", "routes", "neighbours", "fdb", "rules", "sysctls")
"""What a learner sets; what is learned, and who runs, does not count."""

_FEW = 4
NOTHING_ELSE = "nothing else was opened or lost"


@dataclass(frozen=True, repr=False)
class Verdict(Check):
    """Whether a ticket's network is mended.

    Attributes:
        help: how often a hint was asked for.
        partly: whether something that was broken is right again, though what a user misses is not.
    """

    help: int = 0
    partly: bool = False

    @property
    def _head(self) -> str:
        cost = f", after {self.help} hint{'s' * (self.help != 1)}" if self.help else ""
        met = sum(want.ok is True for want in self.wants)
        rest = f"mended{cost}" if self.ok else f"{met} of {len(self.wants)}"
        return f"{'✓' if self.ok else '✗'} {self.title}: {rest}"

    @property
    def _next(self) -> str:
        if self.ok:
            return ""
        some = "Something that was broken is right again, and something still is not. " if self.partly else ""
        return f"{some}Stuck? Ask for a hint"


def answers(network: Network, twin: Snapshot, now: Snapshot, complaint: str, equal: Iterable[str]) -> list[Answer]:
    """What became of all that a mended network has: what a user complains of; what else flowed or is closed; the rest.

    Each is asked when what stands before it is right: what differs from the twin would tell where the fault is.

    Args:
        network: as it was built.
        twin: its state before it was broken.
        now: its state.
        complaint: the name of the flow that a user complains of.
        equal: regular expressions of changes that may stay.
    """
    questions.wait(now)
    others = [flow for name, flow in network.flows.items() if name != complaint]
    told = _flowing(network, [network.flows[complaint]], asked=True)
    told += _flowing(network, others, asked=all(each.ok for each in told))
    told += _closed(network, asked=all(each.ok for each in told))
    if not all(each.ok for each in told):
        return [*told, Answer(NOTHING_ELSE, None)]
    changes = differences(twin, now, equal)
    words = "; ".join(f"{change} ({change.namespace})" for change in changes[:_FEW])
    more = f"; and {len(changes) - _FEW} more" if len(changes) > _FEW else ""
    return [*told, Answer(NOTHING_ELSE, not changes, words + more)]


def _flowing(network: Network, flows: list[Flow], *, asked: bool) -> list[Answer]:
    """What is to flow."""
    came = all_of(flows, network.servers) if asked else [None] * len(flows)
    return [
        Answer(flow.text, each.ok, each.words) if each else Answer(flow.text, None)
        for flow, each in zip(flows, came, strict=True)
    ]


def _closed(network: Network, *, asked: bool) -> list[Answer]:
    """What is to stay closed."""
    came = all_of(network.closed, network.servers, refused=True) if asked else [None] * len(network.closed)
    texts = [f"{flow.room} does not reach {_goal(flow)}" for flow in network.closed]
    return [
        Answer(text, not each.ok, each.words) if each else Answer(text, None)
        for text, each in zip(texts, came, strict=True)
    ]


def _goal(flow: Flow) -> str:
    return f"{flow.whom} at port {flow.port}" if flow.port else flow.whom


def differences(twin: Snapshot, now: Snapshot, equal: Iterable[str] = ()) -> list[Change]:
    """What somebody set that the healthy twin has otherwise, without what mends it as well.

    Args:
        twin: the healthy network.
        now: the one that is there.
        equal: regular expressions of changes that may stay.
    """
    found = diff(_set(twin), _set(now)).only(*_KINDS)
    return [change for change in found if not any(re.search(each, str(change)) for each in equal)]


def nearer(twin: Snapshot, states: Sequence[Snapshot], now: Snapshot, equal: Iterable[str] = ()) -> bool:
    """Whether something of what was broken is as in the healthy twin again, and nothing else differs from it.

    Args:
        twin: the healthy network.
        states: as it was after each fault.
        now: as it is.
        equal: regular expressions of changes that may stay.
    """
    patterns = tuple(equal)
    broken, left = (
        {(change.namespace, str(change)) for change in differences(twin, state, patterns)}
        for state in (states[-1], now)
    )
    return left < broken


def _set(snapshot: Snapshot) -> Snapshot:
    """A snapshot without what is learned, and without MACs, which a cable that is made anew has others of."""
    return Snapshot({name: _without_macs(space) for name, space in snapshot.configuration().namespaces.items()})


def _without_macs(space: Namespace) -> Namespace:
    links = {name: dataclasses.replace(link, mac=None, carrier=link.up) for name, link in space.interfaces.items()}
    return dataclasses.replace(space, interfaces=links)
