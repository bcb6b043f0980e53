"""Pages of `netkit grade --html`: the class as a table, and each learner's networks beside the right ones."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from netkit.classroom.page import PAGE
from netkit.classroom.sheet import COLUMNS, missing, tickets
from netkit.comparison import compare
from netkit.errors import InvalidValue
from netkit.files import replacing
from netkit.lessons import catalogue
from netkit.lessons.task import Task
from netkit.markup import row, table
from netkit.model import Snapshot
from netkit.visible import in_html

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netkit.classroom.grading import Graded, Result
    from netkit.classroom.sheet import Row
    from netkit.lessons.enrolment import Course

_SECONDS = 120.0
_PROGRAM = (sys.executable, "-P", "-m")
_SOLVED = (*_PROGRAM, "netkit.cli", "run", "--", *_PROGRAM, "netkit.solving")
_MOST_SPACES, _MOST_LINKS = 40, 300


def write(path: Path, graded: Graded, found: Sequence[Row], course: Course) -> None:
    """Write the page of a class, and beside it a folder with a page for each learner.

    Args:
        path: of the page.
        graded: what came of all papers.
        found: its rows.
        course: which draws each learner's numbers.

    Raises:
        InvalidValue: the pages cannot be written there.
    """
    folder = path.with_name(f"{path.stem}_learners")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InvalidValue(f"'{folder}' cannot be made", str(error.strerror), "Choose another folder") from None
    wanted = _wanted(graded, course)
    lines = []
    for paper in graded.papers:
        own = [each for each in found if each.learner == paper.learner]
        name = f"{hashlib.sha256(paper.learner.encode(errors='replace')).hexdigest()[:16]}.html"
        _save(folder / name, _of_learner(own, graded, wanted))
        right = sum(each.ok for each in own)
        link = f'<a href="{in_html(folder.name)}/{name}">{in_html(paper.learner)}</a>'
        first = next((each.first for each in own if not each.ok), "")
        cells = (link, f"{right} of {len(own)}", in_html(first))
        lines.append(f'<tr><th scope="row">{cells[0]}</th><td>{cells[1]}</td><td>{cells[2]}</td></tr>')
    head = row(("learner", "tasks right", "first ✗"), scope="col")
    body = f"<h1>What the class handed in</h1><table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"
    _save(path, PAGE.format(title="What the class handed in", head="", body=body))


def _wanted(graded: Graded, course: Course) -> dict[tuple[str, str], Snapshot]:
    """Right networks by learner and task, as far as they can be made here: with own numbers where a task has some."""
    learners = [paper.learner for paper in graded.papers]
    found: dict[tuple[str, str], Snapshot] = {}
    for key in graded.tasks:
        own = course.seed and catalogue.find(key, Task).own
        made = built(key, course, learners if own else learners[:1])
        for_all = made if own else made * len(learners)
        found |= {(name, key): each for name, each in zip(learners, for_all, strict=bool(made))}
    return found


def built(task: str, course: Course, learners: Sequence[str]) -> list[Snapshot]:
    """The networks that the lesson's own solution makes for learners, in a fresh sandbox; none where it cannot be made.

    Args:
        task: its id.
        course: which draws the learners' numbers.
        learners: their names.
    """
    asked = json.dumps({"task": task, "course": asdict(course), "learners": learners})
    seconds = _SECONDS * max(1, len(learners))
    try:
        done = subprocess.run(_SOLVED, input=asked, capture_output=True, text=True, timeout=seconds, check=False)
        return [Snapshot.from_json(text) for text in json.loads(done.stdout)] if done.returncode == 0 else []
    except (subprocess.TimeoutExpired, InvalidValue):
        return []


def _of_learner(own: Sequence[Row], graded: Graded, wanted: dict[tuple[str, str], Snapshot]) -> str:
    """A learner's page."""
    learner = own[0].learner
    cells = [(*each[:2], "yes" if each.ok else "no", *each[3:6], *each.tickets, each.minutes) for each in own]
    rows = [row([str(cell) for cell in line], failed=line[2] == "no") for line in cells]
    parts = [f"<h1>{in_html(learner)}</h1>", table(COLUMNS, rows)]
    for each in own:
        result = graded.results.get((learner, "task", each.task))
        if result is not None:
            parts.append(_of_task(each, result, wanted.get((learner, each.task))))
    if own_tickets := tickets(learner, graded):
        lines = [
            row((key, "yes" if result["ok"] is True else "no", missing(result)), failed=result["ok"] is not True)
            for key, result in own_tickets
        ]
        parts.append(f"<h2>Tickets</h2>{table(('lesson/seed/level', 'mended', 'first ✗'), lines)}")
    return PAGE.format(title=in_html(learner), head="", body="".join(parts))


def _of_task(each: Row, result: Result, wanted: Snapshot | None) -> str:
    """What became of one task: the wants, the two pictures, and what differs."""
    signs = {True: "✓", False: "✗", None: "·"}
    wants = [
        row((f"{signs[ok]} {text}", words), scope="row", failed=ok is False) for text, ok, words in result["wants"]
    ]
    parts = [f"<h2>Task {in_html(each.task)}</h2>", f"<p>{in_html(each.first) or 'All of it is there.'}</p>"]
    parts.append(table(("wanted", "there instead"), wants))
    state = _state(result)
    drawn = ((f"The network of {in_html(each.learner)}", state), ("A right one", wanted))
    shown = [f"<div><h3>{title}</h3>{_drawn(one)}</div>" for title, one in drawn if one is not None]
    parts.append(f'<div class="beside">{"".join(shown)}</div>')
    if state is not None and wanted is not None:
        parts.append(f"<details><summary>what differs</summary><pre>{_differing(state, wanted)}</pre></details>")
    return "".join(parts)


def _state(result: Result) -> Snapshot | None:
    """The network that a replay found, None where there is none that could be drawn."""
    try:
        return Snapshot.from_json(result.get("state") or "")
    except InvalidValue:
        return None


def _differing(state: Snapshot, wanted: Snapshot) -> str:
    """What nk.compare says of a learner's network and a right one."""
    if len(state) > _MOST_SPACES:
        return "It is too large to be compared."
    try:
        return in_html(repr(compare(state, wanted, a_name="the learner's", b_name="a right one")))
    except Exception:  # noqa: BLE001  # a stranger's network may be anything
        return "It cannot be compared."


def _drawn(state: Snapshot) -> str:
    """A network's picture, with the same in words for whoever cannot see it; a stranger's may be anything."""
    from netkit.pictures.ink import picture

    if len(state) > _MOST_SPACES or sum(len(space.interfaces) for space in state) > _MOST_LINKS:
        return "<p>It is too large to be drawn.</p>"
    try:
        return picture(state)._repr_mimebundle_()["text/html"]
    except Exception:  # noqa: BLE001  # it costs this picture, and nobody else's page
        return "<p>It cannot be drawn.</p>"


def _save(path: Path, text: str) -> None:
    with replacing(path, "the report", InvalidValue) as file:
        file.write(text.encode(errors="replace"))
