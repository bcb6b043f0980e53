"""Knows whether two networks are the same up to naming (`nk.compare`), and says what one has and the other lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from netkit.comparison.result import points
from netkit.errors import InvalidValue
from netkit.face import face
from netkit.kinds import Word
from netkit.model import Snapshot
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.comparison.result import Comparison


def _snapshot(value: Any) -> Snapshot:
    """A network, as it was looked at."""
    if not isinstance(value, Snapshot):
        rule, remedy = "networks are compared by their snapshots", "Give two snapshots: before = nk.snapshot()"
        raise InvalidValue(f"{shown(value)} cannot be compared", rule, remedy)
    return value


State = Annotated[Snapshot, _snapshot]
Known = Annotated[Any, points]


@face
def compare(a: State, b: State, *, a_name: Word = "a", b_name: Word = "b", ignore: Known = ()) -> Comparison:
    """Whether two networks are the same whatever their parts are called, and what differs.

    Other names of namespaces, interfaces and iptables' own chains do not count (those of nft's tables, chains and sets
    do), nor other subnets and addresses that interfaces have, if they are other ones everywhere; where both networks
    have the same subnet, its addresses have to be the same.  Rules are compared by what they match and do, wherever
    they stand; what the kernel draws or learns by itself is left out.
    A switch counts where it matters: forwarding between two ways, bridge-nf-call-iptables at rules that do more than
    accept.

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
    if a_name == b_name:
        problem, rule = f"both networks are called {a_name!r}", "sentences tell them apart by their names"
        raise InvalidValue(problem, rule, "Try b_name='by Docker'")
    return _compared(a, b, (a_name, b_name), ignore)


def _compared(a: Snapshot, b: Snapshot, names: tuple[str, str], known: Any) -> Comparison:
    from netkit.comparison.differences import differences
    from netkit.comparison.facts import both
    from netkit.comparison.matching import match
    from netkit.comparison.result import Comparison

    left, right = both(a, b)
    pairs = match(left, right)
    return Comparison.of(names, differences(left, right, pairs), known, pairs)
