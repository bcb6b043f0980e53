"""How many files the uml world may have open: what it forgets in time, and what it says when few are left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.uml import descriptors
from netkit.sandbox.worlds import VARIABLE
from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed"),
    pytest.mark.once,
]

FILES = 1500
HOLD = f"""
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))  # which inside is the concern of the kernel there
held = []
try:
    for name in os.listdir():
        held.append(open(name))
except OSError as error:
    print(error.strerror, len(held))
"""


def in_uml(most: int, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the uml world where a process may have so many files open, in a folder with FILES files."""
    for number in range(FILES):
        (folder / f"{number:04}").write_text("x", encoding="ascii")
    return subprocess.run(
        ["sh", "-c", f'ulimit -n {most}; exec "$0" run -- "$@"', NETKIT, *command],
        env={**os.environ, VARIABLE: "uml"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_more_files_are_read_than_may_be_open(tmp_path: Path) -> None:
    answer = in_uml(1024, tmp_path, "sh", "-c", "cat * | wc -c; ip -br link | wc -l; cat * | wc -c")
    assert answer.stdout.split() == [str(FILES), "1", str(FILES)]
    assert answer.stderr == ""


def test_it_is_said_when_few_are_left_and_the_machine_lives_on(tmp_path: Path) -> None:
    later = "until ls / > /dev/null 2>&1; do sleep 0.1; done; ls | wc -l; cat 00* | wc -c"
    answer = in_uml(256, tmp_path, "sh", "-c", f"'{sys.executable}' -c '{HOLD}'; {later}")
    refused, seen, read = answer.stdout.splitlines()
    assert refused.startswith("Too many open files ")
    assert 100 < int(refused.split()[-1]) < 256
    assert (seen, read) == (str(FILES), "100")
    assert " open files, of 256 that it may have. Without a free one, no program starts" in answer.stderr


def test_too_few_are_refused(tmp_path: Path) -> None:
    answer = in_uml(descriptors.FEWEST - 1, tmp_path, "true")
    assert answer.returncode == 125
    assert "may have 127 files open here (ulimit -Hn), User-Mode Linux needs 128. Start it where" in answer.stderr


def test_what_the_keeper_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "limit", lambda: 1024)
    told: list[tuple[str, str]] = []
    notices, noticed = descriptors.pipe()
    watch = descriptors.Watch(notices, lambda word, text: told.append((word, text)))
    for used in (512, 959, 960, 1024, 600, 1024):
        notify(noticed, used - 1, used)
        watch.look()
    assert [word for word, _ in told if word == descriptors.RELIEVE] == 6 * [descriptors.RELIEVE]
    said = [text.partition(".")[0] for word, text in told if word == descriptors.SAY]
    assert said == [f"netkit: This sandbox has come to {n} open files, of 1024 that it may have" for n in (960, 1024)]
    for end in (notices, noticed):
        os.close(end)


def test_few_were_left_before_the_keeper_came_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "limit", lambda: 256)
    said: list[str] = []
    notices, noticed = descriptors.pipe()
    watch = descriptors.Watch(notices, lambda word, text: said.append(text) if word == descriptors.SAY else None)
    notify(noticed, 230, 247, 256, 145)
    watch.look()
    notify(noticed, 162, 241)
    watch.look()
    assert [text.split()[6] for text in said] == ["256", "241"]
    for end in (notices, noticed):
        os.close(end)


def notify(noticed: int, *numbers: int) -> None:
    """Tell of descriptors as preload.c does."""
    for number in numbers:
        os.write(noticed, number.to_bytes(4, sys.byteorder))


def test_it_never_waits_for_room() -> None:
    notices, noticed = descriptors.pipe()
    assert not os.get_blocking(noticed)
    for end in (notices, noticed):
        os.close(end)
