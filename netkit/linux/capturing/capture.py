"""Record frames at any interface of any namespace, as values: which, how many bytes of each, 256 MiB at most in all."""

from __future__ import annotations

import heapq
import os
import weakref
from typing import TYPE_CHECKING, Any, Self

from netkit.errors import CaptureFailed, InvalidValue, NotFound
from netkit.linux.capturing.recorder import Recorder
from netkit.linux.capturing.ring import ALL_OF_IT, frames_of
from netkit.linux.capturing.tap import Point
from netkit.linux.namespaces import Place, find
from netkit.model import Frame
from netkit.packets.reader import STANDARD
from netkit.packets.recording import Recorded, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from netkit.linux.looks.notices import Link

MEMORY = 256 << 20
"""Bytes that the kernel's rings and the recorded frames of one capture may take together."""

_LEAST_SNAPLEN, _LEAST_MEMORY = 64, 4 << 20


def capture(where: Any = None, *, snaplen: int = ALL_OF_IT, memory: int = MEMORY) -> Capture:
    """Record every frame at every interface, for the length of a `with` block.

    Interfaces that appear during the block are recorded too, namespaces that appear are not.  A namespace
    that is deleted during the block ends within some 0.1 s.

    Args:
        where: None for every namespace; the name of a namespace ("ns1") or a path that opens it
            ("/proc/42/ns/net"); a pair of a namespace and an interface (("ns1", "eth1")); or a list of these.
        snaplen: bytes of each frame to keep.
        memory: bytes that may be taken: a quarter by the kernel's rings, at most 16 MB for each namespace, the
            rest by what is recorded. Frames that find no room are counted in `.lost`. With more than 128
            namespaces of 256 MB, blocks get so small that frames above some 60 kB are cut.

    Returns:
        A capture; frames and tables are there when its block has ended.

    Raises:
        InvalidValue: an argument is of the wrong kind.

    Example:
        >>> with capture("ns1") as cap:  # doctest: +SKIP
        ...     ns1.ping("172.17.1.2")
        >>> cap.filter("icmp")  # doctest: +SKIP
    """
    _at_least("snaplen", snaplen, _LEAST_SNAPLEN)
    _at_least("memory", memory, _LEAST_MEMORY)
    return Capture(None if where is None else list(_wishes(where)), min(snaplen, ALL_OF_IT), memory)


class Capture(Recording):
    """Frames that are recorded during a `with` block; afterwards a Recording.

    Raises:
        NotFound: when the block begins: a namespace or interface is not there.
        CaptureFailed: the kernel refuses, or the frames are read before the block has ended.
    """

    def __init__(self, wishes: list[tuple[str, str | None]] | None, snaplen: int, memory: int) -> None:
        self._wishes, self._snaplen, self._memory = wishes, snaplen, memory
        self._recorder: Recorder | None = None
        self._known: Recorded | None = None

    def __enter__(self) -> Self:
        if self._recorder is not None:
            raise CaptureFailed("this capture was used already", "a capture records once", "Make another: capture()")
        self._recorder = Recorder(_points(self._wishes), self._snaplen, self._memory)
        weakref.finalize(self, self._recorder.ask_to_stop)  # an interrupt between here and the block
        self._recorder.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._recorder is not None:
            self._recorder.stop()

    def watched(self) -> list[Place]:
        """The namespaces that are recorded, from the beginning of the block on."""
        return [point.place for point in self._recorder.points] if self._recorder is not None else []

    def interfaces(self) -> dict[str, dict[int, str]]:
        """The interfaces that each namespace had during the block, by number; to be asked when it has ended."""
        return {
            place.name: {index: link.name for index, link in self._recorder.links(number).items()}
            for number, place in enumerate(self.watched())
        }

    def at_quiet(self, act: Callable[[], None]) -> None:
        """Have something done at the end of the block: when no frame is under way any more, before the recording ends.

        Args:
            act: called in another thread.
        """
        if self._recorder is not None:
            self._recorder.at_quiet = act

    @property
    def _recorded(self) -> Recorded:
        if self._known is None:
            if self._recorder is None or not self._recorder.ended:
                raise CaptureFailed(
                    "this capture has not ended",
                    "its frames can be read after its `with` block",
                    "Move this line out of the block",
                )
            self._known = _recorded(self._recorder)
        return self._known

    def __repr__(self) -> str:
        if self._recorder is not None and self._recorder.ended:
            return super().__repr__()
        return "<Capture, recording>" if self._recorder is not None else "<Capture, not begun>"

    def _repr_html_(self) -> str | None:
        return super()._repr_html_() if self._recorder is not None and self._recorder.ended else None


def _at_least(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidValue(f"{name} is {value!r}", f"it is a number of bytes, at least {least}", f"Try {least}")


def _wishes(where: Any) -> Iterator[tuple[str, str | None]]:
    """(namespace, interface or None) for each thing that is asked for."""
    if isinstance(where, str):
        yield where, None
    elif isinstance(where, tuple) and len(where) == 2 and all(isinstance(name, str) for name in where):
        yield where
    elif isinstance(where, list | tuple | set | frozenset) and where:
        for item in where:
            yield from _wishes(item)
    else:
        raise InvalidValue(
            f"where is {where!r}",
            "it is a namespace's name, a (namespace, interface) pair, a list of these, or None for everything",
            "Try 'ns1'",
        )


def _points(wishes: Iterable[tuple[str, str | None]] | None) -> list[Point]:
    """What to record in each namespace that is meant."""
    places = find()
    if wishes is None:
        return [Point(place) for place in places]
    chosen: dict[int, tuple[Place, set[str | None]]] = {}
    for name, interface in wishes:
        place = _place(name, places)
        chosen.setdefault(place.inode, (place, set()))[1].add(interface)
    return [
        Point(place, frozenset() if None in interfaces else frozenset(filter(None, interfaces)))
        for place, interfaces in chosen.values()
    ]


def _place(name: str, places: list[Place]) -> Place:
    if "/" in name:
        inode = _inode(name)
        return next((place for place in places if place.inode == inode), Place(name, name, inode))
    for place in places:
        if place.name == name:
            return place
    raise NotFound(
        f"there is no namespace {name!r}",
        f"there are: {', '.join(place.name for place in places)}",
        "Take one of these",
    )


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except (OSError, ValueError):
        raise NotFound(f"there is no namespace at {path!r}", "no file there opens one", "Take a name instead") from None


def _recorded(recorder: Recorder) -> Recorded:
    links = {number: recorder.links(number) for number in range(len(recorder.points))}
    names = [point.place.name for point in recorder.points]
    places = {name: _watched(recorder.points[number], links[number]) for number, name in enumerate(names)}
    every = (link for known in links.values() for link in known.values())
    tunnels = STANDARD.union(link.tunnel_port for link in every if link.tunnel_port)
    return Recorded(_frames(recorder, names, links), places, _owners(names, links), recorder.lost, tunnels)


def _watched(point: Point, links: dict[int, Link]) -> tuple[str, ...]:
    names = dict.fromkeys(link.name for link in links.values())  # a name may have been used twice
    return tuple(name for name in names if not point.interfaces or name in point.interfaces)


def _frames(recorder: Recorder, names: list[str], links: dict[int, dict[int, Link]]) -> tuple[Frame, ...]:
    """The frames of all namespaces, each ring in its own order, rings merged by time.

    A ring's order is what happened in its namespace; times may step back in it by some microseconds (what a
    bridge hands up to itself keeps the time at which its port received it). Where two rings have the
    same time, sending comes before receiving.
    """
    rings: list[list[Frame]] = [[] for _ in names]
    for number, block in recorder.blocks:
        known = links[number]
        rings[number].extend(
            Frame(
                time=seen.time,
                namespace=names[number],
                interface=known[seen.index].name if seen.index in known else f"if{seen.index}",
                direction="out" if seen.outgoing else "in",
                data=seen.data,
                length=seen.length,
                link="ethernet" if seen.ethernet else "ip",
            )
            for seen in frames_of(block)
        )
    merged = heapq.merge(*map(_timed, rings), key=lambda timed: (timed[0], timed[1].direction == "in"))
    return tuple(frame for _, frame in merged)


def _timed(frames: list[Frame]) -> Iterator[tuple[int, Frame]]:
    """Frames with the latest time up to each of them."""
    latest = 0
    for frame in frames:
        latest = max(latest, frame.time)
        yield latest, frame


def _owners(names: list[str], links: dict[int, dict[int, Link]]) -> dict[str, str]:
    """Whose MAC it is: a bridge bears the MAC of one of its ports, and then it is the bridge's."""
    found: dict[str, tuple[bool, str]] = {}
    for number, name in enumerate(names):
        for link in links[number].values():
            if link.mac is not None:
                claim = link.is_port, f"{name}:{link.name}"
                found[link.mac] = min(claim, found.get(link.mac, claim))
    return {mac: owner for mac, (_, owner) in found.items()}
