"""What a learner sees: JupyterLab in a real browser, with notebook 04."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.notebooks.lab import (
    IDLE,
    MARKS,
    RUNTIME,
    choose,
    choose_in_predictions,
    is_dark,
    open_notebook,
    running,
    screenshot,
    set_theme,
    window,
)
from tests.project import ASKS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

LESSON = "04-build-docker-bridge.ipynb"
CODE = [cell for cell in nbformat.read(ROOT / "notebooks" / LESSON, 4).cells if cell.cell_type == "code"]
PICTURES = sum("image/png" in output.get("data", {}) for cell in CODE for output in cell.outputs)
PREDICTIONS = sum(ASKS.match(cell.source) is not None for cell in CODE)
SECONDS_TO_RUN = 120

pytestmark = MARKS


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path, wherever pytest has its own: the paths of the kernels' sockets begin with it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        yield Path(short)


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[tuple[str, str]]:
    """JupyterLab on a copy of the notebook that nobody has signed: its address and its token."""
    shutil.copy(ROOT / "notebooks" / LESSON, folder)
    with running(folder, LESSON) as place:
        yield place


@pytest.fixture
def page(request: pytest.FixtureRequest, lab: tuple[str, str]) -> Iterator[Page]:
    """The notebook in a window, in one of JupyterLab's themes."""
    set_theme(*lab, request.param)
    with window(1280, 900) as page:
        page.theme = request.param
        open_notebook(page, lab, LESSON)
        yield page


def pictures_in(page: Page) -> set[str]:
    """The numbers of the cells whose picture is shown now, and really decoded."""
    script = """() => [...document.querySelectorAll('.jp-OutputArea img[alt*="namespace"]')]
        .filter(image => image.complete && image.naturalWidth > 100)
        .map(image => image.closest('.jp-Cell').dataset.windowedListIndex)"""
    return set(page.evaluate(script))


def scroll_until_pictures(page: Page, wanted: int) -> set[str]:
    """Scroll through the notebook as a reader does (JupyterLab draws a cell when it comes into view)."""
    found: set[str] = set()
    page.locator(".jp-Notebook").hover()
    deadline = time.monotonic() + SECONDS_TO_RUN
    while len(found) < wanted and time.monotonic() < deadline:
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(200)
        found |= pictures_in(page)
    return found


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_pictures_show_before_the_notebook_is_trusted(page: Page) -> None:
    assert len(scroll_until_pictures(page, PICTURES)) == PICTURES
    screenshot(page, f"untrusted-{page.theme}")
    picture = page.locator('.jp-OutputArea img[alt*="namespace"]').last
    assert is_dark(picture) == (page.theme == "dark"), "a picture is as light as its page"


@pytest.mark.parametrize("page", ["light", pytest.param("dark", marks=pytest.mark.long)], indirect=True)
def test_run_all_cells_waits_for_predictions_and_gives_no_error(page: Page, folder: Path) -> None:
    choose(page, "Edit", "Clear Outputs of All Cells")
    choose(page, "Run", "Run All Cells")
    page.get_by_text(IDLE).wait_for(state="detached")
    assert choose_in_predictions(page, page.get_by_text(IDLE).is_visible, SECONDS_TO_RUN) == PREDICTIONS
    page.mouse.wheel(0, -100_000)
    assert len(scroll_until_pictures(page, PICTURES)) == PICTURES, "the outputs were cleared; these are new"
    files = list((folder / RUNTIME).glob("kernel-*.json"))
    assert [json.loads(file.read_text())["transport"] for file in files] == ["ipc"], "its kernel has no port"
    errors = page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]')
    assert [text.splitlines()[0] for text in errors.all_inner_texts()] == []
    assert page.get_by_text("✓ you: no · the kernel: no").count(), "what was chosen stands beside what the kernel did"
    screenshot(page, f"run-{page.theme}")
    assert page.locator(".jp-Dialog").all_inner_texts() == []
