"""What a wheel holds: the package, the notebooks and the Jupyter kernel's specification, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder: Path = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("netkit_lab-*.whl")
    return zipfile.ZipFile(path)


def read(wheel: zipfile.ZipFile, ending: str) -> str:
    (name,) = [name for name in wheel.namelist() if name.endswith(ending)]
    return wheel.read(name).decode()


def test_it_holds_the_kernel_specification(wheel: zipfile.ZipFile) -> None:
    """Jupyter replaces "python" by its own interpreter, and VS Code demands exactly this form."""
    specification = json.loads(read(wheel, ".data/data/share/jupyter/kernels/netkit/kernel.json"))
    assert specification["argv"] == ["python", "-m", "netkit.kernel", "-f", "{connection_file}"]
    assert specification["language"] == "python"
    assert specification["metadata"]["supported_encryption"] == "curve"


def test_it_holds_every_module_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "netkit").rglob("*.py")}
    assert modules <= names
    pages = {f"netkit/widgets/page/{path.name}" for path in (ROOT / "netkit/widgets/page").iterdir() if path.is_file()}
    assert {"netkit/widgets/page/player.css", "netkit/widgets/page/keys.js"} <= pages <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"netkit", "netkit_lab"}


def test_it_holds_the_notebooks_and_says_that_it_has_types(wheel: zipfile.ZipFile) -> None:
    there = {name for name in wheel.namelist() if name.startswith("netkit/notebooks/")}
    assert there == {f"netkit/notebooks/{path.name}" for path in (ROOT / "notebooks").iterdir() if path.is_file()}
    assert "netkit/py.typed" in wheel.namelist()


def test_it_brings_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    assert "netkit = netkit.cli:main" in read(wheel, "entry_points.txt")
    assert "MIT License" in read(wheel, "licenses/LICENSE")
    assert "Name: netkit-lab\n" in read(wheel, "/METADATA")
