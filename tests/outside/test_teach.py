"""docs/teach.md, carried out literally: from a class list to a graded CSV."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.lessons import catalogue
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once  # that another user can grade, test_grading.py tells

TEXT = (ROOT / "docs" / "teach.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```(sh|python)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def carried_out(folder: Path, lines: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-ec", lines], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_ten_steps(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "netkit").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netkit.cli "$@"\n')
    (programs / "netkit").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path / "data")}
    assert [kind for kind, _ in STEPS] == ["sh", "sh", "sh", "python", "python", "sh", "sh", "sh"]
    python = "".join(lines for kind, lines in STEPS if kind == "python")
    said = ""
    for kind, lines in STEPS:
        if kind == "sh":
            said = carried_out(tmp_path, lines, environment)
        elif lines.startswith("nk.submit"):
            (tmp_path / "cells.py").write_text(python)
            shown = f"{tmp_path}/exchange:{tmp_path}/progress"  # a sandbox shows of /tmp what it is told of
            learner = {**environment, "JUPYTERHUB_USER": "anna", "NETKIT_SHOWN": shown}
            inside = f"cd networks && netkit run -- {sys.executable} {tmp_path / 'cells.py'}"
            assert "03.1: a script" in carried_out(tmp_path, inside, learner)
    (row,) = csv.DictReader(said.splitlines())
    assert (row["learner"], row["task"], row["ok"]) == ("anna", "03.1", "yes")
    assert (tmp_path / "report.html").exists()


def test_the_plans_name_lessons_and_tasks_that_there_are() -> None:
    for key in re.findall(r"\b(\d\d\.\d+)\b", TEXT):
        assert key in catalogue.every(), key
    for lesson in re.findall(r"^\| \d \| (\d\d), (\d\d) \| (\d\d) \|", TEXT, re.MULTILINE):
        assert set(lesson) <= set(catalogue.LESSONS)
