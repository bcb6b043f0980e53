"""Where a program is in PATH: remembered, as long as it is there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from netkit.linux import executables

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_program_is_found_again_when_it_has_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    monkeypatch.setenv("PATH", f"{first}:{second}")
    assert executables.find("answer") == "answer", "it is nowhere"
    program = second / "answer"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert executables.find("answer") == str(program)
    shutil.move(program, first / "answer")
    assert executables.find("answer") == str(first / "answer")
    (first / "answer").chmod(0o644)
    assert executables.find("answer") == "answer", "it cannot be executed"
    assert executables.find(str(first / "answer")) == str(first / "answer"), "a path is taken as it is"
    monkeypatch.setenv("PATH", "")
    (tmp_path / "answer").mkdir()
    monkeypatch.chdir(tmp_path)
    assert executables.find("answer") == "answer", "a folder is no program"
