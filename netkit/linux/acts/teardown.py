"""`ip netns delete`, one or many at once: it waits, 5 s at most, until the other ends of their cables are gone.

The kernel ends a namespace a moment after it lost its name, and all that lost theirs meanwhile at once: many together
take hardly longer than one.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import NotFound
from netkit.linux import namespaces, procfs
from netkit.linux.acts import neighbours
from netkit.linux.entering import inside
from netkit.linux.events.hearing import listening
from netkit.linux.netlink import sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netkit.linux.events.monitor import Monitor

_SECONDS_TO_VANISH = 5.0
_FEW = 32
"""So many namespaces are asked whether they wait for a neighbour: for more it takes longer than it may save."""


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

    Args:
        names: in /run/netns.

    Returns:
        Those other ends; none of a namespace that has another name as well, which lives on.

    Raises:
        NotFound: there is no such name.
    """
    wanted = list(names)

    def act() -> None:
        for name in wanted:
            namespaces.delete(name)

    with listening() as monitor:
        living = {space for name, space in monitor.numbers().items() if name not in wanted}
        going = [name for name in wanted if monitor.numbers().get(name) not in living]
        return ending(map(namespaces.path_of, going), act)


def ending(paths: Iterable[str], act: Callable[[], object]) -> list[End]:
    """Do what ends namespaces; returns when the other ends of their cables are gone.

    An end is waited for five seconds where something else keeps a namespace alive.

    Args:
        paths: files that open the namespaces.
        act: takes their names away, or ends their processes.

    Returns:
        Those other ends.
    """
    with listening() as monitor:
        numbers = {path: space for path in paths if (space := monitor.number(path)) is not None}
        ends = _other_ends(monitor, set(numbers.values()))
        for path in numbers if len(numbers) <= _FEW else ():
            with contextlib.suppress(NotFound):  # one without a name goes with its last program, at any moment
                if _has_sockets(path):  # packets of theirs that wait for an answer keep it alive, up to three seconds
                    neighbours.give_up(path)
        sockets.forget_all()
        act()
        monitor.await_gone(set(ends), _SECONDS_TO_VANISH)
    return list(ends.values())


def _has_sockets(path: str) -> bool:
    """Whether a socket is left in a namespace, if only by a packet that waits for a neighbour (proc_pid_net(5)).

    Without one nobody need be asked, which takes a socket: the kernel frees that, and what it keeps alive, a while
    after it is closed (RCU).
    """
    try:
        told = inside(path, lambda: procfs.read("/proc/thread-self/net/sockstat"))
    except OSError:
        return True
    return not told.startswith(b"sockets: used 0\n")


def _other_ends(monitor: Monitor, going: set[int]) -> dict[tuple[int, int], End]:
    """The ends of cables outside of namespaces that end, by the number of their own namespace and their index."""
    outside: dict[int, set[int]] = {}
    for index, other in (end for space in going for end in monitor.ends(space)):
        if other is not None and other not in going:
            outside.setdefault(other, set()).add(index)
    found = {}
    for space, indexes in outside.items():
        place = monitor.place(space)
        if place is not None:
            found |= {(space, index): End(*place, name) for index, name in monitor.names(space, indexes).items()}
    return found
