"""The notebooks in the uml world, by a user without privileges: their outputs are those that the user world gave."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.worlds import VARIABLE
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed"),
    pytest.mark.skipif(os.geteuid() == 0, reason="an ordinary user tries this"),
]
USUAL = "04-build-docker-bridge.ipynb"
"""The shortest with bridge, address translation and rules; the others are left to the long run."""

_CELLS = """
from IPython.core.interactiveshell import InteractiveShell
from netkit.magics import load_ipython_extension
from traitlets.config import Config

shell = InteractiveShell(config=Config(HistoryManager={"hist_file": ":memory:"}))  # files know no locks there
load_ipython_extension(shell)
for cell in ("%%nftables\\nran = 1", "%%nftables\\n%%predict 13.5\\nran = 1", "print('ran' in get_ipython().user_ns)"):
    assert shell.run_cell(cell).success
"""

NBVAL = ("--nbval", "--nbval-sanitize-with", "tests/notebooks.cfg", "--nbval-cell-timeout", "300")
SECONDS = 1800


def marked(lesson: Path) -> object:
    return pytest.param(lesson, marks=[] if lesson.name == USUAL else [pytest.mark.long], id=lesson.name)


@pytest.mark.parametrize("lesson", [marked(each) for each in sorted((ROOT / "notebooks").glob("*.ipynb"))])
def test_outputs_are_those_of_the_user_world(lesson: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NBVAL, str(lesson)],
        env={**os.environ, VARIABLE: "uml"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_cell_that_needs_nftables_is_left_out_with_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "netkit.cli", "run", "--", sys.executable, "-c", _CELLS],
        env={**os.environ, VARIABLE: "uml"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.stdout.splitlines() == [
        "✗ this kernel has no nf_tables for IP, as that of NETKIT_WORLD=uml has none. The outputs here are those of a "
        "machine where it works.",
        "(This cell needs nftables, too, and is left out.)",
        "False",
    ], done.stderr
