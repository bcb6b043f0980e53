"""`netkit grade`: the right marks whatever was handed in, nothing harmed or left, the same bytes again."""

from __future__ import annotations

import csv
import hashlib
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.classroom import cell, grading, replay_limits, sheet
from netkit.classroom.replay_limits import LIMIT
from netkit.classroom.submission import Handed, Submission
from netkit.lessons import enrolment
from netkit.lessons.mine import Mine
from tests.outside import mischief, papers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests import machine

_JOBS = 2


class Listener:
    """Somebody on the machine's loopback, who counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.came = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                stream, _ = self._socket.accept()
            except OSError:
                return
            self.came += 1
            stream.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def victims(tmp_path: Path) -> Path:
    """Files that hostile scripts are told of, and try to spoil."""
    folder = tmp_path / "victims"
    (folder / "inner").mkdir(parents=True)
    (folder / "marks").write_text("anna 1\n")
    (folder / "inner" / "more").write_text("ben 2\n")
    return folder


def state_of(folder: Path) -> dict[str, str]:
    """Every file below a folder, with what tells its content apart."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def graded(folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "netkit.cli", "grade", str(folder), "--csv", str(out), "--jobs", str(_JOBS), *more)
    return subprocess.run(words, capture_output=True, text=True, check=False)


def course(folder: Path) -> None:
    (folder / enrolment.FILE).write_text(papers.COURSE.to_json())


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


def said(name: str) -> str:
    """A learner's name as the CSV has it."""
    shown = name.replace("\n", "\\n")
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def test_a_small_class(tmp_path: Path, picture: machine.Picture) -> None:
    folder, out = tmp_path / "handed in", tmp_path / "marks.csv"
    folder.mkdir()
    course(tmp_path)
    papers.hand_in(folder, "anna", papers.cable(Mine("anna", papers.COURSE)), says=False)
    papers.hand_in(folder, "ben", papers.cable(Mine("anna", papers.COURSE)))
    papers.write(folder, "carla", "{")
    done = graded(folder, out, "--html", str(tmp_path / "report.html"))
    assert done.returncode == 1, done.stderr
    found = rows(out)
    page = (tmp_path / "report.html").read_text()
    own = [path.read_text() for path in (tmp_path / "report_learners").iterdir()]
    assert all(f">{name}</a>" in page for name in ("anna", "ben", "carla"))
    assert len(own) == 3
    (anna,) = (text for text in own if "The network of anna" in text)
    assert Mine("anna", papers.COURSE).address(1) in anna.partition("A right one")[2]
    assert Mine("ben", papers.COURSE).address(1) not in anna
    assert "<img" in anna
    assert (found["anna"]["ok"], found["anna"]["first ✗"]) == ("yes", "")
    assert (found["anna"]["hints"], found["anna"]["predictions"], found["anna"]["minutes"]) == ("2", "1/1", "3")
    assert found["ben"]["first ✗"].startswith("these are the numbers of anna; there is a namespace ")
    assert found["carla"]["first ✗"].startswith("the file is no JSON")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_groups_of_a_grader_that_was_killed_go_with_the_next_and_no_others() -> None:
    makes_one = "from netkit.classroom import replay_limits; print(*replay_limits.Group().places, flush=True); input()"
    words, pipe = [sys.executable, "-c", makes_one], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as killed:
        places = [Path(place) for place in killed.stdout.readline().split()]
        if not places:
            pytest.skip("this user may make no control groups here")
        replay_limits.Group().remove()
        assert all(place.exists() for place in places), "it still works"
        killed.kill()
    replay_limits.Group().remove()
    assert not [place for place in places if place.exists()]


def test_what_is_no_option_is_refused(tmp_path: Path) -> None:
    assert "is no number of jobs" in graded(tmp_path, tmp_path / "x.csv", "--jobs", "0").stderr
    assert "there is nothing called" in graded(tmp_path, tmp_path / "x.csv", "--tasks", "99.9").stderr
    assert "cannot be read" in graded(tmp_path / "none", tmp_path / "x.csv").stderr


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("anna", "ben", "carla"):
        papers.hand_in(folder, name, papers.cable(Mine(name, papers.COURSE)))
    asked: list[str] = []

    def replayed(asking: dict[str, str], _hidden: tuple[str, ...], _pace: replay_limits.Pace) -> dict[str, object]:
        asked.append(asking["learner"])
        if len(asked) == 2:
            raise KeyboardInterrupt
        return {"ok": True, "wants": [], "trouble": ""}

    monkeypatch.setattr("netkit.classroom.cell.replayed", replayed)
    monkeypatch.setattr("netkit.classroom.cell.pace", lambda: replay_limits.Pace("user"))
    run = grading.Run(1, tmp_path / "kept", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        grading.grade(folder, papers.COURSE, ["03.1"], run)
    with (tmp_path / "kept").open("a") as file:
        file.write('["torn')
    results = grading.grade(folder, papers.COURSE, ["03.1"], run).results
    assert asked == ["anna", "ben", "ben", "carla"], "who was done is not asked again, and nobody once it is over"
    assert all(result["ok"] for result in results.values())
    assert len(results) == 3


def carried_out(
    folder: Path, handed: dict[str, Submission], monkeypatch: pytest.MonkeyPatch, told: grading.Result
) -> tuple[grading.Graded, list[dict[str, object]]]:
    """What became of a class whose replays all tell the same, and what was asked of them."""
    asked: list[dict[str, object]] = []

    def replayed(asking: dict[str, object], _hidden: tuple[str, ...], _pace: replay_limits.Pace) -> grading.Result:
        asked.append(asking)
        return told

    monkeypatch.setattr("netkit.classroom.cell.replayed", replayed)
    monkeypatch.setattr("netkit.classroom.cell.pace", lambda: replay_limits.Pace("user"))
    folder.mkdir()
    for name, each in handed.items():
        papers.write(folder, name, each.to_json())
    run = grading.Run(2, folder.with_name("kept"), lambda *_: None)
    return grading.grade(folder, papers.COURSE, [], run), asked


def tickets(*names: str) -> Submission:
    return Submission("x", "demo", papers.FIRST, tickets={name: Handed("true") for name in names})


def test_a_ticket_counts_once_under_its_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("03/7/3", "03/7/1", "03/07/1", "03/\u0667/1", "03/8/2", "99/7/1", "03/7/4", "03/7/1/1", "any/9/3")
    right = {"ok": True, "wants": [], "trouble": ""}
    found, _ = carried_out(tmp_path / "in", {"anna": tickets(*names)}, monkeypatch, right)
    assert [key for key, _ in sheet.tickets("anna", found)] == ["03/7/1", "03/7/3", "03/8/2", "any/9/3"]
    assert sheet._mended("anna", "03", found) == (1, 1, 0)


def test_a_ticket_with_anothers_seed_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = {name: Mine(name, papers.COURSE).seed for name in ("anna", "ben")}
    handed = {
        "anna": tickets(f"03/{seeds['anna']}/1", f"03/{seeds['anna'] + 1}/3", "04/7/1"),
        "ben": tickets(f"03/{seeds['anna']}/1", f"03/{seeds['anna'] + 1}/3", "04/7/1"),
    }
    right = {"ok": True, "wants": [], "trouble": ""}
    found, asked = carried_out(tmp_path / "in", handed, monkeypatch, right)
    assert (sheet._mended("anna", "03", found), sheet._mended("ben", "03", found)) == ((1, 0, 1), (0, 0, 0))
    assert {sheet.missing(told) for key, told in sheet.tickets("ben", found) if key[:2] == "03"} == {
        "its seed is anna's"
    }
    assert sheet._mended("ben", "04", found) == (1, 0, 0), "a seed that the teacher gave is everybody's"
    assert len(asked) == 4


def test_whoever_is_stopped_again_and_again_costs_no_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = {"ok": False, "wants": [], "trouble": LIMIT}
    names = [f"03/{number}/1" for number in range(200)]
    found, asked = carried_out(tmp_path / "in", {"mallory": tickets(*names)}, monkeypatch, stopped)
    assert len(asked) == 5
    assert len(found.results) == 200
    last = {sheet.missing(told) for _, told in sheet.tickets("mallory", found)}
    assert last == {LIMIT, "it was not tried, since 5 others of this learner were stopped at a limit"}


def test_submissions_of_another_course_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    papers.hand_in(folder, "anna", papers.cable(Mine("anna", papers.COURSE)))
    done = graded(folder, tmp_path / "marks.csv")
    assert "1 of 1 submissions are of another course, most of 'demo', and no course's file was found" in done.stderr
    course(tmp_path)
    assert graded(folder, tmp_path / "marks.csv").stderr == ""


def test_how_long_a_replay_may_take_follows_the_world_that_works_and_how_quick_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NETKIT_WORLD", raising=False)
    found = cell.pace()
    assert found.world == "user"
    assert replay_limits.SECONDS <= found.seconds <= replay_limits.LONGEST
    assert [replay_limits.pace("uml", empty).seconds for empty in (0.1, 2.0, 60.0)] == [10.0, 32.0, 120.0]
    assert replay_limits.pace("uml", 2.0).of_script == pytest.approx(25.6)


def test_where_no_sandbox_can_be_made_it_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    papers.hand_in(tmp_path, "anna", papers.cable(Mine("anna", papers.COURSE)))
    monkeypatch.setenv("NETKIT_WORLD", "none")
    assert "NETKIT_WORLD is 'none'" in graded(tmp_path, tmp_path / "x.csv").stderr


@pytest.mark.long
def test_a_class_of_sixty_with_every_kind_of_submission(
    tmp_path: Path, victims: Path, listener: Listener, picture: machine.Picture
) -> None:
    folder, out = tmp_path / "in", tmp_path / "marks.csv"
    course(tmp_path)
    expected = papers.class_of(folder, victims, listener.port)
    assert len(expected) == 60
    before, started = state_of(tmp_path), time.monotonic()
    done = graded(folder, out)
    spent = time.monotonic() - started
    found = rows(out)
    assert set(found) == {said(name) for name in expected}, done.stderr
    for name, wanted in expected.items():
        row = found[said(name)]
        assert (row["ok"] == "yes") == wanted.ok, row
        assert wanted.first in row["first ✗"], row
    first = out.read_bytes()
    out.unlink()
    assert state_of(tmp_path) == before, "no file of the class or of the victims has changed"
    assert listener.came == 0, "nobody reached the machine's loopback"
    assert found["loop"]["first ✗"] == LIMIT
    print(f"{spent:.0f} s for 60 submissions, {_JOBS} at once")
    assert graded(folder, out).returncode == 1
    assert out.read_bytes() == first, "the same bytes again"


@pytest.mark.long
def test_further_mischief_costs_its_own_marks_only(tmp_path: Path, picture: machine.Picture) -> None:
    folder, out = tmp_path / "in", tmp_path / "marks.csv"
    folder.mkdir()
    course(tmp_path)
    for name, script in mischief.SCRIPTS.items():
        papers.hand_in(folder, name, script)
    for name, text in mischief.FILES.items():
        papers.write(folder, name, text)
    names = [*mischief.SCRIPTS, *mischief.FILES, *mischief.things(folder), "anna"]
    papers.hand_in(folder, "anna", papers.cable(Mine("anna", papers.COURSE)))
    done = graded(folder, out, "--html", str(tmp_path / "report.html"))
    found = rows(out)
    assert set(found) == {sheet.safe(name) for name in names}, done.stderr
    assert [name for name, row in found.items() if row["ok"] == "yes"] == ["anna"]
    assert all(row["first ✗"] for name, row in found.items() if name != "anna")
    assert len(list((tmp_path / "report_learners").iterdir())) == len(names)
