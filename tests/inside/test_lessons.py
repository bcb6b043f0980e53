"""Every task: right solutions pass whatever their names, the empty world and each mistake fail at the right place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import Conflict
from netkit.lessons import catalogue, desk
from netkit.lessons.task import Task, Wrong
from netkit.linux.probing import probes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.lessons.replies import Check

pytestmark = [pytest.mark.usefixtures("fresh", "emptied", "own_progress"), pytest.mark.once]

TASKS = [item for item in catalogue.every().values() if isinstance(item, Task)]
RIGHT = [(task, lines) for task in TASKS for lines in (task.solution, *task.others)]
WRONG = [(task, wrong) for task in TASKS for wrong in task.wrong]
MOST_HINTS = 20
SECONDS = 0.3


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not answer is not waited for as long as in a lesson: these networks are a few cables long."""
    probe = probes.probe
    monkeypatch.setattr(probes, "probe", lambda *asked: probe(*asked[:4], SECONDS))


@pytest.fixture
def emptied() -> Iterator[None]:
    """Containers end with the test that began them, and programs that a hint started."""
    yield
    nk.echo(on=False)
    nk.reset()


@pytest.fixture
def own_progress(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests do is no learner's progress."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def world(task: Task, lines: str = "") -> None:
    """Build the lesson's network, and what is added to it."""
    names: dict[str, Any] = {"nk": nk}
    exec(task.given, names)  # noqa: S102  (a lesson's own lines)
    nk.echo(on=False)
    exec(lines, names)  # noqa: S102
    nk.echo(on=False)


def first_missing(check: Check) -> str:
    assert check.first is not None, check
    return check.wants[check.first].text


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_task_has_what_its_tests_need(task: Task) -> None:
    assert len(task.others) >= 2, "two other right solutions"
    assert task.wrong, "typical wrong worlds"
    texts = [want.text for want in task.wants]
    assert len(set(texts)) == len(texts)
    assert {wrong.first for wrong in task.wrong} <= set(texts)


@pytest.mark.parametrize(("task", "lines"), RIGHT, ids=lambda value: value.id if isinstance(value, Task) else "")
def test_every_right_solution_passes(task: Task, lines: str) -> None:
    world(task, lines)
    before = nk.snapshot()
    check = nk.check(task.id)
    assert check.ok, check
    assert nk.snapshot() == before, "a check changes nothing"
    assert nk.hint(task.id).level == 0


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_the_start_of_a_task_fails_at_its_first_want(task: Task) -> None:
    assert not nk.check(task.id).ok, "in an empty world"
    world(task)
    assert first_missing(nk.check(task.id)) == task.wants[0].text


@pytest.mark.parametrize(("task", "wrong"), WRONG, ids=lambda value: value.title if isinstance(value, Wrong) else "")
def test_every_mistake_fails_at_the_right_want_and_hints_lead_from_it_to_the_goal(task: Task, wrong: Wrong) -> None:
    world(task, wrong.lines)
    check = nk.check(task.id)
    assert first_missing(check) == wrong.first, check
    assert check.wants[check.first or 0].found, "it says what is there instead"
    for _ in range(MOST_HINTS):
        while (hint := nk.hint(task.id)).level in (1, 2):
            assert hint.text
        if hint.level == 0:  # all is right
            return
        nk.sh(hint.text)
    pytest.fail(repr(nk.check(task.id)))


def test_hints_deepen_and_belong_to_the_first_thing_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_asked", {})
    first, second = nk.hint("03.1"), nk.hint("03.1")
    assert (first.level, second.level) == (1, 2)
    nk.Namespace("left")
    other = nk.hint("03.1")
    assert (other.want, other.level) == ("there is a namespace right", 1)


def test_traffic_is_asked_only_when_the_rest_is_right() -> None:
    check = nk.check("03.1")
    assert check.wants[-1].ok is None
    assert "asked when the rest is right" in repr(check)


def test_a_solution_wants_a_try_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_tried", set())
    with pytest.raises(Conflict, match=r"Try it, then nk\.check"):
        nk.solution("04.1")
    nk.check("04.1")
    before = nk.snapshot()
    assert "brtest.attach" in repr(nk.solution("04.1"))
    assert nk.snapshot() == before, "it shows code, and runs nothing"


def test_the_last_hint_counts_as_a_try_and_says_that_it_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_tried", set())
    monkeypatch.setattr(desk, "_asked", {})
    for _ in range(2):
        assert "last hint" not in repr(nk.hint("04.1"))
        with pytest.raises(Conflict):
            nk.solution("04.1")
    assert repr(nk.hint("04.1")).endswith("\n(This is the last hint for it.)")
    assert "brtest.attach" in repr(nk.solution("04.1"))
