"""The comparison of outputs can fail, and writing outputs anew changes nothing that is right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netkit.lessons.handouts import hand_out
from tests.project import ROOT
from tools.picture import PICTURE, whole_network

WRONG = ROOT / "tests" / "notebooks" / "wrong.ipynb"
SANITIZE = ROOT / "tests" / "notebooks.cfg"
SHORTEST, *OTHERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [SHORTEST, *(pytest.param(lesson, marks=pytest.mark.long) for lesson in OTHERS)]
"""The default run compares every output by nbval; that not a byte changes is seen at one lesson there."""
WRONG_CELLS = range(2, 8)


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


def test_nbval_notices_each_wrong_output() -> None:
    done = run("pytest", "-q", "--nbval", "--nbval-sanitize-with", str(SANITIZE), str(WRONG), cwd=ROOT)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert [f"::Cell {number} " in line for number, line in zip(WRONG_CELLS, failed, strict=True)] == [True] * 6


def test_the_command_notices_each_wrong_output() -> None:
    done = run("netkit.cli", "notebooks", "--check", "--sanitize-with", str(SANITIZE), str(WRONG), cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout.count("gives another output") == len(WRONG_CELLS)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: getattr(path, "name", None))
def test_update_writes_every_byte_as_it_was(lesson: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(lesson, tmp_path))
    done = run("netkit.cli", "notebooks", "--update", "--sanitize-with", str(SANITIZE), str(copy), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.read_bytes() == lesson.read_bytes()


def test_the_readme_shows_what_notebook_04_drew() -> None:
    assert PICTURE.read_bytes() == whole_network()
    for text in (b"brtest", b"172.17.1.254/24", b"ns1", b"ns2"):
        assert text in PICTURE.read_bytes()


def test_a_check_that_has_nothing_to_compare_fails(tmp_path: Path) -> None:
    first = hand_out(tmp_path)[0].path
    done = run("netkit.cli", "notebooks", "--check", str(first), cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing to compare" in done.stdout


def test_update_mends_a_wrong_notebook(tmp_path: Path) -> None:
    copy = Path(shutil.copy(WRONG, tmp_path))
    assert (
        run("netkit.cli", "notebooks", "--update", "--sanitize-with", str(SANITIZE), str(copy), cwd=ROOT).returncode
        == 0
    )
    assert (
        run("netkit.cli", "notebooks", "--check", "--sanitize-with", str(SANITIZE), str(copy), cwd=ROOT).returncode == 0
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--check", "absent.ipynb"), "there is no notebook 'absent.ipynb'"),
        (("--check", "--sanitize-with", "absent.cfg"), "there is no file 'absent.cfg'"),
        ((), "one of the arguments --update --check is required"),
    ],
)
def test_wrong_calls_say_what_is_wrong(arguments: tuple[str, ...], sentence: str) -> None:
    done = run("netkit.cli", "notebooks", *arguments, cwd=ROOT)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
