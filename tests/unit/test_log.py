"""The launcher's diary is written in a file of one's own, and nowhere that somebody else may have led it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox import log

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the diary will be; its folder is there."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "netkit" / "netkit.log"
    file.parent.mkdir()
    return file


def test_a_line_is_appended_for_its_owner_alone(diary: Path) -> None:
    assert log.write("one")
    assert log.write("two")
    assert [line.split("] ")[1] for line in diary.read_text().splitlines()] == ["one", "two"]
    assert diary.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(diary: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    diary.symlink_to(victim)
    assert not log.write("elsewhere")
    assert victim.read_text() == "as it was"


def test_a_link_to_a_folder_is_not_followed(diary: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    diary.parent.rmdir()
    diary.parent.symlink_to(tmp_path / "elsewhere")
    assert not log.write("elsewhere")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_pipe_keeps_nobody_waiting(diary: Path) -> None:
    os.mkfifo(diary)
    assert not log.write("nobody reads")
    reader = os.open(diary, os.O_RDONLY | os.O_NONBLOCK)
    assert not log.write("somebody reads")
    assert os.read(reader, 100) == b""
    os.close(reader)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("what", ["folder", "file"])
def test_somebody_elses_is_left_alone(diary: Path, what: str) -> None:
    diary.write_text("")
    os.chown(diary if what == "file" else diary.parent, 65534, 65534)
    assert not log.write("elsewhere")
    assert diary.read_text() == ""
