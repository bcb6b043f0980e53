"""What a program is told of among the temporary files, which are hidden from it otherwise."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.job import named

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder below /tmp, with a file, a folder and a socket in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made, socket.socket(socket.AF_UNIX) as listener:
        Path(made, "file").touch()
        Path(made, "inner").mkdir()
        listener.bind(f"{made}/socket")
        yield Path(made)


def shown(cwd: str, *argv: str, **environment: str) -> set[str]:
    """What is shown besides what Python runs from, which may lie there as well."""
    return set(named(cwd, argv, environment)) - set(named("/", (), {}))


def test_what_arguments_name(folder: Path) -> None:
    file, inner = str(folder / "file"), str(folder / "inner")
    assert shown("/", "python", file) == {file}
    assert shown("/", "pytest", f"--basetemp={inner}") == {inner}
    assert shown("/", "cat", f"..{file}") == {file}
    assert shown("/", "sh", "-c", f"cat {file}") == set(), "a script's words are nobody's arguments"


def test_what_variables_name(folder: Path) -> None:
    file, inner = str(folder / "file"), str(folder / "inner")
    assert shown("/", "true", TMPDIR=inner) == {inner}
    assert shown("/", "true", PATH=f"/usr/bin:{inner}:{folder}/none") == {inner}
    assert shown("/", "true", TMPDIR="/tmp", A=file) == {file}


def test_the_working_directory(folder: Path) -> None:
    assert shown(str(folder), "true") == {str(folder)}
    assert shown(str(folder), "cat", "./file") == {str(folder), str(folder / "file")}


def test_a_socket_is_not_shown(folder: Path) -> None:
    assert shown("/", "tmux", "-S", str(folder / "socket")) == set()


def test_a_link_is_shown_with_what_it_leads_to(folder: Path) -> None:
    link = folder / "link"
    link.symlink_to(folder / "inner")
    assert shown("/", "true", HOME=str(link)) == {str(link), str(folder / "inner")}


@pytest.mark.parametrize("place", ["cwd", "home"])
def test_whoever_works_or_lives_in_tmp_itself_keeps_it(place: str) -> None:
    told = named("/tmp", (), {}) if place == "cwd" else named("/", (), {"HOME": "/tmp"})
    assert "/tmp" in told
    assert "/var/tmp" not in told or os.path.realpath("/var/tmp") == "/tmp"
