"""Every right solution of every task, handed in and graded by replay, has full marks: by handles, lines, and Docker."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.classroom import grading, sheet
from netkit.lessons import catalogue
from netkit.lessons.enrolment import Course
from netkit.lessons.task import Task
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

TASKS = {key: item for key, item in catalogue.every().items() if isinstance(item, Task)}
WAYS = [(key, way) for key, task in TASKS.items() for way in range(1 + len(task.others))]
FEW = [("03.1", 1), ("07.1", 0)]
"""By lines, and by containers with programs and files."""


def marks(folder: Path, ways: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], str]:
    """The first ✗ of each way, "" where it is right, after handing in and grading."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    exchange = folder / "handed in"
    for key, way in ways:
        own = exchange / f"{key}-{way}"
        own.mkdir(parents=True)
        inner = (sys.executable, "-m", "tests.outside.handing_in", key, str(way))
        monkeypatch.setenv("XDG_DATA_HOME", str(own / "data"))
        done = subprocess.run(
            (sys.executable, "-m", "netkit.cli", "run", "--", *inner),
            cwd=own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (key, way, done.stdout, done.stderr)
    run = grading.Run(int(os.environ.get("NETKIT_TEST_JOBS", "2")), folder / "kept", lambda *_: None)
    graded = grading.grade(exchange, Course(), [], run)
    found = {(row.learner, row.task): row for row in sheet.rows(graded)}
    return {(key, way): found[f"{key}-{way}", key].first for key, way in ways}


def test_what_is_handed_in_is_graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert marks(tmp_path, FEW, monkeypatch) == dict.fromkeys(FEW, "")


@pytest.mark.long
@pytest.mark.parametrize("world", ["user", "uml"])
def test_every_right_solution_of_every_task(world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETKIT_WORLD", world)
    found = marks(tmp_path, WAYS, monkeypatch)
    assert found == dict.fromkeys(WAYS, "")
