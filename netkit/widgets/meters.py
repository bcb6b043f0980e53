"""The counters beside a live view: of each interface (40 at most), in all and per second (kB, MB), and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netkit.visible import in_html
from netkit.widgets.page import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netkit.linux.looks.counters import Counters
    from netkit.model import End

ROWS = 40
"""How many interfaces the table has at most: then those with the most traffic."""

_UNITS = ("B", "kB", "MB", "GB", "TB")
_HEADINGS = ("packets", "bytes", "now", "lost")


class Row(NamedTuple):
    """One interface in the table: what was counted, and bytes per second in and out."""

    end: End
    counters: Counters
    rate_in: float
    rate_out: float


class Meters:
    """Turns readings of the counters into tables.

    Example:
        >>> from netkit.linux.looks.counters import Counters
        >>> meters = Meters()
        >>> _ = meters.rows(0.0, {("ns1", "eth1"): Counters()})
        >>> [row] = meters.rows(2.0, {("ns1", "eth1"): Counters(received_packets=1, received_bytes=98)})
        >>> row.rate_in
        49.0
    """

    def __init__(self) -> None:
        self._before: Mapping[End, Counters] = {}
        self._time = 0.0

    def rows(self, now: float, readings: Mapping[End, Counters]) -> list[Row]:
        """A row for each interface; one that was not there before, or was made anew, has no rate yet.

        Args:
            now: when the counters were read, seconds on a clock that never goes back.
            readings: what was read, in the order of the table.
        """
        passed = now - self._time
        found = [_row(end, after, self._before.get(end, after), passed) for end, after in readings.items()]
        self._before, self._time = readings, now
        return found


def _row(end: End, after: Counters, before: Counters, seconds: float) -> Row:
    grown_in, grown_out = after.received_bytes - before.received_bytes, after.sent_bytes - before.sent_bytes
    return Row(end, after, max(0, grown_in) / (seconds or 1), max(0, grown_out) / (seconds or 1))


def table(rows: Sequence[Row]) -> str:
    """The rows as an HTML table, which takes its colours from the page.

    Args:
        rows: of a `Meters`.
    """
    shown, left = rows, ""
    if len(rows) > ROWS:
        busiest = sorted(rows, key=lambda row: row.counters.received_bytes + row.counters.sent_bytes, reverse=True)
        shown = busiest[:ROWS]
        left = f"<div>The {ROWS} interfaces with the most traffic, of {len(rows)}.</div>"
    body = "".join(map(_line, shown))
    return f'{style("counters")}<table class="netkit-counters">{_head()}<tbody>{body}</tbody></table>{left}'


def _head() -> str:
    groups = "".join(f'<th colspan="4" scope="colgroup" class="netkit-way">{way}</th>' for way in ("in", "out"))
    names = "".join(f'<th scope="col"{way}>{name}</th>' for way, name in _beside(_HEADINGS * 2))
    return f'<thead><tr><td></td>{groups}</tr><tr><th scope="col">interface</th>{names}</tr></thead>'


def _line(row: Row) -> str:
    seen = row.counters
    cells = (
        *(f"{seen.received_packets:,}", size(seen.received_bytes), rate(row.rate_in), lost(seen.received_lost)),
        *(f"{seen.sent_packets:,}", size(seen.sent_bytes), rate(row.rate_out), lost(seen.sent_lost)),
    )
    name = in_html(":".join(row.end))
    rest = "".join(f"<td{way}>{cell}</td>" for way, cell in _beside(cells))
    return f'<tr><th scope="row">{name}</th>{rest}</tr>'


def _beside(cells: Sequence[str]) -> list[tuple[str, str]]:
    """Each cell with its class: a line separates what goes in from what goes out."""
    return [(' class="netkit-way"' if number % 4 == 0 else "", cell) for number, cell in enumerate(cells)]


def size(number: float) -> str:
    """A number of bytes, in the unit that makes it short.

    Example:
        >>> size(98), size(1_234), size(45_600_000)
        ('98 B', '1.2 kB', '46 MB')
    """
    power = 0
    while number >= 999.5 and power < len(_UNITS) - 1:
        number, power = number / 1000, power + 1
    return f"{number:.1f} {_UNITS[power]}" if power and number < 9.95 else f"{number:.0f} {_UNITS[power]}"


def rate(number: float) -> str:
    """A number of bytes per second; a dash when nothing passes."""
    return f"{size(number)}/s" if number >= 0.5 else "-"


def lost(packets: int) -> str:
    """A number of lost packets; any at all is set in bold."""
    return f"<b>{packets:,}</b>" if packets else "0"
