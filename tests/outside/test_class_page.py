"""The teacher's page with a hundred learners who work at once: how long it takes, and what axe says of it."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from netkit.classroom import watching
from netkit.classroom.serving import Server
from tests.notebooks.lab import BROWSER
from tests.outside import pupils

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.once]

MANY, SECONDS = 100, 2.0
PAGE = watching.Learner("learner000", 0.0, ()).page
_AXE = "AXE_CORE"
"""The variable that names axe.min.js; without it npm fetches it."""


def work(folder: Path, over: threading.Event) -> None:
    """A hundred notebooks that write their files again and again."""
    while not over.is_set():
        for path in folder.glob("*.json"):
            beside = path.with_name(f".{path.name}")
            beside.write_bytes(path.read_bytes())
            beside.replace(path)
            if over.wait(0.005):
                return


def opened(server: Server) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    browser.open(server.address, timeout=30).read()
    return browser


def test_a_hundred_learners_at_once(tmp_path: Path) -> None:
    pupils.share(tmp_path, MANY)
    over = threading.Event()
    server = Server(tmp_path, "demo", 0)
    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=work, args=(tmp_path, over))]
    for thread in threads:
        thread.start()
    try:
        browser, bare = opened(server), server.address.partition("?")[0]
        times = []
        for name in ("", "", "", "class.csv", PAGE):
            begun = time.monotonic()
            text = browser.open(bare + name, timeout=30).read().decode()
            times.append(time.monotonic() - begun)
            assert "learner" in text
        print(f"pages of {MANY}: {', '.join(f'{each:.2f}' for each in times)} s")
        assert statistics.median(times[:3]) <= SECONDS
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of axe-core."""
    if told := os.environ.get(_AXE):
        with open(told, encoding="utf-8") as file:
            return file.read()
    if not shutil.which("npm"):
        pytest.skip("axe-core comes by npm, which is not installed")
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "install", "--silent", "--no-audit", "axe-core@4"], cwd=folder, check=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_axe_finds_nothing_serious(scheme: str, tmp_path: Path, axe: str) -> None:
    from playwright.sync_api import sync_playwright

    pupils.share(tmp_path, 12)
    server = Server(tmp_path, "demo", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
            page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()  # type: ignore[arg-type]
            for name in ("", PAGE):
                page.goto(server.address if not name else server.address.partition("?")[0] + name)
                page.evaluate(axe)
                found = page.evaluate("axe.run()")["violations"]
                assert not [each["id"] for each in found if each["impact"] in ("serious", "critical")], found
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") == "The class"
            page.keyboard.press("Enter")
            page.wait_for_selector("caption")
            pupils.share(tmp_path, 13)
            page.wait_for_selector("text=13 learners", timeout=20_000)
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
