"""nbgrader end to end: the notebooks as assignments, a right and a wrong learner, graded in the sandbox kernel."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netkit.lessons import catalogue, enrolment
from netkit.lessons.mine import Mine
from netkit.lessons.personal import personal
from netkit.lessons.task import Question, Task
from tests.project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.once]

VERSION = "0.9.6"
LESSONS = ("03", "04")
PLACE = "NETKIT_NBGRADER"
"""The variable that names an environment with nbgrader; without it one is made."""


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of nbgrader's programs."""
    if told := os.environ.get(PLACE):
        return Path(told, "bin")
    place = tmp_path_factory.mktemp("nbgrader")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    subprocess.run([place / "bin" / "pip", "install", "-q", f"nbgrader=={VERSION}"], check=True, capture_output=True)
    return place / "bin"


@pytest.fixture
def environment(tmp_path: Path, nbgrader: Path) -> dict[str, str]:
    """Variables with which nbgrader finds the sandbox kernel, that of this environment."""
    spec = tmp_path / "jupyter" / "kernels" / "netkit"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "netkit.kernel", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "netkit", "language": "python"}))
    own = {"JUPYTER_PATH": str(tmp_path / "jupyter"), "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    return {**os.environ, **own, "PATH": f"{nbgrader}:{os.environ['PATH']}", "XDG_DATA_HOME": str(tmp_path / "data")}


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def fill_in(path: Path, learner: str, course: enrolment.Course, *, tasks: bool) -> None:
    """What a learner writes into the cells of an assignment: all choices, and the tasks or not."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        told = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        key = told.partition("-")[2].replace("-", ".")
        if told.startswith("task-") and tasks:
            task = personal(catalogue.find(key, Task), Mine(learner, course))
            cell["source"] = source(cell).replace("# your lines", task.solution)
        elif told.startswith("choice-"):
            question = catalogue.find(key, Question)
            right = next(letter for letter, option in question.options.items() if option.right)
            cell["source"] = source(cell).replace("# your lines", f'choice_{key.replace(".", "_")} = "{right}"')
    path.write_text(json.dumps(notebook))


def test_the_whole_cycle_for_two_notebooks(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "course"

    def run(*words: str) -> None:
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"

    folder.mkdir()
    run(sys.executable, "-m", "netkit.cli", "course", str(folder), "--name", "demo", "--seed", "2027", "--nbgrader")
    course = enrolment.read(folder / enrolment.FILE)
    for lesson in LESSONS:
        run("nbgrader", "generate_assignment", lesson)
        (released,) = (folder / "release" / lesson).glob("*.ipynb")
        assert "### BEGIN SOLUTION" not in released.read_text()
        for learner, tasks in (("right", True), ("wrong", False)):
            target = folder / "submitted" / learner / lesson
            shutil.copytree(folder / "release" / lesson, target)
            fill_in(target / released.name, learner, course, tasks=tasks)
        run("nbgrader", "autograde", lesson)
        run("nbgrader", "generate_feedback", lesson)
    run("nbgrader", "export", "--to", "scores.csv")
    with (folder / "scores.csv").open(newline="") as file:
        scores = {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}
    for lesson in LESSONS:
        items = catalogue.items(lesson).values()
        built = sum(len(item.wants) for item in items if isinstance(item, Task))
        asked = sum(isinstance(item, Question) for item in items)
        right, wrong = (scores[learner, lesson] for learner in ("right", "wrong"))
        assert float(right["max_score"]) == built + asked
        assert float(right["score"]) == built + asked
        assert float(wrong["score"]) == asked
        (feedback,) = (folder / "feedback" / "wrong" / lesson).glob("*.html")
        assert "✗ " in feedback.read_text(), "it says what nk.check says"
