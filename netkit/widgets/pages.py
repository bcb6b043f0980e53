"""What a player says, as HTML: the list of journeys (the first 100), the hops of one, the sentences about a hop."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from netkit.journey.shown.table import ends, head, sent, way_of
from netkit.journey.shown.tree import tree
from netkit.journey.values import ROUTING
from netkit.markup import broken, row, table
from netkit.visible import in_html
from netkit.widgets.page import on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.journey.shown.table import Journey
    from netkit.journey.values import Hop
    from netkit.netfilter import TraceEvent

MOST = 100
"""So many journeys are listed at once."""


def keys() -> str:
    """The place that takes the player's keys."""
    return (
        f'<div class="netkit-keys" tabindex="0" role="application" '
        f'aria-label="Player: arrow keys step and change the journey, space plays" '
        f"{on('keydown', 'quiet', 'keys')} {on('animationiteration', 'names')}>"
        "Keys: <kbd>←</kbd> <kbd>→</kbd> step · <kbd>Home</kbd> <kbd>End</kbd> first, last · "
        "<kbd>Space</kbd> play, pause · <kbd>↑</kbd> <kbd>↓</kbd> journey "
        '<span class="netkit-asleep">(click here, or on the picture, to use them)</span></div>'
    )


def journey_list(journeys: Sequence[Journey], total: int, chosen: int | None, group: str) -> str:
    """The journeys that are offered, as a group of radio buttons.

    Args:
        journeys: those left over.
        total: how many there are in all.
        chosen: the number of the one that is played.
        group: a name that no other player's list has.
    """
    shown = journeys[:MOST]
    rows = "".join(_journey_row(journey, group, checked=journey.number == chosen) for journey in shown)
    return (
        f"<div>{_count(len(shown), len(journeys), total)}</div>"
        f'<div class="netkit-list" role="radiogroup" aria-label="Journeys" {on("keydown", "quiet")} '
        f"{on('change', 'pick')} {on('animationstart', 'reveal')}>{rows}</div>"
    )


def _count(shown: int, left: int, total: int) -> str:
    if not left:
        return f"None of {_grouped(total)} journeys: change the filter."
    if shown < left:
        return (
            f"{_grouped(left)} of {_grouped(total)} journeys, the first {shown} listed: narrow the filter for others."
        )
    return f"{_grouped(left)} of {_grouped(total)} journey{'s' * (total != 1)}."


def _grouped(number: int) -> str:
    """1 234 with a narrow space, from 10 000 on as well."""
    return f"{number:,}".replace(",", "\u202f")


def _journey_row(journey: Journey, group: str, *, checked: bool) -> str:
    mark = "✓" if journey.delivered else "✗"
    cells = (str(journey.number), sent(journey), ends(journey), f"{mark} {journey.end}")
    inner = "".join(f"<span>{in_html(cell)}</span>" for cell in cells)
    return (
        f'<label><input type="radio" name="{group}" value="{journey.number}"'
        f"{' checked' if checked else ''}>{inner}</label>"
    )


def hop_list(journey: Journey) -> str:
    """The hops of a journey, in a list that a click jumps in.

    Args:
        journey: the one that is played.
    """
    rows = "".join(_hop_row(branch.hop, branch.indent) for branch in tree(journey.hops))
    return (
        f'<div class="netkit-hops" {on("click", "jump")} {on("animationstart", "reveal")}>'
        '<div data-hop="0" class="hop-0"><span></span>'
        f"<span>the whole journey</span><span></span></div>{rows}</div>"
    )


def _hop_row(hop: Hop, indent: str) -> str:
    number = hop.number + 1
    spaces = "&nbsp;" * (len(indent) - len(indent.lstrip(" "))) + in_html(indent.lstrip(" "))
    return (
        f'<div data-hop="{number}" class="hop-{number}"><span>{number}</span>'
        f"<span>{spaces}{in_html(hop.where)}</span><span>{way_of(hop)}</span></div>"
    )


def current(position: int) -> str:
    """The style that marks the present hop in the list.

    Args:
        position: 0 for the whole journey, else the hop's number, from 1 on.
    """
    here = f".netkit-hops .hop-{position}"
    return (
        f"<style>{here}{{background:var(--nk-mark);color:var(--nk-mark-ink);font-weight:700;"
        "animation:netkit-marked 1ms}"
        f'{here} span:first-child::before{{content:"▶ "}}</style>'
    )


def telling(journey: Journey, position: int) -> str:
    """What is said of a hop, or of the whole journey.

    Args:
        journey: the one that is played.
        position: 0 for the whole journey, else the hop's number, from 1 on.
    """
    if not position:
        title, lines = head(journey), ["Step through it, or press Play."]
    else:
        hop = journey.hops[position - 1]
        title = f"Hop {position} of {len(journey.hops)}: {hop.where}{_kind(hop)}{_when(hop)}"
        lines = [*([hop.decided] if hop.decided else []), *(["Changed: " + "; ".join(hop.changed)] * bool(hop.changed))]
        if position == len(journey.hops) and journey.end:
            lines.append(f"The end: {journey.end}.")
        lines = lines or ["Nothing was decided or changed here."]
    told = "".join(f"<p>{broken(line)}</p>" for line in lines)
    rules = _events(journey.hops[position - 1].events) if position else ""
    return f'<div class="netkit-told" role="status" aria-live="polite"><h4>{in_html(title)}</h4>{told}{rules}</div>'


def _kind(hop: Hop) -> str:
    if hop.direction:
        return f", {hop.direction}"
    return ", the routing decision" if hop.hook == ROUTING else ", a hook"


def _when(hop: Hop) -> str:
    return "" if hop.time is None else f", {hop.time * 1000:.3f} ms after the first frame"


def _events(events: Sequence[TraceEvent]) -> str:
    """The rules and policies that the kernel reported at a hook."""
    rows = []
    for event in events:
        failed = event.verdict == "drop"
        verdict = f"✗ {event.verdict}" if failed else event.verdict
        rows.append(row((f"{event.table} {event.chain}", event.rule or event.kind, verdict), failed=failed))
    return table(("chain", "rule", "verdict"), rows)


def about_frame(hop: Hop | None, *, here: bool) -> str:
    """Which frame the layers below belong to.

    Args:
        hop: at which it was recorded; None if there is none.
        here: whether that is the hop that is looked at.
    """
    if hop is None:
        return "<div>No frame of this packet was recorded: it ended before it reached an interface.</div>"
    direction = "received at" if hop.direction == "in" else "sent at"
    note = "" if here else ": hooks record no frame; this is the one nearest before"
    return f"<div>The frame {direction} <b>{in_html(hop.where)}</b>{note}.</div>"


def image(svg: str, text: str) -> str:
    """An SVG as an HTML image as wide as its place.

    Args:
        svg: what it shows.
        text: the alternative text; "" where the words beside it say the same.
    """
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{in_html(text)}" src="data:image/svg+xml;base64,{data}">'


def stage(image: str, spot: tuple[float, float] | None = None) -> str:
    """A picture that a click gives the keys to.

    Args:
        image: an HTML image.
        spot: what is to be in sight, in per cent of its width and height.
    """
    mark = f'<i class="netkit-spot" style="left:{spot[0]:.1f}%;top:{spot[1]:.1f}%"></i>' if spot else ""
    return f"<div {on('click', 'focus')} {on('animationstart', 'reveal')}>{image}{mark}</div>"
