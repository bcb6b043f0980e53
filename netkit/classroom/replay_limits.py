"""Limits of a whole replay: 10 to 120 seconds, 1 GiB, 300 processes; by control groups if possible (cgroups(7))."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from pathlib import Path
from typing import NamedTuple

MEMORY, PROCESSES = 1 << 30, 300
"""Bytes, and processes and threads, of all that one replay starts."""

SECONDS, LONGEST = 10.0, 120.0
"""For a replay, all told, where an empty script does not take long; and at most, however slow the machine is."""

_TIMES = 16.0
"""How many times what an empty script takes is left for one: so marks do not depend on how quick a machine is."""

_OF_SCRIPT = 0.8
"""The script's part: what is left is for the questions to the kernel."""

SECONDS_OF_SCRIPT = SECONDS * _OF_SCRIPT

LIMIT = "it was stopped at a limit: time, memory or processes"
"""What is said of a script that had to be stopped."""

_TOP = Path("/sys/fs/cgroup")
_FILES = {"memory": ("memory.limit_in_bytes", MEMORY), "pids": ("pids.max", PROCESSES)}
_UNIFIED = {"memory.max": MEMORY, "memory.swap.max": 0, "pids.max": PROCESSES}
_BEGINS = "netkit-grade-"
_SECONDS_TO_VANISH = 5.0


class Pace(NamedTuple):
    """Where replays run, and how long one may take there.

    Attributes:
        world: the sandbox's.
        seconds: for a replay, all told.
    """

    world: str
    seconds: float = SECONDS

    @property
    def of_script(self) -> float:
        """Seconds for its script."""
        return self.seconds * _OF_SCRIPT


def pace(world: str, empty: float) -> Pace:
    """How long a replay may take.

    Args:
        world: the sandbox's.
        empty: seconds that an empty script takes there.
    """
    return Pace(world, min(max(SECONDS, empty * _TIMES), LONGEST))


class Group:
    """A control group for one replay, in as many hierarchies as this user may write to; in none it limits nothing."""

    def __init__(self) -> None:
        name = f"{_BEGINS}{uuid.uuid4().hex}"
        self._places: list[Path] = []
        self._held: list[int] = []
        if (_TOP / "cgroup.controllers").exists():
            self._make(_own() / name, _UNIFIED)
        else:
            for kind, (file, most) in _FILES.items():
                self._make(_TOP / kind / name, {file: most})

    @property
    def places(self) -> tuple[str, ...]:
        """Where a process writes its number to belong to it."""
        return tuple(str(place / "cgroup.procs") for place in self._places)

    def remove(self) -> None:
        """Kill what is in it, and take it away."""
        deadline = time.monotonic() + _SECONDS_TO_VANISH
        for place in self._places:
            while place.exists() and time.monotonic() < deadline:
                _kill(place)
                with contextlib.suppress(OSError):  # it is busy until the last process is buried
                    place.rmdir()
                time.sleep(0.002 if place.exists() else 0)
        for file in self._held:
            os.close(file)

    def _make(self, place: Path, limits: dict[str, int]) -> None:
        try:
            _sweep(place.parent)
            place.mkdir()
            self._held.append(_hold(place))
        except OSError:
            return
        self._places.append(place)
        for file, most in limits.items():
            with contextlib.suppress(OSError):  # without that controller, or without swap
                (place / file).write_text(str(most))


def _hold(place: Path) -> int:
    """A descriptor that holds a group: whoever is killed lets go of it (flock(2))."""
    file = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _sweep(folder: Path) -> None:
    """Take away the groups that nobody holds: those of a `netkit grade` that was killed."""
    for place in folder.glob(f"{_BEGINS}*"):
        with contextlib.suppress(OSError):  # somebody holds it, or has just taken it away
            file = _hold(place)
            try:
                place.rmdir()
            finally:
                os.close(file)


def join(places: list[str]) -> None:
    """Put this process into groups.

    Args:
        places: as `Group.places` tells them.
    """
    for place in places:
        with contextlib.suppress(OSError):  # a group that may be made and not entered
            Path(place).write_text(str(os.getpid()))


def _own() -> Path:
    """The folder of this process's own group in the unified hierarchy."""
    told = Path("/proc/self/cgroup").read_text(encoding="ascii").rpartition("::")[2].strip()
    return _TOP / told.lstrip("/")


def _kill(place: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (place / "cgroup.procs").read_text().split():
            os.kill(int(pid), 9)
