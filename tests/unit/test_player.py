"""The player of journeys without a notebook: filters, pages, and what its controls do."""

from __future__ import annotations

import re
from dataclasses import replace
from time import process_time

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import ARP, Ether

from netkit.errors import InvalidValue, NetkitError, NotFound
from netkit.journey.shown.table import Journey
from netkit.journey.values import Hop
from netkit.model import Frame, Interface, Namespace, Snapshot
from netkit.netfilter import TraceEvent
from netkit.widgets import anatomy, pages
from netkit.widgets.choosing import Choice, addresses, protocols
from netkit.widgets.player import Player, player

SNAPSHOT = Snapshot(
    {
        "host": Namespace("host", {"veth1": Interface("veth1", "veth", up=True, peer=("ns1", "eth0"))}),
        "ns1": Namespace("ns1", {"eth0": Interface("eth0", "veth", up=True, peer=("host", "veth1"))}),
    }
)
ETHER = Ether(src="02:42:ac:11:00:02", dst="02:42:ac:11:00:03")
PING = IP(src="172.17.0.2", dst="172.17.0.3", ttl=64) / ICMP(id=1, seq=1) / b"0123456789"
DROP = TraceEvent(
    "host", 1, "ip", "filter", "FORWARD", "forward", 0, "rule", "drop", rule="-A FORWARD -s 172.17.0.2 -j DROP"
)


def frame(packet, where=("ns1", "eth0", "out")) -> Frame:
    data = bytes(packet)
    return Frame(0, *where, data, len(data))


def dropped(number: int = 1) -> Journey:
    """A ping that the host forwards in vain."""
    routed = ETHER / IP(src="172.17.0.2", dst="172.17.0.3", ttl=63) / ICMP(id=1, seq=1) / b"0123456789"
    hops = (
        Hop(0, None, "ns1", "eth0", direction="out", time=0.0, recorded=frame(ETHER / PING)),
        Hop(1, 0, "host", "veth1", direction="in", recorded=frame(routed), changed=["TTL 64 → 63"]),
        Hop(2, 1, "host", hook="forward", events=(DROP,), decided="The rule -A FORWARD … drops it."),
    )
    end = "dropped in host by FORWARD"
    return Journey(number, "ICMP", "172.17.0.2", "172.17.0.3", what="echo request seq 1", hops=hops, end=end)


def short(number: int, protocol: str = "TCP", source: str = "10.0.0.1", target: str = "10.0.0.2") -> Journey:
    hop = Hop(0, None, "ns1", "eth0", direction="out", recorded=frame(ETHER / IP() / TCP()))
    return Journey(number, protocol, source, target, what=f"no {number}", hops=(hop,), delivered=True, end="delivered")


ARP_FIRST = Journey(7, "ARP", "172.17.0.2", "172.17.0.3", hops=(Hop(0, None, "ns1", "eth0", direction="out"),))
JOURNEYS = [ARP_FIRST, dropped(8), short(9), short(11, source="fd00::1", target="fd00::2")]


@pytest.fixture
def playing() -> Player:
    return player(JOURNEYS, SNAPSHOT)


def told(playing: Player) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"</?span[^>]*>", "", playing._panel.told.value))


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (Choice(), [7, 8, 9, 11]),
        (Choice(protocol="ICMP"), [8]),
        (Choice(address="172.17."), [7, 8]),
        (Choice(address="172.17.0.0/24"), [7, 8]),
        (Choice(address="fd00::/64"), [11]),
        (Choice(address="172.17.0.0/"), []),
        (Choice(text="FORWARD dropped"), [8]),
        (Choice(text="ttl"), [8]),
        (Choice(protocol="TCP", text="ns1:eth0"), [9, 11]),
    ],
)
def test_filters(choice: Choice, numbers: list[int]) -> None:
    assert [journey.number for journey in choice.of(JOURNEYS)] == numbers


def test_a_mac_is_no_address_of_a_network() -> None:
    assert Choice(address="10.0.0.0/8").of([short(1, source="02:42:ac:11:00:02", target="everyone")]) == []


def test_what_the_filters_offer() -> None:
    assert protocols(JOURNEYS) == ["ARP", "ICMP", "TCP"]
    assert addresses(JOURNEYS) == ["10.0.0.1", "10.0.0.2", "172.17.0.2", "172.17.0.3", "fd00::1", "fd00::2"]


def test_a_list_says_how_many_and_stays_short() -> None:
    one = short(1)
    many = [replace(one, number=number) for number in range(1, 2001)]
    page = pages.journey_list(many, 2000, 5, "group")
    assert "2\u202f000 of 2\u202f000 journeys, the first 100 listed" in page
    assert page.count("<label>") == 100
    assert page.count(" checked") == 1
    assert "None of 2\u202f000 journeys" in pages.journey_list([], 2000, 5, "group")
    assert "✗ dropped in host" in pages.journey_list([dropped()], 1, 1, "group")


def test_a_frame_lights_fields_and_bytes_together() -> None:
    page = anatomy.page(frame(ETHER / PING), frame(ETHER / PING))
    row = re.search(r'class="(f\d+)" tabindex="0"><th scope="row">TTL</th><td>64</td>', page)
    assert row
    lit = re.findall(rf'<span class="[^"]*\b{row[1]}\b[^"]*">([^<]*)</span>', page)
    assert lit == ["40", "@"], "one byte in hexadecimal and as a letter"
    assert f".netkit-frame:has(.{row[1]}:is(:hover,:focus)) .{row[1]}" in page
    version = re.search(r'class="l\d+ (f\d+) (f\d+)">45<', page)
    assert version, "a byte of two fields lights both"
    assert "was" not in re.sub(r"<[^>]+>", "", page)


def test_a_frame_tells_what_differs() -> None:
    before, after = dropped().hops[0].recorded, dropped().hops[1].recorded
    page = anatomy.page(after, before)
    assert '<td>63 <em class="netkit-was">was 64</em></td>' in page
    assert page.count("netkit-differs") == 2, "TTL and checksum"


def test_letters_that_mean_something_in_html_are_shown() -> None:
    page = anatomy.page(frame(ETHER / IP() / TCP() / b"<script>&"))
    assert "<script" not in page
    assert "&lt;</span>" in page


def test_of_a_long_frame_the_first_bytes_are_shown() -> None:
    page = anatomy.page(frame(ETHER / IP() / TCP() / bytes(1400)))
    assert "942 more bytes." in page
    assert page.count("<i>") == 32


def test_it_begins_with_the_first_journey_that_is_not_arp(playing: Player) -> None:
    assert (playing.journey.number, playing.position) == (8, 0)
    assert "8. ICMP echo request seq 1: 172.17.0.2 → 172.17.0.3: dropped in host by FORWARD" in told(playing)


def test_steps(playing: Player) -> None:
    controls = playing._panel
    controls.steps["step"].click()
    assert "Hop 1 of 3: ns1:eth0, out, 0.000 ms after the first frame" in told(playing)
    controls.steps["step"].click()
    assert "Changed: TTL 64 → 63" in told(playing)
    controls.steps["last"].click()
    assert "Hop 3 of 3: host FORWARD, a hook" in told(playing)
    assert "-A FORWARD -s 172.17.0.2 -j DROP" in told(playing)
    assert "The end: dropped in host by FORWARD." in told(playing)
    assert "hooks record no frame; this is the one nearest before" in controls.frame.value
    controls.steps["step"].click()
    assert playing.position == 3, "there is nothing behind the end"
    controls.steps["back"].click()
    assert playing.position == 2
    controls.steps["first"].click()
    assert playing.position == 0
    controls.steps["back"].click()
    assert playing.position == 0


def test_the_picture_lights_the_hop(playing: Player) -> None:
    over = {playing._panel.over.value}
    for position in (1, 2, 3):
        playing.go(position)
        over.add(playing._panel.over.value)
        assert f".hop-{position}{{" in playing._panel.current.value
    assert len(over) == 4


def test_choosing_and_filtering(playing: Player) -> None:
    controls = playing._panel
    playing.go(2)
    controls.protocol.value = "TCP"
    assert "2 of 4 journeys." in controls.journeys.value
    assert playing.journey.number == 8, "a filter leaves alone what is played"
    controls.next.click()
    assert (playing.journey.number, playing.position) == (9, 0)
    controls.next.click()
    controls.next.click()
    assert playing.journey.number == 11
    controls.previous.click()
    assert playing.journey.number == 9
    controls.text.value = "nothing has this"
    controls.next.click()
    assert playing.journey.number == 9
    controls.number.value = 8
    assert playing.journey.number == controls.picked.value == 8
    controls.number.value = 10
    assert playing.journey.number == 8, "there is no journey 10"


def test_picking_keeps_the_list_and_with_it_the_focus(playing: Player) -> None:
    before = playing._panel.journeys.value
    playing._panel.picked.value = 9
    assert (playing.journey.number, playing._panel.number.value) == (9, 9)
    assert playing._panel.journeys.value == before


def test_a_click_in_the_list_of_hops(playing: Player) -> None:
    playing._panel.jump.value = 3
    assert playing.position == 3
    playing._panel.jump.value = 99
    assert playing.position == 3
    playing.choose(9)
    assert playing._panel.jump.value == 0


def test_its_words_are_stable(playing: Player) -> None:
    text = repr(playing)
    playing.go(2)
    playing.choose(9)
    assert repr(playing) == text
    assert text.startswith("Player of journeys; at first:\n8. ICMP echo request seq 1")


def test_a_journey_without_a_frame() -> None:
    hop = Hop(0, None, "host", hook="output", events=(DROP,), decided="The policy drops it.")
    only = Journey(1, "ICMP", "172.17.0.1", "172.17.0.2", hops=(hop,), end="dropped in host by OUTPUT")
    playing = player([only], SNAPSHOT)
    playing.go(1)
    assert "No frame of this packet was recorded" in playing._panel.frame.value


def test_a_reply_is_compared_with_what_came_before_on_its_own_branch() -> None:
    flood = ETHER / ARP(op=1, psrc="172.17.0.2", pdst="172.17.0.3")
    tagged = ETHER / ARP(op=2, psrc="172.17.0.2", pdst="172.17.0.3")
    hops = (
        Hop(0, None, "ns1", "eth0", direction="out", recorded=frame(flood)),
        Hop(1, 0, "host", "veth1", direction="out", recorded=frame(tagged)),
        Hop(2, 0, "host", "veth1", direction="out", recorded=frame(flood)),
    )
    playing = player([Journey(1, "ARP", "172.17.0.2", "everyone", hops=hops)], SNAPSHOT)
    playing.go(3)
    assert "netkit-differs" not in playing._panel.frame.value


@pytest.mark.parametrize("wrong", [5, "8", True, None, [7]])
def test_journeys_that_are_not_there(playing: Player, wrong: object) -> None:
    with pytest.raises(NetkitError, match=r"there is no journey|is not the number of a journey"):
        playing.choose(wrong)
    if wrong is not None:
        with pytest.raises(NotFound, match="there are 4: 7, 8, 9, 11"):
            player(JOURNEYS, SNAPSHOT, wrong)


@pytest.mark.parametrize("wrong", [-1, 4, "1", True, 1.0])
def test_hops_that_are_not_there(playing: Player, wrong: object) -> None:
    with pytest.raises(InvalidValue, match="hops 1 to 3; 0 is all of it"):
        playing.go(wrong)


def test_nothing_to_play() -> None:
    with pytest.raises(NotFound, match="no packet was seen"):
        player([], SNAPSHOT)


def test_thousands_of_journeys_are_quick() -> None:
    one = dropped()
    playing = player([replace(one, number=number) for number in range(1, 2001)], SNAPSHOT)
    began = process_time()
    playing._panel.text.value = "dropped 172.17.0.2"
    assert process_time() - began < 1.0
    began = process_time()
    for position in (1, 2, 3, 2, 1):
        playing.go(position)
    assert process_time() - began < 5 * 0.08, "80 ms a step"
