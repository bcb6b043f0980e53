"""Random programs of acts: the kernel does what was imagined, and the journal leads to the same network again."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netkit.model import Snapshot
from tests.inside import worlds
from tests.inside.performing import manners, perform, replay
from tests.inside.programs import programs
from tests.inside.telling import imagined, seen
from tests.project import SECOND_LANE

Program = tuple[list[Any], Any]
Pair = tuple[Program, Program]

FORWARD, PROMOTE = worlds.call(manners)
PROGRAMS = programs(forward=FORWARD, promote=PROMOTE)
PAIRS = st.tuples(PROGRAMS, PROGRAMS)
USUAL = 10 if SECOND_LANE in os.environ else 30
"""Pairs: of 60 programs, or of 20 of the same where `make test` runs all of them beside, as another user."""
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def run_both(pair: Pair) -> None:
    """Two at once, in networks of their own: the kernel often waits."""
    with ThreadPoolExecutor(2) as threads:
        for _ in threads.map(run, pair):
            continue


def run(drawn: Program) -> None:
    program, network = drawn
    performed = worlds.call(perform, program)
    assert not performed.faults, performed.script
    snapshot = Snapshot.from_json(performed.snapshot)
    assert seen(snapshot) == imagined(network), performed.script
    again = worlds.call(replay, performed.script, performed.snapshot)
    assert again.startswith("{"), f"{performed.script}\n{again}"
    assert Snapshot.from_json(again) == snapshot, performed.script


@settings(max_examples=USUAL, derandomize=True, database=None, suppress_health_check=CHECKS)
@given(PAIRS)
def test_programs(pair: Pair) -> None:
    run_both(pair)


@pytest.mark.long
@settings(max_examples=500, database=None, suppress_health_check=CHECKS)
@given(PAIRS)
def test_1000_programs(pair: Pair) -> None:
    run_both(pair)
