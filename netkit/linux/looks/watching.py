"""Hear that something changed in any network namespace: rtnetlink(7) tells it, inotify(7) that names come and go.

What exactly changed is not read: whoever is told looks at the whole network again.
"""

from __future__ import annotations

import contextlib
import select
import socket
from typing import TYPE_CHECKING, Self

from netkit.errors import KernelRefused, NotFound
from netkit.linux.entering import inside
from netkit.linux.folder import Folder
from netkit.linux.namespaces import find
from netkit.linux.netlink.protocol import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.linux.namespaces import Place

_LINK, _NEIGHBOUR, _ADDRESS_4, _ROUTE_4, _ADDRESS_6, _ROUTE_6 = 1, 4, 0x10, 0x40, 0x100, 0x400  # RTMGRP_…
_SWITCHES = 1 << 23 | 1 << 24  # RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF: forwarding, rp_filter
_GROUPS = _LINK | _NEIGHBOUR | _ADDRESS_4 | _ROUTE_4 | _ADDRESS_6 | _ROUTE_6 | _SWITCHES
_NETFILTER, _NFTABLES = 12, 1 << 6  # NETLINK_NETFILTER, NFNLGRP_NFTABLES: rules, those of iptables-nft too
_AT_ONCE = 1 << 16


class Watch:
    """The events of every namespace, also of those that appear later.

    A namespace that only this keeps alive is let go by `look`, which is to be called about twice a
    second, and as soon as `names_changed` says that one lost its name.

    Args:
        only: names of the namespaces that count; empty for all of them.

    Attributes:
        names: readable (poll(2)) when `names_changed` has something to tell.

    Example:
        >>> with Watch() as watch:  # doctest: +SKIP
        ...     while not (watch.heard() or watch.look()):
        ...         select.select([watch, watch.names], [], [], 0.5)
    """

    def __init__(self, only: frozenset[str] = frozenset()) -> None:
        self._only = only
        self._ears: dict[int, _Ear] = {}
        self._epoll = select.epoll()
        self.names = Folder()
        self.look()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def fileno(self) -> int:
        """The descriptor to poll: readable when `heard` has something to tell."""
        return self._epoll.fileno()

    def heard(self) -> bool:
        """Whether something happened since the last call; never waits."""
        ready = {descriptor for descriptor, _ in self._epoll.poll(0)}
        for ear in self._ears.values():
            ear.forget(ready)
        return bool(ready)

    def names_changed(self) -> bool:
        """Whether a name came to /run/netns or went from there since the last call; never waits."""
        return bool(self.names.changed())

    def look(self) -> bool:
        """Find the namespaces: listen to the new ones, let go of those that have ended but for us.

        Returns:
            Whether any has come or gone.
        """
        self.names.changed()  # it begins to hear when there is a folder, and what it heard is looked at now
        places = {place.inode: place for place in find() if not self._only or place.name in self._only}
        before = {inode: ear.place.name for inode, ear in self._ears.items()}
        for inode in before.keys() - places.keys():
            self._ears.pop(inode).close()
        for inode, place in places.items():
            if inode in self._ears:
                self._ears[inode].place = place
            else:
                self._listen(place)
        return before != {inode: ear.place.name for inode, ear in self._ears.items()}

    def talks(self) -> Iterator[tuple[str, Talk]]:
        """Each namespace's name, and a socket of it to ask questions with."""
        for ear in list(self._ears.values()):
            yield ear.place.name, ear.talk

    def close(self) -> None:
        """Listen no more, and let go of every namespace."""
        for ear in self._ears.values():
            ear.close()
        self._ears.clear()
        self.names.close()
        self._epoll.close()

    def _listen(self, place: Place) -> None:
        with contextlib.suppress(NotFound):  # it ended between being found and being entered
            ear = inside(place.path, lambda: _Ear(place))
            self._ears[place.inode] = ear
            for one in ear.sockets:
                self._epoll.register(one, select.EPOLLIN)


class _Ear:
    """The sockets of one namespace, made inside it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        with contextlib.ExitStack() as undo:
            try:
                self.talk = undo.enter_context(Talk())
                self.sockets = [undo.enter_context(_listening(socket.NETLINK_ROUTE, _GROUPS))]
                with contextlib.suppress(OSError):  # a kernel without nf_tables
                    self.sockets.append(undo.enter_context(_listening(_NETFILTER, _NFTABLES)))
            except OSError as error:
                raise _refused(place, error) from None
            self._undo = undo.pop_all()

    def forget(self, ready: set[int]) -> None:
        """Empty the sockets that are ready; that there was something is all that counts."""
        for one in self.sockets:
            while one.fileno() in ready:
                try:
                    one.recv(_AT_ONCE)
                except BlockingIOError:
                    break
                except OSError:  # ENOBUFS: more happened than the socket could keep
                    continue

    def close(self) -> None:
        self._undo.close()


def _listening(family: int, groups: int) -> socket.socket:
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, family)
    try:
        one.bind((0, groups))
    except OSError:
        one.close()
        raise
    return one


def _refused(place: Place, error: OSError) -> KernelRefused:
    return KernelRefused(
        f"the events of the namespace '{place.name}' cannot be heard",
        f"the kernel says: {error.strerror}",
        "A namespace takes 3 descriptors: watch fewer, or raise `ulimit -n`",
        errno=error.errno or 0,
    )
