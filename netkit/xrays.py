"""The X-ray, `nk.xray()`: begins and ends the recording while a block runs; `journeys` is what one asks then."""

from __future__ import annotations

import weakref
from contextlib import ExitStack, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

from netkit.errors import CaptureFailed, NotFound
from netkit.face import face
from netkit.handles import guarded
from netkit.journey.joining.unsent import unsent
from netkit.journey.values import Seen
from netkit.journeys import Journeys
from netkit.kinds import number
from netkit.lab import journal, looks, withheld
from netkit.linux import namespaces
from netkit.linux.capturing.ring import ALL_OF_IT
from netkit.linux.looks import observe
from netkit.linux.looks.tallies import Tally, lost, tally, wrong
from netkit.linux.tracing.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netkit.linux.capturing.capture import Capture
    from netkit.model import Snapshot


_HEADERS = 128
"""Bytes that hold the headers of a packet in a tunnel: 54 of VXLAN over IPv4 or 74 over IPv6, and the packet's own."""


def _snaplen(value: Any) -> int:
    return number(value, "a snaplen: the bytes that hold the headers of a packet", _HEADERS, 2**31, example=256)


Snaplen = Annotated[int, _snaplen]


@face
def xray(*where: Any, snaplen: Snaplen = ALL_OF_IT) -> XRay:
    """Follow the packets while a block runs: `with nk.xray() as x: …`.

    Every frame is recorded at every interface, netfilter is traced, and the networks are looked at before and after.
    Namespaces that appear during the block are not watched.

    Args:
        where: namespaces or interfaces; without any, every interface of every namespace. A journey is whole only
            where all its interfaces are watched.
        snaplen: bytes of each frame to keep; all of it by default. The headers of a packet in a tunnel take up to 128.

    Returns:
        An XRay: a notebook shows the table of its journeys.

    Raises:
        InvalidValue: something is neither a namespace nor an interface, or `snaplen` is no number from 128 on.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> with nk.xray() as x:  # doctest: +SKIP
        ...     ns1.ping("172.17.1.2")
        >>> x.journeys[0].end  # doctest: +SKIP
        'delivered to 172.17.1.2 in ns2'
    """
    withheld.refuse("xray")
    return XRay(looks.capture(*where, snaplen=snaplen))


_BROKEN = "broken off"


@guarded({"frame": ".frames", "packet": ".packets", "stop": "the end of its `with` block"})
class XRay(Journeys):
    """What happened to packets while a `with` block ran; to be read when that has ended.

    Raises:
        NotFound: when the block begins: a namespace or an interface is not there.
        CaptureFailed: the kernel refuses, it is used twice, or it is read before the block has ended.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._trace: Trace | None = None
        self._before: Snapshot | None = None
        self._after: Snapshot | None = None
        self._names: dict[int, str] = {}
        self._places: dict[str, str] = {}
        self._tallies: tuple[dict[str, Tally], dict[str, Tally]] = {}, {}
        self._state = "not begun"

    def __enter__(self) -> Self:
        if self._state != "not begun":
            raise CaptureFailed("this x-ray was used already", "an x-ray records once", "Make another: nk.xray()")
        self._state = _BROKEN  # until it has begun
        with ExitStack() as undo:
            undo.enter_context(self._capture)
            self._names = _names(self._capture)
            self._before = observe.snapshot(self._names)
            self._places = {place.name: place.path for place in self._capture.watched()}
            self._tallies = _tallies(self._places), {}
            self._trace = Trace(self._capture.watched())
            weakref.finalize(self, self._trace.ask_to_stop)  # an interrupt between here and the block
            self._capture.at_quiet(self._trace.shut)
            self._trace.start()
            undo.pop_all()
        self._state = "recording"
        return self

    def __exit__(self, *exception: object) -> None:
        trace = self._traced()
        self._state = _BROKEN  # until it has ended
        try:
            self._capture.__exit__()
        finally:
            trace.stop()
        journal.look()
        self._tallies = self._tallies[0], _tallies(self._places)
        self._after = observe.snapshot(self._names)
        self._state = "ended"

    def _traced(self) -> Trace:
        if self._trace is None:
            raise CaptureFailed(
                "this x-ray has not begun", "it begins with its `with` block", "Try: with nk.xray() as x: …"
            )
        return self._trace

    @property
    def ended(self) -> bool:
        """Whether the block has ended, so that there is something to read."""
        return self._state == "ended"

    @cached_property
    def seen(self) -> Seen:
        """All that was recorded, as one value.

        Raises:
            CaptureFailed: the block has not ended, or the x-ray was broken off.
        """
        if self._state == _BROKEN:
            raise CaptureFailed(
                "this x-ray was broken off",
                "it could not begin, or was interrupted at its end, so nothing is known",
                "Make another: nk.xray()",
            )
        if self._before is None or self._after is None:
            raise CaptureFailed(
                "this x-ray has not ended",
                "its journeys can be read after its `with` block",
                "Move this line out of the block",
            )
        trace, capture = self._traced(), self._capture
        frames = tuple(frame for frame in capture.frames if frame.time >= trace.began)  # the capture began before
        events, marks = trace.reports(capture.interfaces())
        return Seen(
            frames,
            events,
            self._before,
            self._after,
            capture.lost,
            trace.lost,
            trace.untraced,
            capture.places,
            unsent(marks, frames, self._whole(self._before)),
            trace.traced,
            **self._told(),
        )

    def _whole(self, before: Snapshot) -> set[str]:
        """The namespaces at whose every interface frames were recorded, and none was lost."""
        places = self._capture.places.items() if not self._capture.lost else ()
        spaces = before.namespaces
        return {name for name, watched in places if name in spaces and set(spaces[name].interfaces) <= set(watched)}

    def _told(self) -> dict[str, Any]:
        """What namespaces counted meanwhile, and their groups."""
        first, last = self._tallies
        both = {name: (first[name], last[name]) for name in last if name in first}
        return {
            "counted": {name: wrong(*pair) for name, pair in both.items()},
            "losses": tuple(loss for name, pair in both.items() for loss in lost(name, *pair)),
            "members": {name: tuple(dict.fromkeys(one.members + other.members)) for name, (one, other) in both.items()},
            "listeners": {name: other.listeners for name, (_, other) in both.items()},
            "blocked": {name: tuple(dict(one.blocked + other.blocked).items()) for name, (one, other) in both.items()},
        }

    def __repr__(self) -> str:
        return repr(self.table()) if self.ended else f"<XRay, {self._state}>"

    def _repr_html_(self) -> str | None:
        return self.table()._repr_html_() if self.ended else None


def _names(capture: Capture) -> dict[int, str]:
    """The namespaces' names by inode, which they keep: a nameless one is called after its place among others."""
    watched = {place.inode: place.name for place in capture.watched()}
    return {place.inode: place.name for place in namespaces.find(watched)}


def _tallies(places: Mapping[str, str]) -> dict[str, Tally]:
    """What each namespace has counted, by name; one that has ended counts no more."""
    found = {}
    for name, path in places.items():
        with suppress(NotFound, OSError):
            found[name] = tally(path)
    return found
