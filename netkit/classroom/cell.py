"""A replay from outside: starts a sealed sandbox for one script, hides folders, and enters its `replay_limits`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from netkit.classroom import replay_limits
from netkit.classroom.replay_limits import LIMIT, LONGEST, Pace
from netkit.errors import InvalidValue, SandboxUnavailable
from netkit.sandbox import worlds
from netkit.sandbox.job import here, python

_CELL, _ASKED = ("-P", "-m", "netkit.classroom.cell"), "world"
"""This module as a program, and the word by which it only tells in which world it would run something."""

_HOME = "/"
"""No home: in User-Mode Linux what is written there would be kept."""
_PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PRIVATE = ("/home", "/root", "/srv", "/tmp", "/var/tmp", "/mnt", "/media")  # noqa: S108 - they are covered
_MOST_BYTES = 4_000_000
_KIT = str(Path(__file__).parents[2])


def pace() -> Pace:
    """In which world replays run here, and how long one may take: an empty script is tried.

    Raises:
        InvalidValue: NETKIT_WORLD names no world.
        SandboxUnavailable: no world works.
    """
    done = subprocess.run(python(*_CELL, _ASKED), stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    if isinstance(told, str):
        begun = time.monotonic()
        replayed({"kind": "nothing"}, (), Pace(told, LONGEST))
        return replay_limits.pace(told, time.monotonic() - begun)
    raise (SandboxUnavailable if told.pop(0) else InvalidValue)(*told)


def replayed(asked: dict[str, Any], hidden: tuple[str, ...], pace: Pace) -> dict[str, Any]:
    """What became of a script in a sandbox of its own.

    Args:
        asked: what `netkit.classroom.replaying` reads.
        hidden: folders that it must not see, those of the submissions among them.
        pace: in which world it runs, and how long it may take.

    Returns:
        What it tells; `LIMIT` as the trouble where it was stopped.
    """
    group = replay_limits.Group()
    given = json.dumps({"places": group.places, "hidden": hidden, "asked": {**asked, "seconds": pace.of_script}})
    process = subprocess.Popen(
        python(*_CELL),
        env={**os.environ, worlds.VARIABLE: pace.world},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(given.encode(), timeout=pace.seconds)
    except subprocess.TimeoutExpired:
        said = b""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        group.remove()
    return _told(said)


def _told(said: bytes) -> dict[str, Any]:
    """What a replay wrote, as far as it is what it should be."""
    try:
        told = json.loads(said) if len(said) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        told = None
    return told if isinstance(told, dict) and "wants" in told else {"ok": False, "wants": [], "trouble": LIMIT}


def _tell_world() -> int:
    """Write which world works, or why none does, as JSON."""
    try:
        told: Any = worlds.working(here(("true",)))
    except (InvalidValue, SandboxUnavailable) as error:
        told = [isinstance(error, SandboxUnavailable), error.problem, error.rule, error.remedy]
    json.dump(told, sys.stdout)
    return 0


def main() -> int:
    """Enter the limits, start the sandbox, and be what passes its words on."""
    if sys.argv[1:] == [_ASKED]:
        return _tell_world()
    given = json.load(sys.stdin)
    replay_limits.join(given["places"])
    reading, writing = os.pipe()
    _feed(writing, json.dumps(given["asked"]).encode(), reading)
    os.dup2(reading, 0)
    os.close(reading)
    sandbox = worlds.start(_job(tuple(given["hidden"])))
    try:
        while (event := sandbox.receive()).word not in ("exit", "gone"):
            continue
    finally:
        sandbox.end()
    return int(event.text) if event.word == "exit" else 1


def _job(hidden: tuple[str, ...]) -> Any:
    """The replay as a job of a sealed sandbox."""
    job = here(python("-P", "-m", "netkit.classroom.replaying"))
    kept = {
        name: value for name, value in job.environment.items() if name.startswith(("PYTHON", "NETKIT", "LANG", "LC_"))
    }
    environment = {**kept, "PATH": _PROGRAMS, "HOME": _HOME, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": _KIT}
    return job._replace(cwd="/", environment=environment, sealed=(*_PRIVATE, *hidden))


def _feed(writing: int, data: bytes, reading: int) -> None:
    """Let a child write what the sandbox reads: it may be more than a pipe holds."""
    if os.fork() == 0:
        os.close(reading)
        with contextlib.suppress(OSError), os.fdopen(writing, "wb") as file:
            file.write(data)
        os._exit(0)
    os.close(writing)


if __name__ == "__main__":
    sys.exit(main())
