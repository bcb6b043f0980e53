"""nk.submit: what was built, by whatever means, is in one file that says before what it holds, and holds no more."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.classroom import replaying, submission
from netkit.classroom.submission import MOST_BYTES
from netkit.classroom.verifying import verified
from netkit.lessons import catalogue, diary, enrolment, portfolio
from netkit.lessons.task import Task

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.usefixtures("fresh", "alone"), pytest.mark.once]

BY_HAND = """\
ip netns add left
ip netns add right
ip link add dev e0 netns left type veth peer name e1 netns right
ip -n left addr add 10.1.1.1/24 dev e0
ip -n right addr add 10.1.1.2/24 dev e1
ip -n left link set dev e0 up
ip -n right link set dev e1 up
"""


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A learner's folder without a course, and what was built gone afterwards."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    monkeypatch.delenv(enrolment.VARIABLE, raising=False)
    monkeypatch.setattr(diary, "_own", "")
    monkeypatch.chdir(tmp_path)
    yield
    nk.echo(on=False)
    nk.reset()


def by_hand() -> None:
    subprocess.run(["sh", "-ec", BY_HAND], check=True)


def handed_in(path: Path | None) -> submission.Submission:
    assert path is not None
    return submission.read(path.read_bytes())


def test_what_was_typed_by_hand_is_handed_in_and_can_be_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    by_hand()
    assert nk.check("03.1").ok
    before = nk.snapshot()
    nk.answer("03.2", "a")
    nk.solution("03.1")
    made = nk.submit()
    told = capsys.readouterr().out
    assert "task 03.1: a script" in told
    assert "what you did, and when: 1 answers, 1 checks, 1 solutions that were shown\n" in told
    found = handed_in(made.path)
    assert (found.learner, found.course, set(found.tasks)) == ("anna", "", {"03.1"})
    assert [(event.kind, event.id, event.what) for event in found.events] == [
        ("check", "03.1", ""),
        ("answer", "03.2", "a"),
        ("solution", "03.1", ""),
    ]
    nk.reset()
    assert replaying.carry_out(found.tasks["03.1"].script) == ""
    assert nk.snapshot() == before


def test_a_line_that_fails_for_want_of_nf_tables_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert replaying.carry_out("set -e\nnft nonsense\n") == "a line of its script fails"
    monkeypatch.setattr("netkit.linux.acts.nft.obstacle", lambda: "this kernel has no nf_tables")
    assert replaying.carry_out("set -e\nnft nonsense\n") == "a line of its script fails: this kernel has no nf_tables"
    assert replaying.carry_out("set -e\nfalse\n") == "a line of its script fails"


def test_what_only_says_what_it_would_hold_writes_nothing(tmp_path: Path) -> None:
    by_hand()
    nk.check("03.1")
    made = nk.submit(write=False)
    assert made.path is None
    assert "task 03.1" in repr(made)
    assert not list(tmp_path.glob("*.json"))


def test_it_holds_nothing_that_was_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hush-hush")
    (tmp_path / "private.txt").write_text("hush-hush")
    by_hand()
    nk.check("03.1")
    text = handed_in(nk.submit().path).to_json()
    assert "hush-hush" not in text
    assert str(tmp_path) not in text
    allowed = {"netkit_submission", "learner", "course", "made", "journal", "exam", "tasks", "tickets", "events"}
    assert set(json.loads(text)) == allowed


def test_a_right_one_stays_until_the_next_right_one() -> None:
    by_hand()
    nk.check("03.1")
    nk.reset()
    assert not nk.check("03.1")
    assert [(work.id, work.ok) for work in portfolio.works()] == [("03.1", True)]


def test_the_exchange_folder_of_a_course_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o1733)
    course = enrolment.Course("demo", "", str(exchange))
    (tmp_path / "course.json").write_text(course.to_json())
    monkeypatch.setenv(enrolment.VARIABLE, str(tmp_path / "course.json"))
    path = nk.submit().path
    assert path is not None
    assert path.parent == exchange
    assert handed_in(path).course == "demo"


def test_it_stays_below_a_megabyte() -> None:
    for _ in range(3000):
        diary.note("check", "03.1", ok=True)
    by_hand()
    nk.check("03.1")
    path = nk.submit().path
    assert path is not None
    assert path.stat().st_size <= MOST_BYTES


def test_a_mended_ticket_is_handed_in_with_its_seed() -> None:
    ticket = nk.fault("04", seed=4)
    for fault in ticket._case.faults:
        nk.sh(ticket._network.told(fault.repair))
    assert ticket.check().ok
    found = handed_in(nk.submit().path)
    assert set(found.tickets) == {"04/4/1"}
    again = {"lesson": "04", "seed": 4, "script": found.tickets["04/4/1"].script}
    assert replaying._ticket(again)["ok"]
    assert not replaying._ticket({**again, "script": "true"})["ok"]


@pytest.mark.parametrize("id", ["01.2", "05.2", "07.1", "08.1"])
def test_containers_their_programs_and_files_come_back(id: str) -> None:  # noqa: A002
    task = catalogue.find(id, Task)
    names: dict[str, Any] = {"nk": nk}
    exec(task.given, names)  # noqa: S102  (a lesson's own lines)
    nk.echo(on=False)
    exec(task.solution, names)  # noqa: S102
    nk.echo(on=False)
    assert nk.check(id).ok
    work = next(work for work in portfolio.works() if work.id == id)
    assert not work.missing
    before = nk.snapshot()
    nk.reset()
    result = replaying._task({"id": id, "script": work.script, "learner": "anna", "course": course(), "others": []})
    assert result["ok"], result["wants"]
    assert nk.compare(before, nk.Snapshot.from_json(result["state"])).equal


LATE = """\
import socket, time
while time.process_time() < 0.3: pass
server = socket.create_server(("", 80))
time.sleep(60)
"""


def test_what_a_script_starts_has_time_to_listen() -> None:
    """A busy moment before it listens stands for a crowded machine, which may give it a tenth of a processor."""
    line = shlex.join([sys.executable, "-c", LATE])
    assert not replaying.carry_out(f"ip netns add web\nip netns exec web {line} &")
    assert not nk.sh("ip netns exec web ss -Hltn").stdout
    replaying._now()
    assert ":80 " in nk.sh("ip netns exec web ss -Hltn").stdout


def course() -> dict[str, Any]:
    return {"name": "", "seed": "", "exchange": "", "shared": "", "learners": []}


def test_a_script_is_tried_before_it_is_handed_in() -> None:
    by_hand()
    nk.check("03.1")
    work = portfolio.works()[0]
    trial = ["unshare", "--mount", "--pid", "--fork", "mount", "-t", "proc", "proc", "/proc"]
    possible = subprocess.run(trial, check=False, capture_output=True).returncode == 0
    assert verified(work) == (possible or None, ())
    assert verified(work._replace(script="ip netns add left"))[0] is (False if possible else None)
    assert nk.snapshot()["left"].interfaces, "this network is as it was"


def test_a_script_may_not_look_into_other_processes() -> None:
    secret = os.getpid()
    assert replaying.carry_out(f"readlink /proc/{secret}/fd/1 && exit 3; true") == ""
    assert replaying.carry_out(f"nsenter -t {secret} -m true && exit 3; true") == ""
    assert replaying.carry_out("exit 3") == "a line of its script fails"
