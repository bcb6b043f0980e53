"""The lessons as nbgrader's source notebooks: solution cells, graded cells with points, and its settings."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from netkit.lessons import catalogue
from netkit.lessons.notebook import SHIPPED
from netkit.lessons.task import Question, Task

if TYPE_CHECKING:
    from pathlib import Path

_CHECK = re.compile(r'^nk\.check\("(?P<id>[\d.]+)"\)[ \t]*$', re.MULTILINE)
_SCHEMA = 3

CONFIG = '''\
"""Settings of nbgrader for this course, which netkit made: nbgrader reads them in this folder."""

c = get_config()  # noqa: F821 - nbgrader gives this name to its settings

c.CourseDirectory.course_id = {name!r}
c.ClearSolutions.code_stub = {{"python": "# your lines"}}
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.kernel_name = "netkit"
'''
"""The text of nbgrader_config.py."""


def assignments(folder: Path) -> list[Path]:
    """Write every lesson that has something to grade as an assignment of its own, `source/03/03-….ipynb`.

    Args:
        folder: of nbgrader's course.

    Returns:
        The notebooks.
    """
    made = []
    for path in sorted(SHIPPED.glob("[0-9]*.ipynb")):
        lesson = path.name[:2]
        if lesson not in catalogue.LESSONS:
            continue
        target = folder / "source" / lesson / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        notebook = source(json.loads(path.read_text(encoding="utf-8")), lesson)
        target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        made.append(target)
    return made


def source(notebook: dict[str, Any], lesson: str) -> dict[str, Any]:
    """A lesson as nbgrader's source: each task a solution cell and a graded one, each question the same.

    Args:
        notebook: as it is shipped (nbformat 4).
        lesson: its number.
    """
    made = copy.deepcopy(notebook)
    cells: list[dict[str, Any]] = []
    for cell in made["cells"]:
        cells += _task(cell) if cell["cell_type"] == "code" else [cell]
    made["cells"] = [*cells, *_questions(lesson)]
    made["metadata"].pop("widgets", None)
    return made


def _task(cell: dict[str, Any]) -> list[dict[str, Any]]:
    """A cell with a solution and its check, as two: the learner's, and the one that is graded."""
    text = "".join(cell["source"])
    cell["outputs"], cell["execution_count"] = [], None
    match = _CHECK.search(text)
    if "### BEGIN SOLUTION" not in text:
        return [cell]
    cell["metadata"].pop("jupyter", None)
    if match is None:
        return [_with(cell, text, _own(cell["id"]))]
    task = catalogue.find(match["id"], Task)
    solution = _with(cell, _CHECK.sub("", text).rstrip() + "\n", _own(f"task-{task.id}"))
    strict = f'nk.check("{task.id}", strict=True)'
    return [solution, _cell(f"check-{task.id}", strict, _graded(f"check-{task.id}", len(task.wants)))]


def _questions(lesson: str) -> list[dict[str, Any]]:
    """The questions of a lesson: what is asked, the learner's choice, and what is graded."""
    cells: list[dict[str, Any]] = []
    for item in catalogue.items(lesson).values():
        if not isinstance(item, Question):
            continue
        name = f"choice_{item.id.replace('.', '_')}"
        right = next(letter for letter, option in item.options.items() if option.right)
        options = "".join(f"\n- {letter}: {option.text}" for letter, option in item.options.items())
        text = f'### BEGIN SOLUTION\n{name} = "{right}"\n### END SOLUTION'
        cells += [
            {
                "cell_type": "markdown",
                "id": f"q{name}",
                "metadata": {},
                "source": f"**{item.id}** {item.text}\n{options}",
            },
            _cell(f"choice-{item.id}", text, _own(f"choice-{item.id}")),
            _cell(f"answer-{item.id}", f'nk.answer("{item.id}", {name}, strict=True)', _graded(f"answer-{item.id}", 1)),
        ]
    return cells


def _cell(name: str, text: str, graded: dict[str, Any]) -> dict[str, Any]:
    plain = name.replace(".", "-")
    cell = {"cell_type": "code", "id": plain, "metadata": {}, "outputs": [], "execution_count": None}
    return _with(cell, text, graded)


def _with(cell: dict[str, Any], text: str, graded: dict[str, Any]) -> dict[str, Any]:
    metadata = {**cell["metadata"], "nbgrader": graded}
    return {**cell, "source": text.splitlines(keepends=True), "metadata": metadata}


def _own(name: str) -> dict[str, Any]:
    """What nbgrader is told of a cell that the learner fills in."""
    told = {"grade": False, "solution": True, "locked": False, "task": False}
    return {**told, "grade_id": name.replace(".", "-"), "schema_version": _SCHEMA}


def _graded(name: str, points: int) -> dict[str, Any]:
    """What nbgrader is told of a cell that gives points."""
    told = {"grade": True, "solution": False, "locked": True, "task": False, "points": points}
    return {**told, "grade_id": name.replace(".", "-"), "schema_version": _SCHEMA}
