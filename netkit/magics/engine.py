"""`%%engine`, `%%nftables`: a cell that needs the real Docker Engine, or nftables; else it is a sentence."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAME, NFTABLES = "engine", "nftables"
_FIRST_LINE = re.compile(rf"%%({NAME}|{NFTABLES})[ \t]*\n?")
_LATER = {
    NAME: "(This cell needs the Engine, too, and is left out.)",
    NFTABLES: "(This cell needs nftables, too, and is left out.)",
}


class Needing:
    """Runs cells where what they need is there.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._said: set[str] = set()

    def engine(self, _line: str, cell: str) -> Any:
        """Run a cell if the real Docker Engine can run here; say why not else, once, which is no error."""
        return self._run(NAME, cell)

    def nftables(self, _line: str, cell: str) -> Any:
        """Run a cell if this kernel has nftables for IP; say why not else, once, which is no error."""
        return self._run(NFTABLES, cell)

    def _run(self, need: str, cell: str) -> Any:
        if not (why_not := _missing(need)):
            return self._shell.run_cell(cell).result
        print(_LATER[need] if need in self._said else why_not)  # noqa: T201  (the learner sees it)
        self._said.add(need)
        return None


def begin(lines: list[str]) -> list[str]:
    """The lines to run instead of a cell's: the same ones if it does not begin so.

    Args:
        lines: of a cell, with their ends.
    """
    first = _FIRST_LINE.fullmatch(lines[0]) if lines else None
    if first is None:
        return lines
    return [f"get_ipython().run_cell_magic({first[1]!r}, '', 'pass')\n"] if _missing(first[1]) else lines[1:]


def _missing(need: str) -> str:
    """Why what a cell needs is not there; empty if it is."""
    return _obstacle() if need == NAME else _no_nftables()


@cache
def _obstacle() -> str:
    from netkit.dockerd.daemon import unavailable
    from netkit.sandbox.doctor import containers

    found = containers.obstacle()
    return f"✗ EngineUnavailable: {unavailable(found.reason, found.remedy)}" if found else ""


@cache
def _no_nftables() -> str:
    from netkit.linux.acts import nft

    found = nft.obstacle()
    return f"✗ {found} The outputs here are those of a machine where it works." if found else ""
