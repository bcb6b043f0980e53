"""Frames as a table, the same in every run: 40 rows unless more are asked for; housekeeping is not listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from netkit import markup
from netkit.packets.wording import ANY
from netkit.visible import in_html, in_line

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from netkit.model import Frame
    from netkit.packets.dissect import Reading

ROWS = 40
"""How many rows a table shows unless more are asked for."""

HEADINGS = ("no", "where", "way", "source → destination", "what")

_HOUSEKEEPING = (
    "Housekeeping of IPv6 and multicast comes at random moments: recorded, listed by .table(everything=True)."
)
PORT = f":{ANY} is a port that the kernel chose at random."


class Row(NamedTuple):
    """One frame in the table.

    Attributes:
        number: of the packet that it carries; the hops of one packet share it.
        where: "ns1:eth1".
        way: "in" or "out".
        ends: "172.17.1.1 → 172.17.1.2".
        what: "ICMP echo request seq 1".
    """

    number: int
    where: str
    way: str
    ends: str
    what: str


@dataclass(frozen=True)
class Table:
    """Rows, and the sentences below them.

    Attributes:
        rows: all of them, also those that are not shown.
        shown: how many are shown; None for all.
        notes: sentences below the table.
    """

    rows: tuple[Row, ...]
    shown: int | None = ROWS
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        cells = [HEADINGS, *self._cells()]
        return "\n".join([*(markup.aligned(cells, right=1) if self.rows else []), *self._sentences()])

    def _repr_html_(self) -> str:
        below = "".join(f"<div>{in_html(sentence)}</div>" for sentence in self._sentences())
        return markup.table(HEADINGS, [markup.row(cells) for cells in self._cells()]) + below

    def _cells(self) -> list[tuple[str, ...]]:
        """The shown rows as texts; a packet's number stands at its first hop only."""
        cells, before = [], 0
        for row in self.rows[: self.shown]:
            cells.append(("" if row.number == before else str(row.number), *map(in_line, row[1:])))
            before = row.number
        return cells

    def _sentences(self) -> list[str]:
        if not self.rows:
            return ["No frame was listed.", *self.notes]
        shown = self.rows[: self.shown]
        more = len(self.rows) - len(shown)
        counts = f"{_counted(len(self.rows), 'frame')} of {_counted(self.rows[-1].number, 'packet')}"
        sentences = [f"{counts}; {more} more: .table(rows=None)." if more else f"{counts}."]
        if any(f":{ANY}" in row.ends + row.what for row in shown):
            sentences.append(PORT)
        return [*sentences, *self.notes]


def table(
    readings: Iterable[tuple[Frame, Reading]],
    *,
    everything: bool = False,
    rows: int | None = ROWS,
    notes: Sequence[str] = (),
) -> Table:
    """The table of some frames.

    The frames of one packet stand together, in the order of its hops, and packets stand in the order in
    which they were first seen: so two packets that are under way at the same moment do not mix.

    Args:
        readings: the frames in the order of time, each with what it says.
        everything: list the kernel's housekeeping (neighbour discovery, group memberships) as well.
        rows: how many to show; None for all.
        notes: further sentences below the table.
    """
    packets = _by_packet((frame, reading) for frame, reading in readings if everything or not reading.housekeeping)
    listed = tuple(_row(number, *hop) for number, hops in enumerate(packets, 1) for hop in _in_order(hops))
    return Table(listed, rows, (*(() if everything else (_HOUSEKEEPING,)), *notes))


def _by_packet(frames: Iterable[tuple[Frame, Reading]]) -> list[list[tuple[Frame, Reading]]]:
    """Frames, in the order of time, put together by the packet that they carry.

    Frames with equal keys are hops of one packet until a point is passed again: then it is another
    packet of the same content, a repeated question for instance.
    """
    packets: list[list[tuple[Frame, Reading]]] = []
    latest: dict[Hashable, tuple[list[tuple[Frame, Reading]], set[tuple[str, str, str]]]] = {}
    for frame, reading in frames:
        point = frame.namespace, frame.interface, frame.direction
        if reading.key not in latest or point in latest[reading.key][1]:
            latest[reading.key] = [], set()
            packets.append(latest[reading.key][0])
        hops, passed = latest[reading.key]
        hops.append((frame, reading))
        passed.add(point)
    return packets


def _in_order(hops: list[tuple[Frame, Reading]]) -> list[tuple[Frame, Reading]]:
    """The hops of one packet, those of one passage through a namespace together."""
    first = hops[0][0]
    if first.link == "ethernet" and first.data[:1] and first.data[0] & 1:
        return _flooded(hops)
    passages: list[list[tuple[Frame, Reading]]] = []
    latest: dict[str, list[tuple[Frame, Reading]]] = {}
    for hop in hops:
        frame = hop[0]
        passage = latest.get(frame.namespace)
        if passage is None or (frame.direction == "in" and passage[-1][0].direction == "out"):
            passage = latest[frame.namespace] = []
            passages.append(passage)
        passage.append(hop)
    return [hop for passage in passages for hop in passage]


def _flooded(hops: list[tuple[Frame, Reading]]) -> list[tuple[Frame, Reading]]:
    """The hops of a packet for everyone: by namespace, in each the arrival, then the bridge's copy, then the ports.

    The copies have no order of their own: the kernel makes each at once or all of them later, as it pleases.
    """
    places: dict[str, list[tuple[Frame, Reading]]] = {}
    for hop in hops:
        places.setdefault(hop[0].namespace, []).append(hop)

    def order(hop: tuple[Frame, Reading]) -> tuple[bool, int, str]:
        return hop[0].direction == "out", len(hop[0].interface), hop[0].interface

    return [hop for first, *copies in places.values() for hop in (first, *sorted(copies, key=order))]


def loss(lost: int) -> tuple[str, ...]:
    """The sentence about lost frames; none when nothing was lost."""
    if not lost:
        return ()
    verb = "was" if lost == 1 else "were"
    return (f"{_counted(lost, 'frame')} {verb} lost: traffic came faster than it could be recorded.",)


def _row(number: int, frame: Frame, reading: Reading) -> Row:
    ends = f"{reading.source} → {reading.destination}"
    return Row(number, f"{frame.namespace}:{frame.interface}", frame.direction, ends, reading.what)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
