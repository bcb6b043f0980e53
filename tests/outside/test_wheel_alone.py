"""Whoever has only the wheel: one command installs it, one starts it in an empty folder, and lesson 00 runs.

And whoever has only the source distribution: it makes the same wheel, and tests itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.outside import sessions
from tests.outside.sessions import eventually
from tests.outside.test_lab import Lab
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.long, pytest.mark.once]

CHECKERS = {"mypy": "mypy", "pyright": "pyright[nodejs]"}
MOST_BYTES = 100_000_000
"""That a learner may have to download."""


@pytest.fixture(scope="module", autouse=True)
def _nothing_but_the_wheel() -> Iterator[None]:
    """What this very run imports from elsewhere must not be taken for what was installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "--directory", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def downloaded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and all that pip gets for it."""
    folder = tmp_path_factory.mktemp("downloaded")
    (wheel,) = built.glob("*.whl")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), f"{wheel}[lab]"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no index of packages can be reached: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.fixture(scope="module")
def fresh(downloaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment in which one command has installed the wheel with JupyterLab."""
    place = tmp_path_factory.mktemp("fresh") / "environment"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    (wheel,) = downloaded.glob("netkit_lab-*.whl")
    offline = ["--no-index", "--find-links", str(downloaded)]
    subprocess.run([place / "bin" / "pip", "install", "--quiet", *offline, f"{wheel}[lab]"], check=True)
    return place / "bin"


@pytest.fixture(scope="module")
def lab(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started in an empty folder."""
    started = Lab(tmp_path_factory.mktemp("empty"), str(fresh / "netkit"))
    yield started
    started.end()


def test_the_download_is_small(downloaded: Path) -> None:
    assert sum(path.stat().st_size for path in downloaded.iterdir()) <= MOST_BYTES


def test_lesson_00_runs(lab: Lab) -> None:
    """With the kernel that JupyterLab of the fresh environment starts, cell by cell as a learner runs them."""
    (notebook,) = [entry for entry in lab.ask("api/contents")["content"] if entry["name"].startswith("00-")]
    cells = lab.ask(f"api/contents/{notebook['path']}")["content"]["cells"]
    asked = {"path": notebook["path"], "type": "notebook", "name": "", "kernel": {"name": "netkit"}}
    kernel = lab.ask("api/sessions", asked)["kernel"]["id"]
    kinds = run_all(lab.runtime / f"kernel-{kernel}.json", cells)
    assert "error" not in kinds
    assert "image/png" in kinds, "there is a picture"


def installed(place: Path, package: str) -> Path:
    """The programs of a fresh environment with one package of an index."""
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    got = [place / "bin" / "pip", "install", "--quiet", package]
    done = subprocess.run(got, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{package} cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return place / "bin"


UVX = """#!/bin/sh
export UV_CACHE_DIR={place}/cache
exec {bin}/uvx --no-python-downloads {offline} --python {python} --from '{wheel}[lab]' netkit "$@"
"""
PIPX = """#!/bin/sh
export PIPX_HOME={place}/home PIPX_BIN_DIR={place}/programs PIPX_DEFAULT_PYTHON={python}
[ -x "$PIPX_BIN_DIR/netkit" ] ||
    {{ {bin}/pipx upgrade-shared --quiet &&  # its own pip, from the index: it would get that by --pip-args as well
        {bin}/pipx install --quiet --pip-args '{offline}' '{wheel}[lab]'; }} || exit
exec "$PIPX_BIN_DIR/netkit" "$@"
"""


@pytest.mark.parametrize(("tool", "script"), [("uv", UVX), ("pipx", PIPX)])
def test_uvx_and_pipx_start_the_lab(tool: str, script: str, downloaded: Path, tmp_path: Path) -> None:
    programs = installed(tmp_path / "tool", tool)
    (wheel,) = downloaded.glob("netkit_lab-*.whl")
    program = tmp_path / "netkit"
    offline = f"--no-index --find-links {downloaded}"
    words = {"place": tmp_path, "bin": programs, "python": sys.executable, "wheel": wheel}
    program.write_text(script.format(offline=offline, **words), encoding="utf-8")
    program.chmod(0o755)
    first = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    (tmp_path / "empty").mkdir()
    lab = Lab(tmp_path / "empty", str(program))
    lab.end()
    assert lab.address
    assert (tmp_path / "empty" / "course" / "00-start-here.ipynb").exists()


def test_uv_sync_gives_a_working_lab(built: Path, tmp_path: Path) -> None:
    source = unpacked(built, tmp_path)
    uv = installed(tmp_path / "tool", "uv") / "uv"
    (tmp_path / "empty").mkdir()
    words = [uv, "sync", "--quiet", "--no-python-downloads", "--python", sys.executable]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lab = Lab(tmp_path / "empty", str(source / ".venv" / "bin" / "netkit"))
    lab.end()
    assert (tmp_path / "empty" / "course" / "00-start-here.ipynb").exists()


def run_all(file: Path, cells: list[dict[str, Any]]) -> set[str]:
    """Run the code cells that are not left to the learner; the kinds of what comes back."""
    kinds: set[str] = set()

    def note(message: dict[str, Any]) -> None:
        kinds.update([message["msg_type"], *message["content"].get("data", ())])

    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    try:
        assert eventually(lambda: sessions.is_ready(client), sessions.PATIENCE)
        for cell in cells:
            if cell["cell_type"] == "code" and "raises-exception" not in cell["metadata"].get("tags", []):
                client.execute_interactive("".join(cell["source"]), timeout=60, allow_stdin=False, output_hook=note)
    finally:
        client.stop_channels()
    return kinds


def test_a_check_that_finds_nothing_fails(fresh: Path, tmp_path: Path) -> None:
    done = subprocess.run([fresh / "netkit", "notebooks", "--check"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"there are no notebooks" in done.stderr


def test_another_environment_s_jupyter_finds_the_kernel(fresh: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path), "JUPYTER_PREFER_ENV_PATH": "0"}
    subprocess.run([fresh / "netkit", "kernel", "--install", "--user"], env=environment, check=True)
    listed = [sys.executable, "-m", "jupyter_client.kernelspecapp", "list", "--json"]
    told = json.loads(subprocess.run(listed, env=environment, capture_output=True, text=True, check=True).stdout)
    assert Path(told["kernelspecs"]["netkit"]["spec"]["argv"][0]).parent == fresh


@pytest.mark.parametrize(
    ("checker", "words"), [("mypy", ["--strict", "--python-executable"]), ("pyright", ["--pythonpath"])]
)
def test_type_checkers_find_nothing_wrong_with_what_a_user_writes(
    fresh: Path, tmp_path: Path, checker: str, words: list[str]
) -> None:
    programs = installed(tmp_path / "checkers", CHECKERS[checker])
    shutil.copy(ROOT / "tests" / "outside" / "typed.py", tmp_path)
    command = [programs / checker, *words, str(fresh / "python"), "typed.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_source_distribution_makes_the_same_wheel_and_tests_itself(built: Path, tmp_path: Path) -> None:
    source = unpacked(built, tmp_path)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "again"]
    subprocess.run(build, cwd=source, check=True)
    first, again = (contents(next(folder.glob("*.whl"))) for folder in (built, tmp_path / "again"))
    assert first == again
    environment = {**os.environ, "PYTHONPATH": str(source)}
    (source / ".venv").symlink_to(sys.prefix)  # what `make env` makes there
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit"]
    done = subprocess.run(tests, cwd=source, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def unpacked(built: Path, folder: Path) -> Path:
    """The folder of the source distribution."""
    (packed,) = built.glob("*.tar.gz")
    subprocess.run(["tar", "--extract", "--no-same-owner", "--file", packed], cwd=folder, check=True)
    return next(folder.glob("netkit_lab-*"))


def contents(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
