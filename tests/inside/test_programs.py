"""Random programs of acts: the kernel does what was imagined, and the journal leads to the same network again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from netkit.model import Snapshot
from tests.inside import worlds
from tests.inside.performing import manners, perform, replay
from tests.inside.programs import programs
from tests.inside.telling import imagined, seen

FORWARD, PROMOTE = worlds.call(manners)
PROGRAMS = programs(forward=FORWARD, promote=PROMOTE)
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def run(program: list[Any], network: Any) -> None:
    performed = worlds.call(perform, program)
    assert not performed.faults, performed.script
    snapshot = Snapshot.from_json(performed.snapshot)
    assert seen(snapshot) == imagined(network), performed.script
    again = worlds.call(replay, performed.script, performed.snapshot)
    assert again.startswith("{"), f"{performed.script}\n{again}"
    assert Snapshot.from_json(again) == snapshot, performed.script


@settings(max_examples=200, derandomize=True, database=None, suppress_health_check=CHECKS)
@given(PROGRAMS)
def test_programs(drawn: tuple[list[Any], Any]) -> None:
    run(*drawn)


@pytest.mark.long
@settings(max_examples=1000, database=None, suppress_health_check=CHECKS)
@given(PROGRAMS)
def test_many_programs(drawn: tuple[list[Any], Any]) -> None:
    run(*drawn)
