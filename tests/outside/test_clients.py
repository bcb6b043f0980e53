"""Clients other than JupyterLab run every lesson: papermill, jupyter execute, nbconvert, nbmake, jupytext."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
WANTED = ("papermill", "nbmake", "jupytext")
SECONDS = 600
RUNNING = {
    "papermill": ("-m", "papermill", "--no-progress-bar", "lesson.ipynb", "done.ipynb"),
    "jupyter execute": ("-c", "from nbclient.cli import main; main()", "lesson.ipynb", "--output=done"),
    "nbconvert": ("-m", "nbconvert", "--execute", "--to=notebook", "--output=done", "lesson.ipynb"),
    "nbmake": (
        "-m",
        "pytest",
        "--nbmake",
        "--nbmake-timeout=120",
        "-p",
        "no:cacheprovider",
        "--overwrite",
        "lesson.ipynb",
    ),
    "jupytext": ("-m", "jupytext", "--execute", "--to=notebook", "--output=done.ipynb", "lesson.ipynb"),
}
"""By client, how it runs a lesson."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the clients, beside all packages of this one."""
    place = tmp_path_factory.mktemp("clients") / "environment"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    (own,) = place.glob("lib/python*/site-packages")
    (own / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    install = [place / "bin" / "python", "-m", "pip", "install", "--quiet", *WANTED]
    done = subprocess.run(install, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        pytest.skip(f"{', '.join(WANTED)} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    kernel = [
        place / "bin" / "python",
        "-m",
        "jupyter_client.kernelspecapp",
        "install",
        "--sys-prefix",
        "--name=netkit",
    ]
    subprocess.run([*kernel, ROOT / "share/jupyter/kernels/netkit"], check=True, capture_output=True)
    return place / "bin" / "python"


@pytest.mark.long
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("client", RUNNING)
def test_it_runs_the_lesson(client: str, lesson: Path, python: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    words = [python, *RUNNING[client]]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    written = nbformat.read(tmp_path / ("lesson.ipynb" if client == "nbmake" else "done.ipynb"), as_version=4)
    outputs = [output for cell in written.cells for output in cell.get("outputs", ())]
    assert any("sandbox: host name netkit" in str(output) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_as_a_script_it_is_python(lesson: Path) -> None:
    from nbconvert.exporters import get_exporter

    exporter = get_exporter(nbformat.read(lesson, as_version=4).metadata.language_info.nbconvert_exporter)()
    text, told = exporter.from_filename(str(lesson))
    assert told["output_extension"] == ".py"
    compile(text, lesson.name, "exec")
    assert "nk.require_sandbox()" in text
