"""A thread that records the frames of many namespaces into memory, from rings that it alone owns."""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from netkit.errors import CaptureFailed, NetkitError, NotFound
from netkit.linux.namespaces import Place, find, inside
from netkit.linux.notices import Link, Links
from netkit.linux.quiet import barrier, waiting_frames
from netkit.linux.ring import Ring, frames_in, share

if TYPE_CHECKING:
    from collections.abc import Iterable

_RINGS_SHARE = 4
"""The rings get one part in so many of the memory, the recorded blocks the rest."""

_LOOK_AFTER = 0.1  # seconds between two looks at counters and at namespaces that are gone
_PATIENCE = 2.0  # seconds: how long frames that are still under way may take at the end
_PATIENCE_WITH_TRAFFIC = 0.25  # seconds: traffic that never pauses does not keep a capture from ending
_HELPERS = 32


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
        try:
            self.ring = Ring(packets, size, retire)
            self.links = Links(netlink)
            self._indexes = self._of(point.interfaces)
        except BaseException:
            packets.close()
            netlink.close()
            raise

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
            raise NotFound(problem, f"it has {', '.join(by_name)}")
        return [by_name[name] for name in interfaces]


class Recorder:
    """Records from `start` to `stop`; then everything is closed and `blocks` holds what was seen.

    Args:
        points: what to record.
        snaplen: bytes of each frame to keep.
        memory: bytes that the rings and the recorded blocks may take together.

    Attributes:
        blocks: (number of the point, block), in the order of recording; `ring.frames_of` reads a block.
        lost: how many frames came but could not be recorded.
    """

    def __init__(self, points: Iterable[Point], snaplen: int, memory: int) -> None:
        self.points = list(points)
        self.blocks: list[tuple[int, bytes]] = []
        self.lost = 0
        self._snaplen, self._memory, self._used = snaplen, memory, 0
        self._taps: dict[int, Tap] = {}
        self._leaving: dict[int, Tap] = {}
        self._links: dict[int, dict[int, Link]] = {}
        self._ready = threading.Event()
        self._error: NetkitError | None = None
        self._stop: int | None = None
        self._thread = threading.Thread(target=self._run, name="netkit capture", daemon=True)

    def start(self) -> None:
        """Return when every frame from now on will be recorded.

        Raises:
            NotFound: an interface or a namespace is not there.
            CaptureFailed: the kernel refuses.
        """
        self._wish, self._stop = os.pipe2(os.O_CLOEXEC)
        self._thread.start()
        try:
            self._ready.wait()
        except BaseException:  # an interrupt: the thread closes everything by itself
            self.ask_to_stop()
            raise
        if self._error:
            self.stop()

    def ask_to_stop(self) -> None:
        """Let the thread end as soon as it can, without waiting for it."""
        stop, self._stop = self._stop, None
        if stop is not None:
            os.close(stop)  # the thread sees the end of the pipe

    def stop(self) -> None:
        """Return when every frame that was under way is recorded and every descriptor is closed.

        Raises:
            NotFound: what should have been recorded was not there.
            CaptureFailed: the recording broke down.
        """
        self.ask_to_stop()
        self._thread.join()
        if self._error:
            raise self._error

    def links(self, number: int) -> dict[int, Link]:
        """The interfaces that a point's namespace had during the recording, by index."""
        return self._links.get(number, {})

    def _run(self) -> None:
        try:
            self._open()
            self._ready.set()
            self._record()
            self._finish()
        except NetkitError as error:
            self._error = error
        except (OSError, MemoryError) as error:
            self._error = CaptureFailed(f"the capture broke down: {error or 'no memory'}")
        finally:
            self._release(self._taps | self._leaving)
            os.close(self._wish)
            self._ready.set()

    def _open(self) -> None:
        size = share(self._memory // _RINGS_SHARE, len(self.points))
        retire = max(8, len(self.points) // 10)  # ms; each ring has a timer, a thousand of which would be felt
        with ThreadPoolExecutor(_HELPERS, "netkit capture opens") as pool:
            tasks = [pool.submit(_opened, point, size, retire) for point in self.points]
        self._taps = {number: task.result() for number, task in enumerate(tasks) if not task.exception()}
        for task in tasks:
            task.result()  # raises the first error
        for tap in self._taps.values():
            tap.open_gate(self._snaplen)

    def _record(self) -> None:
        """Collect blocks until the wish to stop, and drop namespaces that are gone, so that they can end."""
        poll = select.poll()
        poll.register(self._wish, select.POLLHUP)
        readers = {}
        for number, tap in self._taps.items():
            readers[tap.ring.fileno()] = partial(self._take, number, tap)
            readers[tap.links.fileno()] = tap.links.refresh
        for descriptor in readers:
            poll.register(descriptor, select.POLLIN)
        look = time.monotonic() + _LOOK_AFTER
        while self._wish not in (ready := [descriptor for descriptor, _ in poll.poll(_LOOK_AFTER * 1000)]):
            for descriptor in ready:
                readers[descriptor]()
            if time.monotonic() >= look:
                for tap in self._look():
                    poll.unregister(tap.ring)
                    poll.unregister(tap.links)
                look = time.monotonic() + _LOOK_AFTER

    def _take(self, number: int, tap: Tap) -> None:
        for block in tap.ring.take():
            self._keep(number, block)

    def _collect(self) -> None:
        for number, tap in (self._taps | self._leaving).items():
            self._take(number, tap)
            tap.links.refresh()

    def _keep(self, number: int, block: bytes) -> None:
        if self._used + len(block) > self._memory - self._memory // _RINGS_SHARE:
            self.lost += frames_in(block)
            return
        self._used += len(block)
        self.blocks.append((number, block))

    def _look(self) -> list[Tap]:
        """Read the kernel's counters, and let go of the namespaces that have ended but for us."""
        for tap in self._taps.values():
            tap.ring.count()
        for number, tap in self._leaving.items():
            tap.ring.count()
            self._take(number, tap)
        self._release({number: tap for number, tap in self._leaving.items() if not tap.ring.missing})
        gone = _gone({number: tap.place for number, tap in self._taps.items()})
        for number in gone:
            self._leaving[number] = self._taps.pop(number)
            self._leaving[number].shut()
        return [self._leaving[number] for number in gone]

    def _finish(self) -> None:
        """Wait for the frames that are under way, shut the gates, and wait for what the rings still hold."""
        deadline = time.monotonic() + _PATIENCE_WITH_TRAFFIC
        while not self._quiet() and time.monotonic() < deadline:
            self._collect()
        for tap in self._taps.values():
            tap.shut()
        deadline = time.monotonic() + _PATIENCE
        poll = select.poll()
        for tap in (self._taps | self._leaving).values():
            poll.register(tap.ring, select.POLLIN)
        while self._missing() and time.monotonic() < deadline:
            poll.poll(1)  # ms
            self._collect()
        self._collect()

    def _quiet(self) -> bool:
        """Whether no frame is in the kernel's hands: none waits, and none came while each processor finished."""
        before = self._count()
        waiting = waiting_frames()
        barrier()
        return not waiting and not waiting_frames() and self._count() == before

    def _count(self) -> int:
        return sum(tap.ring.count() for tap in self._taps.values())

    def _missing(self) -> int:
        self._count()
        return sum(tap.ring.missing for tap in (self._taps | self._leaving).values())

    def _release(self, taps: dict[int, Tap]) -> None:
        with ThreadPoolExecutor(_HELPERS, "netkit capture closes") as pool:
            for number, tap in taps.items():
                self.lost += tap.ring.lost + tap.ring.missing
                self._links[number] = tap.links.by_index
                self._taps.pop(number, None)
                self._leaving.pop(number, None)
                pool.submit(tap.close)


def _opened(point: Point, size: int, retire: int) -> Tap:
    try:
        return Tap(point, size, retire)
    except OSError as error:
        raise _explained(error, point.place.name) from None


def _explained(error: OSError, name: str) -> CaptureFailed:
    problem = f"the namespace '{name}' cannot be captured"
    if error.errno == errno.EPERM:
        return CaptureFailed(problem, "recording frames needs CAP_NET_RAW there", "Use a netkit kernel or `netkit run`")
    if error.errno == errno.ENOMEM:
        return CaptureFailed(problem, "there is no memory for the kernel's ring", "Capture fewer namespaces")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return CaptureFailed(
            problem, "a namespace takes 3 descriptors", "Capture fewer namespaces, or raise `ulimit -n`"
        )
    return CaptureFailed(problem, f"the kernel says: {error.strerror}")


def _sockets() -> tuple[socket.socket, socket.socket]:
    """A packet socket, without a protocol so that it sees nothing yet, and a netlink socket."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        return packets, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    except OSError:
        packets.close()
        raise


def _gone(places: dict[int, Place]) -> list[int]:
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
