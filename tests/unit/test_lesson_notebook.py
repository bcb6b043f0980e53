"""A lesson's headings, and the cells that lead up to one of them."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from netkit.errors import InvalidValue, NotFound
from netkit.lessons.notebook import ASIDE, Cell, find, read
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": text.splitlines(keepends=True)}


def code(text: str, *tags: str) -> dict[str, object]:
    return {"cell_type": "code", "source": text, "metadata": {"tags": list(tags)}, "outputs": []}


LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))

ECHO = re.compile(r"nk\.echo\((\w*)\)")

CELLS = [
    markdown("# 04 · Build\n\nWords."),
    code("import netkit as nk"),
    markdown("## First *part*\n\nWords."),
    code("%%predict 04.4\n%%changes\nns1.ping('10.0.0.1')"),
    code("%%changes --only links\n\n!ip link"),
    code("%%nftables\n%%predict 13.5\n%%changes\nnk.sh('nft list ruleset')", "nftables"),
    code("wrong()", "raises-exception"),
    code("engine = nk.engine()", "engine"),
    markdown("Words.\n\n## Second part"),
    code("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
    code('nk.check("04.1")'),
    code("%goto elsewhere"),
    code("nk.host.ping('10.0.0.9')", "aside"),
    code('### BEGIN SOLUTION\ny = 2\n### END SOLUTION\nnk.check("11.1")', "step"),
    markdown("## Exercises"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "lesson.ipynb"
    file.write_text(json.dumps({"cells": CELLS, "nbformat": 4}))
    return file


def test_headings(path: Path) -> None:
    assert read(path).headings == ("04 · Build", "First *part*", "Second part", "Exercises")


def test_the_cells_before_a_heading(path: Path) -> None:
    lesson = read(path)
    assert lesson.up_to("first *PART*") == (Cell("import netkit as nk"),)
    assert lesson.up_to("## Second part") == (
        Cell("import netkit as nk"),
        Cell("ns1.ping('10.0.0.1')"),
        Cell("!ip link"),
        Cell("%%nftables\nnk.sh('nft list ruleset')"),
        Cell("wrong()", fails=True),
        Cell("engine = nk.engine()", engine=True),
    ), "nothing waits"
    step = Cell("### BEGIN SOLUTION\ny = 2\n### END SOLUTION\n")
    assert lesson.up_to("Exercises") == (*lesson.up_to("Second part"), step), "but for those that the rest needs"


def test_what_a_stopped_engine_did_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "lesson.ipynb"
    stop = [code("engine.docker('ps')\nengine.stop()", "engine"), markdown("## After"), code("engine = 1", "engine")]
    file.write_text(json.dumps({"cells": [*CELLS[:8], *stop, markdown("## End")]}))
    lesson = read(file)
    assert not any(cell.engine for cell in lesson.up_to("After"))
    assert lesson.up_to("End") == (*lesson.up_to("After"), Cell("engine = 1", engine=True)), "a later one is not"


def test_a_heading_that_is_not_there_is_told_with_the_nearest(path: Path) -> None:
    with pytest.raises(NotFound, match="Did you mean %goto Exercises"):
        read(path).up_to("Exercise")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [1]}', '{"cells": [{"cell_type": "code"}]}', "\0"])
def test_what_is_no_notebook_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.ipynb"
    file.write_text(text)
    with pytest.raises(InvalidValue, match="is no notebook"):
        read(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        read(tmp_path / "x.ipynb")


def test_the_client_tells_which_file_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert find({"__vsc_ipynb_file__": str(path)}) == path
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    assert find({}) == path
    monkeypatch.setenv("JPY_SESSION_NAME", "console")
    assert find({}, "04") == ROOT / "notebooks" / "04-build-docker-bridge.ipynb"
    with pytest.raises(NotFound, match="--from FILE"):
        find({})


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads, and those that it binds."""
    code = TransformerManager().transform_cell(re.sub(r"^%%.*\n", "", source, flags=re.MULTILINE))
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    made = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    stored = {node.id for node in found if isinstance(node.ctx, ast.Store)}
    return {node.id for node in found if isinstance(node.ctx, ast.Load)}, made | stored


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_cell_rests_on_one_that_is_left_out_as_an_aside(path: Path) -> None:
    left_out: set[str] = set()
    echo = True
    for cell in read(path).cells:
        if cell["cell_type"] == "code":
            used, bound = names(cell["source"])
            before, echo = echo, ECHO.findall(cell["source"])[-1:] != ["False"] if "nk.echo" in cell["source"] else echo
            if ASIDE in cell["metadata"].get("tags", ()):
                left_out |= bound
                assert echo == before
            else:
                assert not (used - bound) & left_out
                left_out -= bound
