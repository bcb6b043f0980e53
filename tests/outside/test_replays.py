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
NFTABLES = "13."
"""Tasks that need nf_tables for IP, which User-Mode Linux's kernel has not."""


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
    found = marked(exchange, folder)
    return {(key, way): found[f"{key}-{way}", key] for key, way in ways}


def marked(exchange: Path, folder: Path) -> dict[tuple[str, str], str]:
    """The first ✗ of each learner and task, "" where it is right."""
    run = grading.Run(int(os.environ.get("NETKIT_TEST_JOBS", "2")), folder / "kept", lambda *_: None)
    graded = grading.grade(exchange, Course(), [], run)
    return {(row.learner, row.task): row.first for row in sheet.rows(graded)}


def test_what_is_handed_in_is_graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert marks(tmp_path, FEW, monkeypatch) == dict.fromkeys(FEW, "")


@pytest.mark.long
@pytest.mark.parametrize("world", ["user", "uml"])
def test_every_right_solution_of_every_task(world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETKIT_WORLD", world)
    ways = [each for each in WAYS if world == "user" or not each[0].startswith(NFTABLES)]
    assert marks(tmp_path, ways, monkeypatch) == dict.fromkeys(ways, "")


@pytest.mark.long
def test_where_the_kernel_lacks_what_a_script_needs_the_marks_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert marks(tmp_path, [("13.1", 0)], monkeypatch) == {("13.1", 0): ""}
    monkeypatch.setenv("NETKIT_WORLD", "uml")
    (tmp_path / "kept").unlink()
    assert "this kernel has no nf_tables for IP" in marked(tmp_path / "handed in", tmp_path)["13.1-0", "13.1"]
