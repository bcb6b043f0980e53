"""Notebooks for readers who hear them: the rules that jupyterlab-a11y-checker has, asked of what a page shows.

Its doc/rules.md names them: images, headings, tables, links.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html
from nbformat import v4

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import Tag
    from nbformat import NotebookNode

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
_VAGUE = re.compile("click|here|link|more|read", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?://|www\.)", re.IGNORECASE)
_LONG_ENOUGH = 20
"""Characters after which a link's text is taken to say where it leads, whatever words are in it."""


def findings(notebook: NotebookNode) -> list[str]:
    """What is wrong, a sentence each."""
    prose = [_page(str(markdown2html(cell.source))) for cell in notebook.cells if cell.cell_type == "markdown"]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [_page("".join(output.data["text/html"])) for output in outputs if "text/html" in output.get("data", ())]
    found = [*_headings([heading for page in prose for heading in page.find_all(re.compile("^h[1-6]$"))])]
    for page in (*prose, *shown):
        found += [*_images(page), *_tables(page)]
    return found + [line for page in prose for line in _links(page)]


def _page(html: str) -> BeautifulSoup:
    page = BeautifulSoup(html, "html.parser")
    for mark in page.select("a.anchor-link"):  # nbconvert's own, behind each heading
        mark.decompose()
    return page


def _headings(headings: list[Tag]) -> Iterator[str]:
    levels = [int(heading.name[1]) for heading in headings]
    if levels[:1] != [1] or levels.count(1) != 1:
        yield f"the one heading of level 1 is not the first: {levels}"
    high = [heading.get_text().strip().casefold() for heading in headings if heading.name in ("h1", "h2")]
    yield from (f"two headings say {text!r}" for text in sorted(set(high)) if high.count(text) > 1)
    yield from (f"an empty heading: {heading}" for heading in headings if not heading.get_text().strip())
    yield from (f"level {below} follows level {above}" for above, below in pairwise(levels) if below > above + 1)


def _images(page: BeautifulSoup) -> Iterator[str]:
    yield from (f"no alt text: {str(image)[:80]}" for image in page.find_all("img") if not image.get("alt", "").strip())


def _tables(page: BeautifulSoup) -> Iterator[str]:
    for table in page.find_all("table"):
        heads = table.find_all("th")
        if not heads:
            yield f"a table without a header: {str(table)[:80]}"
        unscoped = [head for head in heads if not head.get("scope") and head.find_parent("thead") is None]
        yield from (f"the header of what? {head}" for head in unscoped)


def _links(page: BeautifulSoup) -> Iterator[str]:
    for link in page.find_all("a"):
        text = link.get("aria-label") or link.get_text().strip()
        if not text or _ADDRESS.match(text) or (_VAGUE.search(text) and len(text) < _LONG_ENOUGH):
            yield f"a link that does not say where it leads: {text!r}"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.name)
def test_a_lesson_can_be_heard(lesson: object) -> None:
    assert findings(nbformat.read(lesson, as_version=4)) == []


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("## Two\n\n# One", "the one heading of level 1"),
        ("# One\n\n# Other", "the one heading of level 1"),
        ("# One\n\n## Same\n\n## same", "two headings say 'same'"),
        ("# One\n\n## One", "two headings say 'one'"),
        ("# One\n\n<h2> </h2>", "an empty heading"),
        ("# One\n\n### Three", "level 3 follows level 1"),
        ("# One\n\n![](a.png)", "no alt text"),
        ("# One\n\n<table><tr><td>1</td></tr></table>", "a table without a header"),
        ("# One\n\n<table><tr><th>1</th></tr></table>", "the header of what?"),
        ("# One\n\n[here](a.html)", "a link that does not say"),
        ("# One\n\n<https://a.example.org/>", "a link that does not say"),
    ],
)
def test_what_cannot_be_heard_is_found(source: str, finding: str) -> None:
    (said,) = findings(v4.new_notebook(cells=[v4.new_markdown_cell(source)]))
    assert said.startswith(finding)


@pytest.mark.parametrize("html", ["<img src='data:,'>", "<table><tr><td>1</td></tr></table>"])
def test_what_a_cell_shows_counts(html: str) -> None:
    cell = v4.new_code_cell(outputs=[v4.new_output("display_data", {"text/html": html})])
    assert len(findings(v4.new_notebook(cells=[v4.new_markdown_cell("# One"), cell]))) == 1
