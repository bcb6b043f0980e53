"""jupyter console, in a terminal: somebody types the cells of lesson 00 and answers its predictions."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import time
from typing import TYPE_CHECKING

import nbformat
import pexpect
import pytest

from tests.outside import sessions
from tests.project import ASKS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.once]

LESSON = ROOT / "notebooks" / "00-start-here.ipynb"
CONTROLS = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[=>78]|\][^\x07]*\x07)|\r")
PASTED = "\x1b[200~{}\x1b[201~"
"""How a terminal tells that what comes was pasted (xterm, ctlseqs)."""

PATIENCE, PAUSE = 120, 1


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the console, beside all packages of this one."""
    place = tmp_path_factory.mktemp("console") / "environment"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    (own,) = place.glob("lib/python*/site-packages")
    (own / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    install = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "jupyter-console"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"jupyter-console cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return place / "bin" / "python"


class Console:
    """A person at the console, who pastes cells and reads what comes.

    Args:
        python: an interpreter that has it.
        folder: where it starts.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        variables = sessions.environment(JUPYTER_PATH=str(ROOT / "share" / "jupyter"), TERM="xterm")
        # A desktop's program would show pictures; this reader takes the text beside them.
        words = ["-m", "jupyter_console", "--kernel=netkit", "--ZMQTerminalInteractiveShell.image_handler=None"]
        self.terminal = pexpect.spawn(
            str(python), words, env=variables, cwd=folder, encoding="utf-8", dimensions=(50, 200)
        )
        self.read, self.cells, self.asked = "", 0, 0
        self._wait(lambda: self._is_asked_for(1))

    def paste(self, source: str) -> str:
        """Run a cell, choosing the second thing wherever it asks; what was shown meanwhile."""
        begun, self.cells = len(self.read), self.cells + 1
        self.terminal.send(PASTED.format(source))
        self._wait(lambda: self._is_asked_for(self.cells + 1), self._answer)
        return self.read[begun:]

    def _is_asked_for(self, number: int) -> bool:
        return f"In [{number}]:" in self.read

    def _answer(self) -> None:
        """When nothing has come for a while: choose, or press Enter, twice for a cell of several lines."""
        line = self.read.rpartition("\n")[2]
        if line.startswith("In [") or "...:" in line:
            self.terminal.send("\r")
        elif line:  # a question
            self.terminal.send("2\r")
            self.asked += 1

    def _wait(self, true: Callable[[], bool], otherwise: Callable[[], None] = lambda: None) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, self.read[-2000:]
            try:
                self.read += CONTROLS.sub("", self.terminal.read_nonblocking(4096, timeout=PAUSE))
            except pexpect.TIMEOUT:
                otherwise()


def test_the_cells_of_lesson_00(python: Path, tmp_path: Path) -> None:
    cells = [cell.source for cell in nbformat.read(LESSON, 4).cells if cell.cell_type == "code"]
    console = Console(python, tmp_path)
    try:
        said = [console.paste(source) for source in cells]
    finally:
        console.terminal.close(force=True)
    assert "sandbox: host name netkit, you are root inside" in said[0]
    assert console.asked == sum(ASKS.match(source) is not None for source in cells)
    assert not [text for text in said if "Traceback" in text]
    assert "frozen modules" not in console.read, "the debugger's warning (PYDEVD_DISABLE_FILE_VALIDATION)"
