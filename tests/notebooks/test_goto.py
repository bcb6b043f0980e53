"""%goto brings a fresh kernel to a heading: the next cell then gives the output that the lesson has."""

from __future__ import annotations

import os
import shutil
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from netkit.lessons import needs, notebook
from netkit.sandbox.worlds import VARIABLE
from netkit.subcommands import notebooks
from tests.outside.sessions import PATIENCE, Session, session
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
BY_DEFAULT = (("03", "Pull the plug"), ("04", "Fall into the trap"), ("06", "Publish for some"))
SECONDS = {"user": 10.0, "uml": 30.0}
"""A learner waits no longer, by the world; a busy machine is given as much again."""


@cache
def chapters(path: Path) -> dict[str, Any]:
    """The first code cell behind each heading; None behind the last ones."""
    found: dict[str, Any] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            found |= {match["words"]: None for match in notebook._HEADING.finditer(cell.source)}
        else:
            found = {words: cell if first is None else first for words, first in found.items()}
    return found


EVERY = [(path, heading) for path in LESSONS for heading in chapters(path)]
SOME = [(path, heading) for path, heading in EVERY if (path.name[:2], heading) in BY_DEFAULT]


def named(value: Path | str) -> str:
    """What a test is called by: the notebook's name, the heading."""
    return value if isinstance(value, str) else value.stem


def run(kernel: Session, source: str) -> list[Any]:
    """The outputs of a cell, as a notebook's file holds them."""
    outputs: list[Any] = []

    def note(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("stream", "error", "execute_result", "display_data"):
            outputs.append(nbformat.v4.output_from_msg(message))

    client = kernel.client
    client.execute_interactive(source, timeout=PATIENCE, output_hook=note, stop_on_error=False, allow_stdin=False)
    return outputs


def check(path: Path, heading: str, world: str = "") -> float:
    """The seconds that it takes to get there."""
    cell = chapters(path)[heading]
    replacements = notebooks.read_replacements(ROOT / "tests" / "notebooks.cfg")
    chosen = {VARIABLE: world} if world else {}
    with session(env={**os.environ, **chosen}) as kernel:
        started = time.monotonic()
        said = kernel.run(f"%goto --from '{path}' {heading}")
        seconds = time.monotonic() - started
        assert f"cells up to {heading!r} in " in said or f'cells up to "{heading}" in ' in said, said
        if cell and not ("engine" in cell.metadata.get("tags", []) and needs.engine_obstacle()):
            shown = notebooks.comparable(run(kernel, cell.source), replacements)
            assert shown == notebooks.comparable(cell.outputs, replacements)
    return seconds


def test_the_defaults_are_there() -> None:
    assert len(SOME) == len(BY_DEFAULT)


@pytest.mark.parametrize(("path", "heading"), SOME, ids=named)
def test_some_headings(path: Path, heading: str) -> None:
    check(path, heading)


def worlds() -> list[Any]:
    """The worlds as parameters; an ordinary user tries uml."""
    lacks = shutil.which("linux.uml") is None or os.geteuid() == 0
    why_not = pytest.mark.skipif(lacks, reason="User-Mode Linux is not installed, or root runs this")
    return [pytest.param("user"), pytest.param("uml", marks=why_not)]


@pytest.mark.long
@pytest.mark.parametrize("world", worlds())
@pytest.mark.parametrize(("path", "heading"), EVERY, ids=named)
def test_every_heading(path: Path, heading: str, world: str) -> None:
    seconds = check(path, heading, world)
    print(f"{seconds:.1f} s in {world}")
    assert seconds < 2 * SECONDS[world]
