"""Courses that a teacher sets up: the file, the folders' modes, the class list, and nbgrader's sources."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from netkit.classroom import nbgraded
from netkit.classroom.exchange import MODE
from netkit.classroom.founding import Plan, found
from netkit.errors import InvalidValue
from netkit.lessons import catalogue, enrolment
from netkit.lessons.notebook import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan("demo", "2027", ("anna", "ben"))


def cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_a_course_has_its_file_and_the_notebooks_without_solutions(tmp_path: Path) -> None:
    course = found(tmp_path / "c", PLAN)
    assert enrolment.course(tmp_path / "c") == course
    assert [course.place(name) for name in ("anna", "ben", "carla")] == [0, 1, None]
    notebooks = list((tmp_path / "c").glob("*.ipynb"))
    assert len(notebooks) == len(list(SHIPPED.glob("[0-9]*.ipynb")))
    assert not any("BEGIN SOLUTION" in path.read_text(encoding="utf-8") for path in notebooks)
    assert "anna" not in (tmp_path / "c" / enrolment.FILE).read_text(), "the class list has no names"


def test_who_enrols_later_comes_last_and_the_seed_stays(tmp_path: Path) -> None:
    first = found(tmp_path / "c", PLAN)
    later = found(tmp_path / "c", Plan(learners=("carla", "anna")))
    assert later.learners[:2] == first.learners
    assert (later.seed, later.name, len(later.learners)) == ("2027", "demo", 3)
    with pytest.raises(InvalidValue, match="everybody's numbers"):
        found(tmp_path / "c", Plan(seed="2028"))


def test_without_a_seed_one_is_drawn(tmp_path: Path) -> None:
    assert found(tmp_path / "a", Plan()).seed != found(tmp_path / "b", Plan()).seed


def test_folders_for_many_learners_can_be_written_to_and_not_listed(tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("exchange", "shared")}
    course = found(tmp_path / "c", PLAN._replace(**places))
    assert {"exchange": course.exchange, "shared": course.shared} == places
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == MODE for name in places)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidValue, match="cannot be written"):
        found(tmp_path / "file" / "c", PLAN)


def test_nbgraders_sources_have_graded_cells_with_points_for_every_lesson(tmp_path: Path) -> None:
    found(tmp_path, PLAN, nbgrader=True)
    compile((tmp_path / "nbgrader_config.py").read_text(), "nbgrader_config.py", "exec")
    for lesson in catalogue.LESSONS:
        (path,) = (tmp_path / "source" / lesson).glob("*.ipynb")
        assert (path.parent / enrolment.FILE).exists()
        told = [cell["metadata"]["nbgrader"] for cell in cells(path) if "nbgrader" in cell["metadata"]]
        graded = [one for one in told if one["grade"]]
        assert len(graded) >= 2, f"lesson {lesson} has several graded cells"
        assert all(one["points"] >= 1 for one in graded)
        assert len({one["grade_id"] for one in told}) == len(told)
        ids = [cell["id"] for cell in cells(path)]
        assert len(set(ids)) == len(ids)


def test_solution_regions_stand_in_solution_cells_only(tmp_path: Path) -> None:
    for path in nbgraded.assignments(tmp_path):
        for cell in cells(path):
            told = cell["metadata"].get("nbgrader", {})
            if "### BEGIN SOLUTION" in "".join(cell["source"]):
                assert told["solution"], path.name
                assert not told["grade"]
            if told.get("grade"):
                assert "strict=True" in "".join(cell["source"])
