"""Journeys as tables and as comments of a capture file: the same text each time, whole, and in order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from IPython.lib.pretty import pretty

from netkit.journey import journeys
from netkit.journey.shown.comments import comments
from netkit.journey.shown.table import Journey, JourneyList, head, hops_html, overview, way
from netkit.journey.shown.tree import tree
from netkit.journey.values import Seen
from netkit.model import Frame
from tests.unit import journeys_by_hand as by_hand

EVERY = [journey for build, _ in by_hand.JOURNEYS.values() for journey in build()]


def test_the_overview_of_a_ping() -> None:
    assert repr(JourneyList(by_hand.ping())).splitlines() == [
        "no  what                     source → destination     "
        "way                                            what became of it",
        " 1  ICMP echo request seq 1  172.17.1.1 → 172.17.1.2  "
        "ns1:eth1 → host:veth1 → host:veth2 → ns2:eth1  delivered to 172.17.1.2 in ns2",
        " 2  ICMP echo reply seq 1    172.17.1.2 → 172.17.1.1  "
        "ns2:eth1 → host:veth2 → host:veth1 → ns1:eth1  delivered to 172.17.1.1 in ns1",
        "2 journeys.",
    ]


WAYS = {
    "ns1:eth1 → host:veth1 → host:veth2 → ns2:eth1 (and 1 other branch)": by_hand.flood(),
    "host:eth0 → host:docker0 → host:veth2a2b → web:eth0": by_hand.published(),
    "web routing → web OUTPUT": by_hand.unsent(),
    "a1:eth0 → hostA:veth1 … eth0 → host:port1 … port2 → hostB:eth0 … veth1 → b1:eth0": by_hand.tunnelled(),
    "ns1:eth1 → host:veth1 → host:veth2 → ns2:eth1": by_hand.fragments(),
    "": Journey(9, "ARP", "10.0.0.1", "10.0.0.2"),
}


@pytest.mark.parametrize("text", WAYS)
def test_a_way_in_one_line(text: str) -> None:
    assert way(WAYS[text]) == text


def test_ports_that_the_kernel_chose_are_stars_and_explained() -> None:
    text = repr(overview([by_hand.published()], notes=["A note."]))
    assert "192.168.1.9:* → 192.168.1.7:8080" in text
    assert text.splitlines()[-2:] == [":* is a port that the kernel chose at random.", "A note."]
    six = replace(by_hand.published(), source="fd00::1", destination="fd00::2", destination_port=None)
    assert "[fd00::1]:* → fd00::2" in head(six)


def test_many_journeys_are_counted() -> None:
    many = [replace(by_hand.dropped(), number=n) for n in range(1, 101)]
    lines = repr(overview(many)).splitlines()
    assert len(lines) == 42
    assert lines[-1] == "100 journeys; 60 more: .table(rows=None)."
    assert len(repr(overview(many, rows=None)).splitlines()) == 102
    assert overview(many)._repr_html_().count("<tr>") == 41
    assert repr(overview([])) == "No packet was seen."


def test_a_part_of_a_list_of_journeys_is_one_too() -> None:
    journeys = JourneyList(by_hand.ping())
    assert isinstance(journeys[:1], JourneyList)
    assert journeys[0].number == 1
    assert pretty(journeys) == repr(journeys)


def test_the_hops_of_a_journey() -> None:
    assert repr(by_hand.dropped()).splitlines() == [
        "4. ICMP echo request seq 1: 172.17.0.2 → 192.0.2.1: dropped in host by FORWARD: policy DROP",
        "hop  where            way   what changed, and who decided",
        "  1  web:eth0         out",
        "  2  host:veth2a2b    in",
        "  3  host:docker0     in",
        "  4  host PREROUTING  hook  The policy of PREROUTING (nat) is ACCEPT.",
        "  5  host routing           TTL 64 → 63. The route default via 192.168.1.1 dev eth0 leads there.",
        "  6  host FORWARD     hook  The policy of FORWARD (filter) is DROP.",
    ]


def test_a_flood_is_a_tree() -> None:
    assert [line[5:18].rstrip() for line in repr(by_hand.flood()).splitlines()[2:]] == [
        "ns1:eth1", "host:veth1", "├ host:brtest", "└ host:veth2", "  ns2:eth1",
    ]  # fmt: skip


def test_branches_within_branches() -> None:
    way_ = by_hand.Way().at("a:x", "out").at("b:1", "in").at("b:2", "out", after=1).at("c:1", "in")
    way_.at("c:2", "out").at("c:3", "out", after=3).at("d:1", "in").at("b:3", "out", after=1)
    assert [branch.indent + branch.hop.where for branch in tree(way_.hops)] == [
        "a:x", "b:1", "├ b:2", "│ c:1", "│ ├ c:2", "│ └ c:3", "│   d:1", "└ b:3",
    ]  # fmt: skip


def test_a_journey_is_a_table_and_a_line_within_a_list() -> None:
    first, second = by_hand.ping()
    assert pretty(first) == repr(first)
    assert pretty([first, second]).splitlines() == [f"[{head(first)},", f" {head(second)}]"]


@pytest.mark.parametrize("journey", EVERY, ids=lambda journey: journey.end)
def test_every_hop_has_a_row_and_hooks_have_a_ground_of_their_own(journey: Journey) -> None:
    page = hops_html(journey)
    assert page.count("<tr>") == len(journey.hops) + 1 == len(repr(journey).splitlines()) - 1
    hooks = [hop for hop in journey.hops if hop.interface is None]
    assert page.count("background") == 5 * len(hooks)
    assert page.count("text-align:left") == 5 * (len(journey.hops) + 1)


def test_html_is_escaped_and_indented() -> None:
    journey = by_hand.Way().at("<b>:eth0", "out", "a & b").journey(1, "UDP", "1 → 2", "<i>", "lost")
    page = hops_html(journey) + overview([journey])._repr_html_()
    assert "<b>:eth0" not in page
    assert {"&lt;b&gt;:eth0", "a &amp; b", "UDP &lt;i&gt;"} <= set(re.findall(r">([^<>]+)<", page))


def test_texts_do_not_depend_on_times_and_bytes() -> None:
    later = [replace(hop, time=7.0, recorded=None) for hop in by_hand.published().hops]
    again = replace(by_hand.published(), hops=tuple(later), source_port=41111)
    assert repr(again) == repr(by_hand.published())
    assert hops_html(again) == hops_html(by_hand.published())


def test_comments_tell_hooks_at_the_next_interface_and_the_end_at_the_last() -> None:
    journey = by_hand.published()
    frames = [hop.recorded for hop in journey.hops if hop.recorded]
    told = comments([journey], frames)
    assert [sentences[0].split(":")[0] for sentences in told.values()] == [
        f"journey 3, hop {number} of 9" for number in (1, 6, 7, 8)
    ]
    assert told[1][1] == "host PREROUTING: changed: destination 192.168.1.7:8080 → 172.17.0.2:80"
    assert told[3][1:] == [
        "web INPUT: The policy of INPUT (filter) is ACCEPT.", "end: delivered to 172.17.0.2 port 80 in web",
    ]  # fmt: skip


def test_a_drop_is_told_at_the_last_frame_before_it() -> None:
    journey = by_hand.dropped()
    last = comments([journey], [hop.recorded for hop in journey.hops if hop.recorded])[2]
    assert last[-2:] == [
        "host FORWARD: The policy of FORWARD (filter) is DROP.", "end: dropped in host by FORWARD: policy DROP",
    ]  # fmt: skip


def test_nothing_that_was_decided_is_left_out_of_the_comments() -> None:
    frames = [hop.recorded for journey in EVERY for hop in journey.hops if hop.recorded]
    text = "\n".join(line for lines in comments(EVERY, frames[::-1]).values() for line in lines)
    framed = [journey for journey in EVERY if any(hop.recorded for hop in journey.hops)]
    decided = [hop.decided for journey in framed for hop in journey.hops if hop.decided]
    assert decided
    assert all(sentence in text for sentence in decided)
    assert comments([by_hand.unsent()], frames) == {}


def test_housekeeping_comes_last_in_the_numbers_and_not_in_the_list() -> None:
    arp = bytes.fromhex("ffffffffffff0242ac110101080600010800060400010242ac110101ac110101000000000000ac110102")
    solicitation = bytes.fromhex(  # ICMPv6 router solicitation (RFC 4861, 4.1)
        "3333000000020242ac11010186dd"
        "6000000000083aff"
        "fe80000000000000004200000000acff"
        "ff020000000000000000000000000002"
        "8500000000000000"
    )
    frames = [Frame(at, "ns1", "eth1", "out", data, len(data)) for at, data in enumerate([solicitation, arp])]
    first, second = journeys(Seen(tuple(frames)))
    assert (first.protocol, first.housekeeping, first.number) == ("ICMPv6", True, 2)
    assert (second.protocol, second.housekeeping, second.number) == ("ARP", False, 1)


def test_a_kernel_that_makes_sure_of_a_neighbour_is_housekeeping() -> None:
    ask = "0242ac1101010242ac110102080600010800060400010242ac110102ac110102000000000000ac110101"
    answer = "0242ac1101020242ac110101080600010800060400020242ac110101ac1101010242ac110102ac110102"
    everyone = "ffffffffffff0242ac110102080600010800060400010242ac110102ac110102000000000000ac110103"
    frames = [
        Frame(at, "ns1", "eth1", way, bytes.fromhex(data), len(data) // 2)
        for at, (way, data) in enumerate([("in", ask), ("out", answer), ("in", everyone)])
    ]
    told = journeys(Seen(tuple(frames)))
    assert [(each.housekeeping, each.number, each.answers) for each in told] == [
        (True, 2, None),
        (True, 3, 2),
        (False, 1, None),
    ]
