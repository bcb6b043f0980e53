"""Journeys as tables: all of them in rows (way, what became of it), one hop by hop (what changed, who decided).

The texts are the same whenever the same traffic is seen: without times, random ports and numbers that the kernel draws.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from netkit import markup
from netkit.errors import NotFound
from netkit.journey.shown.tree import Branch, main_way, tree
from netkit.journey.values import ROUTING
from netkit.packets.table import PORT, ROWS
from netkit.packets.wording import ANY, CHOSEN
from netkit.spelling import shown
from netkit.validation import endpoint
from netkit.visible import in_html, in_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netkit.journey.values import Hop

MOST_POINTS = 5
"""How many interfaces the way of a journey names one by one."""

HEADINGS = ("no", "what", "source → destination", "way", "what became of it")
HOP_HEADINGS = ("hop", "where", "way", "what changed", "who decided")

_CELL = "text-align:left; vertical-align:top; overflow-wrap:break-word; white-space:"
_HOOK = "background:rgba(128,128,128,.18)"
"""Grey that lets the page's ground through: it shows on light and on dark pages."""


@dataclass(frozen=True, repr=False)
class Journey:
    """What became of one packet; it is shown as the table of its hops.

    Attributes:
        number: from 1 on, in the order in which packets were first seen; housekeeping comes after all others.
        protocol: "ICMP", "TCP", "UDP", "ARP", "ICMPv6" … of what is carried, also inside a VXLAN tunnel.
        source: the address that sent it, as the sender wrote it: "172.17.0.2"; a MAC where there is no address.
        destination: the address that the sender wrote: "172.17.0.3".
        source_port: None for a protocol without ports.
        destination_port: None for a protocol without ports.
        what: one line, the same whenever the same traffic is seen: "echo request seq 1".
        hops: in causal order; a hop follows the one whose number is its `.after`.
        delivered: whether it reached whom it was for (a flood: whether somebody took it).
        end: what became of it, in words: "delivered to 172.17.0.3 in ns2", "dropped in host by FORWARD: policy DROP".
        answers: the number of the journey that this one answers (echo reply, ARP reply, ICMP error), or None.
        housekeeping: whether a kernel sent it on its own, at a random moment (IPv6 neighbour discovery …).
        places: the namespaces in which it ended, as far as that is known.
        dropped: whether the packet filter dropped it without a word.
        evidence: what was recorded that `end` rests on: frames, reports, entries of tables, counters …
    """

    number: int
    protocol: str
    source: str
    destination: str
    source_port: int | None = None
    destination_port: int | None = None
    what: str = ""
    hops: tuple[Hop, ...] = ()
    delivered: bool = False
    end: str = ""
    answers: int | None = None
    housekeeping: bool = False
    places: tuple[str, ...] = ()
    dropped: bool = False
    evidence: tuple[object, ...] = field(default=(), repr=False, compare=False)

    def __repr__(self) -> str:
        return hops_text(self)

    def _repr_html_(self) -> str:
        return hops_html(self)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001  (IPython calls it so)
        inside = len(printer.stack) > 1  # of a list: a line for each is enough
        printer.text(head(self) if inside else repr(self))


@dataclass(frozen=True)
class Overview:
    """Journeys in rows, and the sentences below them.

    Attributes:
        journeys: all of them, also those that are not shown.
        shown: how many are shown; None for all.
        notes: sentences below the table.
    """

    journeys: tuple[Journey, ...]
    shown: int | None = ROWS
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        cells = [HEADINGS, *self._cells()]
        return "\n".join([*(markup.aligned(cells, right=1) if self.journeys else []), *self._sentences()])

    def _repr_html_(self) -> str:
        shown = [_journey_row(cells, one) for cells, one in zip(self._cells(), self.journeys, strict=False)]
        below = "".join(f"<div>{in_html(sentence)}</div>" for sentence in self._sentences())
        return markup.table(HEADINGS, shown, _styles(0)) + below

    def _cells(self) -> list[tuple[str, ...]]:
        return [(str(j.number), sent(j), ends(j), way(j), j.end) for j in self.journeys[: self.shown]]

    def _sentences(self) -> list[str]:
        if not self.journeys:
            return ["No packet was seen.", *self.notes]
        shown = self.journeys[: self.shown]
        more = len(self.journeys) - len(shown)
        count = f"{len(self.journeys)} journey{'s' * (len(self.journeys) != 1)}"
        sentences = [f"{count}; {more} more: .table(rows=None)." if more else f"{count}."]
        return [*sentences, *([PORT] if any(f":{ANY}" in ends(j) for j in shown) else []), *self.notes]


def overview(journeys: Iterable[Journey], *, notes: Sequence[str] = (), rows: int | None = ROWS) -> Overview:
    """The table of some journeys.

    Args:
        journeys: in the order in which they shall stand.
        notes: further sentences below the table.
        rows: how many to show; None for all.

    Example:
        >>> from netkit.journey.shown.table import Journey
        >>> from netkit.journey.values import Hop
        >>> hop = Hop(0, None, "ns1", "eth1", direction="out")
        >>> overview([Journey(1, "ICMP", "10.0.0.1", "10.0.0.2", what="echo request", hops=(hop,), end="lost")])
        no  what               source → destination  way       what became of it
         1  ICMP echo request  10.0.0.1 → 10.0.0.2   ns1:eth1  lost
        1 journey.
    """
    return Overview(tuple(journeys), rows, tuple(notes))


class JourneyList(list[Journey]):
    """A list of journeys that is shown as their table."""

    def __repr__(self) -> str:
        return repr(overview(self))

    def _repr_html_(self) -> str:
        return overview(self)._repr_html_()

    def _repr_pretty_(self, printer: object, _cycle: bool) -> None:  # noqa: FBT001  (IPython calls it so)
        printer.text(repr(self))  # type: ignore[attr-defined]

    @overload
    def __getitem__(self, place: SupportsIndex) -> Journey: ...

    @overload
    def __getitem__(self, place: slice) -> JourneyList: ...

    def __getitem__(self, place: SupportsIndex | slice) -> Journey | JourneyList:
        try:
            found = super().__getitem__(place)
        except (IndexError, TypeError):
            problem, rule = f"there is no item {shown(place)} of this list", f"it has {len(self)}, counted from 0"
            raise NotFound(problem, rule, "Try [0], or x.path(1) for the journey with the number 1") from None
        return JourneyList(found) if isinstance(place, slice) else found


def sent(journey: Journey) -> str:
    """What is sent: "ICMP echo request seq 1"."""
    what = journey.what
    return what if what.startswith(journey.protocol) else f"{journey.protocol} {what}".rstrip()


def ends(journey: Journey) -> str:
    """Who sends to whom: "172.17.1.1:* → 172.17.1.2:80"."""
    source = _end(journey.source, journey.source_port)
    return f"{source} → {_end(journey.destination, journey.destination_port)}"


def head(journey: Journey) -> str:
    """A journey in one line: number, what is sent, by whom, to whom, and what became of it."""
    end = f": {journey.end}" if journey.end else ""
    return in_line(f"{journey.number}. {sent(journey)}: {ends(journey)}{end}")


def way(journey: Journey) -> str:
    """The interfaces that a journey passed; of a longer one, those at which it came into and left each namespace."""
    points, branches = main_way(journey.hops)
    if not points:
        return " → ".join(hop.where for hop in journey.hops)
    texts = [f"{space}:{name}" for space, name in points]
    if len(points) > MOST_POINTS:
        stays: list[tuple[str, list[str]]] = []
        for space, name in points:
            if not stays or stays[-1][0] != space:
                stays.append((space, []))
            stays[-1][1].append(name)
        texts = [f"{space}:{names[0]}" + _last(names) for space, names in stays]
    return " → ".join(texts) + (f" (and {branches} other branch{'es' * (branches > 1)})" if branches else "")


def _last(names: Sequence[str]) -> str:
    return f" … {names[-1]}" if len(names) > 1 else ""


def hops_text(journey: Journey) -> str:
    """A journey as text: its head line, then a line for each hop."""
    rows = [(*row[:3], _told(row[3], row[4])) for row in map(_row, tree(journey.hops))]
    headings = (*HOP_HEADINGS[:3], "what changed, and who decided")
    return "\n".join([head(journey), *(markup.aligned([headings, *rows], right=1) if rows else [])])


def hops_html(journey: Journey) -> str:
    """A journey as an HTML table, under its head line; hooks stand on a darker ground than interfaces."""
    found = []
    for branch in tree(journey.hops):
        failed = any(event.verdict == "drop" for event in branch.hop.events)
        *cells, decided = _row(branch)
        styles = _styles(3, _HOOK if branch.hop.interface is None and not failed else "")
        found.append(markup.row((*cells, _signed(decided, failed=failed)), failed=failed, styles=styles))
    return f"<div><b>{in_html(head(journey))}</b></div>{markup.table(HOP_HEADINGS, found, _styles(0))}"


def way_of(hop: Hop) -> str:
    """How a packet passes there: "in", "out", or "hook"; "" where the route is looked up."""
    return hop.direction or ("" if hop.hook == ROUTING else "hook")


def _row(branch: Branch) -> tuple[str, ...]:
    """A hop as cells of text: number, where, way, what changed, who decided."""
    hop = branch.hop
    return (str(hop.number + 1), branch.indent + hop.where, way_of(hop), "; ".join(hop.changed), hop.decided)


def _told(changed: str, decided: str) -> str:
    return ". ".join(text for text in (changed, decided) if text)


def _end(address: str, port: int | None) -> str:
    return address if port is None else endpoint(address, ANY if port in CHOSEN else port)


def _journey_row(cells: Sequence[str], journey: Journey) -> str:
    *told, end = cells
    failed = not journey.delivered
    return markup.row((*told, _signed(end, failed=failed)), failed=failed, styles=_styles(1))


def _styles(whole: int, ground: str = "") -> list[str]:
    """Of the cells of a row; the first of them, `whole`, are not broken into lines."""
    more = f"; {ground}" if ground else ""
    return [f"{_CELL}{'nowrap' if number < whole else 'normal'}{more}" for number in range(len(HEADINGS))]


def _signed(text: str, *, failed: bool) -> str:
    return f"✗ {text}" if failed else text
