"""Whoever of a kernel's processes in the uml world is killed, and whenever: nothing of it is left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

from netkit.sandbox.worlds import VARIABLE
from tests import machine
from tests.outside import sessions, trees
from tests.outside.sessions import eventually
from tests.outside.test_leaves_nothing import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed")

KILLS, MANY_KILLS = 3, 50
LATEST = 5.0
"""Seconds after the start within which a process is killed: on a quiet machine a kernel is ready after about three."""

SECONDS_TO_NOTICE, SECONDS_TO_END = 1.0, 10.0
"""A guest's process, or the guard, may be killed without an end of the rest; then the client is killed as well."""


class Killing(NamedTuple):
    """One kernel of which one process was killed.

    Attributes:
        program: the command of the process that was killed.
        after: seconds from the start to the kill.
        lasted: seconds from the kill of the last process until all were gone.
        left: what was there all the same.
    """

    program: str
    after: float
    lasted: float
    left: list[str]


def kill_one(number: int, folder: Path) -> Killing:
    """Start a kernel, kill one of its processes, and see what is left.

    Args:
        number: of this kernel; also the seed of what is chosen at random.
        folder: an empty one.
    """
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    file = sessions.connection_file(folder)
    places = {name: folder / name for name in ("TMPDIR", "HOME", "XDG_STATE_HOME")}
    for place in places.values():
        place.mkdir()
    mark = f"NETKIT_MARK={uuid.uuid4()}"
    variables = sessions.environment(PYTHON=sys.executable, **{VARIABLE: "uml"}, **dict([mark.split("=")]))
    variables |= {name: str(place) for name, place in places.items()}
    client = subprocess.Popen(["sh", "-c", CLIENT, "sh", str(file)], env=variables, start_new_session=True)
    after = chance.uniform(0.0, LATEST)
    time.sleep(after)
    family = trees.descendants(client.pid)
    victim = chance.choice(family)
    program = name_of(victim)
    begun = time.monotonic()
    kill(victim)
    if not eventually(lambda: client.poll() is not None, SECONDS_TO_NOTICE):
        begun = time.monotonic()
        client.kill()
    client.wait()
    eventually(lambda: not (trees.alive(family) or machine.marked_processes(mark)), SECONDS_TO_END)
    lasted = time.monotonic() - begun
    left = [*map(name_of, trees.alive(family)), *machine.marked_processes(mark)]
    left += [str(path) for path in (*places["TMPDIR"].rglob("*"), *places["HOME"].glob(".uml"))]
    return Killing(program, after, lasted, left)


def name_of(process: int) -> str:
    """The command of a process, "" if it has ended."""
    with suppress(OSError), open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as words:
        return " ".join(words.read().split("\0")[:4])
    return ""


def kill(process: int) -> None:
    """Kill it, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def kill_many(count: int, folder: Path) -> list[Killing]:
    """Kill a process of each of several kernels, one after the other."""
    before = machine.picture()
    killings = []
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        killings.append(kill_one(number, place))
    assert [killing for killing in killings if killing.left] == []
    assert machine.differences(before, machine.picture()) == []
    return killings


def test_random_kills(tmp_path: Path) -> None:
    assert len(kill_many(KILLS, tmp_path)) == KILLS


@pytest.mark.long
def test_many_random_kills(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    killings = kill_many(MANY_KILLS, tmp_path)
    record_property("slowest end in seconds", max(killing.lasted for killing in killings))
    kinds = {os.path.basename(killing.program.partition(" ")[0]) for killing in killings}
    assert kinds >= {"sh", os.path.basename(sys.executable), "linux.uml"}, "client, launcher or machine was spared"
