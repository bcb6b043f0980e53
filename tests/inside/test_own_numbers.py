"""In a course a marked task wants each learner's own numbers: a copied answer fails, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.lessons import catalogue, enrolment
from netkit.lessons.enrolment import Course
from netkit.lessons.mine import Mine
from netkit.lessons.personal import personal
from netkit.lessons.task import Task

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.usefixtures("fresh", "course"), pytest.mark.once]

COURSE = Course("demo", "2027")
MARKED = [item.id for item in catalogue.every().values() if isinstance(item, Task) and item.own]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ben's place in a course; what these tests build is gone afterwards."""
    (tmp_path / "course.json").write_text(COURSE.to_json())
    monkeypatch.setenv(enrolment.VARIABLE, str(tmp_path / "course.json"))
    monkeypatch.setenv("JUPYTERHUB_USER", "ben")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    yield
    nk.echo(on=False)
    nk.reset()


def build(key: str, whose: str) -> None:
    task = personal(catalogue.find(key, Task), Mine(whose, COURSE))
    names: dict[str, Any] = {"nk": nk}
    exec(task.given, names)  # noqa: S102  (a lesson's own lines)
    nk.echo(on=False)
    exec(task.solution, names)  # noqa: S102
    nk.echo(on=False)


@pytest.mark.parametrize("key", MARKED)
def test_ones_own_solution_passes_and_a_neighbours_says_why_it_does_not(key: str) -> None:
    build(key, "anna")
    copied = nk.check(key)
    assert not copied
    assert "In this course the numbers are each learner's own: nk.mine" in repr(copied)
    nk.reset()
    build(key, "ben")
    assert nk.check(key).ok


def test_the_lessons_own_numbers_do_not_do_either() -> None:
    names: dict[str, Any] = {"nk": nk}
    exec(catalogue.find("03.1", Task).solution, names)  # noqa: S102
    assert not nk.check("03.1")
    assert Mine("ben", COURSE).name in repr(nk.check("03.1"))


def test_a_marked_ticket_has_ones_own_seed() -> None:
    assert nk.fault("04", seed=4, own=True).seed == Mine("ben", COURSE).seed
    assert nk.fault("04", seed=4).seed == 4
