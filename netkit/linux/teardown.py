"""Take namespaces away, one or many at once, and wait until the other ends of their cables are gone.

The kernel ends a namespace a moment after it lost its name, and all that lost theirs meanwhile at once: many together
take hardly longer than one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.linux import namespaces, talks
from netkit.linux.monitor import Monitor, listening

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS_TO_VANISH = 5.0


class End(NamedTuple):
    """The other end of a cable.

    Attributes:
        namespace: the name of its namespace; "[]" for a nameless one.
        path: a file that opens that.
        interface: its own name.
    """

    namespace: str
    path: str
    interface: str


def delete(names: Iterable[str]) -> list[End]:
    """`ip netns delete NAME` for each (ip-netns(8)); returns when the other ends of their cables are gone.

    An end whose namespace something else keeps alive is waited for five seconds.

    Args:
        names: in /run/netns.

    Returns:
        Those other ends.

    Raises:
        NotFound: there is no such name.
    """
    wanted = list(names)
    with listening() as monitor:
        ends = _other_ends(monitor, wanted)
        talks.forget_all()
        for name in wanted:
            namespaces.delete(name)
        monitor.await_gone(set(ends), _SECONDS_TO_VANISH)
    return list(ends.values())


def _other_ends(monitor: Monitor, names: Iterable[str]) -> dict[tuple[int, int], End]:
    """The ends outside of these namespaces, by number and index; none of one that has another name as well."""
    named = monitor.numbers()
    going = {named.pop(name) for name in names if name in named} - set(named.values())
    ends = {
        (other, index)
        for space in going
        for index, other in (link.end for link in monitor.links(space) if link.end)
        if other is not None and other not in going
    }
    found = {}
    for space, index in ends:
        place, name = monitor.place(space), monitor.name(space, index)
        if place is not None and name is not None:
            found[space, index] = End(*place, name)
    return found
