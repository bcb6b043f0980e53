"""The documentation's sources: links lead to files and headings that are there, and nothing public is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import netkit
from tests.project import ROOT, files
from tools import modules
from tools.documentation import gallery, let_everybody_read, pictures

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [path for path in files() if path.suffix == ".md" and "docs/site" not in str(path)]
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def headings(path: Path) -> set[str]:
    """What stands behind # in links to a page's headings, as GitHub and MyST make it."""
    words = _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", word.lower()).replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    for link in _LINK.finditer(text):
        target = (ROOT / page.parent / link["path"]).resolve() if link["path"] else ROOT / page
        assert target.exists(), link[0]
        assert not link["heading"] or target.suffix != ".md" or link["heading"] in headings(target), link[0]


def test_the_reference_names_all_that_is_public() -> None:
    text = (ROOT / "docs" / "site" / "reference.md").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. (?:auto\w+|py:data):: netkit\.(\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(netkit.__all__), "give each public name a line in docs/site/reference.md"


def test_every_module_has_its_line_of_today() -> None:
    text = modules.PAGE.read_text(encoding="utf-8")
    assert text == modules.page(), "write it anew: python tools/modules.py"
    assert not re.findall(r"^\| `[^`]+` \|  *\|$", text, re.MULTILINE), "a module begins with a sentence"


def test_every_page_has_its_place_in_the_site() -> None:
    index = (ROOT / "docs" / "site" / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        if page.parts[0] in ("docs", "deploy"):
            assert str(page.with_suffix("")) in index, f"give {page} a line in docs/site/index.md"


def test_the_gallery_has_every_picture_with_its_words(tmp_path: Path) -> None:
    page = gallery(tmp_path / "gallery")
    shown = [picture for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")) for picture in pictures(path)]
    assert len(shown) >= 20
    assert len(list((tmp_path / "gallery").glob("*.svg"))) == page.count("![") == len(shown)
    assert all(len(picture.words) > 20 and b"<svg" in picture.svg for picture in shown)


def test_what_the_page_s_makers_leave_out_is_mended(tmp_path: Path) -> None:
    output, cell = '<div class="output text_html"', '<div class="cell">'
    short, table = f"{output}><p>no</p></div>{cell}", f"{output}><p>5</p><table></table></div>"
    given = f'<p role="heading">A</p><pre>wide</pre>{short}{table}<div class="table-wrapper x">'
    (tmp_path / "a.html").write_text(given)
    let_everybody_read(tmp_path)
    keys = ' tabindex="0"'
    wanted = f'<p role="heading" aria-level="2">A</p><pre{keys}>wide</pre>{short}{table.replace(output, output + keys)}'
    assert (tmp_path / "a.html").read_text() == f'{wanted}<div class="table-wrapper x"{keys}>'
