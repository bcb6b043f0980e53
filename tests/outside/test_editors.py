"""Clients that are not JupyterLab take the kernel as a wheel installs it: the jupyter commands, and VS Code's way."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.outside import sessions
from tests.outside.sessions import eventually, text_of
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

CODE = "import netkit as nk\nprint(nk.require_sandbox())\n"
SAID = "sandbox: host name netkit, you are root inside\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with netkit's wheel; all other packages are those of this one."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this environment was made without a pip")
    folder = tmp_path_factory.mktemp("editors")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    place = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (own,) = place.glob("lib/python*/site-packages")
    # Its .pth files are not read, netkit's editable installation among them.
    (own / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = [sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "--no-deps", "--no-index"]
    subprocess.run([*install, "--quiet", wheel], check=True, capture_output=True)
    return place


def words(environment: Path, module: str, *more: str) -> list[str]:
    """A command of this environment."""
    return [str(environment / "bin" / "python"), "-m", module, *more]


def specification(environment: Path) -> dict[str, Any]:
    """The kernel's, as `jupyter kernelspec list` finds it."""
    listed = words(environment, "jupyter_client.kernelspecapp", "list", "--json")
    told = json.loads(subprocess.run(listed, capture_output=True, text=True, check=True).stdout)
    found = told["kernelspecs"]["netkit"]
    assert Path(found["resource_dir"]) == environment / "share" / "jupyter" / "kernels" / "netkit"
    return found["spec"]


def test_the_kernel_is_an_ordinary_one(environment: Path) -> None:
    """VS Code puts its interpreter in the place of exactly this "python", and knows no provisioners."""
    told = json.loads((environment / "share/jupyter/kernels/netkit/kernel.json").read_text(encoding="utf-8"))
    assert told["argv"] == ["python", "-m", "netkit.kernel", "-f", "{connection_file}"]
    assert told["env"] == {"PYTHONSAFEPATH": "1"}
    assert "kernel_provisioner" not in told["metadata"]
    found = specification(environment)
    assert (found["argv"], found["interrupt_mode"]) == (told["argv"], "signal")


def test_jupyter_run(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "cell.py").write_text(CODE, encoding="utf-8")
    command = words(environment, "jupyter_client.runapp", "--kernel=netkit", "cell.py")
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout == SAID, answer.stderr


def test_jupyter_execute(environment: Path, tmp_path: Path) -> None:
    """Nbclient's command, which takes the kernel that the notebook names."""
    from nbformat import v4

    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(CODE)], metadata={"kernelspec": {"name": "netkit", "display_name": "netkit"}}
    )
    (tmp_path / "one.ipynb").write_text(v4.writes(notebook), encoding="utf-8")
    command = [environment / "bin" / "python", "-c", "from nbclient.cli import main; main()", "--inplace", "one.ipynb"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    (cell,) = json.loads((tmp_path / "one.ipynb").read_text(encoding="utf-8"))["cells"]
    assert "".join(cell["outputs"][0]["text"]) == SAID


class Editor:
    """Starts a kernel as VS Code does: its own connection file, its own process, an interpreter for "python".

    Args:
        python: the interpreter that its user chose.
        told: the kernel's specification, whose variables win over its own.
        folder: of the notebook.
    """

    def __init__(self, python: Path, told: dict[str, Any], folder: Path) -> None:
        self.file = sessions.connection_file(folder)
        filled = [word.replace("{connection_file}", str(self.file)) for word in told["argv"]]
        variables = sessions.environment(PYDEVD_IPYTHON_COMPATIBLE_DEBUGGING="1", **told["env"])
        self.process = subprocess.Popen([str(python), *filled[1:]], cwd=folder, env=variables, start_new_session=True)
        self.client = BlockingKernelClient(connection_file=str(self.file))
        self.client.load_connection_file()
        self.client.start_channels()
        assert eventually(lambda: sessions.is_ready(self.client), sessions.PATIENCE)

    def run(self, code: str) -> str:
        """What a cell prints."""
        shown: list[str] = []
        self.client.execute_interactive(code, timeout=60, output_hook=lambda message: shown.append(text_of(message)))
        return "".join(shown)

    def run_lesson(self, cells: list[str]) -> set[str]:
        """Run cells; where one asks, answer as in the box that VS Code opens. The kinds of messages that came."""
        kinds: set[str] = set()
        for cell in cells:
            self.client.execute_interactive(
                cell,
                timeout=120,
                output_hook=lambda message: kinds.add(message["msg_type"]),
                stdin_hook=lambda _message: self.client.input("?"),
            )
        return kinds

    def close(self) -> None:
        """Let go of it."""
        self.client.stop_channels()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def editor(environment: Path, tmp_path: Path) -> Iterator[Editor]:
    told = json.loads((environment / "share/jupyter/kernels/netkit/kernel.json").read_text(encoding="utf-8"))
    opened = Editor(environment / "bin" / "python", told, tmp_path)
    yield opened
    opened.close()


def test_an_editor_runs_interrupts_and_ends_it(editor: Editor, environment: Path, tmp_path: Path) -> None:
    assert editor.run(CODE) == SAID
    where = editor.run("import netkit, os; print(netkit.__file__); print(os.getcwd())").splitlines()
    assert where[0].startswith(str(environment)), "the wheel's netkit, not the checkout's"
    assert where[1] == str(tmp_path)

    running = editor.client.execute("print('begun', flush=True)\nimport time\ntime.sleep(60)")
    assert eventually(lambda: "begun" in text_of(editor.client.get_iopub_msg(timeout=10)))
    os.kill(editor.process.pid, signal.SIGINT)
    reply = editor.client.get_shell_msg(timeout=20)
    assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (running, "KeyboardInterrupt")

    editor.client.shutdown()
    assert editor.process.wait(20) == 0
    assert not editor.file.exists()


@pytest.mark.long
@pytest.mark.parametrize("lesson", sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_an_editor_runs_the_lesson(editor: Editor, lesson: Path) -> None:
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    kinds = editor.run_lesson(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
    assert "execute_result" in kinds
    assert "error" not in kinds
