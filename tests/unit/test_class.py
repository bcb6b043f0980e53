"""The teacher's page: who agreed is shown, who is stuck is named, and a stranger's file spoils nothing."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import json
import os
import stat
import threading
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from netkit.classroom import board, watching
from netkit.classroom.serving import Server
from netkit.errors import InvalidValue, NotFound
from netkit.lessons import diary, enrolment, sharing
from netkit.lessons.enrolment import Course
from tests.outside.pupils import NOW, WANT, share

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course that asks for progress, and a learner of it."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o1733)
    (tmp_path / "course.json").write_text(Course("demo", "1", "", str(folder)).to_json())
    monkeypatch.setenv(enrolment.VARIABLE, str(tmp_path / "course.json"))
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(diary, "_own", "")
    monkeypatch.setattr(sharing, "_picture", None)
    return folder


def answers(monkeypatch: pytest.MonkeyPatch, *said: str) -> list[str]:
    """A learner who answers so; what was asked."""
    asked: list[str] = []
    left = list(said)

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return left.pop(0)

    monkeypatch.setattr("builtins.input", answer)
    return asked


def test_without_a_yes_nothing_is_shown(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diary.note("check", "03.1", ok=True)
    assert list(shared.iterdir()) == []
    asked = answers(monkeypatch, "perhaps", "no")
    sharing.ask()
    sharing.ask()
    diary.note("check", "03.1", ok=True)
    assert len(asked) == 2, "once, until it is a yes or a no"
    assert "Other learners do not see it" in asked[0]
    assert list(shared.iterdir()) == []
    assert watching.learners(shared) == []


def test_where_nobody_can_answer_nothing_is_shown(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    sharing.ask()
    diary.note("check", "03.1", ok=True)
    assert list(shared.iterdir()) == []


def test_a_yes_shows_what_was_said_and_a_no_takes_it_away(
    shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, "yes")
    sharing.ask()
    diary.note("check", "03.1", ok=False, what=WANT)
    (file,) = shared.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert len(file.stem) > 36, "nobody guesses its name"
    told = {"netkit_progress", "learner", "course", "time", "events", "why", "picture"}
    assert set(json.loads(file.read_text())) == told
    (one,) = watching.learners(shared)
    assert (one.name, one.events[0].what) == ("anna", WANT)
    sharing.share(agree=False)
    assert list(shared.iterdir()) == []
    assert "Nobody sees your progress but you." in capsys.readouterr().out


def test_nobody_is_asked_without_a_course_that_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(enrolment.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert answers(monkeypatch) == []
    sharing.ask()
    with pytest.raises(InvalidValue, match="nobody asks"):
        sharing.share(agree=True)


def test_who_is_stuck_where_and_how_long_and_what_fails_most(tmp_path: Path) -> None:
    share(tmp_path, 9)
    shown = watching.learners(tmp_path)
    where = {one.name: one.stuck(NOW) for one in shown}
    assert [name for name, found in where.items() if found] == ["learner000", "learner003", "learner006"]
    assert where["learner000"] == ("03.1", WANT, 700.0)
    assert watching.hardest(shown) == [("03.1", WANT, 3)]
    page = board.class_page(shown, NOW, "demo")
    assert page.count('<th scope="row"') >= 9
    assert f"✗ 03.1 {WANT}".replace("'", "&#x27;") in page
    assert "9 learners, 3 of them stuck" in page
    rows = list(csv.DictReader(io.StringIO(board.class_csv(shown, NOW))))
    assert (rows[0]["stuck at"], rows[0]["minutes"], rows[1]["stuck at"]) == ("03.1", "12", "")


def test_a_learners_page_has_the_picture_and_what_why_said(tmp_path: Path) -> None:
    share(tmp_path, 1)
    page = board.learner_page(watching.learners(tmp_path)[0], NOW)
    assert "<img alt=" in page
    assert "eth0 in right is down" in page
    assert "Stuck at 03.1 for 12 min" in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"netkit_progress": 1}',
        '{"netkit_progress": 1, "events": 7}',
        '{"netkit_progress": 2, "events": []}',
    ],
)
def test_a_file_that_is_none_is_passed_over(text: str, tmp_path: Path) -> None:
    share(tmp_path, 2)
    (tmp_path / "mallory+1.json").write_text(text)
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.json")
    assert len(watching.learners(tmp_path)) == 2


@pytest.mark.parametrize("picture", ["{", "7", '{"namespaces": {"a": 1}}', "x" * 1000])
def test_a_strangers_file_is_shown_as_text_only(picture: str, tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "netkit_progress": 1,
        "time": "soon",
        "why": "<script>alert(1)</script>",
        "picture": picture,
    }
    told["events"] = [[NOW, "check", "03.1", False, "<b>"], [NOW, "check", "no such", False, ""], [1], ["x"] * 5]
    (tmp_path / "<i>=1.json").write_text(json.dumps(told))
    (one,) = watching.learners(tmp_path)
    assert len(one.events) == 1
    pages = board.class_page([one], NOW + 900), board.learner_page(one, NOW + 900)
    assert not any(word in page for page in pages for word in ("<script>alert", "<b>", "<i>"))


def test_what_another_account_wrote_under_a_name_is_not_shown_as_the_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"anna": SimpleNamespace(pw_uid=70001)}
    monkeypatch.setattr("netkit.classroom.owning.pwd.getpwnam", lambda name: known[name])
    found = {owner: watching.Learner("x", float(owner), ()) for owner in (70001, 70002)}
    assert [one.seen for one in watching._shown("anna", found)] == [70001.0]
    assert [one.name for one in watching._shown("ben", found)] == ["ben (70001)", "ben (70002)"]
    assert [one.name for one in watching._shown("ben", {70002: found[70002]})] == ["ben"]


def test_a_name_with_a_plus_is_shown_as_it_is(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("anna+net@example.org", "jürgen", "a/b"):
        monkeypatch.setenv("JUPYTERHUB_USER", name)
        monkeypatch.setenv("XDG_DATA_HOME", str(shared.parent / name.replace("/", "_")))
        sharing.share(agree=True)
        diary.note("check", "03.1", ok=True)
    assert [one.name for one in watching.learners(shared)] == ["a/b", "anna+net@example.org", "jürgen"]


def test_no_folder_is_said() -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        watching.learners(pytest.importorskip("pathlib").Path("/no/such/folder"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    share(tmp_path, 3)
    found = Server(tmp_path, "demo", 0)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def fetched(address: str, **headers: str) -> tuple[int, str]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  (http, of this test)
        with urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay).open(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Set-Cookie", "") or error.read().decode()


def page_of(name: str) -> str:
    return watching.Learner(name, 0.0, ()).page


def test_the_page_is_for_whoever_has_its_key(server: Server) -> None:
    bare = server.address.partition("?")[0]
    assert fetched(bare)[0] == 403
    assert fetched(f"{bare}?key=wrong")[0] == 403
    assert fetched(bare, Cookie="netkit-class=wrong")[0] == 403
    status, cookie = fetched(server.address)
    assert status == 303
    assert "HttpOnly; SameSite=Strict" in cookie
    own = cookie.partition(";")[0]
    assert "3 learners" in fetched(bare, Cookie=own)[1]
    assert "learner002" in fetched(f"{bare}{page_of('learner002')}", Cookie=own)[1]
    assert fetched(f"{bare}class.csv", Cookie=own)[1].startswith("learner,stuck at,")
    for path in (page_of("nobody"), "learner-", "../etc/passwd", "learner-x"):
        assert fetched(f"{bare}{path}", Cookie=own)[0] == 404


def test_as_a_service_it_needs_a_hub(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this Python has jupyterhub it says that no hub has started it, else that the package is missing."""
    command = importlib.import_module("netkit.subcommands.class")
    monkeypatch.delenv("JUPYTERHUB_SERVICE_URL", raising=False)
    there = importlib.util.find_spec("jupyterhub") is not None
    with pytest.raises(InvalidValue, match="no JupyterHub has started this" if there else "no package jupyterhub"):
        command.main(argparse.Namespace(folder=shared, port="0", csv=None, hub=True))
