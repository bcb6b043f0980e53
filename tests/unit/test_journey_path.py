"""Journeys over the picture of their network: what is lit, what is numbered, that it is legible and quick."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from time import perf_counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from netkit.errors import InvalidValue
from netkit.journey.shown.tree import finish
from netkit.journey.values import Hop
from netkit.pictures.ink import palette
from netkit.pictures.ink.path import PathPicture, Stage
from netkit.pictures.journey.trail import station, stations
from netkit.pictures.network.scene import Box
from netkit.pictures.network.sheet import Sheet, wrapped
from tests.unit import cases
from tests.unit import journeys_by_hand as by_hand
from tests.unit.geometry import faults, holds, overlaps

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey
    from netkit.model import Snapshot

NAMES = [(name, number) for name, (build, _) in by_hand.JOURNEYS.items() for number in range(len(build()))]


def case(name: str, number: int = 0) -> tuple[Journey, Snapshot]:
    build, network = by_hand.JOURNEYS[name]
    return build()[number], cases.CASES[network]()


def marks(sheet: Sheet) -> list[Box]:
    return [panel.box for panel in sheet.panels if "ring" not in panel.role]


@pytest.mark.parametrize(("name", "number"), NAMES)
def test_every_hop_has_its_number_where_it_can_be_read(name: str, number: int) -> None:
    journey, snapshot = case(name, number)
    stage = Stage(snapshot, [journey])
    sheet = stage.sheet(journey)
    written = [int(n) for text in sheet.texts for n in re.findall(r"\d+", text.text)]
    assert sorted(written) == [hop.number + 1 for hop in journey.hops]
    boxes = marks(sheet)
    assert not [pair for pair in combinations(boxes, 2) if overlaps(*pair)]
    assert all(holds(Box(0, 0, stage.scene.width, stage.scene.height), box) for box in boxes)
    covered = [(text.text, box) for text in stage.scene.texts for box in boxes if overlaps(text.box, box, 1.0)]
    assert not covered


@pytest.mark.parametrize(("name", "number"), NAMES)
def test_the_picture_below_has_a_badge_for_every_station_and_no_faults(name: str, number: int) -> None:
    journey, snapshot = case(name, number)
    scene = Stage(snapshot, [journey]).scene
    assert not faults(scene)
    badges = {badge.end for badge in scene.badges if badge.role == "station"}
    assert badges == {station(hop) for hop in journey.hops if hop.interface is None}


def test_the_way_is_lit_line_by_line_in_the_direction_of_travel() -> None:
    there, back = (Stage(cases.section_4(), [j]).sheet(j).strokes for j in by_hand.ping())
    assert [stroke.points for stroke in back] == [stroke.points[::-1] for stroke in there[::-1]]
    assert len(there) == 3
    assert all(stroke.arrow for stroke in there)


def test_a_tunnel_is_lit_beside_the_way_that_its_packets_take() -> None:
    journey, snapshot = case("tunnelled")
    strokes = Stage(snapshot, [journey]).sheet(journey).strokes
    assert [stroke.role for stroke in strokes].count("inner") == 1
    assert len(strokes) == 8  # two cables on each side, over three bridges, and the tunnel


def test_the_dashes_of_a_lit_tunnel_are_not_filled_by_those_beneath() -> None:
    journey, snapshot = case("tunnelled")
    over = ElementTree.fromstring(Stage(snapshot, [journey]).over(journey, len(journey.hops) - 1))
    lines = [each.attrib for each in over.iter() if each.tag.endswith("path")]
    at = next(i for i, line in enumerate(lines) if line["stroke"] == palette.STROKES["inner"][0])
    assert lines[at]["stroke-dasharray"] == "8 4"  # in pixels, of a line 4 pixels wide
    assert (lines[at - 1]["d"], lines[at - 1]["stroke"]) == (lines[at]["d"], palette.CARD)
    assert "stroke-dasharray" not in lines[at - 1]


def test_one_hop_is_told_from_those_before_and_after_it() -> None:
    journey, snapshot = case("published")
    roles = [panel.role for panel in Stage(snapshot, [journey]).sheet(journey, 3).panels if "number" in panel.role]
    assert roles == ["passed number"] * 3 + ["now number"] + ["later number"] * 5


@pytest.mark.parametrize("name", ["dropped", "unsent"])
def test_where_a_packet_is_dropped_words_say_so_once_it_is_there(name: str) -> None:
    journey, snapshot = case(name)
    stage = Stage(snapshot, [journey])
    assert "✕ dropped" in [text.text for text in stage.sheet(journey).texts]
    assert "✕ dropped" not in [text.text for text in stage.sheet(journey, 0).texts]
    assert "✕ dropped" in [text.text for text in stage.sheet(journey, len(journey.hops) - 1).texts]


def test_the_overlay_has_the_pictures_view_box_and_is_stable() -> None:
    journey, snapshot = case("published")
    stage, again = Stage(snapshot, [journey]), Stage(snapshot, [journey])
    base, over = ElementTree.fromstring(stage.base), ElementTree.fromstring(stage.over(journey, 2))
    assert (base.get("viewBox"), base.get("width")) == (over.get("viewBox"), over.get("width"))
    assert stage.svg(journey, 2) == again.svg(journey, 2)
    assert ElementTree.fromstring(stage.svg(journey, 2)).get("viewBox") == base.get("viewBox")


def test_a_hop_is_drawn_in_milliseconds_among_many_namespaces() -> None:
    way = by_hand.Way().at("ns3:eth0", "out").at("host:veth3", "in").at("host:veth44", "out").at("ns44:eth0", "in")
    journey = way.journey(1, "UDP", "172.17.0.4 → 172.17.0.45", "1 byte", "delivered to 172.17.0.45 in ns44")
    stage = Stage(cases.many(50), [journey])
    assert stage.base
    stage.over(journey, 0)
    start = perf_counter()
    for number in range(40):
        stage.svg(journey, number % 4)
    assert (perf_counter() - start) / 40 < 0.06
    assert not [pair for pair in combinations(marks(stage.sheet(journey)), 2) if overlaps(*pair)]


def test_what_is_not_drawn_one_by_one_is_marked_on_what_stands_for_it() -> None:
    way = by_hand.Way().at("ns3:eth0", "out").at("host:veth3", "in").at("host:lo", "out").at("gone:eth0", "in")
    journey = way.journey(1, "UDP", "172.17.0.4 → 172.17.0.1", "1 byte", "lost: nobody knows where")
    stage = Stage(cases.many(500), [journey])
    numbers = [text.text for text in stage.sheet(journey).texts]
    assert numbers == ["1", "2", "3", "✕ ends here"][: len(numbers)]
    assert {"1", "2", "3"} <= set(numbers)


def test_several_journeys_share_one_picture() -> None:
    question, answer = by_hand.ping()
    shared = stations([question, answer, by_hand.fragments()])
    assert shared == {"ns1": {"routing": 13}, "ns2": {"routing": 19}}


def test_the_text_is_the_journey_and_the_network() -> None:
    journey, snapshot = case("dropped")
    picture = PathPicture(journey, snapshot, hop=5)
    assert picture.text.startswith(repr(journey))
    assert "Looked at: hop 6 of 6." in picture.text
    assert "docker0" in picture.text.splitlines()[-1] or "default" in picture.text
    bundle = picture._repr_mimebundle_()
    assert bundle["text/plain"] == repr(picture)
    assert "data:image/svg+xml;base64," in bundle["text/html"]
    assert picture.svg == PathPicture(journey, snapshot, hop=5).svg
    assert "dropped in host by" in picture.svg


@pytest.mark.parametrize("wrong", [-1, 6, "1", True, 1.0])
def test_a_hop_that_is_not_there_is_refused_in_words(wrong: object) -> None:
    journey, snapshot = case("dropped")
    with pytest.raises(InvalidValue, match="journey 4 has 6 hops"):
        PathPicture(journey, snapshot, hop=wrong)


def test_an_empty_journey_is_the_picture_alone() -> None:
    journey = replace(case("dropped")[0], hops=())
    sheet = Stage(cases.docker(), [journey]).sheet(journey)
    assert (sheet.panels, sheet.strokes, sheet.texts) == ([], [], [])


def test_long_words_are_cut_and_nothing_is_lost() -> None:
    text = "a " + "x" * 90 + " end of it"
    lines = wrapped(text, 10, 100)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(len, lines)) < 20
    assert wrapped("", 10, 100) == []


def test_a_journey_ends_in_the_namespace_that_is_meant_also_where_another_is_called_alike() -> None:
    hops = [Hop(0, None, "host", "br0"), Hop(1, 0, "[httpd]#2", "eth0"), Hop(2, 0, "[httpd]", "eth0")]
    assert finish(hops, ("[httpd]#2",)) is hops[1]
    assert finish(hops, ("[httpd]",)) is finish(hops, ()) is hops[2]
