"""%goto brings a fresh kernel to a heading: the next cell then gives the output that the lesson has."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from netkit.lessons import notebook
from netkit.subcommands import notebooks
from tests.outside.sessions import PATIENCE, Session, session
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
BY_DEFAULT = (("03", "Pull the plug"), ("04", "Fall into the trap"), ("06", "Publish for some"))


@cache
def chapters(path: Path) -> dict[str, Any]:
    """The first cell below each heading that has one and that every machine runs."""
    found: dict[str, Any] = {}
    heading = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            words = [match["words"] for match in notebook._HEADING.finditer(cell.source)]
            heading = words[-1] if words else heading
        elif heading and heading not in found and "engine" not in cell.metadata.get("tags", []):
            found[heading] = cell
    return {words: cell for words, cell in found.items() if not notebook._LEFT_OUT.search(cell.source)}


EVERY = [(path, heading) for path in LESSONS for heading in chapters(path)]
SOME = [(path, heading) for path, heading in EVERY if (path.name[:2], heading) in BY_DEFAULT]


def run(kernel: Session, source: str) -> list[Any]:
    """The outputs of a cell, as a notebook's file holds them."""
    outputs: list[Any] = []

    def note(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("stream", "error", "execute_result", "display_data"):
            outputs.append(nbformat.v4.output_from_msg(message))

    client = kernel.client
    client.execute_interactive(source, timeout=PATIENCE, output_hook=note, stop_on_error=False, allow_stdin=False)
    return outputs


def check(path: Path, heading: str) -> None:
    cell = chapters(path)[heading]
    replacements = notebooks.read_replacements(ROOT / "tests" / "notebooks.cfg")
    with session() as kernel:
        said = kernel.run(f"%goto --from '{path}' {heading}")
        assert f"cells up to {heading!r} in " in said or f'cells up to "{heading}" in ' in said, said
        shown = notebooks.comparable(run(kernel, cell.source), replacements)
        assert shown == notebooks.comparable(cell.outputs, replacements)


def test_the_defaults_are_there() -> None:
    assert len(SOME) == len(BY_DEFAULT)


@pytest.mark.parametrize(("path", "heading"), SOME, ids=str)
def test_some_headings(path: Path, heading: str) -> None:
    check(path, heading)


@pytest.mark.long
@pytest.mark.parametrize(("path", "heading"), EVERY, ids=str)
def test_every_heading(path: Path, heading: str) -> None:
    check(path, heading)
