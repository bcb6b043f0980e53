"""The live view as a learner sees it: JupyterLab in a real browser, and what is left of it without a kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.notebooks.lab import MARKS, choose, open_notebook, running, screenshot, set_theme, window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "live.ipynb"
CELLS = (
    "import threading\nimport netkit as nk\nns1 = nk.Namespace('ns1')",
    "view = nk.live()\nview",
    "ns2 = nk.Namespace('ns2')\n"
    "veth2, eth1 = nk.veth('veth2', 'eth1', peer_namespace=ns2)\n"
    "veth2.add_address('10.0.0.1/24'); eth1.add_address('10.0.0.2/24')\n"
    "veth2.up(); eth1.up()\nns2.ping('10.0.0.1')",
    "print([thread.name for thread in threading.enumerate()].count('netkit live view'), 'views')",
    "closed = nk.live(counters=False)\nclosed._box.close()\nprint(closed.running)",
)
MILLISECONDS = 60_000
LIVE = ".netkit-alive img"
TWIN = ".netkit-twin img"


def write(folder: Path) -> Path:
    kernel = {"name": "netkit", "display_name": "netkit (sandboxed Python)", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(source, id=f"cell{n}") for n, source in enumerate(CELLS)]
    nbformat.write(notebook, folder / NAME)
    return folder / NAME


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """JupyterLab on a notebook with a live view: its address and its token."""
    folder = tmp_path_factory.mktemp("live")
    write(folder)
    with running(folder, NAME) as place:
        yield place


@pytest.fixture
def page(request: pytest.FixtureRequest, lab: tuple[str, str]) -> Iterator[Page]:
    set_theme(*lab, request.param)
    with window(1280, 1200) as page:
        page.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        page.theme = request.param
        open_notebook(page, lab, NAME)
        yield page
    end_kernels(lab)


def end_kernels(lab: tuple[str, str]) -> None:
    """End what runs, as if the learner came back another day."""
    base, token = lab
    with urllib.request.urlopen(f"{base}/api/sessions?{token}") as answer:  # noqa: S310  (an address of this very test)
        sessions = [session["id"] for session in json.load(answer)]
    for session in sessions:
        request = urllib.request.Request(f"{base}/api/sessions/{session}?{token}", method="DELETE")  # noqa: S310
        assert urllib.request.urlopen(request).status == 204  # noqa: S310


def run_cell(page: Page, number: int) -> None:
    cell(page, number).locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")


def cell(page: Page, number: int) -> Locator:
    return page.locator(".jp-CodeCell").nth(number)


class TestInABrowser:
    pytestmark = MARKS

    @pytest.mark.parametrize("page", ["light", pytest.param("dark", marks=pytest.mark.long)], indirect=True)
    def test_what_another_cell_does_is_drawn(self, page: Page) -> None:
        run_cell(page, 0)
        run_cell(page, 1)
        expect(page.locator(LIVE)).to_have_attribute("alt", re.compile("2 namespaces: host and ns1"))
        expect(page.locator(TWIN)).to_be_hidden()
        run_cell(page, 2)
        expect(page.locator(LIVE)).to_have_attribute("alt", re.compile("ns2: eth1 is up with 10.0.0.2/24"))
        expect(page.locator(".netkit-alive tr", has_text="ns2:eth1")).to_contain_text(re.compile(r"[1-9]\d* B"))
        said = cell(page, 2).locator(".jp-OutputArea-output").all_inner_texts()
        assert [line for text in said for line in text.splitlines() if line.strip() and "$ ip" not in line] == [
            "✓ ping 10.0.0.1: 1 of 1 answered"
        ], "what the view tells lands in the view alone"
        screenshot(page, f"live-{page.theme}")
        page.locator(".netkit-alive").get_by_role("button").click()
        expect(page.locator(".netkit-alive")).to_contain_text("No longer live: it was stopped.")

    @pytest.mark.parametrize("page", ["light"], indirect=True)
    def test_run_again_it_begins_anew_and_without_a_kernel_its_twin_stays(
        self, page: Page, lab: tuple[str, str]
    ) -> None:
        choose(page, "Run", "Run All Cells")
        expect(cell(page, 3)).to_contain_text("1 views")
        run_cell(page, 1)
        expect(page.locator(LIVE)).to_have_attribute("alt", re.compile("ns2: eth1"))
        run_cell(page, 3)
        expect(cell(page, 3)).to_contain_text("[7]:")
        expect(cell(page, 3)).to_contain_text("1 views")
        page.keyboard.press("Control+s")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)
        end_kernels(lab)
        open_notebook(page, lab, NAME)
        expect(page.locator(TWIN)).to_be_visible()
        expect(page.locator(LIVE)).to_have_count(0)
        expect(page.get_by_text("Loading widget")).to_be_hidden()
        screenshot(page, "live-without-a-kernel")


def test_in_a_file_only_the_twin_stays_and_it_is_the_same_each_time(tmp_path: Path) -> None:
    path, files = write(tmp_path), []
    for _ in range(2):
        words = [sys.executable, "-m", "netkit.cli", "notebooks", "--update", "--sanitize-with", os.devnull, NAME]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        files.append(path.read_bytes())
    assert files[0] == files[1]
    cells = nbformat.read(path, 4).cells
    [twin], [running] = cells[1].outputs, cells[4].outputs
    assert running.text == "False\n", "a view ends when its widget is closed"
    assert twin.data.keys() == {"text/plain", "text/html"}
    words = "Live view of the network; at first:\n2 namespaces: host and ns1; no cable between them.\n"
    assert twin.data["text/plain"].startswith(words)
    assert "data:image/svg+xml;base64," in twin.data["text/html"]
