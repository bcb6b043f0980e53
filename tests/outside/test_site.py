"""The documentation site: built without a warning and without internet, no link into nothing, readable by all."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shutil
import subprocess
import sys
import sysconfig
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.notebooks.lab import MARKS, Scheme, is_dark, window
from tests.project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.once]

MOST_SECONDS = 60.0
AXE = "axe-core"
SECONDS_TO_LOOK = 240.0
LOOKS = [pytest.param(*look, marks=MARKS) for look in (("light", 1280), ("dark", 1280), ("light", 400))]
"""A page's colours and its width in pixels: the last one is a telephone's."""

BARRIERS = """async () => {
  const told = await axe.run(document, { resultTypes: ["violations"] });
  const serious = told.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const found = serious.map((one) => `${one.id}: ${one.nodes.length} times, as ${one.nodes[0].html.slice(0, 200)}`);
  for (let each = document.querySelector("h1"); each; each = each.parentElement)
    if (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible")
      found.push(`text scrolls sideways in ${each.tagName} ${each.className}`);
  return found;
}"""
"""What keeps people from reading a page: in axe's words, which need not gather what is right; and lines that have to be
pushed to and fro, where only what is wide in them should be (WCAG 2.2, 1.4.10)."""

_LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What a page links to, loads, and offers as targets.

    Args:
        path: of its file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.targets: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.targets |= {str(given[name]) for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in _LOADED and given.get(_LOADED[tag]):
            self.loads.append(str(given[_LOADED[tag]]))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what docs/docs.lock names."""
    if importlib.util.find_spec("myst_nb"):
        return Path(sys.executable)
    place = tmp_path_factory.mktemp("sphinx")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    (own,) = place.glob("lib/python*/site-packages")
    (own / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    got = [
        place / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--ignore-installed",
    ]
    done = subprocess.run([*got, "-r", ROOT / "docs/docs.lock"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"Sphinx cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def site(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in a network namespace of its own: nothing is fetched."""
    folder = tmp_path_factory.mktemp("site")
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    began = processor_seconds()
    done = subprocess.run(
        [*alone, python, ROOT / "tools" / "documentation.py", folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert processor_seconds() - began < MOST_SECONDS
    return folder / "html"


def processor_seconds() -> float:
    """Of all the children that have ended (getrusage(2)): they do not depend on what else this machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                broken.append(f"{path.relative_to(site)}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].targets:
                broken.append(f"{path.relative_to(site)}: {link} has no such place")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    loaded = {load for page in pages.values() for load in page.loads if urlsplit(load).scheme not in ("", "data")}
    assert loaded == set()


def test_lessons_are_there_with_their_pictures_and_words(site: Path) -> None:
    for notebook in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        page = (site / "notebooks" / notebook.name).with_suffix(".html").read_text(encoding="utf-8")
        words = re.findall(r'<img[^>]*\balt="([^"]*)"', page)
        assert [word for word in words if len(word) > 40]
        assert "" not in words


def test_what_is_typed_stays_as_it_is(site: Path) -> None:
    """Docstrings are read as reStructuredText, where one backtick makes a title, and two hyphens are a dash."""
    texts = {path.relative_to(site): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    changed = {path: re.findall("<cite>.{0,40}|\\s\N{EN DASH}\\w.{0,40}", text) for path, text in texts.items()}
    assert not {path: found for path, found in changed.items() if found}
    assert "--dport" in texts[Path("reference.html")]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core's script, which finds what keeps people from reading a page."""
    folder = tmp_path_factory.mktemp("axe")
    if shutil.which("npm") is None:
        pytest.skip("there is no npm, which brings axe-core")
    done = subprocess.run(["npm", "pack", AXE, "--silent"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{AXE} cannot be had: {done.stderr.strip()[-200:]}")
    (packed,) = folder.glob("*.tgz")
    subprocess.run(["tar", "--extract", "--no-same-owner", "--file", packed], cwd=folder, check=True)
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_nobody_is_kept_from_reading(site: Path, axe: str, scheme: Scheme, width: int) -> None:
    found, paths, deadline = [], sorted(site.rglob("*.html")), time.monotonic() + SECONDS_TO_LOOK
    with window(width, 720, scheme) as page:
        for number, path in enumerate(paths):
            assert time.monotonic() < deadline, f"{number} of {len(paths)} pages were looked at; found: {found}"
            page.goto(path.as_uri())
            page.evaluate(axe)
            found += [f"{path.relative_to(site)}: {one}" for one in page.evaluate(BARRIERS)]
    assert found == []


@pytest.mark.parametrize(
    ("machine", "chosen"), [pytest.param("light", "dark", marks=MARKS), pytest.param("dark", "light", marks=MARKS)]
)
def test_pictures_follow_the_button_for_light_and_dark(site: Path, machine: Scheme, chosen: Scheme) -> None:
    with window(1280, 900, machine) as page:
        page.goto((site / "notebooks" / "04-build-docker-bridge.html").as_uri())
        picture = page.locator(".cell_output img").first
        assert is_dark(picture) == (machine == "dark")
        page.locator(".theme-toggle:visible").first.click()
        assert page.locator("body").get_attribute("data-theme") == chosen
        assert is_dark(picture) == (chosen == "dark")
