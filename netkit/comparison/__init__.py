"""Knows whether two networks are the same up to naming, and says in words what one has and the other lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.errors import InvalidValue
from netkit.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.comparison.result import Comparison


def compare(
    a: Snapshot,
    b: Snapshot,
    *,
    a_name: str = "a",
    b_name: str = "b",
    ignore: Sequence[tuple[str, str]] = (),
) -> Comparison:
    """Whether two networks are the same whatever their parts are called, and what differs.

    Other names of namespaces, interfaces and own chains do not count, nor other subnets and addresses, if they are
    other ones everywhere; where both networks have the same subnet, its addresses have to be the same.  Rules are
    compared by what they match and do, wherever they stand; what the kernel draws or learns by itself is left out.

    Args:
        a: one network, `nk.snapshot()`.
        b: the other one.
        a_name: what sentences call the first: "by hand".
        b_name: what they call the second: "Docker".
        ignore: points that are known to differ: pairs of a regular expression that finds their sentences and the
            reason why they differ.

    Returns:
        `.equal`, `.differences` (sentences), `.known` (what was ignored, with its reason), `.pairs`.

    Raises:
        InvalidValue: something is no snapshot, no name, or no list of such pairs.

    Example:
        >>> from netkit.model import Interface, Namespace
        >>> web = Snapshot({"web": Namespace("web", {"eth0": Interface("eth0", "dummy", up=True)})})
        >>> db = Snapshot({"db": Namespace("db", {"eth1": Interface("eth1", "dummy", up=False)})})
        >>> compare(web, db).differences
        ['a: eth0 in web is up; b: eth1 in db is down']
    """
    for value in (a, b):
        _refuse_unless_snapshot(value)
    for name in (a_name, b_name):
        _refuse_unless_name(name)
    return _compared(a, b, (a_name, b_name), ignore)


def _compared(a: Snapshot, b: Snapshot, names: tuple[str, str], ignore: Sequence[tuple[str, str]]) -> Comparison:
    from netkit.comparison.differences import differences
    from netkit.comparison.facts import both
    from netkit.comparison.matching import match
    from netkit.comparison.result import Comparison, points

    known = points(ignore)
    left, right = both(a, b)
    pairs = match(left, right)
    return Comparison.of(names, differences(left, right, pairs), known, pairs)


def _refuse_unless_name(value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(f"{value!r} is no name", "each network has a name in the sentences", "Try 'by hand'")


def _refuse_unless_snapshot(value: Any) -> None:
    if not isinstance(value, Snapshot):
        shown = type(value).__name__ if value is not None else "None"
        remedy = "Give two snapshots: before = nk.snapshot()"
        raise InvalidValue(f"{shown} cannot be compared", "networks are compared by their snapshots", remedy)
