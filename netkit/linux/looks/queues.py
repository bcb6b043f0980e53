"""Read queueing disciplines, their classes and filters (tc(8)) where somebody set any.

The kernel is asked for them all; which words they have, tc says, and is started only when there are others than before.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.looks.rules import said
from netkit.linux.netlink.protocol import attributes, text
from netkit.model import Queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netkit.linux.netlink.protocol import Talk

_RTM_GETTCLASS, _RTM_GETQDISC, _RTM_GETTFILTER = 42, 38, 46
_TC = struct.Struct("=BxxxiIII")
_KIND, _OPTIONS, _CHAIN = 1, 2, 11
_BY_ITSELF = frozenset(["noqueue", "pfifo_fast", "fq_codel", "mq", "fq", "noop"])
"""What the kernel gives an interface, with the handle 0, when nobody chooses (net.core.default_qdisc)."""

_WITH_CLASSES = frozenset(["htb", "hfsc", "drr", "qfq", "ets", "prio", "cbq"])
_WITHOUT_FILTERS = frozenset(["tbf", "netem", "pfifo", "bfifo", "fifo", "fq", "red"])
_REMEMBERED = 64

Key = tuple[tuple[str, bytes], ...]
_words: dict[tuple[str, Key], tuple[Queue, ...]] = {}


def queues(talk: Talk, names: Mapping[int, str]) -> tuple[Queue, ...]:
    """What somebody set, interface by interface: disciplines, then classes, then filters.

    Args:
        talk: with the kernel, in the namespace that the calling thread is in.
        names: of interfaces, by index.
    """
    found: dict[int, list[tuple[str, bytes]]] = {}
    for body in talk.dump(_RTM_GETQDISC, bytes(20)):
        _, index, handle, _, _ = _TC.unpack_from(body)
        facts = attributes(body[_TC.size :])
        kind = text(facts[_KIND])
        if handle >> 16 or kind not in _BY_ITSELF:
            found.setdefault(index, []).append((kind, _key(body, facts)))
    return tuple(
        queue
        for index, disciplines in sorted(found.items())
        if index in names
        for queue in _of(talk, index, names[index], disciplines)
    )


def _of(talk: Talk, index: int, device: str, disciplines: list[tuple[str, bytes]]) -> tuple[Queue, ...]:
    """The queues of one interface, in tc's words."""
    key = [*disciplines]
    kinds = {kind for kind, _ in disciplines}
    if kinds & _WITH_CLASSES:
        key += [("class", _key(body)) for body in talk.dump(_RTM_GETTCLASS, _TC.pack(0, index, 0, 0, 0))]
    parents = _parents(disciplines) if kinds - _WITHOUT_FILTERS else []
    filters = [(parent, body) for parent in parents for body in _filters(talk, index, parent)]
    key += [("filter", _key(body)) for _, body in filters]
    known = _words.get((device, tuple(key)))
    if known is None:
        while len(_words) >= _REMEMBERED:
            _words.pop(next(iter(_words)), None)
        known = tuple(_listed(device, classes=bool(kinds & _WITH_CLASSES), parents={one for one, _ in filters}))
        _words[device, tuple(key)] = known
    return known


def _key(body: memoryview, facts: Mapping[int, memoryview] | None = None) -> bytes:
    """What a record says, without what it counts: its header, and the attributes that set it."""
    facts = attributes(body[_TC.size :]) if facts is None else facts
    kept = (bytes(facts[name]) for name in (_KIND, _OPTIONS, _CHAIN) if name in facts)
    return bytes(body[4:16]) + b"".join(kept)


def _parents(disciplines: Iterable[tuple[str, bytes]]) -> Iterator[int]:
    """Where filters may hang: at each discipline; a clsact has two places."""
    for kind, key in disciplines:
        handle = struct.unpack_from("=I", key, 4)[0]
        if kind == "clsact":
            yield from (0xFFFFFFF2, 0xFFFFFFF3)
        else:
            yield handle


def _filters(talk: Talk, index: int, parent: int) -> list[memoryview]:
    try:
        return list(talk.dump(_RTM_GETTFILTER, _TC.pack(0, index, 0, parent, 0)))
    except KernelRefused:  # a discipline that takes none
        return []


_COUNTED = re.compile(
    r" (?:refcnt \d+|direct_packets_stat \d+|Sent \d+.*|backlog .*|index \d+ ref \d+ bind \d+|installed .*|not_in_hw)"
    r"(?= |$)"
)


def _listed(device: str, *, classes: bool, parents: set[int]) -> Iterator[Queue]:
    for line in said("tc", "qdisc", "show", "dev", device).splitlines():
        if not re.match(r"qdisc (?:noqueue|pfifo_fast|fq_codel|mq|fq|noop) 0: ", line):
            yield Queue(device, "qdisc", _bare(line.removeprefix("qdisc "), device))
    if classes:
        for line in said("tc", "class", "show", "dev", device).splitlines():
            yield Queue(device, "class", _bare(line.removeprefix("class "), device))
    for parent in sorted(parents):
        place = {0xFFFFFFF2: ["ingress"], 0xFFFFFFF3: ["egress"]}.get(parent, ["parent", f"{parent >> 16:x}:"])
        listing = said("tc", "filter", "show", "dev", device, *place)
        for rule in re.split(r"^filter ", listing, flags=re.MULTILINE)[1:]:
            yield Queue(device, "filter", _bare(" ".join([*place, *rule.split()]), device))


def _bare(line: str, device: str) -> str:
    """A line without the interface, its counters and the moments of its actions."""
    words = " ".join(line.replace(f" dev {device}", "", 1).split())
    return _COUNTED.sub("", words).strip()
