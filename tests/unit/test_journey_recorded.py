"""Joining what was recorded on the real kernel: the whole list of steps of each packet."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from netkit.journey.joining.join import join
from netkit.journey.values import Seen
from netkit.plain import rebuilt
from tests.unit.journeys.texts import told

CASES = sorted((Path(__file__).parent / "journeys" / "recorded").glob("*.json"))


@cache
def case(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_steps_are_those_of_the_real_packets(path: Path) -> None:
    seen = rebuilt(Seen, case(path)["seen"])
    assert [told(journey) for journey in join(seen)] == case(path)["journeys"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_frame_and_every_event_is_in_one_journey(path: Path) -> None:
    seen = rebuilt(Seen, case(path)["seen"])
    steps = [step for journey in join(seen) for step in journey]
    frames = [id(step.frame) for step in steps if step.frame]
    events = [id(event) for step in steps for event in step.events]
    assert sorted(frames) == sorted(map(id, seen.frames))
    assert sorted(events) == sorted(map(id, seen.events))


def test_all_that_matters_was_recorded() -> None:
    recorded = {path.stem for path in CASES}
    assert recorded >= {"bridge", "routed", "published-outside", "published-host", "published-hairpin", "masqueraded"}
    assert recorded >= {"vxlan", "flood", "expired", "masqueraded-fragments", "dropped-forward", "no-route"}
    assert "no-neighbour" in recorded
