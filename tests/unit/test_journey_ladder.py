"""The ladder diagram: nothing overlaps or is cut off, whatever the journeys, and everything that is told is there."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from netkit.errors import InvalidValue
from netkit.journey.values import Seen
from netkit.journeys import Journeys
from netkit.pictures.ink.ladder import ladder
from netkit.pictures.network.scene import Box
from tests.unit import journeys_by_hand as by_hand
from tests.unit.geometry import holds, overlaps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.journey.shown.table import Journey
    from netkit.pictures.network.sheet import Sheet

EVERY = [journey for build, _ in by_hand.JOURNEYS.values() for journey in build()]
TOGETHER = {**{name: build() for name, (build, _) in by_hand.JOURNEYS.items()}, "all": EVERY, "none": []}


def wide() -> list[Journey]:
    """Through twelve namespaces with long names."""
    way = by_hand.Way()
    for number in range(12):
        space = f"a-namespace-{number}"
        way.at(f"{space}:veth-abcdefgh-{number}", "in").hook(f"{space} prerouting", by="It " * 60, verdict="accept")
        way.at(f"{space}:veth-ijklmnop-{number}", "out", "x" * 200)
    return [way.journey(1, "UDP", "2001:db8::1 → 2001:db8::2", "1 byte " * 30, "delivered to " + "y" * 90)]


def faults(sheet: Sheet) -> Iterator[str]:
    """Everything that is wrong with a sheet, in words."""
    canvas = Box(0, 0, sheet.width, sheet.height)
    panels = [panel.box for panel in (*sheet.grounds, *sheet.panels)]
    yield from (f"outside: {box}" for box in [*panels, *(t.box for t in sheet.texts)] if not holds(canvas, box))
    yield from (f"{a.text!r} on {b.text!r}" for a, b in combinations(sheet.texts, 2) if overlaps(a.box, b.box, 0.5))
    for text in sheet.texts:
        for panel in sheet.panels:
            if overlaps(text.box, panel.box, 0.5) and not holds(panel.box, text.box, 1.5):
                yield f"{text.text!r} juts out of {panel}"
    free = [t for t in sheet.texts if not any(holds(p.box, t.box, 1.5) for p in (*sheet.panels, *sheet.grounds))]
    for stroke in sheet.strokes:
        for (ax, ay), (bx, by) in pairwise(stroke.points):
            stretch = Box(min(ax, bx), min(ay, by), abs(ax - bx) or 0.2, abs(ay - by) or 0.2)
            yield from (f"{stroke} runs through {t.text!r}" for t in free if overlaps(stretch, t.box, 0.1))


@pytest.mark.parametrize("name", [*TOGETHER, "wide"])
def test_nothing_overlaps_and_nothing_is_cut_off(name: str) -> None:
    journeys = wide() if name == "wide" else TOGETHER[name]
    assert not [*faults(ladder(journeys).sheet)]


@pytest.mark.parametrize("journey", EVERY, ids=lambda journey: journey.end)
def test_everything_that_is_told_stands_there_in_order(journey: Journey) -> None:
    sheet = ladder(journey).sheet
    words = " ".join(text.text for text in sheet.texts)
    at = [words.find(f"({hop.number + 1}) {hop.where}") for hop in journey.hops]
    assert at == sorted(at)
    assert -1 not in at
    told = [sentence for hop in journey.hops for sentence in (*hop.changed, hop.decided)]
    assert all(sentence in words for sentence in (*told, journey.end))


def test_an_arrow_leads_from_each_hop_to_the_next_and_back_again() -> None:
    sheet = ladder(by_hand.ping()).sheet
    there, back = ([s for s in sheet.strokes if s.role == role] for role in ("there", "back"))
    assert len(there) == len(back) == 5
    assert all(stroke.points[0][0] < stroke.points[-1][0] for stroke in there)
    assert all(stroke.points[0][0] > stroke.points[-1][0] for stroke in back)
    heights = [stroke.points[-1][1] for stroke in (*there, *back)]
    assert heights == sorted(heights)
    assert "(answers 1)" in " ".join(text.text for text in sheet.texts)


def test_copies_of_a_flood_begin_at_the_same_lifeline() -> None:
    strokes = [s for s in ladder(by_hand.flood()).sheet.strokes if s.role == "there"]
    assert strokes[1].points[0] == strokes[2].points[0]
    assert strokes[1].points[-1] != strokes[2].points[-1]


def test_of_many_copies_some_are_drawn_and_the_others_counted() -> None:
    way = by_hand.Way().at("ns1:eth0", "out").at("host:veth1", "in")
    for number in range(2, 13):
        way.at(f"host:veth{number}", "out", after=1).at(f"ns{number}:eth0", "in")
    end = "delivered to 10.0.0.8 in ns8, ignored by others"
    journey = way.journey(1, "ARP", "10.0.0.1 → 10.0.0.8", "who has", end, places=("ns8",))
    diagram = ladder(journey)
    words = [text.text for text in diagram.sheet.texts]
    assert {"ns1", "ns2", "ns3", "ns8"} <= set(words)
    assert "ns4" not in words
    assert "8 more branches from here: not drawn." in words
    (end,) = [panel.box for panel in diagram.sheet.panels if panel.role == "delivered"]
    (room,) = [band.box for band, name in zip(diagram.sheet.grounds, words, strict=False) if name == "ns8"]
    assert room.x < end.cx < room.right
    assert len(diagram.text.splitlines()) == len(journey.hops) + 2


def test_verdicts_are_told_by_words_signs_and_colours() -> None:
    sheet = ladder(by_hand.dropped()).sheet
    words = {text.text: text.role for text in sheet.texts}
    assert words["FORWARD ✕ drop"] == "hook drop"
    assert words["PREROUTING ✓ accept"] == "hook accept"
    assert words["routing"] == "hook"
    assert words["✕ dropped in host by FORWARD: policy DROP"] == "warning"
    assert [panel.role for panel in sheet.panels].count("drop mark") == 1


def test_many_journeys_are_counted() -> None:
    many = [replace(by_hand.dropped(), number=n) for n in range(1, 31)]
    diagram = ladder(many)
    assert len(diagram.journeys) == 6
    assert "24 more journeys: not drawn here." in [text.text for text in diagram.sheet.texts]
    assert diagram.text.endswith("24 more journeys are not drawn here.")
    assert len(ladder(many, hops=1).journeys) == 1
    assert len(ladder(many, hops=1000).journeys) == 30


@pytest.mark.parametrize("wrong", [0, True, "60"])
def test_a_number_of_hops_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidValue, match="is not a number of hops"):
        Journeys(Seen(())).ladder(hops=wrong)


def test_the_text_is_the_table_and_the_bytes_are_stable() -> None:
    first, second = ladder(by_hand.ping()), ladder(by_hand.ping())
    assert first.text == "\n\n".join(map(repr, by_hand.ping()))
    assert (first.svg, first.png, first.html) == (second.svg, second.png, second.html)
    assert sum(map(len, first._repr_mimebundle_().values())) < 120_000
