"""A namespace's packet ring and list of interfaces; why it "cannot be captured" (CAP_NET_RAW, memory, ulimit -n)."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass

from netkit.errors import CaptureFailed, KernelRefused, NotFound
from netkit.linux.capturing.ring import Ring
from netkit.linux.entering import inside
from netkit.linux.looks.notices import Links
from netkit.linux.namespaces import Place, find


@dataclass(frozen=True)
class Point:
    """What to record in one namespace.

    Attributes:
        place: the namespace.
        interfaces: names; empty for all of them, also those that appear later.
    """

    place: Place
    interfaces: frozenset[str] = frozenset()


class Tap:
    """The ring and the interface list of one namespace."""

    def __init__(self, point: Point, size: int, retire: int) -> None:
        self.place = point.place
        packets, netlink = inside(point.place.path, _sockets)
        with contextlib.ExitStack() as undo:
            undo.callback(packets.close)
            undo.callback(netlink.close)
            self.ring = Ring(packets, size, retire)
            undo.callback(self.ring.close)
            self.links = Links(netlink)
            self._indexes = self._of(point.interfaces)
            undo.pop_all()

    def open_gate(self, snaplen: int) -> None:
        """Record from now on."""
        self.ring.gate(snaplen, self._indexes)

    def shut(self) -> None:
        """Record nothing more."""
        self.ring.gate(snaplen=0)

    def close(self) -> None:
        """Let go of the namespace."""
        self.links.close()
        self.ring.close()

    def _of(self, interfaces: frozenset[str]) -> list[int]:
        """The indexes of interfaces."""
        by_name = {link.name: index for index, link in self.links.by_index.items()}
        for name in sorted(interfaces - by_name.keys()):
            problem = f"there is no interface '{name}' in the namespace '{self.place.name}'"
            raise NotFound(problem, f"it has {', '.join(by_name)}", "Take one of these")
        return [by_name[name] for name in interfaces]


def opened(point: Point, size: int, retire: int) -> Tap:
    """Open a tap, or say in the learner's words why it cannot be.

    Args:
        point: what to record.
        size: bytes for the ring.
        retire: milliseconds after which the kernel hands over what it has.

    Raises:
        NotFound: the namespace or an interface is not there.
        CaptureFailed: the kernel refuses.
    """
    try:
        return Tap(point, size, retire)
    except (OSError, KernelRefused) as error:
        raise _explained(error, point.place.name) from None


def _explained(error: OSError | KernelRefused, name: str) -> CaptureFailed:
    problem = f"the namespace '{name}' cannot be captured"
    if error.errno == errno.EPERM:
        return CaptureFailed(problem, "recording frames needs CAP_NET_RAW there", "Use a netkit kernel or `netkit run`")
    if error.errno == errno.ENOMEM:
        return CaptureFailed(problem, "there is no memory for the kernel's ring", "Capture fewer namespaces")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return CaptureFailed(
            problem, "a namespace takes 3 descriptors", "Capture fewer namespaces, or raise `ulimit -n`"
        )
    return CaptureFailed(problem, f"the kernel says: {os.strerror(error.errno or 0)}")


def _sockets() -> tuple[socket.socket, socket.socket]:
    """A packet socket, without a protocol so that it sees nothing yet, and a netlink socket."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        return packets, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    except OSError:
        packets.close()
        raise


def gone(places: dict[int, Place]) -> list[int]:
    """The numbers of the namespaces that nobody but us keeps alive."""
    suspects = {number: place for number, place in places.items() if not _opens(place)}
    if not suspects:
        return []
    alive = {place.inode for place in find()}  # it may have another name, or processes
    return [number for number, place in suspects.items() if place.inode not in alive]


def _opens(place: Place) -> bool:
    try:
        return os.stat(place.path).st_ino == place.inode
    except OSError:
        return False
