"""`netkit grade`: which scripts are replayed, each in a fresh sandbox, with the learner's wants; copied tickets."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.classroom import cell, exchange, submission
from netkit.classroom.replay_limits import LIMIT, Pace
from netkit.errors import InvalidValue
from netkit.lessons import catalogue
from netkit.lessons.mine import Mine
from netkit.lessons.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    from netkit.classroom.exchange import Found
    from netkit.classroom.submission import Submission
    from netkit.lessons.enrolment import Course

Result = dict[str, Any]
"""What `netkit.classroom.replaying` tells of a replay."""

NOTHING = "nothing was handed in for it"

OWN_TICKETS = 2
"""How many tickets an exam takes from a learner's own seed on."""

_MOST_STOPPED = 5
_NOT_TRIED = f"it was not tried, since {_MOST_STOPPED} others of this learner were stopped at a limit"
_TICKET = re.compile(r"(any|\d\d)/(0|[1-9]\d{0,9})/[123]", re.ASCII)
"""What a ticket is called: so each has one name, and counts once."""


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
        copied: of a ticket, the other learner whose own it is: then it is not replayed.
    """

    learner: str
    kind: str
    id: str
    asked: dict[str, Any]
    copied: str = ""

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
    replays = [_replays(paper, tasks, course, found) for paper in found]
    before = _kept(run.kept)
    left = any(each.mark not in before for own in replays for each in own)
    hidden = (os.path.realpath(folder), os.path.realpath(run.kept.parent))
    replaying = _Round(run, before, hidden, cell.pace() if left else Pace(""), sum(map(len, replays)))
    return Graded(found, tasks, replaying.carried_out(replays))


class _Round:
    """All replays of a class: learners at the same time, what is one learner's in turn.

    Args:
        run: how they are carried out.
        before: results of a run that was interrupted, by marks.
        hidden: folders that no replay sees.
        pace: in which world they run, and how long one may take.
        many: how many there are.
    """

    def __init__(self, run: Run, before: dict[str, Result], hidden: tuple[str, ...], pace: Pace, many: int) -> None:
        self._run, self._before, self._hidden, self._pace, self._many = run, before, hidden, pace, many
        self._results: dict[tuple[str, str, str], Result] = {}
        self._lock, self._over = threading.Lock(), threading.Event()

    def carried_out(self, replays: list[list[Replay]]) -> dict[tuple[str, str, str], Result]:
        """The results; whoever interrupts it waits for what is running, and for nothing else.

        Args:
            replays: of each learner.
        """
        self._run.tell(0, self._many)
        with open(self._run.kept, "a", encoding="utf-8") as file, ThreadPoolExecutor(self._run.jobs) as pool:
            os.fchmod(file.fileno(), 0o600)
            with self._till_the_end():
                for ended in as_completed([pool.submit(self._in_turn, own, file) for own in replays]):
                    ended.result()
        return self._results

    @contextmanager
    def _till_the_end(self) -> Iterator[None]:
        """Whatever breaks the block off keeps every other learner from going on."""
        try:
            yield
        except BaseException:
            self._over.set()
            raise

    def _in_turn(self, own: list[Replay], file: TextIO) -> None:
        """One learner's: who was stopped too often costs no more time."""
        stopped = 0
        for replay in own:
            if self._over.is_set():
                return
            with self._till_the_end():
                result = self._result(replay, stopped)
            stopped += result["trouble"] == LIMIT
            with self._lock:
                self._results[replay[:3]] = result
                file.write(json.dumps([replay.mark, result]) + "\n")
                file.flush()
                self._run.tell(len(self._results), self._many)

    def _result(self, replay: Replay, stopped: int) -> Result:
        if replay.copied:
            return {"ok": False, "wants": [], "trouble": f"its seed is {replay.copied}'s"}
        if replay.mark in self._before:
            return self._before[replay.mark]
        if stopped >= _MOST_STOPPED:
            return {"ok": False, "wants": [], "trouble": _NOT_TRIED}
        return cell.replayed(replay.asked, self._hidden, self._pace)


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
        if (match := _TICKET.fullmatch(key)) and match[1] in ("any", *catalogue.LESSONS):
            lesson, seed = "" if match[1] == "any" else match[1], int(match[2])
            asked = {"kind": "ticket", "script": work.script, "lesson": lesson, "seed": seed}
            made.append(Replay(paper.learner, "ticket", key, asked, _whose(seed, paper.learner, others, course)))
    return made


def _whose(seed: int, learner: str, others: list[str], course: Course) -> str:
    """The other learner whose own tickets are of a seed; "" for nobody, and where it is this learner's as well."""

    def own(name: str) -> bool:
        return 0 <= seed - Mine(name, course).seed < OWN_TICKETS

    return "" if not course.seed or own(learner) else next(filter(own, others), "")


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
