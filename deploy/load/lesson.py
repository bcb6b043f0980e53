"""A notebook as a learner runs it: its cells, and what each of them must give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

from netkit.errors import NotFound
from netkit.subcommands.notebooks import ENGINE_TAG, comparable, read_replacements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = ("stdout", "text/plain")
PING = re.compile(r"[✓✗] ping [^,)]+")
FAILURE = re.compile(r"^✗ [A-Z]\w+(?=: )", re.MULTILINE)  # as nk.expected shows it


@dataclass(frozen=True)
class Lesson:
    """The cells with code of a notebook.

    Attributes:
        name: of the notebook's file.
        cells: as nbformat holds them; those that need the real Docker Engine are left out.
        replacements: what may differ, as `tests/notebooks.cfg` says.
        loosely: compare errors and pings only.
    """

    name: str
    cells: tuple[Any, ...]
    replacements: tuple[tuple[re.Pattern[str], str], ...]
    loosely: bool = False

    def complaints(self, number: int, outputs: list[Any]) -> Iterator[str]:
        """What is wrong with a cell's outputs: nothing, or a sentence.

        Args:
            number: of the cell, from 0.
            outputs: what it gave.
        """
        cell = self.cells[number]
        if self._essence(cell.outputs) == self._essence(outputs):
            return
        errors = [f"raised {output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
        what = errors[0] if errors else f"gave another output: {_text(outputs)}"
        yield f"cell {number + 1} ({cell.source.strip().splitlines()[0]}) {what}"

    def _essence(self, outputs: list[Any]) -> list[Any]:
        """What counts of a cell's outputs."""
        texts = comparable(outputs, [*self.replacements])
        if not self.loosely:
            return texts
        errors = [(output.ename, output.evalue) for output in outputs if output.output_type == "error"]
        said = [text for kind, text in texts if kind in PLAIN]
        return errors + [found for text in said for sign in (PING, FAILURE) for found in sign.findall(text)]


def read(path: Path, replacements: Path, *, loosely: bool = False) -> Lesson:
    """Read a notebook.

    Args:
        path: of the notebook.
        replacements: path of the file that says which outputs may differ.
        loosely: compare errors and pings only.

    Raises:
        NotFound: there is no such file.
    """
    if not path.exists():
        raise NotFound(f"there is no notebook '{path}'", remedy="Stand in the project's folder, or name a file")
    cells = nbformat.read(path, as_version=4).cells
    code = (cell for cell in cells if cell.cell_type == "code" and ENGINE_TAG not in cell.metadata.get("tags", []))
    return Lesson(path.name, tuple(code), tuple(read_replacements(replacements)), loosely)


def _text(outputs: list[Any]) -> str:
    """The outputs in a line."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
    return " | ".join(" ".join(text.split()) for text in shown if text)[:300]
