"""The thread that records many namespaces' rings into memory, and at its end waits, 2 s at most, for late frames."""

from __future__ import annotations

import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from netkit.errors import CaptureFailed, NetkitError
from netkit.linux.capturing.background import Background
from netkit.linux.capturing.barrier import barrier, waiting_frames
from netkit.linux.capturing.ring import frames_in, share
from netkit.linux.capturing.tap import Tap, gone, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netkit.linux.capturing.tap import Point
    from netkit.linux.looks.notices import Link

_RINGS_SHARE = 4
"""The rings get one part in so many of the memory, the recorded blocks the rest."""

_LOOK_AFTER = 0.1  # seconds between two looks at counters and at namespaces that are gone
_PATIENCE = 2.0  # seconds: how long frames that are still under way may take at the end
_PATIENCE_WITH_TRAFFIC = 0.25  # seconds: traffic that never pauses does not keep a capture from ending
_HELPERS = 32


class Recorder(Background):
    """Records from `start` to `stop`; then everything is closed and `blocks` holds what was seen.

    Args:
        points: what to record.
        snaplen: bytes of each frame to keep.
        memory: bytes that the rings and the recorded blocks may take together.

    Attributes:
        at_quiet: called, by the recording thread, when the frames that were under way at the end are recorded.
        blocks: (number of the point, block), in the order of recording; `ring.frames_of` reads a block.
        lost: how many frames came but could not be recorded.
    """

    def __init__(self, points: Iterable[Point], snaplen: int, memory: int) -> None:
        super().__init__("capture")
        self.points = list(points)
        self.blocks: list[tuple[int, bytes]] = []
        self.lost = 0
        self.at_quiet: Callable[[], None] | None = None
        self._snaplen, self._memory, self._used = snaplen, memory, 0
        self._taps: dict[int, Tap] = {}
        self._leaving: dict[int, Tap] = {}
        self._links: dict[int, dict[int, Link]] = {}
        self._ended = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether the recording is over and everything is closed."""
        return self._ended.is_set()

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
            self._ended.set()
            self._ready.set()

    def _open(self) -> None:
        size = share(self._memory // _RINGS_SHARE, len(self.points))
        retire = max(8, len(self.points) // 10)  # ms; each ring has a timer, a thousand of which would be felt
        with ThreadPoolExecutor(_HELPERS, "netkit capture opens") as pool:
            tasks = [pool.submit(opened, point, size, retire) for point in self.points]
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
        ended = gone({number: tap.place for number, tap in self._taps.items()})
        for number in ended:
            self._leaving[number] = self._taps.pop(number)
            self._leaving[number].shut()
        return [self._leaving[number] for number in ended]

    def _finish(self) -> None:
        """Wait for the frames that are under way, shut the gates, and wait for what the rings still hold."""
        deadline = time.monotonic() + _PATIENCE_WITH_TRAFFIC
        while not self._quiet() and time.monotonic() < deadline:
            self._collect()
        if self.at_quiet is not None:
            self.at_quiet()
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
