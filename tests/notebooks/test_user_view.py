"""What a learner sees: JupyterLab in a real browser, with notebook 04."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LESSON = "04-build-docker-bridge.ipynb"
CODE = [cell for cell in nbformat.read(ROOT / "notebooks" / LESSON, 4).cells if cell.cell_type == "code"]
LAST_SHOWN = max(i for i, cell in enumerate(CODE, 1) if not cell.metadata.get("jupyter"))  # a solution is folded
PICTURES = sum("image/png" in output.get("data", {}) for cell in CODE for output in cell.outputs)
SECONDS_TO_START, SECONDS_TO_RUN = 60, 120
IDLE = "netkit (sandboxed Python) | Idle"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",  # Chromium as root has no sandbox of its own; it sees this machine's JupyterLab only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: `make packages` installs it"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `netkit lab` starts, on a copy of the notebook that nobody has signed; its address."""
    tmp_path = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / LESSON, tmp_path)
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(tmp_path / name) for name in folders}}
    words = [sys.executable, "-m", "netkit.cli", "lab", LESSON, "--no-browser", "--ip=127.0.0.1", "--port=0"]
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen(words, stderr=log, env=environment, cwd=tmp_path)
        try:
            yield address_of(server, tmp_path / "log")
        finally:
            server.terminate()
            server.wait(20)


def address_of(server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"(http://127\.0\.0\.1:([1-9]\d*))/lab/tree/\S+\?(token=\w+)", log.read_text())
        if found and listens(int(found[2])):  # on a busy machine it says its address before it listens there
            return f"{found[1]}/lab?{found[3]}"
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def page(request: pytest.FixtureRequest, lab: str) -> Iterator[Page]:
    """The notebook in a window of 1280 x 900 pixels, in one of JupyterLab's themes."""
    base, _, token = lab.partition("/lab?")
    set_theme(base, token, "JupyterLab Dark" if request.param == "dark" else "JupyterLab Light")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=list(QUIET))
        window = browser.new_page(viewport={"width": 1280, "height": 900})
        window.theme = request.param
        window.goto(f"{base}/lab/tree/{LESSON}?{token}")
        window.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=SECONDS_TO_START * 1000)
        window.get_by_text(IDLE).wait_for(timeout=SECONDS_TO_START * 1000)
        yield window
        browser.close()


def set_theme(base: str, token: str, theme: str) -> None:
    body = f'{{"raw": "{{\\"theme\\": \\"{theme}\\"}}"}}'.encode()
    url = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:themes?{token}"
    request = urllib.request.Request(  # noqa: S310  (an address of this very test)
        url, data=body, method="PUT", headers={"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request).status == 204  # noqa: S310


def screenshot(page: Page, name: str) -> None:
    folder = ROOT / "artifacts"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}-{page.theme}.png")


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


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
    screenshot(page, "untrusted")


@pytest.mark.parametrize("page", ["light"], indirect=True)
def test_run_all_cells_gives_no_error_but_the_one_on_purpose(page: Page) -> None:
    choose(page, "Edit", "Clear Outputs of All Cells")
    choose(page, "Run", "Run All Cells")
    page.get_by_text(IDLE).wait_for(state="detached")
    page.get_by_text(IDLE).wait_for(timeout=SECONDS_TO_RUN * 1000)
    page.mouse.wheel(0, -100_000)
    assert len(scroll_until_pictures(page, PICTURES)) == PICTURES, "the outputs were cleared; these are new"
    errors = page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]')
    assert [text.splitlines()[0] for text in errors.all_inner_texts() if "AlreadyExists" not in text] == []
    screenshot(page, "run")
    assert page.locator(".jp-Dialog").all_inner_texts() == []
