"""Anybody may put any bytes on a wire: whatever shows frames shows these too, in bounded time and memory."""

from __future__ import annotations

import resource
import time
import tracemalloc
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netkit.journey.joining import keys, parsed
from netkit.journey.values import Seen
from netkit.journeys import Journeys
from netkit.netfilter import HOOKS, TraceEvent
from netkit.packets.dissect import read
from netkit.packets.layers import layers
from netkit.packets.recording import Recorded, Recording
from netkit.packets.scapied import dissected
from netkit.widgets import anatomy
from tests.unit import hostile
from tests.unit.cases import section_4, two_hosts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from netkit.model import Frame, Snapshot

WAY = [("ns1", "eth1", "out"), ("host", "veth1", "in"), ("host", "brtest", "in"), ("host", "veth2", "out"),
       ("ns2", "eth1", "in")]  # fmt: skip
TUNNEL = [("a1", "eth0", "out"), ("hostA", "veth1", "in"), ("hostA", "vxlan42", "out"), ("hostA", "eth0", "out"),
          ("hostB", "eth0", "in"), ("hostB", "vxlan42", "in"), ("b1", "eth0", "in")]  # fmt: skip
PORTS = frozenset({4789, 8472, 5000})


def random() -> Random:
    return Random(20)  # noqa: S311 - what is wanted is the same in each run


def most_memory() -> int:
    """Megabytes that this process has taken at most so far (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def read_in_every_way(data: bytes, link: str) -> None:
    assert read(data, link, tunnels=PORTS).what
    assert sum(layer.stop - layer.start for layer in layers(data, link, PORTS)) == len(data)
    assert parsed.parsed(data, link, PORTS).depth <= 10
    assert keys.read(data, len(data), link, PORTS).payload <= len(data)


def report(data: bytes, random: Random, number: int) -> TraceEvent:
    """What netfilter might say of a frame: the IP header, and 20 bytes behind it."""
    verdict = random.choice(["accept", "drop", "continue"])
    network, transport = data[14:34], data[34:54]
    return TraceEvent("host", number, "ip", "filter", "FORWARD", random.choice(HOOKS), 0, "rule", verdict,
                      "-A FORWARD -j DNAT --to-destination 10.0.0.9:80", iif="veth1", oif="veth2",
                      network=network, transport=transport, time=number * 1000)  # fmt: skip


def xray(frames: list[bytes], random: Random, way: list[tuple[str, str, str]], snapshot: Snapshot) -> Seen:
    """These frames, each seen at some places of a network, and reported by netfilter."""
    seen: list[Frame] = []
    events = []
    for number, data in enumerate(frames):
        for place in way:
            if random.random() < 0.8:
                seen.append(hostile.seen_at(data, len(seen), *place))
        events.append(report(data, random, number))
    return Seen(tuple(seen), tuple(events), snapshot, snapshot)


def look_at_all(seen: Seen, path: Path | None = None) -> None:
    """Ask everything that one can ask of an x-ray."""
    x = Journeys(seen)
    assert repr(x)
    assert x._repr_html_()
    assert repr(x.find("icmp"))
    assert all(repr(journey) and journey._repr_html_() for journey in x.everything)
    recording = Recording(Recorded(seen.frames, {"ns1": ("eth1",)}))
    assert repr(recording)
    assert recording._repr_html_()
    assert recording.filter("icmp or arp or vxlan") is not recording
    if path is not None:
        assert x.save(path / "x.pcapng").stat().st_size


@settings(max_examples=120, deadline=None)
@given(st.randoms(), st.sampled_from(["ethernet", "ip"]))
def test_every_reader_reads_any_frame(random: Random, link: str) -> None:
    read_in_every_way(hostile.mutated(random), link)


@settings(max_examples=20, deadline=None)
@given(st.randoms())
def test_scapy_gets_any_frame(random: Random) -> None:
    data = hostile.mutated(random)
    packet = dissected(hostile.seen_at(data, 1, "ns1", "eth1", "in"), PORTS)
    assert packet.sniffed_on == "ns1:eth1"
    assert packet.summary()


@settings(max_examples=4, deadline=None)
@given(st.randoms(use_true_random=False))
def test_an_xray_shows_any_frames(tmp_path_factory: pytest.TempPathFactory, random: Random) -> None:
    frames = [hostile.mutated(random) for _ in range(12)]
    look_at_all(xray(frames, random, WAY, section_4()), tmp_path_factory.mktemp("saved"))
    look_at_all(xray(frames, random, TUNNEL, two_hosts()))


@pytest.mark.parametrize("wrap", hostile.WRAPS, ids=lambda wrap: wrap.__name__)
def test_what_is_nested_very_deep_is_read_as_far_as_makes_sense(wrap: object) -> None:
    data = hostile.nested(wrap)
    began = time.process_time()
    tracemalloc.start()
    try:
        read_in_every_way(data, "ethernet")
        assert dissected(hostile.seen_at(data, 1, "ns1", "eth1", "in")).summary()
        page = anatomy.page(hostile.seen_at(data, 1, "ns1", "eth1", "in"))
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 2
    assert used < 64 << 20
    assert len(page) < 2 << 20
    look_at_all(xray([data] * 3, random(), WAY, section_4()))


def test_one_hostile_frame_among_others_hides_none_of_them() -> None:
    ping = bytes(hostile.FRAMES["echo"])
    runt = hostile.MACS + b"\x08\x06\0\1\x08\0\6\4\0\1" + b"\7" * 11
    seen = xray([ping, runt, ping], random(), WAY, section_4())
    whats = [journey.what for journey in Journeys(seen).everything]
    assert "echo request seq 3" in whats
    assert "ARP, cut short" in whats


@pytest.mark.parametrize("data", [
    hostile.MACS + b"\x08\0\x40" + bytes(60),                        # a header of no length
    hostile.MACS + b"\x08\0\x45\0\0\5" + bytes(60),                  # shorter than its own header
    hostile.MACS + b"\x08\0\x45\0\xff\xff\0\1\x3f\xff" + bytes(60),  # a fragment that ends beyond 64 kB
    hostile.MACS + b"\x86\xdd\x60\0\0\0\0\x20\x2c" + bytes(40) + b"\0\0\xff\xff" + bytes(20),
], ids=["zero", "short", "beyond", "beyond, IPv6"])  # fmt: skip
def test_lengths_that_cannot_be(data: bytes) -> None:
    read_in_every_way(data, "ethernet")
    look_at_all(xray([data] * 2, random(), WAY, section_4()))


def test_pictures_and_player_of_hostile_frames() -> None:
    frames = [
        hostile.nested(hostile.in_vxlan, most=3000),
        hostile.MACS + b"\x08\x06",
        *(hostile.mutated(random()) for _ in range(1)),
    ]
    x = Journeys(xray(frames, random(), WAY, section_4()))
    assert "</svg>" in x.ladder().svg
    assert "</svg>" in x.path(1).svg
    player = x.player(everything=True)
    for journey in x.everything:
        player.choose(journey.number)
        for hop in range(len(journey.hops) + 1):
            player.go(hop)
    assert player.position == len(player.journey.hops)


@pytest.mark.long
def test_a_million_frames(record_property: Callable[[str, object], None]) -> None:
    chance, began, before, slowest = random(), time.process_time(), most_memory(), 0.0
    for number in range(1_000_000):
        data = hostile.mutated(chance)
        started = time.process_time()
        read_in_every_way(data, chance.choice(["ethernet", "ethernet", "ip"]))
        slowest = max(slowest, time.process_time() - started)
        if number % 20 == 0:
            assert dissected(hostile.seen_at(data, 1, "ns1", "eth1", "in"), PORTS).summary()
    record_property("frames: seconds of the processor, of the slowest, megabytes more",
                    (time.process_time() - began, slowest, most_memory() - before))  # fmt: skip
    assert slowest < 1
    assert most_memory() - before < 64


@pytest.mark.long
def test_twenty_thousand_frames_in_every_view(record_property: Callable[[str, object], None]) -> None:
    chance, began, before, slowest = random(), time.process_time(), most_memory(), 0.0
    for _ in range(500):
        frames = [hostile.mutated(chance) for _ in range(40)]
        for way, snapshot in ((WAY, section_4()), (TUNNEL, two_hosts())):
            started = time.process_time()
            look_at_all(xray(frames, chance, way, snapshot))
            slowest = max(slowest, time.process_time() - started)
    record_property("views: seconds of the processor, of the slowest, megabytes more",
                    (time.process_time() - began, slowest, most_memory() - before))  # fmt: skip
    assert slowest < 20
    assert most_memory() - before < 256
