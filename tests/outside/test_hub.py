"""A workshop on a real JupyterHub: learners at once run notebook 04, see nobody else's network, and leave nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hub import greedy, workshop
from tests.hub.environment import SKELETON, environment
from tests.hub.people import FORM, learners

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="a hub with servers of several users is root's"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="the hub's proxy is installed with npm"),
]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the tests share one installation; not below pytest's own folders, which are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="netkit-hub-") as name:
        yield Path(name)


@pytest.mark.parametrize("number", [3, 30])
def test_a_workshop(folder: Path, number: int) -> None:
    outcome = workshop.hold(number, folder)
    assert outcome.status == 0, f"{outcome.printed}\nThe hub's log:\n{outcome.log[-5000:]}"
    assert f"{'learners':<26}{number:>10}" in outcome.printed
    assert "MiB" in outcome.printed
    assert "measured were" not in outcome.printed
    assert outcome.left == []
    assert "not recognized" not in outcome.log
    assert FORM.format(1) not in {person.pw_name for person in pwd.getpwall()}


def test_a_greedy_learner_takes_nothing_from_the_others(folder: Path) -> None:
    """Sandboxes keep the limits that a server was started with, though everybody is root inside."""
    with environment(folder) as project, learners(2, project / SKELETON) as (one, other):
        before = greedy.lesson(other, project)
        with greedy.greedy(one, project) as taken:
            during = greedy.lesson(other, project)
    assert (taken.disk, taken.processes) == ("EFBIG", "EAGAIN")
    assert taken.memory < greedy.LIMITS["as"]
    assert taken.forks < greedy.LIMITS["nproc"]
    assert during < 3 * before + 1.0
