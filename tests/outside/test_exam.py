"""`netkit exam`: tickets and a network in a shell without help, handed in when it ends or its time is over."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from netkit.classroom import exchange, grading, sheet, submission
from netkit.lessons import catalogue
from netkit.lessons.enrolment import Course
from netkit.lessons.task import Task
from netkit.tickets.catalogue import case
from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once  # that a sandbox is made for another user, other tests see

SECONDS = 180
BUILT = """
ip netns add left; ip netns add right
ip link add dev a netns left type veth peer name b netns right
ip -n left addr add 10.1.1.1/24 dev a; ip -n right addr add 10.1.1.2/24 dev b
ip -n left link set dev a up; ip -n right link set dev b up
"""


def exam(folder: Path, typed: str, *words: str) -> subprocess.CompletedProcess[str]:
    own = {"JUPYTERHUB_USER": "anna", "XDG_DATA_HOME": str(folder / "data")}
    command = [NETKIT, "exam", *words]
    return subprocess.run(
        command,
        input=typed,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, **own},
    )


def repair(lesson: str, seed: int) -> str:
    found = case(lesson, seed)
    network = found.network(f"{lesson} {seed}")
    return "\n".join(network.told(fault.repair) for fault in found.faults)


def test_what_is_mended_and_built_is_handed_in_and_graded(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    lines = [
        repair("03", 10),
        "check && echo MENDED",
        "hint; why; solution",
        "left",
        "next",
        "next",
        BUILT,
        "check && echo BUILT",
        "next",
    ]
    done = exam(tmp_path / "anna", "\n".join(lines), "--minutes", "3", "--seed", "10", "--level", "2", "--lesson", "03")
    assert done.returncode == 0, done
    assert "1 of 3: " in done.stdout
    assert "MENDED" in done.stdout
    assert "BUILT" in done.stdout
    assert "3 minutes" in done.stdout
    assert "Stuck?" not in done.stdout
    assert done.stderr.count("not found") == 3, "hint, why and solution are not there"
    found = submission.read((tmp_path / "anna" / exchange.NAME).read_bytes())
    assert found.exam.startswith(
        "exam of 3 minutes, lesson 03, level 2, seed 10; without nk.why, hints, solutions; 2 checks"
    )
    graded = grading.grade(tmp_path, Course(), [], grading.Run(2, tmp_path / "kept", lambda *_: None))
    (row,) = sheet.rows(graded)
    assert (row.task, row.first, row.tickets) == ("03.1", "", (0, 1, 0))


@pytest.mark.long
def test_when_the_time_is_over_it_is_handed_in(tmp_path: Path) -> None:
    done = exam(tmp_path, "sleep 1000", "--minutes", "1")
    assert "The time is over." in done.stdout
    assert (tmp_path / exchange.NAME).exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="the countdown stands in bash's prompt")
def test_the_prompt_counts_the_minutes_down(tmp_path: Path) -> None:
    """In a terminal of its own, as script(1) makes one."""
    words = shlex.join((NETKIT, "exam", "--minutes", "7", "--seed", "10", "--level", "1"))
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        ("script", "--quiet", "--return", "--command", words, "/dev/null"),
        input="SECONDS=130; left\nexit\n",
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout.index("exam 7 min$ ") < done.stdout.index("exam 5 min$ ")
    assert "What was typed is not handed in." in done.stdout


@pytest.mark.parametrize("words", [("--minutes", "0"), ("--minutes", "x"), ("--level", "4"), ("--seed", "-1")])
def test_a_wrong_call_is_told_in_a_sentence(words: tuple[str, str], tmp_path: Path) -> None:
    done = exam(tmp_path, "", *words)
    assert done.returncode == 2
    assert f"{words[0]} '{words[1]}' will not do" in done.stderr


def test_what_is_to_be_built_is_a_task_with_own_numbers() -> None:
    from netkit.examining import _BUILT

    assert catalogue.find(_BUILT, Task).own
