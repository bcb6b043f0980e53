"""`nk.check`, `nk.hint`, `nk.solution`, `nk.answer`: the teacher's desk, where the kernel's state decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.errors import Conflict, InvalidValue, NotSolved
from netkit.face import face
from netkit.kinds import Flag
from netkit.lab import journal
from netkit.lab.looks import snapshot
from netkit.lessons import catalogue, diary, portfolio, sharing
from netkit.lessons.mine import mine
from netkit.lessons.personal import NOT_YOURS, personal
from netkit.lessons.replies import Answer, Answered, Check, Hint, Solution
from netkit.lessons.rooms import placed
from netkit.lessons.task import Question, Task
from netkit.linux.events import questions
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.lessons.task import Want
    from netkit.model import Snapshot

ANEW = "# No line mends that: begin the network anew, by nk.reset() and the lesson's cells (%goto runs them)"
"""The last hint where a part of the lesson's own network is gone."""

_tried: set[str] = set()
_asked: dict[tuple[str, str], int] = {}
"""How often help was asked for each want of a task."""


@face
def check(id: str, *, strict: Flag = False) -> Check:  # noqa: A002  (what learners call it)
    """Is what a task asks for there? The kernel's state decides, however it was built; nothing is changed.

    Args:
        id: the task's: the lesson's number and its own, "04.1".
        strict: whether it raises what it would say where something is missing, as a grader's cell has to.

    Returns:
        A Check: `.ok`, and `.wants`, each with `.text`, `.ok` and `.found`.

    Raises:
        InvalidValue: it is no text, or is a question's.
        NotFound: there is no such task.
        NotSolved: it is strict, and something is missing.
        NotInSandbox: this process is not in the sandbox.

    Example:
        >>> nk.check("04.1")  # doctest: +SKIP
        ✗ 04.1 Add a third container: 1 of 5
    """
    task = _task(id)
    journal.in_sandbox()
    sharing.ask()
    world = snapshot()
    result = answered(task, world)
    _tried.add(task.id)
    portfolio.keep(task.id, world, ok=result.ok)
    diary.note("check", task.id, result.ok, "" if result.first is None else result.wants[result.first].text)
    if strict and not result.ok:
        raise NotSolved(repr(result))
    return result


@face
def hint(id: str) -> Hint:  # noqa: A002
    """Help with the first thing that is missing in this very network; each call goes one step deeper.

    Args:
        id: the task's.

    Returns:
        A Hint: first a question, then where to look, then the line to type.

    Raises:
        InvalidValue: it is no text, or is a question's.
        NotFound: there is no such task.
        NotInSandbox: this process is not in the sandbox.
    """
    task = _task(id)
    journal.in_sandbox()
    world = snapshot()
    place = answered(task, world).first
    if place is None:
        return Hint("", 0, f"Nothing is missing: {task.id} is solved.")
    want = task.wants[place]
    asked = _asked[task.id, want.text] = min(_asked.get((task.id, want.text), 0) + 1, 3)
    if asked == 3:
        _tried.add(task.id)
    diary.note("hint", task.id)
    return Hint(want.text, asked, placed(want, world).hints(world)[asked - 1] or ANEW)


@face
def solution(id: str) -> Solution:  # noqa: A002
    """One way to solve a task, as code; nothing is run. It wants one try first, or a last hint.

    Args:
        id: the task's.

    Raises:
        Conflict: it was not checked yet, and there are further hints.
        InvalidValue: it is no text, or is a question's.
        NotFound: there is no such task.
    """
    task = _task(id)
    if task.id not in _tried:
        problem, rule = f"{task.id} was not tried yet", "a solution teaches most after a try"
        raise Conflict(problem, rule, f'Try it, then nk.check("{task.id}")')
    diary.note("solution", task.id)
    return Solution(task.id, task.solution)


@face
def answer(id: str, choice: str = "", *, strict: Flag = False) -> Answered:  # noqa: A002
    """Answer a question: what is right or wrong about that option; without a choice, the options.

    Args:
        id: the question's: "04.2".
        choice: the letter of an option.
        strict: whether it raises what it would say where the choice is not right.

    Raises:
        InvalidValue: it is no text or a task's, or there is no such option.
        NotFound: there is no such question.
        NotSolved: it is strict, and another option is right.
    """
    question = catalogue.find(id, Question)
    if choice == "":
        return Answered(question)
    letters = ", ".join(question.options)
    if not isinstance(choice, str) or choice.strip().lower() not in question.options:
        raise InvalidValue(f"{shown(choice)} is none of its options", f"there are: {letters}", f'Try nk.answer("{id}")')
    result = Answered(question, choice.strip().lower())
    diary.note("answer", question.id, result.ok, result.choice)
    if strict and not result.ok:
        raise NotSolved(repr(result))
    return result


def answered(task: Task, world: Snapshot) -> Check:
    """What a network has of what a task asks for: first what can be seen, then, if all of that is right, by packets.

    Args:
        task: as this learner is asked it.
        world: the network that is there.
    """
    answers: list[Answer] = []
    rested = False
    for want in task.wants:
        asked = not want.needs_traffic or all(answer.ok for answer in answers)
        if asked and want.needs_traffic and not rested:
            questions.wait(world)
            rested = True
        answers.append(_ask(want, world) if asked else Answer(want.text, None))
    return Check(task.id, task.title, tuple(answers), NOT_YOURS if task.own and mine.drawn else "")


def _task(id: str) -> Task:  # noqa: A002
    """The task of that id, with this learner's numbers."""
    return personal(catalogue.find(id, Task), mine)


def _ask(want: Want, world: Snapshot) -> Answer:
    found = placed(want, world).found(world)
    return Answer(want.text, found.ok, "" if found.ok else found.words)
