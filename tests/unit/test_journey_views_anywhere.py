"""Any journey in any network can be shown: nothing overlaps, nothing is cut off, every hop is there."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netkit.journey.shown.tree import thinned
from netkit.pictures.ink.ladder import ladder
from netkit.pictures.ink.path import Stage
from netkit.pictures.journey.ladder import BRANCHES
from netkit.pictures.network.scene import Box
from tests.unit.geometry import holds, overlaps
from tests.unit.journeys_by_hand import Way
from tests.unit.networks import networks
from tests.unit.test_journey_ladder import faults

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey
    from netkit.model import Snapshot

HOOKS = ["prerouting", "routing", "input", "forward", "output", "postrouting"]
ANY = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Snapshot, Journey]:
    """A network, and a journey that jumps about in it as no packet can, beyond its edge as well."""
    snapshot = draw(networks())
    ends = [(space.name, name) for space in snapshot for name in space.interfaces] + [("gone", "eth0")]
    way = Way()
    for number in range(draw(st.integers(0, 14))):
        space, interface = draw(st.sampled_from(ends))
        after = draw(st.none() | st.integers(0, number - 1)) if number else None
        words = "a word " * draw(st.integers(0, 30))
        if draw(st.booleans()):
            way.at(f"{space}:{interface}", draw(st.sampled_from(["in", "out"])), words, by=words, after=after)
        else:
            verdict = draw(st.sampled_from(["", "accept", "drop"]))
            way.hook(f"{space} {draw(st.sampled_from(HOOKS))}", by=words, verdict=verdict, after=after)
    end = draw(st.sampled_from(["delivered to 10.0.0.1 in web", "dropped in host by FORWARD", ""]))
    return snapshot, way.journey(1, "UDP", "10.0.0.2 → 10.0.0.1", "1 byte", end)


@ANY
@given(journeys())
def test_on_the_picture(drawn: tuple[Snapshot, Journey]) -> None:
    snapshot, journey = drawn
    stage = Stage(snapshot, [journey])
    sheet = stage.sheet(journey)
    boxes = [panel.box for panel in sheet.panels if "ring" not in panel.role]
    assert all(holds(Box(0, 0, stage.scene.width, stage.scene.height), box, 0.5) for box in boxes)
    assert sum(overlaps(*pair, 2.0) for pair in combinations(boxes, 2)) <= 1
    shown = [hop for hop in journey.hops if hop.namespace in snapshot.namespaces]
    numbers = [int(number) for text in sheet.texts for number in re.findall(r"\d+", text.text)]
    assert set(numbers) <= {hop.number + 1 for hop in shown}
    assert bool(numbers) == bool(shown)


@ANY
@given(journeys())
def test_as_a_ladder(drawn: tuple[Snapshot, Journey]) -> None:
    _, journey = drawn
    sheet = ladder(journey).sheet
    assert not [*faults(sheet)]
    staying, _ = thinned(journey.hops, journey.places, BRANCHES)
    assert [panel.role for panel in sheet.panels].count("passed number") == len(staying)


@ANY
@given(journeys())
def test_as_a_table(drawn: tuple[Snapshot, Journey]) -> None:
    _, journey = drawn
    numbers = [int(line[:3]) for line in repr(journey).splitlines()[2:]]
    assert sorted(numbers) == [hop.number + 1 for hop in journey.hops]
