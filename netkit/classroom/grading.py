"""Grading by replay: each script in a fresh sandbox, and the same wants as the learner saw."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.classroom import cell, exchange, submission
from netkit.errors import InvalidValue
from netkit.lessons import catalogue
from netkit.lessons.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from netkit.classroom.exchange import Found
    from netkit.classroom.submission import Submission
    from netkit.lessons.enrolment import Course

Result = dict[str, Any]
"""What `netkit.classroom.replaying` tells of a replay."""

NOTHING = "nothing was handed in for it"


class Paper(NamedTuple):
    """What came from one learner.

    Attributes:
        learner: the name, by the folder.
        submission: what the file holds; None where it cannot be read.
        trouble: why not.
    """

    learner: str
    submission: Submission | None
    trouble: str = ""


class Replay(NamedTuple):
    """A script to replay.

    Attributes:
        learner: whose.
        kind: "task" or "ticket".
        id: of the task, or of the ticket.
        asked: what the replay is told.
    """

    learner: str
    kind: str
    id: str
    asked: dict[str, Any]

    @property
    def mark(self) -> str:
        """What tells it apart from every other one."""
        return hashlib.sha256(json.dumps(self.asked, sort_keys=True).encode()).hexdigest()


class Graded(NamedTuple):
    """What came of all papers.

    Attributes:
        papers: in the order of the learners' names.
        tasks: the ids that count, in the lessons' order.
        results: of each (learner, kind, id) that was replayed.
    """

    papers: list[Paper]
    tasks: list[str]
    results: dict[tuple[str, str, str], Result]


def papers(folder: Path) -> list[Paper]:
    """What lies in a folder, read.

    Args:
        folder: of all submissions.

    Raises:
        NotFound: there is no such folder.
    """
    return [_paper(found) for found in exchange.find(folder)]


class Run(NamedTuple):
    """How replays are carried out.

    Attributes:
        jobs: how many run at once.
        kept: the file in which results are kept meanwhile, so that a run that was interrupted goes on.
        tell: called with how many are done, and of how many.
    """

    jobs: int
    kept: Path
    tell: Callable[[int, int], None]


def grade(folder: Path, course: Course, wanted: Iterable[str], run: Run) -> Graded:
    """Replay all that was handed in.

    Args:
        folder: of all submissions; no replay sees it.
        course: which draws each learner's numbers.
        wanted: ids of the tasks that count; without any, those that somebody handed in.
        run: how replays are carried out.

    Raises:
        NotFound: there is no such folder, or no such task.
        SandboxUnavailable: no sandbox can be made here.
    """
    found = papers(folder)
    tasks = [catalogue.find(key, Task).id for key in wanted] or _handed_in(found)
    replays = [replay for paper in found for replay in _replays(paper, tasks, course, found)]
    before = _kept(run.kept)
    results = {each[:3]: before[each.mark] for each in replays if each.mark in before}
    left = [each for each in replays if each[:3] not in results]
    run.tell(len(results), len(replays))
    world = cell.world() if left else ""
    hidden = (os.path.realpath(folder), os.path.realpath(run.kept.parent))
    with ThreadPoolExecutor(run.jobs) as pool, open(run.kept, "a", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        running = {pool.submit(cell.replayed, each.asked, hidden, world): each for each in left}
        for ended in as_completed(running):
            replay = running[ended]
            results[replay[:3]] = ended.result()
            file.write(json.dumps([replay.mark, ended.result()]) + "\n")
            file.flush()
            run.tell(len(results), len(replays))
    return Graded(found, tasks, results)


def _paper(found: Found) -> Paper:
    if found.trouble:
        return Paper(found.learner, None, found.trouble)
    try:
        return Paper(found.learner, submission.read(exchange.content(found)))
    except InvalidValue as error:
        return Paper(found.learner, None, f"{error.problem}; {error.rule}")


def _handed_in(found: list[Paper]) -> list[str]:
    """The tasks for which somebody handed a script in, in the lessons' order."""
    there = {key for paper in found if paper.submission for key in paper.submission.tasks}
    return [key for key, item in catalogue.every().items() if isinstance(item, Task) and key in there]


def _replays(paper: Paper, tasks: list[str], course: Course, found: list[Paper]) -> list[Replay]:
    """What is to be replayed of one learner's paper."""
    if paper.submission is None:
        return []
    drawn = asdict(course)
    others = [other.learner for other in found if other.learner != paper.learner]
    whose = {"learner": paper.learner, "course": drawn}
    made = []
    for key in tasks:
        if key in paper.submission.tasks:
            script = paper.submission.tasks[key].script
            asked = {"kind": "task", "id": key, "script": script, **whose, "others": others}
            made.append(Replay(paper.learner, "task", key, asked))
    for key, work in paper.submission.tickets.items():
        lesson, seed, level = [*key.split("/"), "", ""][:3]
        if lesson in ("any", *catalogue.LESSONS) and seed.isdecimal() and len(seed) <= 10 and level in ("1", "2", "3"):
            about = {"lesson": "" if lesson == "any" else lesson, "seed": int(seed)}
            made.append(Replay(paper.learner, "ticket", key, {"kind": "ticket", "script": work.script, **about}))
    return made


def _kept(path: Path) -> dict[str, Result]:
    """The results that an interrupted run kept; a line that was torn is passed over."""
    found = {}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    for line in text.splitlines():
        try:
            mark, result = json.loads(line)
        except ValueError:
            continue
        found[mark] = result
    return found
