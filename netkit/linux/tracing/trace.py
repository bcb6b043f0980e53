"""Record what netfilter does with packets of many namespaces, in 128 MiB at most; why that "was not traced"."""

from __future__ import annotations

import errno
import select
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from netkit.errors import CaptureFailed, KernelRefused, NetkitError, NotFound
from netkit.linux.capturing.background import Background
from netkit.linux.capturing.tap import gone
from netkit.linux.tracing.listener import Listener
from netkit.linux.tracing.older_listener import OlderListener
from netkit.linux.tracing.reports import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.linux.namespaces import Place
    from netkit.netfilter import Mark, TraceEvent

MEMORY = 128 << 20
"""Bytes of reports that one trace may keep."""

_LOOK_AFTER = 0.1  # seconds between two looks for namespaces that are gone
_HELPERS = 16
_MOST_ROUNDS = 8  # where reports come as fast as they are taken, forgetting them ends all the same
_NO_NFTABLES = (errno.EPROTONOSUPPORT, errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.ENOENT, errno.EINVAL)


class Trace(Background):
    """Traces from `start` to `stop`; then nothing is left behind, and `events` tells what was reported.

    It knows the namespaces that it was given; those that appear later are not traced.  A namespace that is deleted
    meanwhile ends within some 0.1 s.  The packets' fate is the same as without it, and so are all counters of
    rules and chains; while it runs, `nft list ruleset` shows a table more, which nobody else can change. Where the
    kernel has the older iptables only, `iptables -t raw -S` shows two rules more instead.

    Args:
        places: the namespaces.
        memory: bytes of reports to keep; what comes beyond is lost.

    Attributes:
        untraced: why some or all of the namespaces are not traced, in words; "" if all are.
        lost: whether reports were lost.
        began: nanoseconds since the epoch, the moment from which on every packet is traced.
    """

    def __init__(self, places: Iterable[Place], memory: int = MEMORY) -> None:
        super().__init__("trace of netfilter")
        self.untraced, self.lost, self.began = "", False, 0
        self._places, self._room = list(places), memory
        self._listeners: dict[int, Listener | OlderListener] = {}
        self._ended: list[Listener | OlderListener] = []
        self._readings: dict[int, Future] = {}
        self._changed: set[int] = set()
        self._heard = threading.Event()

    def shut(self) -> None:
        """Return when everything that was reported until now is taken; what comes later is not.

        Raises:
            CaptureFailed: that took too long.
        """
        self.ask_to_stop()
        if self._thread.is_alive():
            self._within(self._heard, "taken all reports")

    def reports(self, interfaces: Mapping[str, Mapping[int, str]]) -> tuple[tuple[TraceEvent, ...], tuple[Mark, ...]]:
        """What was reported, and what an x-ray's own table saw; in the order of time, each namespace's own is exact.

        Args:
            interfaces: the names of each namespace's interfaces, by number.
        """
        found: list[TraceEvent] = []
        marks: list[Mark] = []
        for listener in self._ended:
            names = interfaces.get(listener.place.name, {})
            if isinstance(listener, Listener):
                reader = Reader(listener, names)
                found += reader
                marks += reader.marks
            else:
                found += listener.events(names)
        ordered = (tuple(sorted(side, key=lambda one: one.time)) for side in (found, marks))
        return next(ordered), next(ordered)

    def events(self, interfaces: Mapping[str, Mapping[int, str]]) -> tuple[TraceEvent, ...]:
        """The first half of `reports`."""
        return self.reports(interfaces)[0]

    @property
    def traced(self) -> tuple[str, ...]:
        """The namespaces of which it is known, packet by packet, what came to netfilter and what was taken in."""
        return tuple(one.place.name for one in self._ended if isinstance(one, Listener) and not one.lost)

    def _run(self) -> None:
        try:
            with ThreadPoolExecutor(1, "netkit trace reads rules") as self._pool:
                self._open()
                self._begin()
                self._ready.set()
                self._record()
                self._finish()
        except (NetkitError, OSError, MemoryError) as error:
            self._error = CaptureFailed(f"the trace of netfilter broke down: {error or 'no memory'}")
        finally:
            self._close()
            self._heard.set()
            self._ready.set()

    def _open(self) -> None:
        refused: dict[str, list[str]] = {}
        for number, place in enumerate(self._places):
            try:
                self._listeners[number] = _listener(place)
            except (KernelRefused, OSError) as error:
                refused.setdefault(_reason(error), []).append(place.name)
            except NotFound:  # it ended just now
                continue
        self.untraced = " ".join(
            f"What netfilter did {_in(names) if self._listeners else ''}was not traced: {reason}."
            for reason, names in refused.items()
        )

    def _begin(self) -> None:
        """Forget what was reported while not every namespace was traced yet."""
        for number, listener in self._listeners.items():
            rounds = _MOST_ROUNDS
            while self._hear(number) and rounds:
                rounds -= 1
            listener.forget()
        self.began = time.time_ns()

    def _record(self) -> None:
        """Hear reports until the wish to stop, and drop namespaces that are gone, so that they can end."""
        poll = select.poll()
        poll.register(self._wish, select.POLLHUP)
        numbers = {listener.fileno(): number for number, listener in self._listeners.items()}
        for descriptor in numbers:
            poll.register(descriptor, select.POLLIN)
        look = time.monotonic() + _LOOK_AFTER
        while self._wish not in (ready := [descriptor for descriptor, _ in poll.poll(_LOOK_AFTER * 1000)]):
            for descriptor in ready:
                self._hear(numbers[descriptor])
            self._read_changed()
            if time.monotonic() >= look:
                for number in gone({number: listener.place for number, listener in self._listeners.items()}):
                    poll.unregister(self._listeners[number])
                    self._end(number)
                look = time.monotonic() + _LOOK_AFTER

    def _hear(self, number: int) -> bool:
        """Take what a namespace reports; whether there may be more."""
        heard = self._listeners[number].hear(self._room)
        self._room -= heard.kept
        if heard.changed:
            self._changed.add(number)
        return heard.rest

    def _hear_rest(self, number: int) -> None:
        """Take all that a namespace has reported until now."""
        self._listeners[number].shut()
        while self._hear(number):
            continue

    def _read_changed(self) -> None:
        """Have the rules read where they changed, by one thread, so that this one goes on hearing."""
        for number in list(self._changed):
            reading = self._readings.get(number)
            if reading is None or reading.done():
                self._readings[number] = self._pool.submit(self._listeners[number].read_rules)
                self._changed.discard(number)

    def _end(self, number: int) -> None:
        """Take a namespace's last reports, and let go of it."""
        self._hear_rest(number)
        self._changed.discard(number)
        listener = self._listeners.pop(number)
        listener.close()
        self._ended.append(listener)

    def _finish(self) -> None:
        """Hear what has been reported, then shut, then look at the rules once more."""
        for number in self._listeners:
            self._hear_rest(number)
        self._heard.set()
        for listener in self._listeners.values():
            self._pool.submit(listener.read_rules).result()

    def _close(self) -> None:
        with ThreadPoolExecutor(_HELPERS, "netkit trace closes") as pool:
            for listener in self._listeners.values():
                pool.submit(listener.close)
        self._ended += self._listeners.values()
        self._listeners = {}
        self.lost = any(listener.lost for listener in self._ended)


def _listener(place: Place) -> Listener | OlderListener:
    """By nftables; where the kernel has none for IP, by the older iptables."""
    try:
        return Listener(place)
    except (KernelRefused, OSError) as error:
        if error.errno not in _NO_NFTABLES:
            raise
        try:
            return OlderListener(place)
        except OSError as reason:
            if reason.errno in _NO_NFTABLES:
                raise error from None
            raise


def _in(names: list[str]) -> str:
    return f"in {', '.join(names)} "


def _reason(error: KernelRefused | OSError) -> str:
    if error.errno == errno.EPERM:
        return "that needs CAP_NET_ADMIN there"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open"
    if error.errno in _NO_NFTABLES:
        return "this kernel has no nftables"
    if error.errno == errno.EBUSY:
        return "another trace runs there"
    return f"the kernel says: {error.rule if isinstance(error, KernelRefused) else error.strerror}"
