"""A claim without evidence cannot be built, and every sentence of a journey is one."""

from __future__ import annotations

import pytest

from netkit.journey import journeys
from netkit.journey.telling.claims import NOTHING, Claim, Counted, Group, Switch, Unfounded, said
from netkit.journey.values import Seen
from netkit.model import Frame, Interface, Namespace, Route, Snapshot
from netkit.netfilter import Loss, Mark, TraceEvent
from tests.evidence import in_record
from tests.unit.journeys.topologies import with_outside
from tests.unit.journeys.traffic import mixed
from tests.unit.journeys.truth import Truth
from tests.unit.journeys.world import World

FRAME = Frame(1, "ns1", "eth0", "out", bytes(14), 14)
ROUTE = Route("default", "10.0.0.1", "eth0")
EVENT = TraceEvent("ns1", 7, "ip", "filter", "OUTPUT", "output", 0, "policy", "drop")


@pytest.mark.parametrize("evidence", [(), ("ns1 has no route",), (FRAME, None), (17,)])
def test_nothing_is_said_without_a_record(evidence: tuple) -> None:
    with pytest.raises(Unfounded):
        Claim("no route to 10.0.0.9 in ns1", evidence)


def test_a_claim_takes_over_the_records_of_others() -> None:
    first = said("The route default leads there", ROUTE)
    both = said(f"{first}; it left", first, FRAME, None, FRAME)
    assert (str(both), both.evidence) == ("The route default leads there; it left", (ROUTE, FRAME))


def test_nothing_needs_no_record() -> None:
    assert not NOTHING
    assert said("") == NOTHING


def test_the_words_of_another_claim_are_no_record_of_their_own() -> None:
    with pytest.raises(Unfounded):
        said("it was dropped", NOTHING, None)


SPACE = Namespace("ns1", {"eth0": Interface("eth0", "veth")}, (ROUTE,), sysctls={"net.ipv4.ip_forward": "0"})
SEEN = Seen(
    (FRAME,),
    (EVENT,),
    Snapshot({"ns1": SPACE}),
    Snapshot({"ns1": SPACE}),
    marks=(Mark("ns1", 9, "input", "eth0", b"", b"", 0),),
    counted={"ns1": {"UdpNoPorts": 2}},
    losses=(Loss("ns1", "eth0", "tbf", 3),),
    members={"ns1": (("eth0", "239.1.1.1"),)},
)


@pytest.mark.parametrize(
    "record",
    [FRAME, ROUTE, EVENT, SEEN.marks[0], SPACE, SPACE.interfaces["eth0"], SEEN.before, SEEN.losses[0],
     Counted("ns1", "UdpNoPorts", 2), Group("ns1", "eth0", "239.1.1.1"), Switch("ns1", "net.ipv4.ip_forward", "0")],
    ids=lambda record: type(record).__name__,
)  # fmt: skip
def test_a_record_is_found_again(record: object) -> None:
    assert in_record(SEEN, record)


@pytest.mark.parametrize(
    "record",
    [Frame(2, "ns1", "eth0", "out", bytes(15), 15), Route("default", "10.0.0.9", "eth0"), Loss("ns1", "eth0", "tbf", 4),
     TraceEvent("ns1", 8, "ip", "nat", "OUTPUT", "output", 0, "policy", "drop"), Namespace("ns1"),
     Interface("eth0", "bridge"), Counted("ns1", "UdpNoPorts", 1), Group("ns1", "eth0", "239.1.1.2"),
     Switch("ns1", "net.ipv4.ip_forward", "1"), Snapshot({"ns2": Namespace("ns2")})],
    ids=lambda record: type(record).__name__,
)  # fmt: skip
def test_what_was_not_recorded_is_not_found(record: object) -> None:
    assert not in_record(SEEN, record)


def test_every_sentence_of_many_journeys_rests_on_what_was_recorded() -> None:
    world = World(3, processors=3, loss=20, drops=20)
    with_outside(world, translating=True)
    world.spaces["host"].traced = True
    mixed(world, 250)
    seen = Truth(world).seen
    found = journeys(seen)
    assert any(not journey.delivered for journey in found)
    for journey in found:
        assert journey.evidence, journey.end
        told = [hop for hop in journey.hops if hop.decided or hop.changed]
        assert all(hop.evidence for hop in told)
        records = [*journey.evidence, *(record for hop in told for record in hop.evidence)]
        assert [record for record in records if not in_record(seen, record)] == []
