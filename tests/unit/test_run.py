"""`make test` names what failed, and repeats the few tests of a suite that fail: a broken one stays broken."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests import ordinary, run, suites
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FINE = "def test_fine():\n    pass\n"
BROKEN = "def test_broken():\n    assert 1 == 2, 'one is not two'\n"
UNSTEADY = """
import pathlib

def test_unsteady():
    seen = pathlib.Path(__file__).with_suffix(".seen")
    known = seen.exists()
    seen.touch()
    assert known, "only the second time"
"""
MEETS = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
until = time.monotonic() + 60
while not pathlib.Path(sys.argv[2]).exists():
    assert time.monotonic() < until, "nobody runs beside"
    time.sleep(0.01)
print("met", flush=True)
"""
PAIR = (("one", "other"), ("other", "one"))
MANY = "".join(f"def test_broken_{number}():\n    assert False\n" for number in range(run.FEW + 1))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ordinary.Place:
    """A folder with an environment, where suites run and reports are written."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "pytest.ini").touch()
    monkeypatch.setattr(run, "ARTIFACTS", tmp_path / "artifacts")
    return ordinary.Place("somebody", tmp_path, (), {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})


def ended(place: ordinary.Place, text: str) -> run.Result:
    """How a suite with this text ends."""
    (place.root / "test_it.py").write_text(text)
    return run.run_suite(suites.Suite("it", ("python", "-m", "pytest", "-q", "test_it.py")), place)


def test_a_suite_that_passes(place: ordinary.Place) -> None:
    result = ended(place, FINE)
    assert (result.passed, result.failed, result.faults, result.unsteady) == (1, 0, (), ())


def test_a_broken_test_stays_broken_and_is_named(place: ordinary.Place) -> None:
    result = ended(place, FINE + BROKEN)
    assert (result.passed, result.failed, result.unsteady) == (1, 1, ())
    assert len(result.faults) == 1
    assert "test_broken: AssertionError: one is not two" in result.faults[0]


def test_an_unsteady_test_is_named_and_does_not_fail_the_run(place: ordinary.Place) -> None:
    result = ended(place, FINE + UNSTEADY)
    assert (result.passed, result.failed, result.faults) == (2, 0, ())
    assert "test_unsteady: AssertionError: only the second time" in result.unsteady[0]


def test_an_unsteady_test_excuses_no_broken_one(place: ordinary.Place) -> None:
    result = ended(place, UNSTEADY + BROKEN)
    assert (result.passed, result.failed, result.unsteady) == (0, 2, ())


def test_an_unsteady_test_excuses_no_change_of_the_machine(place: ordinary.Place) -> None:
    (place.root / "conftest.py").write_text("def pytest_sessionfinish(session):\n    session.exitstatus = 10\n")
    result = ended(place, UNSTEADY)
    assert (result.passed, result.failed, result.unsteady) == (0, 1, ())


def test_many_failures_are_not_repeated(place: ordinary.Place) -> None:
    result = ended(place, MANY)
    assert result.failed == run.FEW + 1
    assert not (place.root / "artifacts" / "it-again-somebody.xml").exists()


def test_a_suite_without_tests_has_failed(place: ordinary.Place) -> None:
    result = ended(place, "")
    assert (result.passed, result.failed) == (0, 1)
    assert result.faults == ("it ended with status 5",)


def test_a_suite_that_does_not_end_has_failed(place: ordinary.Place) -> None:
    suite = suites.Suite("it", ("python", "-c", "import time; time.sleep(60)"), limit=0.5)
    result = run.run_suite(suite, place)
    assert result.failed == 1
    assert "not ended after" in result.faults[0]


def test_what_starts_kernels_runs_beside_what_starts_none(
    place: ordinary.Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    one, other = (
        suites.Suite(a, ("python", "-c", MEETS, a, b), lane=lane)
        for (a, b), lane in zip(PAIR, suites.LANES, strict=False)
    )
    after = suites.Suite("after", ("python", "-c", "import os; assert os.path.exists('one')"), lane=suites.LANES[0])
    monkeypatch.setattr(run, "SUITES", (other, one, after))
    monkeypatch.setattr(ordinary, "here", lambda _marks: place)
    results = run.run_all(["one", "other", "after"], "mark=1", place.root)
    assert [each.name for each in results] == ["one", "after", "other"]
    assert {(each.passed, each.failed) for each in results} == {(1, 0)}
    assert capfd.readouterr().out.count("met") == 2
