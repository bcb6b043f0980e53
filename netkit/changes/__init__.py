"""Knows what is different between two looks at the same network (`nk.diff`), in the words of `ip` and `iptables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from netkit.errors import InvalidValue
from netkit.face import face
from netkit.kinds import Flag
from netkit.model import Snapshot
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.changes.result import Changes


def _snapshot(value: Any) -> Snapshot:
    """A look at a network."""
    if not isinstance(value, Snapshot):
        remedy = "Give two snapshots: before = nk.snapshot()"
        raise InvalidValue(f"{shown(value)} has no state to compare", "changes are told between two snapshots", remedy)
    return value


State = Annotated[Snapshot, _snapshot]


@face
def diff(before: State, after: State, *, counters: Flag = False) -> Changes:
    """Exactly what changed in the kernel between two snapshots of one network.

    `+` is new, `-` is gone, `~` has changed (old → new).  The text is the same in every run: random MACs are called
    after the interface that bears them, and `*` stands for other things that are drawn at random.  What comes and goes
    by itself is no change: link-local IPv6 addresses that follow from a MAC, the moods of a known neighbour (reachable,
    stale, delay), FDB entries that only IPv6's own housekeeping taught, connections whose time is over.

    Args:
        before: an earlier look, `nk.snapshot()`.
        after: a later one.
        counters: whether to tell how many packets more each rule has counted.

    Returns:
        Changes, false when there is none: `.lines`, `.items`, `.only("links", "rules")`, `.within("host", "ns1")`.

    Raises:
        InvalidValue: something is no snapshot.

    Example:
        >>> from netkit.model import Interface, Namespace
        >>> before = Snapshot({"ns1": Namespace("ns1", {"d0": Interface("d0", "dummy")})})
        >>> d0 = Interface("d0", "dummy", mtu=1450, up=True, carrier=True)
        >>> after = Snapshot({"ns1": Namespace("ns1", {"d0": d0})})
        >>> diff(before, after)
        ns1:
          ~ link d0: down → up
          ~ link d0: MTU 1500 → 1450
    """
    from netkit.changes.result import Changes
    from netkit.changes.telling import told

    names = tuple(dict.fromkeys((*before.namespaces, *after.namespaces)))
    return Changes(tuple(told(before, after, counters=counters)), names)
