"""Hand-outs hold no solution and no output, and what a learner has changed is never overwritten."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from netkit.errors import InvalidValue, NotFound
from netkit.lessons import catalogue, notebook
from netkit.lessons.handouts import BESIDE, KEPT, NEW, UPDATED, hand_out, handout
from netkit.lessons.notebook import SHIPPED
from netkit.lessons.task import Task

if TYPE_CHECKING:
    from pathlib import Path

NAME = "04-build-docker-bridge.ipynb"


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """Two of the lessons, which may be changed."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    for name in ("00-start-here.ipynb", NAME):
        shutil.copy(SHIPPED / name, folder)
    return folder


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def change(path: Path, line: str, *, output: str = "") -> None:
    """Put a line, and perhaps an output, into a notebook's first code cell, written as another program would."""
    notebook = read(path)
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["source"] = "".join(cell["source"]) + line
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    path.write_text(json.dumps(notebook))


def whats(folder: Path, lessons: Path) -> dict[str, str]:
    return {path.name: what for path, what in hand_out(folder, lessons)}


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_hand_out_has_no_solution_and_no_output(path: Path) -> None:
    shipped = read(path)
    made = handout(shipped)
    text = json.dumps(made)
    assert "SOLUTION" not in text
    assert len(made["cells"]) == len(shipped["cells"])
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert shipped == read(path), "the shipped one is left as it is"


def test_no_line_of_a_tasks_solution_is_left() -> None:
    for lesson in catalogue.LESSONS:
        made = handout(read(next(SHIPPED.glob(f"{lesson}-*.ipynb"))))
        asked = [
            cell for cell in made["cells"] if cell["cell_type"] == "code" and "# your lines" in "".join(cell["source"])
        ]
        tasks = [item for item in catalogue.items(lesson).values() if isinstance(item, Task)]
        assert len(asked) >= len(tasks) > 0
        for cell in asked:
            assert "jupyter" not in cell["metadata"], "the cell is not folded"


def test_the_first_time_all_are_new_and_then_as_they_were(tmp_path: Path, lessons: Path) -> None:
    folder = tmp_path / "course" / "mine"
    assert set(whats(folder, lessons).values()) == {NEW}
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert set(whats(folder, lessons).values()) == {KEPT}
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_was_not_changed_gives_way_to_a_newer_version(tmp_path: Path, lessons: Path) -> None:
    folder = tmp_path / "course"
    hand_out(folder, lessons)
    change(folder / NAME, "")  # saved by another program
    change(lessons / NAME, "\n# newer")
    assert whats(folder, lessons)[NAME] == UPDATED
    assert "# newer" in (folder / NAME).read_text()


@pytest.mark.parametrize(("line", "output"), [("\n# mine", ""), ("", "I ran it")])
def test_beside_what_was_changed_or_run_the_newer_version_is_laid(
    tmp_path: Path, lessons: Path, line: str, output: str
) -> None:
    folder = tmp_path / "course"
    hand_out(folder, lessons)
    change(folder / NAME, line, output=output)
    own = (folder / NAME).read_bytes()
    assert whats(folder, lessons)[NAME] == KEPT, "nothing is newer"
    change(lessons / NAME, "\n# newer")
    beside = NAME.replace(".ipynb", ".new.ipynb")
    assert whats(folder, lessons)[beside] == BESIDE
    assert (folder / NAME).read_bytes() == own
    assert "# newer" in (folder / beside).read_text()
    change(folder / beside, "\n# mine, too")
    mine = (folder / beside).read_bytes()
    change(lessons / NAME, "\n# newest")
    hand_out(folder, lessons)
    assert (folder / NAME).read_bytes() == own
    assert (folder / beside).read_bytes() == mine
    assert "# newest" in (folder / NAME.replace(".ipynb", ".new2.ipynb")).read_text()


@pytest.mark.parametrize("garbage", ["", "{", "[]", '{"cells": 1}', '{"cells": [{}]}'])
def test_what_is_no_notebook_is_the_learners_own(tmp_path: Path, lessons: Path, garbage: str) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / NAME).write_text(garbage)
    hand_out(folder, lessons)
    assert (folder / NAME).read_text() == garbage


@pytest.mark.parametrize("garbage", ["", "[]", "{", '{"a": 1}'])
def test_a_torn_record_costs_nothing(tmp_path: Path, lessons: Path, garbage: str) -> None:
    folder = tmp_path / "course"
    hand_out(folder, lessons)
    (folder / ".netkit-handouts.json").write_text(garbage)
    assert set(whats(folder, lessons).values()) == {KEPT}


def test_what_cannot_be_is_said(tmp_path: Path, lessons: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidValue, match="cannot hold the notebooks"):
        hand_out(tmp_path / "file", lessons)
    with pytest.raises(NotFound, match="no notebooks"):
        hand_out(tmp_path / "course", tmp_path / "nowhere")


def test_goto_leaves_the_open_tasks_out(tmp_path: Path, lessons: Path) -> None:
    hand_out(tmp_path / "course", lessons)
    shipped, mine = (notebook.read(folder / NAME) for folder in (lessons, tmp_path / "course"))
    last = shipped.headings[-1]
    assert [cell.source for cell in mine.up_to(last)] == [cell.source for cell in shipped.up_to(last)]
