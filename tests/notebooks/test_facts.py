"""A changed fact of the kernel is noticed: by comparing outputs always, by the lessons' assertions nearly always."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.notebooks.facts import FACTS, Fact
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BY_DEFAULT = {"no port"}
BLIND: set[str] = set()
"""The facts that pass unnoticed where outputs are not compared."""
SANITIZE = ("--nbval-sanitize-with", str(ROOT / "tests" / "notebooks.cfg"), "--nbval-cell-timeout", "20")


def first_failure(notebook: Path, way: str) -> int | None:
    """The number of the first cell that fails.

    Args:
        notebook: what is run.
        way: "--nbval" compares outputs, "--nbval-lax" does not.
    """
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", way, *SANITIZE, notebook.name]
    done = subprocess.run(words, cwd=notebook.parent, capture_output=True, text=True, check=False, timeout=300)
    failed = re.search(r"^FAILED .*::Cell (\d+)", done.stdout, re.MULTILINE)
    assert done.returncode == (pytest.ExitCode.TESTS_FAILED if failed else pytest.ExitCode.OK), (
        done.stdout + done.stderr
    )
    return int(failed[1]) if failed else None


def noticed(fact: Fact, folder: Path, way: str) -> bool:
    """Whether a run tells: a cell behind the change fails, and the change itself succeeds."""
    (lesson,) = (ROOT / "notebooks").glob(f"{fact.lesson}-*.ipynb")
    notebook, place = fact.changed(lesson)
    copy = folder / lesson.name
    nbformat.write(notebook, copy)
    failed = first_failure(copy, way)
    assert failed is None or failed > place, f"the change itself fails: {fact}"
    return failed is not None


def marked(fact: Fact) -> object:
    return pytest.param(fact, marks=[] if fact.name in BY_DEFAULT else [pytest.mark.long], id=str(fact))


@pytest.mark.parametrize("fact", [marked(fact) for fact in FACTS])
def test_it_is_noticed(fact: Fact, tmp_path: Path) -> None:
    """What fails without a comparison fails with one as well, so that only the others are run again."""
    assert noticed(fact, tmp_path, "--nbval-lax") != (fact.name in BLIND)
    assert fact.name not in BLIND or noticed(fact, tmp_path, "--nbval")


def test_there_are_enough() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS) >= 20
    assert {fact.name for fact in FACTS} >= BLIND
    assert len(FACTS) - len(BLIND) >= 0.9 * len(FACTS)
