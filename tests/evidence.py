"""Whether what a claim rests on is really a part of what an x-ray recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import Counted, Group, PortState, Switch
from netkit.model import Frame, Namespace, Snapshot
from netkit.netfilter import Loss, Mark, TraceEvent

if TYPE_CHECKING:
    from netkit.journey.telling.claims import Record
    from netkit.journey.values import Seen


def in_record(seen: Seen, record: Record) -> bool:
    """Whether a record is really one of those of an x-ray.

    Args:
        seen: what the x-ray recorded.
        record: of a claim.
    """
    kinds = {Frame: seen.frames, Loss: seen.losses, Snapshot: (seen.before, seen.after)}
    if type(record) in kinds:
        return record in kinds[type(record)]
    if isinstance(record, TraceEvent | Mark):
        return record in seen.events or record in seen.marks
    if isinstance(record, Counted):
        return seen.counted.get(record.namespace, {}).get(record.name) == record.more
    if isinstance(record, PortState):
        return record[1:] in seen.blocked.get(record.namespace, ())
    if isinstance(record, Group):
        known = (*seen.members.get(record.namespace, ()), *seen.listeners.get(record.namespace, ()))
        return record[1:] in known
    return any(_holds(space, record) for snapshot in (seen.before, seen.after) for space in snapshot)


def _holds(space: Namespace, record: Record) -> bool:
    """Whether a record is a fact of a namespace as a snapshot has it."""
    if isinstance(record, Namespace):
        return record is space
    if isinstance(record, Switch):
        return record.namespace == space.name and space.sysctls.get(record.name) == record.value
    ways = (*space.routes, *space.local_routes, *space.policies, *space.neighbours, *space.fdb)
    facts = (*space.interfaces.values(), *ways, *space.rules, *space.queues, *space.connections)
    return any(record is fact for fact in facts)
