"""Other pages than JupyterLab's run every lesson in a real browser: Notebook 7, and JupyterLab with collaboration."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nbformat
import pytest
from nbformat.reader import NotJSONError

from tests.notebooks.lab import MARKS, RUNTIME, choose, choose_in_predictions, window
from tests.outside.sessions import facts
from tests.processes import ending
from tests.project import ASKS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = [*MARKS, pytest.mark.long]

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
SECONDS_TO_START, SECONDS_TO_RUN, SECONDS_TO_SAVE = 120, 300, 30
STATE = ".jp-Notebook-ExecutionIndicator"


class Client(NamedTuple):
    """A page that shows notebooks.

    Attributes:
        package: of an index of packages.
        module: that starts its server.
        place: of a notebook, in its address.
    """

    package: str
    module: str
    place: str


CLIENTS = {
    "Notebook 7": Client("notebook>=7", "notebook", "notebooks"),
    "collaboration": Client("jupyter-collaboration", "jupyterlab", "lab/tree"),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Netkit's, as of now."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", params=CLIENTS)
def client(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Client, Path]:
    """A client, and the interpreter of a fresh environment in which it stands beside netkit."""
    chosen = CLIENTS[request.param]
    place = tmp_path_factory.mktemp("pages") / "environment"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    install = [place / "bin" / "python", "-m", "pip", "install", "--quiet", f"{wheel}[lab]", chosen.package]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{chosen.package} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return chosen, place / "bin" / "python"


@contextmanager
def serving(client: Client, python: Path, folder: Path) -> Iterator[str]:
    """The client's server in a folder, for the time of a block: its address."""
    variables = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    variables["JUPYTER_RUNTIME_DIR"] = str(folder / RUNTIME)
    options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--IdentityProvider.token=t"]
    words = [str(python), "-m", client.module, *options]
    with (folder / "log").open("w") as log:
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # netkit is the wheel's
        server = subprocess.Popen(words, stderr=log, env={**own, **variables}, cwd=folder)
        with ending(server):
            deadline = time.monotonic() + SECONDS_TO_START
            while not (address := _address(folder)):
                assert time.monotonic() < deadline, (folder / "log").read_text()
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            try:
                yield address
            finally:
                server.terminate()


def _address(folder: Path) -> str:
    """What a running server has written down, "" before."""
    return next((facts(file).get("url", "") for file in (folder / RUNTIME).glob("jpserver-*.json")), "")


def is_idle(page: Page) -> bool:
    """Whether the page says that the notebook's kernel has nothing to do."""
    return page.locator(STATE).first.get_attribute("data-status") == "idle"


def run_all(page: Page, address: str) -> int:
    """Open a notebook, run all its cells, asking predictions for what is so, and save it; how many predictions."""
    page.add_locator_handler(page.get_by_role("button", name="Continue waiting"), lambda button: button.click())
    with page.expect_websocket(lambda socket: "/channels" in socket.url, timeout=SECONDS_TO_START * 1000):
        page.goto(address)  # before it is connected, a page takes the kernel's state from the list of sessions
    page.wait_for_selector(f'{STATE}[data-status="idle"]', timeout=SECONDS_TO_START * 1000)
    choose(page, "Run", "Run All Cells")
    page.wait_for_selector(f'{STATE}[data-status="busy"]')
    made = choose_in_predictions(page, lambda: is_idle(page), SECONDS_TO_RUN, "?")  # as not all want a number
    page.keyboard.press("Control+s")
    return made


def was_run(path: Path) -> bool:
    """Whether a notebook was saved with all its cells run."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except NotJSONError:  # it is being written
        return False
    return all(cell.execution_count for cell in cells if cell.cell_type == "code" and cell.source)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_it_runs_the_lesson(client: tuple[Client, Path], lesson: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # the paths of the kernels' sockets begin with it
        copy = Path(short, lesson.name)
        nbformat.write(notebook, copy)
        with serving(*client, Path(short)) as address, window(1280, 900) as page:
            made = run_all(page, f"{address}{client[0].place}/{lesson.name}?token=t")
            deadline = time.monotonic() + SECONDS_TO_SAVE
            while not was_run(copy):
                assert time.monotonic() < deadline, "it was not saved"
                time.sleep(0.1)
            assert page.locator(".jp-Dialog").all_inner_texts() == []
        outputs = [output for cell in nbformat.read(copy, as_version=4).cells for output in cell.get("outputs", ())]
    assert made == sum(ASKS.match(cell.source) is not None for cell in code)
    assert any("sandbox: host name netkit" in str(output) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]
