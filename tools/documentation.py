"""Builds the documentation site: `make docs`, or `python tools/documentation.py [FOLDER]`.

The sources are laid out as in the repository, so that links between them hold in both places; what is in docs/site has
its place in the site only. The lessons are shown as they are committed, and nothing is fetched.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "site"
COPIED = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
    "LICENSE",
    "notebooks/*",
    "docs/*",
    "deploy/*/README.md",
)
_IMAGE = re.compile(r"<img\b[^>]*>")
_ATTRIBUTE = {name: re.compile(rf'\b{name}="([^"]*)"') for name in ("alt", "src")}
_BADGE = re.compile(r"!\[([^\]]*)\]\(https?:[^)]*\)")
"""A picture from elsewhere, which a reader without internet would miss."""

_WIDE = re.compile(
    r'<pre(?=>)|<div class="table-wrapper [^"]*"'
    r'|<div class="output text_html"(?=(?:(?!<div class="(?:output|cell)).)*<table)',
    re.DOTALL,
)
"""What may be wider than a telephone: code, and tables."""

_ESCAPED = re.compile(r"([\\\[\]`*_<])")
"""What Markdown would take for its own."""

_SVG = "data:image/svg+xml;base64,"


class Picture(NamedTuple):
    """A picture that a lesson shows.

    Attributes:
        svg: its file.
        words: what it shows.
    """

    svg: bytes
    words: str


def lay_out(source: Path) -> None:
    """Put everything that the site is made of into a folder.

    Args:
        source: an empty one.
    """
    for pattern in COPIED:
        for path in filter(Path.is_file, ROOT.glob(pattern)):
            target = source / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    readme = source / "README.md"
    readme.write_text(_BADGE.sub(r"\1", readme.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copytree(SITE, source, dirs_exist_ok=True)
    (source / "docs" / "gallery.md").write_text(gallery(source / "docs" / "gallery"), encoding="utf-8")


def pictures(notebook: Path) -> list[Picture]:
    """The pictures in a notebook's outputs.

    Args:
        notebook: its file.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    pages = ["".join(data.get("text/html", "")) for data in shown]
    found = []
    for image in (image for page in pages for image in _IMAGE.findall(page)):
        source, words = (_ATTRIBUTE[name].search(image) for name in ("src", "alt"))
        if source and words and source[1].startswith(_SVG):
            found.append(Picture(base64.b64decode(source[1].removeprefix(_SVG)), html.unescape(words[1])))
    return found


def gallery(folder: Path) -> str:
    """A page with every picture of the lessons, as Markdown.

    Args:
        folder: where their files are put.
    """
    folder.mkdir(parents=True)
    lines = ["# Gallery", "", "What the lessons draw, from what the kernel reports.", ""]
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        number = notebook.stem.partition("-")[0]
        lines += [f"#{title(notebook)}", "", f"In [lesson {number}](../notebooks/{notebook.name}):", ""]
        for count, picture in enumerate(pictures(notebook), 1):
            name = f"{number}-{count}.svg"
            (folder / name).write_bytes(picture.svg)
            summary, _, rest = _ESCAPED.sub(r"\\\1", picture.words).partition("\n")
            lines += [f"![{summary} {' '.join(rest.split())}](gallery/{name})", "", summary, ""]
    return "\n".join(lines)


def title(notebook: Path) -> str:
    """The first line of a notebook, a heading in Markdown.

    Args:
        notebook: its file.
    """
    first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).partition("\n")[0]


def let_everybody_read(pages: Path) -> None:
    """Mend what the page's makers leave out: levels of captions that are headings, and keys that scroll what is wide.

    Args:
        pages: the folder of the site.
    """
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8").replace('role="heading">', 'role="heading" aria-level="2">')
        page.write_text(_WIDE.sub(r'\g<0> tabindex="0"', text), encoding="utf-8")


def main(words: list[str]) -> int:
    """Build it; 0 if there was no warning."""
    from sphinx.cmd.build import build_main

    folder = Path(words[0]) if words else ROOT / "build" / "docs"
    source, pages = folder / "source", folder / "html"
    for old in (source, pages):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    lay_out(source)
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--builder=html", f"--doctree-dir={folder / 'trees'}"]
    status = build_main([*options, str(source), str(pages)])
    if status == 0:
        let_everybody_read(pages)
        sys.stdout.write(f"The documentation is in {pages / 'index.html'}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
