"""`%%engine`: a cell that needs the real Docker Engine; where that does not run, a sentence stands in its place."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAME = "engine"
_FIRST_LINE = re.compile(rf"%%{NAME}[ \t]*\n?")


_LATER = "(This cell needs the Engine, too, and is left out.)"


class Needing:
    """Runs cells where the Engine does.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._said = False

    def engine(self, _line: str, cell: str) -> Any:
        """Run a cell if the real Docker Engine can run here; say why not else, once, which is no error."""
        if not (why_not := _obstacle()):
            return self._shell.run_cell(cell).result
        print(_LATER if self._said else why_not)  # noqa: T201  (the learner sees it)
        self._said = True
        return None


def begin(lines: list[str]) -> list[str]:
    """The lines to run instead of a cell's: the same ones if it does not begin so.

    Args:
        lines: of a cell, with their ends.
    """
    if not (lines and _FIRST_LINE.fullmatch(lines[0])):
        return lines
    return [f"get_ipython().run_cell_magic({NAME!r}, '', 'pass')\n"] if _obstacle() else lines[1:]


@cache
def _obstacle() -> str:
    from netkit.dockerd.daemon import unavailable
    from netkit.sandbox.doctor import containers

    found = containers.obstacle()
    return f"✗ EngineUnavailable: {unavailable(found.reason, found.remedy)}" if found else ""
