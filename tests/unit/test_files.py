"""What is saved is there whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.errors import CaptureFailed, InvalidValue, NetkitError
from netkit.files import replacing
from tests.unit import cases
from tests.unit.test_drawing import picture

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path | str, text: bytes = b"new") -> None:
    with replacing(path, "the text", InvalidValue) as file:
        file.write(text)


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save(tmp_path / "a")
    finally:
        os.umask(before)
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"new", 0o640)


def test_an_old_file_is_replaced_with_its_mode_and_through_its_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old and longer")
    target.chmod(0o604)
    link.symlink_to(target)
    save(link)
    assert link.is_symlink()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o604)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def break_off(path: Path) -> None:
    with replacing(path, "the capture", CaptureFailed) as file:
        file.write(b"half of it")
        raise ValueError("it broke")


@pytest.mark.parametrize("before", [None, b"old"])
def test_an_error_leaves_what_was_there(tmp_path: Path, before: bytes | None) -> None:
    if before:
        (tmp_path / "a").write_bytes(before)
    with pytest.raises(CaptureFailed, match=r"the capture was not saved as .*; it broke"):
        break_off(tmp_path / "a")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([before] if before else [])


def test_an_interrupt_leaves_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a", "the text", InvalidValue):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, signal, sys
from netkit.errors import InvalidValue
from tests.unit import cases
from tests.unit.test_drawing import picture
drawn = picture(cases.section_4())
drawn.save(sys.argv[1] + "/whole.svg")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    drawn.save(sys.argv[1] + "/net.svg")
except InvalidValue as error:
    print(error)
"""


def test_a_picture_that_does_not_fit_is_not_saved_in_part(tmp_path: Path) -> None:
    """A limit for the size of files does what a full disk does: a write comes short, then it is refused."""
    said = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "the picture was not saved as" in said.stdout, said.stderr
    assert "File too large. Files may not get larger here (ulimit -f): save it from another shell." in said.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["whole.svg"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("absent/a", "No such file or directory"),
        (".", "Is a directory"),
        ("a\0b", "null byte"),
        ("n" * 300, "File name too long"),
        (b"/dev/full", "No space left on device"),
        (5, "expected str"),
    ],
)
def test_the_error_says_why_and_what_to_do(tmp_path: Path, path: object, why: str) -> None:
    place = str(tmp_path / path) if isinstance(path, str) else path
    with pytest.raises(InvalidValue, match=why) as error:
        save(place)  # type: ignore[arg-type]
    assert isinstance(error.value, NetkitError)
    assert error.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_ordinary_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save(pipe)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_pictures_use_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="the picture was not saved"):
        picture(cases.section_4()).save(tmp_path / ("n" * 300 + ".svg"))
