"""Every task: right solutions pass whatever their names, the empty world and each mistake fail at the right place.

By default each task shows its empty world, its start, its solution and one mistake; `-m long` tries all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import Conflict
from netkit.lessons import catalogue, desk
from netkit.lessons.task import Task, Wrong
from netkit.linux.probing import probes
from tests.inside.tickets import end_servers_of_the_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netkit.lessons.replies import Check

pytestmark = [pytest.mark.usefixtures("fresh", "emptied", "own_progress"), pytest.mark.once]

TASKS = [item for item in catalogue.every().values() if isinstance(item, Task)]
MOST_HINTS = 20
SECONDS = 0.3
HINTED = {
    ("03.1", "another prefix length"),
    ("06.1", "the host is forgotten"),
    ("09.2", "the tunnel's 50 bytes are forgotten"),
}


def quickest(task: Task) -> Wrong:
    """A mistake that can be seen, where there is one: nobody is waited for."""
    traffic = {want.text for want in task.wants if want.needs_traffic}
    return min(task.wrong, key=lambda wrong: wrong.first in traffic)


def mistakes(soon: Callable[[Task, Wrong], bool]) -> list[Any]:
    """All mistakes of all tasks; those that are not among the soon ones take minutes together."""
    return [
        pytest.param(task, wrong, id=f"{task.id}-{wrong.title}", marks=() if soon(task, wrong) else pytest.mark.long)
        for task in TASKS
        for wrong in task.wrong
    ]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not answer is not waited for as long as in a lesson: these networks are a few cables long."""
    probe = probes.probe
    monkeypatch.setattr(probes, "probe", lambda *asked: probe(*asked[:4], SECONDS))


@pytest.fixture
def emptied() -> Iterator[None]:
    """Containers end with the test that began them, and programs that a hint, or a mistake, started on the host."""
    yield
    nk.echo(on=False)
    end_servers_of_the_host()
    nk.reset()


def built(lines: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a lesson's own lines, with the variables of those before; the variables afterwards."""
    names = {"nk": nk} if names is None else names
    exec(lines, names)  # noqa: S102
    nk.echo(on=False)
    return names


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


def insist_on_a_pass(task: Task) -> None:
    """It is right, nothing is changed by the question, and no help is given."""
    before = nk.snapshot()
    check = nk.check(task.id)
    assert check.ok, check
    assert nk.snapshot() == before, "a check changes nothing"
    assert nk.hint(task.id).level == 0


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_task_from_the_empty_world_over_its_start_to_its_solution(task: Task) -> None:
    assert not nk.check(task.id).ok, "in an empty world"
    names = built(task.given)
    assert first_missing(nk.check(task.id)) == task.wants[0].text
    built(task.solution, names)
    insist_on_a_pass(task)


@pytest.mark.long
@pytest.mark.parametrize(
    ("task", "lines"),
    [pytest.param(task, lines, id=f"{task.id}-{place}") for task in TASKS for place, lines in enumerate(task.others)],
)
def test_every_other_right_solution_passes(task: Task, lines: str) -> None:
    built(lines, built(task.given))
    insist_on_a_pass(task)


@pytest.mark.parametrize(("task", "wrong"), mistakes(lambda task, wrong: wrong is quickest(task)))
def test_a_mistake_fails_at_the_right_want(task: Task, wrong: Wrong) -> None:
    built(wrong.lines, built(task.given))
    check = nk.check(task.id)
    assert first_missing(check) == wrong.first, check
    assert check.wants[check.first or 0].found, "it says what is there instead"


@pytest.mark.parametrize(("task", "wrong"), mistakes(lambda task, wrong: (task.id, wrong.title) in HINTED))
def test_hints_lead_from_a_mistake_to_the_goal(task: Task, wrong: Wrong) -> None:
    built(wrong.lines, built(task.given))
    for _ in range(MOST_HINTS):
        while (hint := nk.hint(task.id)).level in (1, 2):
            assert hint.text
        if hint.level == 0:  # all is right
            return
        if hint.text == desk.ANEW:
            nk.reset()
            built(task.given)
        else:
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
