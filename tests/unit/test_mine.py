"""Numbers of one's own: distinct in a class of 500, no lesson's, and the article's without a course."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import InvalidValue
from netkit.lessons import catalogue, enrolment
from netkit.lessons.enrolment import Course, marked
from netkit.lessons.mine import Mine
from netkit.lessons.personal import ordered, personal
from netkit.lessons.prediction import Choice
from netkit.lessons.task import Task
from netkit.validation import network
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CLASS = [f"learner{number}" for number in range(500)]
LISTED = Course("demo", "2027", learners=tuple(marked("2027", name) for name in CLASS))
VALUES = ("subnet", "port", "name", "seed")
MARKED = [item for item in catalogue.every().values() if isinstance(item, Task) and item.own]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No hub and no course but those of the test."""
    for name in ("JUPYTERHUB_USER", enrolment.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("what", VALUES)
def test_five_hundred_learners_of_a_class_list_have_500_of_each(what: str) -> None:
    assert len({getattr(Mine(name, LISTED), what) for name in CLASS}) == len(CLASS)


def test_names_that_are_on_no_list_differ_in_what_a_marked_task_asks_of_them() -> None:
    unlisted = Course("demo", "2027")
    asked = [tuple(getattr(Mine(name, unlisted), what) for what in ("prefix", "name")) for name in CLASS]
    assert len(set(asked)) == len(CLASS)


def test_whoever_enrols_later_leaves_the_others_numbers_as_they_are() -> None:
    later = Course("demo", "2027", learners=(*LISTED.learners, marked("2027", "late")))
    assert repr(Mine("learner7", later)) == repr(Mine("learner7", LISTED))
    assert Mine("late", later).subnet not in {Mine(name, later).subnet for name in CLASS}


def test_another_seed_draws_others() -> None:
    other = Course("demo", "2028")
    assert all(getattr(Mine("anna", other), what) != getattr(Mine("anna", LISTED), what) for what in VALUES)


def test_no_subnet_or_port_is_one_that_lessons_tickets_or_notebooks_use() -> None:
    folders = (ROOT / "netkit" / "lessons", ROOT / "netkit" / "tickets", ROOT / "notebooks")
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".ipynb")]
    text = "".join(path.read_text(encoding="utf-8") for path in paths if path.name not in ("mine.py", "enrolment.py"))
    used = {
        ipaddress.ip_address(word) for word in re.findall(r"\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.\d{1,2}){3}\b", text)
    }
    assert ipaddress.ip_address("172.17.0.2") in used, "this test finds what it looks for"
    drawn = (
        ipaddress.ip_network("10.32.0.0/11"),
        ipaddress.ip_network("10.64.0.0/10"),
        ipaddress.ip_network("10.128.0.0/9"),
    )
    assert not [address for address in used if any(address in area for area in drawn)]
    assert all(any(network(Mine(name, LISTED).subnet).subnet_of(area) for area in drawn) for name in CLASS)
    assert not re.findall(r"(?:port|ports=\{|-p |:)\s*(2\d{4})\b", text), "ports from 20000 on are the learners'"


def test_names_are_no_lessons_namespaces_and_fit_an_interface() -> None:
    names = {Mine(name, LISTED).name for name in CLASS}
    assert all(re.fullmatch(r"[a-z]+\d{3}", name) and len(name) <= 15 for name in names)
    taken = re.findall(r'Namespace\("(\w+)"\)', "".join(repr(item) for item in catalogue.every().values()))
    assert taken
    assert not names.intersection(taken)


def test_without_a_course_everybody_has_the_articles_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("anna", "ben"):
        monkeypatch.setenv("JUPYTERHUB_USER", name)
        assert (nk.mine.subnet, nk.mine.port, nk.mine.name, nk.mine.seed) == ("172.17.1.0/24", 8080, "ns3", 7)
        assert not nk.mine.drawn


def test_the_hub_gives_the_name_before_the_account_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "jovyan")
    assert enrolment.learner() == "jovyan"
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    assert enrolment.learner() == "anna"


def test_a_course_is_found_beside_the_notebook_and_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / enrolment.FILE).write_text(LISTED.to_json())
    inner = tmp_path / "week 1"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert enrolment.course() == LISTED
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(Course("hub", "9").to_json())
    monkeypatch.setenv(enrolment.VARIABLE, str(elsewhere))
    assert enrolment.course().name == "hub"


@pytest.mark.parametrize("text", ["", "[]", '{"seed": 7}', '{"learners": "anna"}', '{"learners": [1]}'])
def test_what_is_no_course_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / enrolment.FILE).write_text(text)
    with pytest.raises(InvalidValue):
        enrolment.course()


def test_a_file_of_the_learners_own_gives_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    (tmp_path / enrolment.FILE).write_text(json.dumps({"seed": "1", "learner": "ben", "name": "x"}))
    assert nk.mine.learner == "anna"


@pytest.mark.parametrize("task", MARKED, ids=lambda task: task.id)
def test_a_marked_task_asks_each_learner_for_other_numbers(task: Task) -> None:
    asked = {repr(personal(task, Mine(name, LISTED)).wants) for name in CLASS}
    assert len(asked) == len(CLASS)
    assert personal(task, Mine("anna", Course())) == task
    own = personal(task, Mine("anna", LISTED))
    assert not any(text in own.solution + repr(own.wants) for text, _ in task.own)
    assert {wrong.first for wrong in own.wrong} <= {want.text for want in own.wants}


def test_there_are_marked_tasks() -> None:
    assert {task.id for task in MARKED} >= {"01.1", "03.1", "04.1", "06.1"}


def test_a_neighbours_number_means_something_else() -> None:
    options = ("a", "b", "c", "d")
    menus = [ordered(options, "04.7", Mine(name, LISTED)) for name in CLASS]
    assert {frozenset(menu) for menu in menus} == {frozenset(options)}
    assert len(set(menus)) == 24
    assert all(ordered(options, "04.7", Mine(name, LISTED)) == menu for name, menu in zip(CLASS, menus, strict=True))
    assert len({Choice(options).read("1", menu) for menu in menus}) == 4


def test_options_stand_as_the_lesson_has_them_without_a_course_and_where_there_are_two() -> None:
    assert ordered(("b", "a", "c"), "04.7", Mine("anna", Course())) == ("b", "a", "c")
    assert ordered(("yes", "no"), "04.7", Mine("anna", LISTED)) == ("yes", "no")
