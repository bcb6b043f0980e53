"""The form of every lesson: what a reader may rely on, whichever notebook is open."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

import nbformat
import pytest

from netkit.lessons import catalogue
from netkit.lessons.task import Question, Task
from tests.project import ASKS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAME = re.compile(r"\d\d-[a-z]+(-[a-z][a-z0-9]*)*\.ipynb")
LINK = re.compile(r"\]\(([^)#]+\.ipynb)[^)]*\)")


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


@pytest.fixture(params=LESSONS, ids=lambda path: path.name)
def lesson(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_there_are_lessons() -> None:
    assert [path.name[:2] for path in LESSONS] == [f"{number:02}" for number in range(15)]


def test_it_is_named_by_number_verb_and_title(lesson: Path) -> None:
    assert NAME.fullmatch(lesson.name)


def test_it_opens_with_what_you_will_do_learn_and_need(lesson: Path) -> None:
    opening = read(lesson).cells[0].source
    assert opening.startswith(f"# {lesson.name[:2]} · ")
    for promise in ("**What you'll do**", "**What you'll learn**", "**What you need**"):
        assert promise in opening


def test_its_first_code_cell_makes_sure_of_the_sandbox(lesson: Path) -> None:
    assert "nk.require_sandbox()" in code(lesson)[0].source


def test_it_has_the_rhythm_of_a_lesson(lesson: Path) -> None:
    text = prose(lesson)
    for part in ("## You have seen", "## Exercises"):
        assert part in text
    held_back = sum(ASKS.match(cell.source) is not None for cell in code(lesson))
    assert 3 <= held_back <= 6 or "**Predict:**" in text
    kinds = [cell.cell_type for cell in read(lesson).cells]
    assert max(len(list(run)) for kind, run in groupby(kinds) if kind == "code") <= 2


def test_every_exercise_has_an_answer(lesson: Path) -> None:
    exercises = re.findall(r"^\d\. .*$", prose(lesson).partition("## Exercises")[2], re.MULTILINE)
    assert exercises
    for exercise in exercises:
        asked = re.findall(r'nk\.(check|answer)\("([\d.]+)"\)', exercise)
        assert asked or "ticket" in exercise.casefold(), exercise
        for how, number in asked:
            assert isinstance(catalogue.find(number, Task if how == "check" else Question), (Task, Question))


def test_its_length(lesson: Path) -> None:
    assert 15 <= sum(not re.search("### BEGIN SOLUTION|nk.fault", cell.source) for cell in code(lesson)) <= 25
    assert 1000 <= len(prose(lesson).split()) <= 1700
    assert all(len(cell.source.splitlines()) <= 12 for cell in code(lesson))


def test_something_fails_on_purpose(lesson: Path) -> None:
    outputs = [output for cell in code(lesson) for output in cell.outputs]
    errors = [output for output in outputs if output.output_type == "error"]
    lost = [output for output in outputs if re.search("exit status|✗", str(output.get("data", "")))]
    assert errors or lost


def test_no_cell_raises_and_what_needs_the_engine_or_nftables_says_so(lesson: Path) -> None:
    """So every client runs a lesson to its end, also where the Engine cannot run, or the kernel has no nftables."""
    for cell in code(lesson):
        assert not any(output.output_type == "error" for output in cell.outputs)
        for need in ("engine", "nftables"):
            assert cell.source.startswith(f"%%{need}\n") == (cell.metadata.get("tags", []) == [need])
        assert "raises-exception" not in cell.metadata.get("tags", [])


def test_every_code_cell_was_run_in_order(lesson: Path) -> None:
    assert [cell.execution_count for cell in code(lesson)] == list(range(1, len(code(lesson)) + 1))


def test_its_links_lead_somewhere(lesson: Path) -> None:
    links = LINK.findall(prose(lesson))
    assert links
    for link in links:
        assert (lesson.parent / link).exists(), link


def test_pictures_have_an_alternative_text(lesson: Path) -> None:
    pictures = [o.data for cell in code(lesson) for o in cell.outputs if "image/png" in o.get("data", {})]
    assert pictures
    for data in pictures:
        assert re.search(r'<img [^>]*alt="[^"]{20,}"', data["text/html"])
        assert "namespace" in data["text/plain"]


def test_it_is_small_enough_to_send(lesson: Path) -> None:
    assert lesson.stat().st_size < 330_000


def test_it_holds_nothing_of_the_machine_that_ran_it(lesson: Path) -> None:
    notebook = read(lesson)
    assert "version" not in notebook.metadata.language_info
    assert notebook.metadata.kernelspec.name == "netkit"
    assert "widgets" not in notebook.metadata


def test_solutions_are_marked(lesson: Path) -> None:
    marked = [cell.source for cell in code(lesson) if "### BEGIN SOLUTION" in cell.source]
    assert marked
    for source in marked:
        assert "### END SOLUTION" in source
        check = source.partition("### END SOLUTION")[2]
        assert "assert " in check or "nk.check(" in check
