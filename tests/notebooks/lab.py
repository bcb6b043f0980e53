"""Knows how JupyterLab is started for a test, looked at with a real browser, and ended."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import sync_playwright

from tests.processes import ending
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

Scheme = Literal["light", "dark"]
SECONDS_TO_START = 60
RUNTIME = "run"
"""The folder in which the server and its kernels have their files."""

IDLE = "netkit (sandboxed Python) | Idle"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_LOOKS = 10
"""So many looks in a row find a kernel idle that has nothing more to run: between two cells it is idle for a moment."""

_WAITING = "input.jp-Stdin-input:enabled"
_PROMPTS = "[...document.querySelectorAll('.jp-InputPrompt')].map(each => each.innerText).join()"
"""Which cells have run, in JavaScript."""

_AT = f"""(({{tagName, className}}) => `the keyboard is at ${{tagName}} ${{className}}, `
    + `${{document.querySelectorAll('{_WAITING}').length}} inputs wait`)(document.activeElement)"""
"""Where the keyboard is, and how many inputs wait for it, in JavaScript."""

_DARK = 80
"""More than half of a dark picture is below it, of 255."""

QUIET = (
    "--no-sandbox",  # Chromium as root has no sandbox of its own; it sees this machine's JupyterLab only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: `make packages` installs it"),
]
"""Of every module that needs a browser."""


@contextmanager
def running(folder: Path, notebook: str) -> Iterator[tuple[str, str]]:
    """What `netkit lab` starts, for the time of a block: its address and `token=...`.

    Args:
        folder: where it starts; it has the notebook, and Jupyter's own folders are made there.
        notebook: that it opens.
    """
    own = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    # A short name: the paths of the kernels' sockets begin with it.
    environment = {**os.environ, **own, "JUPYTER_RUNTIME_DIR": str(folder / RUNTIME)}
    words = [sys.executable, "-m", "netkit.cli", "lab", notebook, "--no-browser", "--ip=127.0.0.1", "--port=0"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(words, stderr=log, env=environment, cwd=folder)
        with ending(server):
            try:
                yield _address_of(server, folder / "log")
            finally:
                server.terminate()


def _address_of(server: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"(http://127\.0\.0\.1:([1-9]\d*))/lab/tree/\S+\?(token=\w+)", log.read_text())
        if found and _listens(int(found[2])):  # on a busy machine it says its address before it listens there
            return found[1], found[3]
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def window(width: int, height: int, scheme: Scheme = "light") -> Iterator[Page]:
    """An empty page of a browser, in pixels, on a machine that is light or dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=list(QUIET))
        yield browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        browser.close()


def open_notebook(page: Page, lab: tuple[str, str], notebook: str) -> None:
    """Open it in a workspace that nobody has used, and wait for its kernel."""
    base, token = lab
    page.goto(f"{base}/lab/tree/{notebook}?reset&{token}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=SECONDS_TO_START * 1000)
    page.get_by_text(IDLE).wait_for(timeout=SECONDS_TO_START * 1000)


def set_theme(base: str, token: str, theme: str) -> None:
    """Choose JupyterLab's theme, "light" or "dark"."""
    body = json.dumps({"raw": json.dumps({"theme": f"JupyterLab {theme.capitalize()}"})}).encode()
    url = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:themes?{token}"
    request = urllib.request.Request(  # noqa: S310  (an address of this very test)
        url, data=body, method="PUT", headers={"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request).status == 204  # noqa: S310


def choose(page: Page, menu: str, item: str) -> None:
    """Click on an item of a menu."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def choose_in_predictions(page: Page, is_idle: Callable[[], bool], seconds: float, choice: str = "2") -> int:
    """Type a choice wherever a cell waits for one, with nothing but the keyboard, until all have run; how many.

    Args:
        page: with a notebook that runs.
        is_idle: whether the page says that the kernel is.
        seconds: without a step forward, after which it has failed.
        choice: what is typed.
    """
    made = idle = 0
    step, deadline = "", time.monotonic() + seconds
    while idle < _LOOKS:
        idle = idle + 1 if is_idle() else 0
        if (now := f"{made} {page.evaluate(_PROMPTS)}") != step:  # it goes on, however slowly
            step, deadline = now, time.monotonic() + seconds
        if time.monotonic() > deadline:
            screenshot(page, "no-step-forward")
            pytest.fail(f"{made} choices were made, and nothing happens any more: {page.evaluate(_AT)}")
        if page.evaluate(f"document.activeElement.matches('{_WAITING}')"):  # it asks for the keyboard itself
            box = page.evaluate_handle("document.activeElement")
            page.keyboard.type(choice)
            page.keyboard.press("Enter")
            page.wait_for_function("box => box.disabled || !box.isConnected", arg=box)
            made += 1
        page.wait_for_timeout(100)
    return made


def screenshot(page: Page, name: str) -> None:
    """Keep what the page shows in artifacts/."""
    (ROOT / "artifacts").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / "artifacts" / f"{name}.png")


def is_dark(picture: Locator) -> bool:
    """Whether a picture is dark as it is shown now.

    Args:
        picture: an image of the page.
    """
    with Image.open(io.BytesIO(picture.screenshot())) as shown:
        return ImageStat.Stat(shown.convert("L")).median[0] < _DARK
