"""Networks near the one that a task wants: a check says ✓ exactly where ip, ping and wget find what it asks for."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import netkit as nk
from netkit.lessons import catalogue
from netkit.lessons.task import Task
from tests.inside import nearby
from tests.inside.empty import sweep
from tests.inside.test_lessons import built
from tests.inside.truth import Truth, Unclear
from tests.inside.truths import ASKED
from tests.inside.truths_six import OF_SIX

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]

TRUTHS = ASKED | OF_SIX
TASKS = {item.id: item for item in catalogue.every().values() if isinstance(item, Task)}
FEW, MANY = 6, int(os.environ.get("NETKIT_WORLDS", "25"))
"""How many worlds are tried: over all tasks by default, for each task with `-m long`."""

number = st.integers(0, 999)
changes = st.lists(st.tuples(st.sampled_from(range(len(nearby.CHANGES))), number, number), max_size=3)


@pytest.fixture(autouse=True)
def own_progress(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests do is no learner's progress."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def world(task: Task, solution: int, wanted: list[tuple[int, int, int]]) -> Truth:
    """Build a network near one that is right, or near the one that the lesson begins with.

    Args:
        task: whose.
        solution: picks what is built.
        wanted: changes: which one, and two numbers that pick its place.
    """
    nk.reset()
    nk.sh("ip addr flush dev lo scope global; ip rule del pref 10")
    sweep()
    names = built(task.given)
    lines = ("", task.solution, *task.others)
    built(lines[solution % len(lines)], names)
    truth = Truth(names)
    for which, *picked in wanted:
        nearby.CHANGES[which % len(nearby.CHANGES)](truth, (picked[0], picked[1]))
    return truth


def judged(task: Task, solution: int, wanted: list[tuple[int, int, int]]) -> tuple[bool, bool, str]:
    """What the check and the programs say of a network."""
    truth = world(task, solution, wanted)
    said = nk.check(task.id)
    return said.ok, TRUTHS[task.id](truth), repr(said)


def insist(task: Task, solution: int, wanted: list[tuple[int, int, int]]) -> None:
    """Both say the same, at least the second time: what was asked for in vain a moment ago may have been late."""
    try:
        said, true, words = judged(task, solution, wanted)
        if said != true:
            said, true, words = judged(task, solution, wanted)
    except Unclear:
        assume(condition=False)
    assert said == true, words


QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


def test_every_task_has_its_truth() -> None:
    assert set(TRUTHS) == set(TASKS)


@settings(QUIET, max_examples=FEW)
@given(st.sampled_from(["03.1", "04.1", "11.1", "11.2"]), number, changes)
def test_checks_see_what_programs_see(which: str, solution: int, wanted: list[tuple[int, int, int]]) -> None:
    insist(TASKS[which], solution, wanted)


@pytest.mark.long
@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
@settings(QUIET, max_examples=MANY)
@given(solution=number, wanted=changes)
def test_checks_of_every_task_see_what_programs_see(
    task: Task, solution: int, wanted: list[tuple[int, int, int]]
) -> None:
    insist(task, solution, wanted)
