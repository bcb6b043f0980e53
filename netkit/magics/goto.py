"""`%goto HEADING`: an empty network, and in it the lesson's own cells up to that heading, run quietly.

So whose kernel died, or who comes back the next day, goes on where the text goes on.
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.utils.capture import capture_output

from netkit.errors import NetkitError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from netkit.lessons.notebook import Cell, Lesson

NAME = "goto"
_USAGE = '%goto [--from FILE] HEADING, such as %goto "Fall into the trap"; %goto alone lists the headings'
_FROM = re.compile(r"--from(?:\s+|=)(?P<file>'[^']+'|\"[^\"]+\"|\S+)\s*")


class Guide:
    """Brings a notebook to one of its headings.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell

    def goto(self, line: str) -> None:
        """Clear the network, and run the lesson's cells up to a heading.

            %goto "Fall into the trap"
            %goto --from notebooks/04-build-docker-bridge.ipynb Keep it
            %goto             lists the headings

        Predictions do not wait; exercises, checks, and what only shows something are left out; nothing is printed.
        """
        from netkit.clearing import reset
        from netkit.lab import journal
        from netkit.lessons import course

        match = _FROM.match(line)
        path = Path(match["file"].strip("'\"")) if match else None
        heading = (line[match.end() :] if match else line).strip().strip("'\"")
        try:
            lesson = course.lesson_of(self._shell.user_ns, path)
            if not heading:
                print("\n".join((f"{lesson.path.name}:", *lesson.headings)))  # noqa: T201  (the learner sees it)
                return
            cells = lesson.up_to(heading)
            with capture_output():
                reset()
        except NetkitError as error:
            raise UsageError(f"{error} ({_USAGE})") from None
        journal.begin_anew()
        started = time.monotonic()
        shown, self._shell.ast_node_interactivity = self._shell.ast_node_interactivity, "none"  # nothing is drawn
        system, self._shell.system = self._shell.system, self._silently
        try:
            count = self._run(lesson, cells)
        finally:
            self._shell.ast_node_interactivity, self._shell.system = shown, system
        seconds = time.monotonic() - started
        print(f"{lesson.path.name}: {count} cells up to {heading!r} in {seconds:.1f} s")  # noqa: T201

    def _run(self, lesson: Lesson, cells: tuple[Cell, ...]) -> int:
        """Run cells without a word; how many there were.

        Raises:
            UsageError: one fails that is not meant to.
        """
        obstacle: str | None = None
        count = 0
        for cell in cells:
            if cell.engine and obstacle is None:
                obstacle = _engine_obstacle()
            if cell.engine and obstacle:
                continue
            with capture_output():
                result: Any = self._shell.run_cell(cell.source, silent=True, store_history=False)
            count += 1
            error = result.error_before_exec or result.error_in_exec
            if error is not None and not cell.fails:
                first = cell.source.strip().splitlines()[0]
                raise UsageError(f"{lesson.path.name}: the cell {first!r} fails: {type(error).__name__}: {error}")
        return count

    def _silently(self, line: str) -> None:
        """What `!line` does, without the terminal that IPython gives it, which takes a tenth of a second."""
        command = self._shell.var_expand(line, depth=1)
        silent = subprocess.DEVNULL
        done = subprocess.run(command, shell=True, check=False, stdin=silent, stdout=silent, stderr=silent)  # noqa: S602
        self._shell.user_ns["_exit_code"] = done.returncode


def _engine_obstacle() -> str:
    """Why the real Docker Engine does not run here; "" where it does."""
    from netkit.dockerd import engine

    return engine.available() or ""
