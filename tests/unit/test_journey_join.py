"""Joining recorded frames and netfilter's events to journeys, in a world where the truth is known."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netkit.journey.joining.join import join
from netkit.model import Frame, Snapshot
from tests.unit.journeys.packets import ICMP, TCP, UDP, Packet, arp, echo, ethernet, parsed, tcp, udp
from tests.unit.journeys.texts import told
from tests.unit.journeys.topologies import OUTSIDE, containers, overlay, with_outside
from tests.unit.journeys.traffic import mixed
from tests.unit.journeys.truth import Truth
from tests.unit.journeys.world import World

if TYPE_CHECKING:
    from netkit.journey.values import Seen

ONE, TWO = "172.17.0.2", "172.17.0.3"


def recorded(seed: int, packets: int, *, loss: int = 0, drops: int = 0, translating: bool = True) -> Truth:
    """Mixed traffic of containers, their host and another machine; with reports of netfilter where it drops."""
    world = World(seed, processors=3, loss=loss, drops=drops)
    with_outside(world, translating=translating)
    world.spaces["host"].traced = bool(drops)
    mixed(world, packets)
    return Truth(world)


class TestTheTruth:
    @pytest.mark.parametrize("packets", [2_000, pytest.param(20_000, marks=pytest.mark.long)])
    def test_of_mixed_packets(self, packets: int) -> None:
        truth = recorded(1, packets, loss=40)
        assert truth.faults(join(truth.seen))[:5] == []

    def test_of_netfilters_events(self) -> None:
        truth = recorded(2, 1_500, loss=20, drops=20)
        assert len(truth.seen.events) > 2_000
        assert truth.faults(join(truth.seen))[:5] == []

    @settings(max_examples=10, deadline=None)
    @example(seed=10_302, packets=6, loss=5, drops=30, translating=True)
    @given(
        seed=st.integers(0, 1 << 30),
        packets=st.integers(1, 150),
        loss=st.sampled_from((0, 5, 50)),
        drops=st.sampled_from((0, 2, 30)),
        translating=st.booleans(),
    )
    def test_of_any_mix(self, seed: int, packets: int, loss: int, drops: int, *, translating: bool) -> None:
        truth = recorded(seed, packets, loss=loss, drops=drops, translating=translating)
        assert truth.faults(join(truth.seen))[:5] == []

    @settings(max_examples=10, deadline=None)
    @example(seed=5198, loss_and_mtu=(0, 1500), numbers=True)
    @example(seed=5198, loss_and_mtu=(0, 1500), numbers=False)
    @given(
        seed=st.integers(0, 1 << 30),
        loss_and_mtu=st.sampled_from(((0, 1500), (10, 1500), (0, 600))),
        numbers=st.booleans(),
    )
    def test_of_an_overlay(self, seed: int, loss_and_mtu: tuple[int, int], *, numbers: bool) -> None:
        """Also where the outer packets are fragments; without the first of them, nobody can tell what they carry.

        Netfilter reports the outer packet's headers alone: where nothing numbers them, those of different packets are
        equal, and only their order tells. So one processor handles these; what two of them report at once, of equal
        packets, nobody can tell apart. Frames, which show what is carried, come from two processors all the same.
        """
        loss, mtu = loss_and_mtu
        world = World(seed, processors=2 if numbers or loss else 1, loss=loss)
        overlay(world)
        for number in (1, 2):
            world.spaces[f"h{number}"].cards["eth0"].mtu = mtu
            world.spaces[f"h{number}"].cards["vx"].numbers = numbers
            world.spaces[f"h{number}"].traced = not loss
        for count in range(40):
            me = world.random.choice((1, 2))
            payload = bytes(world.random.choice((0, 8, 1400)))
            sequence, ident = world.random.randrange(3), world.random.choice((0, count))
            packet = Packet(f"10.42.0.{me}", f"10.42.0.{3 - me}", ICMP, echo(8, 1, sequence, payload), ident)
            world.send(f"h{me}-c", packet, count * 3_000)
        truth = Truth(world)
        assert truth.faults(join(truth.seen))[:5] == []


class TestTheOrder:
    def test_is_the_same_each_time(self) -> None:
        seen = recorded(3, 200, loss=20, drops=20).seen
        assert join(seen) == join(seen)

    def test_is_that_of_first_sight(self) -> None:
        seen = recorded(4, 200, loss=20).seen
        places = {id(frame): place for place, frame in enumerate(seen.frames)}
        firsts = [places[id(next(step.frame for step in journey if step.frame))] for journey in join(seen)]
        assert firsts == sorted(firsts)

    @settings(max_examples=10, deadline=None)
    @given(st.integers(0, 1 << 30), st.randoms(use_true_random=False))
    def test_and_the_rest_do_not_depend_on_other_frames(self, seed: int, random: object) -> None:
        seen = recorded(seed, 60, loss=10, drops=10).seen
        noise = [Frame(frame.time, "elsewhere", "eth9", "in", frame.data, frame.length) for frame in seen.frames]
        mixture: list[Frame] = []
        for frame, other in zip(seen.frames, noise, strict=True):
            mixture += random.sample([frame, other], 2)
        journeys = join(dataclasses.replace(seen, frames=tuple(mixture)))
        assert [journey for journey in journeys if journey[0].namespace != "elsewhere"] == join(seen)


def _segment(frame: Frame, at: int) -> Frame:
    """A part of a frame's TCP payload of 600 bytes, as a frame of its own."""
    whole = parsed(frame.data[14:])
    number = int.from_bytes(whole.data[4:8]) + at
    data = whole.data[:4] + number.to_bytes(4) + whole.data[8:20] + bytes(200)
    cut = frame.data[:14] + (part := dataclasses.replace(whole, data=data)).header + part.data
    return dataclasses.replace(frame, data=cut, length=len(cut))


def seen_of(world: World) -> Seen:
    return Truth(world).seen


@pytest.fixture
def world() -> World:
    built = World(7, processors=1)
    with_outside(built)
    return built


class TestTheSteps:
    def test_of_a_flood(self, world: World) -> None:
        world.say("host-c2", "eth0", arp(world.spaces["host-c2"].cards["eth0"].mac, ONE, "172.17.0.99"))
        assert sorted(told(*join(seen_of(world)))) == sorted(
            [
                *["host-c2:eth0 out", "0 → host:v2 in", "1 → host:v3 out", "2 → host-c3:eth0 in"],
                *["1 → host:v4 out", "4 → host-c4:eth0 in", "1 → host:br0 in"],
            ]
        )

    def test_through_a_router(self, world: World) -> None:
        world.send("host-c2", Packet(ONE, OUTSIDE, UDP, udp(1, 2), 5))
        assert told(*join(seen_of(world))) == [
            *["host-c2 routing", "0 → host-c2:eth0 out", "1 → host:v2 in", "2 → host:br0 in"],
            *["3 → host routing", "4 → host:cable out", "5 → out:eth0 in", "6 → out routing"],
        ]

    def test_of_fragments_that_a_router_puts_together(self, world: World) -> None:
        world.send("host-c2", Packet(ONE, OUTSIDE, UDP, udp(1, 2, bytes(2000)), 5))
        assert told(*join(seen_of(world))) == [
            *["host-c2 routing", "0 → host-c2:eth0 out", "1 → host:v2 in", "2 → host:br0 in"],
            *["0 → host-c2:eth0 out", "4 → host:v2 in", "5 → host:br0 in", "6 → host routing"],
            *["7 → host:cable out", "8 → out:eth0 in", "7 → host:cable out", "10 → out:eth0 in", "11 → out routing"],
        ]

    def test_of_a_router_that_fragments(self, world: World) -> None:
        world.spaces["host"].cards["cable"].mtu = 600
        world.send("host-c2", Packet(ONE, OUTSIDE, UDP, udp(1, 2, bytes(1000)), 5))
        steps = told(*join(seen_of(world)))
        assert steps[5:] == [
            *["4 → host:cable out", "5 → out:eth0 in", "4 → host:cable out", "7 → out:eth0 in"],
            "8 → out routing",
        ]

    def test_over_loopback_keep_the_decision(self, world: World) -> None:
        world.send("host", Packet("127.0.0.1", "127.0.0.1", ICMP, echo(8, 1, 1)))
        assert told(*join(seen_of(world))) == ["host routing", "0 → host:lo out", "1 → host:lo in"]

    def test_of_a_packet_that_never_made_a_frame(self, world: World) -> None:
        world.spaces["host"].traced = True
        world.drops, world.dropping = 1, "output"
        world.send("host", Packet("172.17.0.1", ONE, ICMP, echo(8, 1, 1)))
        assert told(*join(seen_of(world))) == ["host routing", "0 → host output: drop"]

    def test_of_one_that_a_rule_drops(self, world: World) -> None:
        world.spaces["host"].traced = True
        world.drops = 1
        world.send("host-c2", Packet(ONE, OUTSIDE, ICMP, echo(8, 1, 1)))
        (journey,) = join(seen_of(world))
        assert told(journey)[3:] == [
            *["2 → host:br0 in", "3 → host prerouting: accept", "4 → host routing", "5 → host forward: drop"]
        ]
        assert [event.table for event in journey[-1].events] == ["raw", "filter"]

    def test_of_frames_that_are_cut(self, world: World) -> None:
        for payload in (b"a" * 100, b"b" * 200):
            world.send("host-c2", Packet(ONE, TWO, UDP, udp(1, 2, payload)))
        seen = seen_of(world)
        cut = tuple(dataclasses.replace(frame, data=frame.data[:64]) for frame in seen.frames)
        assert [len(journey) for journey in join(dataclasses.replace(seen, frames=cut))] == [6, 6]

    def test_of_a_large_packet_that_is_cut_into_segments(self, world: World) -> None:
        """Netfilter sees it whole."""
        world.spaces["host"].traced = True
        world.send("host-c2", Packet(ONE, OUTSIDE, TCP, tcp(7, 80, 1000, bytes(600)), 1))
        seen = seen_of(world)
        frames: list[Frame] = []
        for frame in seen.frames:
            cuts = frame.namespace == "out" or frame.interface == "cable"
            frames += [_segment(frame, at) for at in (0, 200, 400)] if cuts else [frame]
        frames = [dataclasses.replace(frame, length=frame.length + 1400) for frame in frames[:4]] + frames[4:]
        (journey,) = join(dataclasses.replace(seen, frames=tuple(frames)))
        steps = told(journey)
        assert steps[4:8] == [
            *["3 → host prerouting: accept", "4 → host routing"],
            *["5 → host forward: accept", "6 → host postrouting: accept"],
        ]
        assert sorted(steps[8:11]) == ["7 → host:cable out"] * 3
        assert sorted(step.split(" → ")[1] for step in steps[11:]) == [*["out routing"] * 3, *["out:eth0 in"] * 3]

    def test_where_no_snapshot_knows_the_interfaces(self) -> None:
        data = ethernet(bytes(6), bytes(6), Packet(ONE, TWO, UDP, udp(1, 2)))
        frames = (Frame(1, "a", "e0", "out", data, len(data)), Frame(2, "b", "e0", "in", data, len(data)))
        seen = dataclasses.replace(seen_of(World(1)), frames=frames, before=Snapshot(), after=Snapshot())
        assert [told(journey) for journey in join(seen)] == [["a routing", "0 → a:e0 out", "1 → b:e0 in"]]


def test_two_bridges_in_two_namespaces() -> None:
    world = World(9, processors=1)
    containers(world, "left", 2, 17)
    containers(world, "right", 2, 18)
    for name, own in (("left-c2", "172.17.0.2"), ("right-c2", "172.18.0.2")):
        world.say(name, "eth0", arp(world.spaces[name].cards["eth0"].mac, own, "10.0.0.1"))
    truth = Truth(world)
    assert truth.faults(join(truth.seen)) == []
