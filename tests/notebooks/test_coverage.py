"""Every line of the article runs in a notebook, where notebooks/README.md says so."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import nbformat
import pytest

from tests.project import ROOT

FOLDER = ROOT / "notebooks"
TABLE = (FOLDER / "README.md").read_text(encoding="utf-8")
SECTIONS = ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2", "3", "4", "5")
LEAST_ROWS = 89
"""The article's commands and claims; a row that got lost would otherwise go unnoticed."""

LINK = re.compile(r"\[(?P<text>[^]]+)\]\((?P<file>[^)]+\.ipynb)\)")
COLUMN = re.compile(r"(?<!\\)\|")
CODE = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """A row of the table: which line of the article runs where, and how."""

    section: str
    line: str
    notebook: str
    cell: str
    commands: tuple[str, ...]


def rows() -> list[Row]:
    """The rows that name a cell."""
    found = []
    for line in TABLE.splitlines():
        columns = [column.strip().replace(r"\|", "|") for column in COLUMN.split(line)[1:-1]]
        if len(columns) == 5 and (link := LINK.fullmatch(columns[2])):
            section, article, _, cell, run = columns
            found.append(Row(section, article, link["file"], cell.strip("`"), tuple(CODE.findall(run))))
    return found


@cache
def cells(notebook: str) -> dict[str, nbformat.NotebookNode]:
    """A notebook's code cells by their ids."""
    read = nbformat.read(FOLDER / notebook, as_version=4)
    return {cell.id: cell for cell in read.cells if cell.cell_type == "code"}


def said(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell says: its source, and each command that it printed behind `$`."""
    texts = [output.text for output in cell.outputs if output.output_type == "stream"]
    return [cell.source, *(line for text in texts for line in text.splitlines() if line.startswith("$ "))]


def contains(cell: nbformat.NotebookNode, command: str) -> bool:
    return any(command in text for text in said(cell))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.section} {row.line}")
def test_the_cell_of_a_row_contains_its_commands(row: Row) -> None:
    assert row.commands
    there = cells(row.notebook)
    for command in row.commands:
        others = [name for name, cell in there.items() if contains(cell, command)]
        assert row.cell in there, f"{row.notebook} has no code cell {row.cell}; `{command}` is in {others}"
        assert contains(there[row.cell], command), f"{row.cell} has no `{command}`; it is in {others}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.section} {row.line}")
def test_what_the_real_docker_ran_has_left_its_output(row: Row) -> None:
    cell = cells(row.notebook)[row.cell]
    assert cell.outputs or "engine" not in cell.metadata.get("tags", []), f"{row.cell} was never run"


def test_every_section_of_the_article_has_rows_in_its_order() -> None:
    assert tuple(dict.fromkeys(row.section for row in rows())) == SECTIONS
    assert len(rows()) >= LEAST_ROWS


def test_a_row_stands_once() -> None:
    lines = [(row.section, row.line) for row in rows()]
    assert len(lines) == len(set(lines))


def test_every_notebook_is_listed_by_its_title() -> None:
    listed = [(link["file"], link["text"]) for link in LINK.finditer(TABLE) if " · " in link["text"]]
    there = sorted(FOLDER.glob("*.ipynb"))
    titles = [nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ") for path in there]
    assert listed == [(path.name, title) for path, title in zip(there, titles, strict=True)]
