"""Tables of frames, selections, scapy packets and files."""

from __future__ import annotations

import struct
from itertools import permutations
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_RS, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.utils import PcapNgReader

from netkit.errors import CaptureFailed, InvalidValue, NotFound, UnknownName
from netkit.model import Frame
from netkit.packets.recording import Recorded, Recording

if TYPE_CHECKING:
    from pathlib import Path

MAC1, MAC2 = "02:42:0a:00:00:01", "02:42:0a:00:00:02"
ASK = bytes(Ether(src=MAC1, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=MAC1, psrc="10.0.0.1", pdst="10.0.0.2"))
ANSWER = bytes(Ether(src=MAC2, dst=MAC1) / ARP(op=2, hwsrc=MAC2, psrc="10.0.0.2", pdst="10.0.0.1"))
PING = bytes(Ether(src=MAC1, dst=MAC2) / IP(src="10.0.0.1", dst="10.0.0.2", id=1) / ICMP(seq=1))
UDP_OUT = bytes(Ether(src=MAC1, dst=MAC2) / IP(src="10.0.0.1", dst="10.0.0.2", id=2) / UDP(sport=40000, dport=9))
ROUTERS = bytes(Ether(src=MAC1, dst="33:33:00:00:00:02") / IPv6(src="fe80::1", dst="ff02::2") / ICMPv6ND_RS())
PLACES = {"ns1": ("lo", "eth1"), "host": ("lo", "veth1", "veth2"), "ns2": ("lo", "eth1")}
SECOND = 1_700_000_000_000_000_000


def hop(where: str, way: str, data: bytes, time: int = 0) -> Frame:
    namespace, interface = where.split(":")
    return Frame(SECOND + time, namespace, interface, way, data, len(data))


def recording(*frames: Frame, lost: int = 0) -> Recording:
    return Recording(Recorded(frames, PLACES, {}, lost))


OVER_THE_BRIDGE = [
    hop("ns1:eth1", "out", ASK, 1),
    hop("host:veth1", "in", ASK, 2),
    hop("host:veth2", "out", ASK, 3),
    hop("ns2:eth1", "in", ASK, 4),
    hop("ns2:eth1", "out", ANSWER, 5),
    hop("host:veth2", "in", ANSWER, 6),
    hop("host:veth1", "out", ANSWER, 7),
    hop("ns1:eth1", "in", ANSWER, 8),
]
TABLE = """\
no  where       way  source → destination  what
 1  ns1:eth1    out  10.0.0.1 → everyone   ARP who has 10.0.0.2? tell 10.0.0.1
    host:veth1  in   10.0.0.1 → everyone   ARP who has 10.0.0.2? tell 10.0.0.1
    host:veth2  out  10.0.0.1 → everyone   ARP who has 10.0.0.2? tell 10.0.0.1
    ns2:eth1    in   10.0.0.1 → everyone   ARP who has 10.0.0.2? tell 10.0.0.1
 2  ns2:eth1    out  10.0.0.2 → 10.0.0.1   ARP 10.0.0.2 is at 02:42:0a:00:00:02
    host:veth2  in   10.0.0.2 → 10.0.0.1   ARP 10.0.0.2 is at 02:42:0a:00:00:02
    host:veth1  out  10.0.0.2 → 10.0.0.1   ARP 10.0.0.2 is at 02:42:0a:00:00:02
    ns1:eth1    in   10.0.0.2 → 10.0.0.1   ARP 10.0.0.2 is at 02:42:0a:00:00:02
8 frames of 2 packets.
Housekeeping of IPv6 and multicast comes at random moments: recorded, listed by .table(everything=True)."""


def test_the_table() -> None:
    assert repr(recording(*OVER_THE_BRIDGE)) == TABLE


def test_housekeeping_changes_nothing_in_the_table() -> None:
    disturbed = recording(hop("ns1:eth1", "out", ROUTERS), *OVER_THE_BRIDGE, hop("host:veth1", "in", ROUTERS, 9))
    assert repr(disturbed) == TABLE
    assert repr(disturbed.table(everything=True)).count("asks for routers") == 2


def test_packets_that_cross_do_not_mix() -> None:
    """The copy for ns3 arrives when ns2 has answered already."""
    late = hop("ns3:eth1", "in", ASK, 6)
    rows = recording(*OVER_THE_BRIDGE[:5], late, *OVER_THE_BRIDGE[5:]).table().rows
    assert [row.number for row in rows] == [1] * 5 + [2] * 4
    assert rows[4].where == "ns3:eth1"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3)])
def test_a_flood_is_listed_in_one_order(order: tuple[int, ...]) -> None:
    flood = [
        hop("host:veth1", "out", ASK), hop("host:veth2", "out", ASK), hop("ns1:eth1", "in", ASK),
        hop("ns2:eth1", "in", ASK),
    ]  # fmt: skip
    rows = recording(*(flood[number] for number in order)).table().rows
    assert [row.where for row in rows] == ["host:veth1", "host:veth2", "ns1:eth1", "ns2:eth1"]


@pytest.mark.parametrize("copies", list(permutations(("host:br0 in", "host:veth2 out", "host:veth10 out"))))
def test_the_copies_that_a_bridge_makes_are_listed_in_one_order(copies: tuple[str, ...]) -> None:
    places = [place.split() for place in ("ns1:eth1 out", "host:veth1 in", *copies, "ns2:eth1 in")]
    rows = recording(*(hop(where, way, ASK) for where, way in places)).table().rows
    listed = [row.where for row in rows]
    assert listed == ["ns1:eth1", "host:veth1", "host:br0", "host:veth2", "host:veth10", "ns2:eth1"]


def test_the_same_content_again_is_another_packet() -> None:
    rows = recording(*OVER_THE_BRIDGE[:4], *OVER_THE_BRIDGE[:4]).table().rows
    assert [row.number for row in rows] == [1] * 4 + [2] * 4


def test_a_random_port_is_explained() -> None:
    text = repr(recording(hop("ns1:eth1", "out", UDP_OUT)))
    assert "10.0.0.1:* → 10.0.0.2:9" in text
    assert ":* is a port that the kernel chose at random." in text


def test_long_tables_are_cut() -> None:
    many = recording(*(hop("ns1:eth1", "out", PING) for _ in range(100)))
    assert repr(many).count("echo request") == 40
    assert "100 frames of 100 packets; 60 more: .table(rows=None)." in repr(many)
    assert repr(many.table(rows=None)).count("echo request") == 100
    assert repr(many.table(rows=1)).count("echo request") == 1


def test_very_many_frames_are_not_all_read_for_a_table() -> None:
    many = recording(*[hop("ns1:eth1", "out", PING)] * 5001)
    assert "Only the first 5000 of 5001 frames were read" in repr(many)
    assert len(many.table(rows=None).rows) == 5001


@pytest.mark.parametrize(("lost", "sentence"), [(1, "1 frame was lost: "), (12, "12 frames were lost: ")])
def test_losses_are_said(lost: int, sentence: str) -> None:
    assert sentence in repr(recording(lost=lost))
    assert sentence in recording(lost=lost)._repr_html_()
    assert sentence in repr(recording(lost=lost).filter("arp"))


def test_an_empty_recording() -> None:
    empty = recording()
    assert repr(empty).startswith("No frame was listed.")
    assert "lost" not in repr(empty)
    assert (len(empty), bool(empty), list(empty), list(empty.packets)) == (0, True, [], [])


def test_the_table_as_html() -> None:
    page = recording(*OVER_THE_BRIDGE)._repr_html_()
    assert page.count("<tr>") == 9
    assert "<td" in page
    assert "ARP who has 10.0.0.2? tell 10.0.0.1" in page
    hostile = Frame(0, "<b>", "&", "in", PING, len(PING))
    assert "&lt;b&gt;:&amp;" in recording(hostile)._repr_html_()


def test_at_a_place() -> None:
    whole = recording(*OVER_THE_BRIDGE)
    assert [frame.direction for frame in whole.at("ns1", "eth1")] == ["out", "in"]
    assert len(whole.at("host")) == 4
    assert len(whole.at("ns1", "lo")) == 0


def test_at_a_handle() -> None:
    """Anything with a name will do: the handles live on a higher floor."""
    ns1 = SimpleNamespace(name="ns1")
    eth1 = SimpleNamespace(name="eth1", namespace=ns1)
    whole = recording(*OVER_THE_BRIDGE)
    assert whole.at(ns1).frames == whole.at("ns1").frames
    assert whole.at(eth1).frames == whole.at(ns1, eth1).frames == whole.at("ns1", "eth1").frames != ()


def test_filter_by_words_and_by_a_function() -> None:
    whole = recording(*OVER_THE_BRIDGE, hop("ns1:eth1", "out", PING), hop("ns1:eth1", "out", UDP_OUT))
    sizes = [len(whole.filter(wanted)) for wanted in ("arp", "icmp", "ARP or icmp", "icmp udp", "ip", "http")]
    assert sizes == [8, 1, 9, 2, 2, 0]
    assert len(whole.filter(lambda frame: frame.direction == "out")) == 6
    assert len(whole.filter("arp").at("ns1").filter(lambda frame: frame.direction == "in")) == 1


@pytest.mark.parametrize("call", [
    lambda r: r.filter("arp and icmp"), lambda r: r.filter("tpc"), lambda r: r.filter(""), lambda r: r.filter(None),
    lambda r: r.filter("or"), lambda r: r.filter(17), lambda r: r.table(rows=0), lambda r: r.table(rows="ten"),
    lambda r: r.table(rows=True), lambda r: r.save("x.pcapng", {9: "x"}), lambda r: r.save("x.pcapng", {0: 5}),
    lambda r: r.save("x.pcapng", {0: "x" * 70_000}), lambda r: r.save("x.pcapng", "x"),
    lambda r: r.save("x.pcapng", {"0": "x"}),
])  # fmt: skip
def test_bad_values(call: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidValue) as caught:
        call(recording(hop("ns1:eth1", "out", PING)))  # type: ignore[operator]
    assert caught.value.rule
    assert not list(tmp_path.iterdir())


def test_frames_refuse_what_one_of_them_has() -> None:
    frames = recording(hop("ns1:eth1", "out", PING)).frames
    with pytest.raises(UnknownName, match=r"frames has no 'length'.* Try \[0\].length"):
        frames.length  # type: ignore[attr-defined]  # noqa: B018  (reading it is the test)


def test_an_unknown_word_lists_the_known_ones() -> None:
    with pytest.raises(InvalidValue, match=r"'tpc' is no kind of frame.*arp, ip, ipv6, icmp"):
        recording().filter("tpc")


@pytest.mark.parametrize("place", [("ns9",), ("ns1", "eth9"), (None,), ("ns1", 5), ([],), ("ns1", [])])
def test_absent_places(place: tuple) -> None:
    with pytest.raises(NotFound, match="recorded: "):
        recording().at(*place)


def test_scapy_packets_know_where_they_were_seen() -> None:
    packets = recording(hop("ns1:eth1", "out", ASK, 5), hop("ns2:eth1", "in", PING, 7)).packets
    assert [packet.sniffed_on for packet in packets] == ["ns1:eth1", "ns2:eth1"]
    assert [packet.direction for packet in packets] == [2, 1]
    assert (packets[0][ARP].pdst, packets[1][ICMP].seq) == ("10.0.0.2", 1)
    assert int(packets[0].time * 1_000_000_000) == SECOND + 5


def test_a_link_without_ethernet_gives_ip_packets() -> None:
    frames = [
        Frame(0, "ns1", "tun0", "in", bytes(kind), 20, "ip") for kind in (IP(src="10.0.0.1"), IPv6(src="fd00::1"))
    ]
    assert [type(packet) for packet in recording(*frames).packets] == [IP, IPv6]


def test_save_and_read_with_scapy(tmp_path: Path) -> None:
    path = recording(*OVER_THE_BRIDGE).save(tmp_path / "x.pcapng", {1: "by the FDB", 2: ["one", "two"]})
    assert path == tmp_path / "x.pcapng"
    with PcapNgReader(str(path)) as reader:
        packets = list(reader)
    assert [bytes(packet) for packet in packets] == [frame.data for frame in OVER_THE_BRIDGE]
    assert [packet.sniffed_on for packet in packets[:3]] == ["ns1:eth1", "host:veth1", "host:veth2"]
    assert [packet.direction for packet in packets[:3]] == [2, 1, 2]
    assert [round(packet.time * 10**9) - SECOND for packet in packets] == list(range(1, 9))


def test_a_cut_frame_keeps_its_length_in_the_file(tmp_path: Path) -> None:
    cut = Frame(SECOND, "ns1", "eth1", "in", PING[:20], len(PING))
    data = recording(cut).save(tmp_path / "x.pcapng").read_bytes()
    assert struct.pack("<II", 20, len(PING)) + PING[:20] in data


def test_save_replaces_an_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x.pcapng"
    target.write_bytes(b"old" * 1000)
    recording(*OVER_THE_BRIDGE).save(str(target))
    assert b"old" not in target.read_bytes()


@pytest.mark.parametrize("name", ["x.pcap", "x", "missing/x.pcapng", "", "x\0.pcapng", 5])
def test_files_that_cannot_be_written(name: object, tmp_path: Path) -> None:
    path = f"{tmp_path}/{name}" if isinstance(name, str) else name
    with pytest.raises((CaptureFailed, InvalidValue), match=r"sav|path") as caught:
        recording().save(path)  # type: ignore[arg-type]
    assert caught.value.remedy
    assert not list(tmp_path.iterdir())
