"""A submission is read strictly: what no submission says is refused in words, whatever it is."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netkit.classroom import exchange, submission
from netkit.classroom.submission import Handed, Submission
from netkit.errors import InvalidValue, NotFound
from netkit.lessons import enrolment
from netkit.lessons.diary import Event

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = Submission(
    "anna",
    "demo",
    1.8e9,
    {"03.1": Handed("ip netns add left\n", verified=True)},
    {"06/17/1": Handed("true\n")},
    (Event(1.8e9, "answer", "03.2", ok=True, what="b"),),
    "#!/bin/sh\n",
)


def told(**changed: Any) -> bytes:
    return json.dumps({**json.loads(WHOLE.to_json()), **changed}).encode()


def test_what_was_written_is_read() -> None:
    assert submission.read(WHOLE.to_json().encode()) == WHOLE


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "no submission"),
        (b" " * 1_000_001, "1000001 bytes"),
        (told(netkit_submission=2), "its version is 2"),
        (told(netkit_submission=True), "its version is True"),
        (told(learner=7), "'learner' is no text"),
        (told(made="now"), "'made' is no time"),
        (told(made=1e400), "'made' is no time"),
        (told(tasks=[]), "'tasks' are no scripts"),
        (told(tasks={"03.1": {"script": 7}}), "'03.1' has no script"),
        (told(tasks={"03.1": {"script": "x", "verified": 1.5}}), "'03.1' has no script"),
        (told(events={}), "'events' is no list"),
        (told(events=[[1, "a"]]), "is no event"),
        (told(events=[["1", "a", "b", True, ""]]), "is no time"),
        (told(events=[[1, "a", "b", "yes", ""]]), "is no verdict"),
    ],
)
def test_what_is_none_is_refused_with_its_reason(data: bytes, problem: str) -> None:
    with pytest.raises(InvalidValue, match=problem):
        submission.read(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for data in (
        json.dumps(value),
        json.dumps({"netkit_submission": 1, "tasks": value, "tickets": {}, "events": value}),
    ):
        with contextlib.suppress(InvalidValue):
            assert submission.read(data.encode(errors="surrogatepass")).tickets == {}


def test_in_an_exchange_folder_names_cannot_be_guessed_and_nothing_is_replaced(tmp_path: Path) -> None:
    first, second = (exchange.put(str(tmp_path), "anna", "{}") for _ in range(2))
    assert first != second
    assert first.name.startswith("anna+")
    assert len(first.name) > 40
    assert stat.S_IMODE(first.stat().st_mode) == 0o644


def test_beside_a_notebook_it_is_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = exchange.put("", "anna", "{}")
    assert exchange.put("", "anna", "{ }") == path
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("{ }", 0o600)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "a b\n", "-rf", "jürgen", ".x", "anna+net@x.org", "50%25"])
def test_a_name_leads_nowhere_else_and_is_found_as_it_was(name: str, tmp_path: Path) -> None:
    assert exchange.put(str(tmp_path), name, "{}").parent == tmp_path
    assert [each.learner for each in exchange.find(tmp_path)] == [name]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_name_is_a_files_and_comes_back(name: str) -> None:
    written = enrolment.in_file_name(name)
    assert not set(written) & {"/", "+", "\0"}
    assert not written.startswith(".")
    assert enrolment.of_file_name(f"{written}+20270109T100000Z") == name


def candidate(owner: int, when: float) -> exchange._Candidate:
    return exchange._Candidate(when, owner, exchange.Found("anna", Path(f"{owner}-{when}")))


@pytest.mark.parametrize("account", ["anna", "jupyter-anna"])
def test_what_another_account_put_there_takes_nobodys_place(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netkit.classroom.owning.pwd.getpwnam", accounts(**{account: 70001}))
    found = exchange._chosen("anna", [candidate(70001, 1), candidate(70002, 2)])
    assert (found.path.name, found.trouble) == ("70001-1", "")
    alone = exchange._chosen("anna", [candidate(70002, 2)])
    assert alone.trouble == "the file belongs to another account"
    assert exchange._chosen("anna", [candidate(70001, 1), candidate(os.geteuid(), 2)]).path.name.endswith("-2")


def test_where_no_account_has_the_name_two_accounts_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netkit.classroom.owning.pwd.getpwnam", accounts())
    one, other = candidate(70001, 1), candidate(70002, 2)
    assert exchange._chosen("anna", [one]).trouble == ""
    told = "several accounts handed in under this name: 70001, 70002"
    assert exchange._chosen("anna", [one, other]).trouble == told
    assert exchange._chosen("anna", [one, candidate(70001, 3)]).path.name == "70001-3"


def accounts(**known: int) -> Callable[[str], SimpleNamespace]:
    """What the machine says of accounts, where there are these."""
    return lambda name: SimpleNamespace(pw_uid=known[name])


def test_a_folder_that_is_closed_or_empty_costs_its_own_marks_only(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "empty").mkdir()
    (tmp_path / "anna.json").write_text("{}")
    found = {each.learner: each for each in exchange.find(tmp_path)}
    assert exchange.content(found["anna"]) == b"{}"
    for name in ("closed", "empty"):
        with pytest.raises(InvalidValue, match="cannot be read"):
            exchange.content(found[name])


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="cannot be written"):
        exchange.put(str(tmp_path / "none" / "deeper"), "anna", "{}")
    with pytest.raises(NotFound):
        exchange.find(tmp_path / "none")


def test_the_newest_of_each_learner_is_found_in_folders_and_by_names(tmp_path: Path) -> None:
    no_paper = (".hidden.json", "notes.txt", enrolment.FILE)
    for number, name in enumerate(("anna+1+aa.json", "anna+2+bb.json", "ben.json", *no_paper)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (number, number))
    (tmp_path / "carla" / "04").mkdir(parents=True)
    (tmp_path / "carla" / "04" / "netkit-submission.json").write_text("{}")
    (tmp_path / "dora+04+2027-01-09 10:00:00.000000 UTC+xyz").mkdir()
    (tmp_path / "link").symlink_to("/etc")
    found = {each.learner: each.path.name for each in exchange.find(tmp_path)}
    assert found == {
        "anna": "anna+2+bb.json",
        "ben": "ben.json",
        "carla": "netkit-submission.json",
        "dora": "netkit-submission.json",
    }


def test_links_and_pipes_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "b.json")
    for each in exchange.find(tmp_path):
        with pytest.raises(InvalidValue):
            exchange.content(each)
