"""What lies in the notebook's folder runs inside only: no file of it is imported by what netkit does outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from netkit.sandbox import launcher
from tests.outside import sessions
from tests.outside.sessions import NETKIT, eventually, session
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = (
    # What Python imports before any line of a program runs, what the launcher imports, and what ipykernel does.
    *("types", "typing", "collections", "contextlib", "importlib", "encodings", "runpy", "pkgutil", "os", "sys"),
    *("sitecustomize", "usercustomize", "netkit", "json", "socket", "select", "signal", "weakref", "argparse"),
    *("ctypes", "struct", "subprocess", "asyncio", "random", "logging", "traitlets", "ipykernel", "zmq", "tornado"),
)
SHADOW = """\
import os
place = "inside" if os.path.ismount("/run/netkit") else "outside"
os.close(os.open(os.path.join({folder!r}, place + "-{name}"), os.O_CREAT))
raise ImportError("the folder's own {name}")
"""
"""A module that notes where it was imported."""

SPECIFICATION = Path(sysconfig.get_path("data")) / "share/jupyter/kernels/netkit/kernel.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module for each of these names."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(SHADOW.format(folder=str(tmp_path), name=name), encoding="utf-8")
    return tmp_path


def imported(folder: Path, place: str) -> list[str]:
    """Which of the modules were imported there."""
    return sorted(path.name for path in folder.glob(f"{place}-*"))


def by_a_manager(folder: Path) -> None:
    """As Jupyter's servers start a kernel."""
    manager = KernelManager(kernel_name="netkit")
    manager.start_kernel(cwd=str(folder), stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: imported(folder, "inside"), sessions.PATIENCE)
    finally:
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def by_nbclient(folder: Path) -> None:
    """As nbval, nbconvert, papermill and nbgrader start the kernel of a notebook."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="netkit")
    client.create_kernel_manager()
    client.start_new_kernel(cwd=str(folder), stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: imported(folder, "inside"), sessions.PATIENCE)
    finally:
        client._cleanup_kernel()


def by_an_editor(folder: Path) -> None:
    """As VS Code does it: the specification's variables win over its own, and its argv is run by its interpreter."""
    told = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    file = sessions.connection_file(folder)
    words = [sys.executable, *(word.replace("{connection_file}", str(file)) for word in told["argv"][1:])]
    environment = sessions.environment(PYDEVD_IPYTHON_COMPATIBLE_DEBUGGING="1", **told["env"])
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as process:
        assert eventually(lambda: imported(folder, "inside"), sessions.PATIENCE)
        process.kill()


@pytest.mark.parametrize("start", [by_a_manager, by_an_editor, pytest.param(by_nbclient, marks=pytest.mark.long)])
def test_a_kernel_imports_none_of_it_outside(folder: Path, start: Callable[[Path], None]) -> None:
    start(folder)
    assert imported(folder, "inside"), "the sandbox was reached"
    assert imported(folder, "outside") == []


def test_the_kernel_that_tells_why_there_is_no_sandbox_imports_none_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETKIT_WORLD", "nosuch")
    with session(cwd=str(folder)) as kernel:
        assert "NETKIT_WORLD is 'nosuch'" in kernel.run("1")
    assert imported(folder, "outside") == []


@pytest.mark.parametrize("words", [("run", "--", "true"), ("doctor", "--worlds"), ("--version",), ("shell", "--list")])
def test_the_command_line_imports_none_of_it(folder: Path, words: tuple[str, ...]) -> None:
    environment = sessions.environment(NETKIT_UML="/nowhere")
    subprocess.run(
        [NETKIT, *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert imported(folder, "outside") == []


@pytest.mark.parametrize("world", ["user", pytest.param("uml", marks=pytest.mark.long)])
def test_programs_of_the_folder_are_not_run(tmp_path: Path, world: str) -> None:
    """PATH may lead to the folder one is in; what is started outside is looked for elsewhere."""
    for name in ("newuidmap", "newgidmap", "linux.uml", "tcc"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n: > {tmp_path}/ran\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
    environment = sessions.environment(PATH=f".:{os.environ['PATH']}:", NETKIT_WORLD=world)
    command = [NETKIT, "run", "--", "true"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("wish", [{"PYTHONSAFEPATH": "1"}, {}])
def test_a_notebook_imports_its_neighbours_unless_its_user_wants_that_nowhere(
    monkeypatch: pytest.MonkeyPatch, wish: dict[str, str]
) -> None:
    """The kernel's specification sets the variable in any case; a user's wish is known by the client that has it."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    with subprocess.Popen(["sleep", "60"], env={**variables, **wish}) as client:
        assert eventually(lambda: Path(f"/proc/{client.pid}/environ").read_bytes()), "it has begun"
        monkeypatch.setenv("PYTHONSAFEPATH", "1")
        launcher.let_neighbours_be_imported(client.pid)
        assert ("PYTHONSAFEPATH" in os.environ) == bool(wish)
        client.kill()


def test_what_pythonpath_names_is_ones_own_choice_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "netkit.py").write_text(SHADOW.format(folder=str(tmp_path), name="netkit"), encoding="utf-8")
    variables = sessions.environment(PYTHONPATH=str(tmp_path), PYTHONSAFEPATH="1")
    command = [sys.executable, "-m", "netkit.kernel", "-f", str(tmp_path / "file")]
    subprocess.run(command, env=variables, stderr=subprocess.DEVNULL, check=False, timeout=sessions.PATIENCE)
    assert imported(tmp_path, "outside") == ["outside-netkit"]
    page = (ROOT / "docs" / "border.md").read_text(encoding="utf-8")
    assert "a `netkit` in one of them is taken for this one" in page
