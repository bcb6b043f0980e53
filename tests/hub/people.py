"""Makes learners who are real users of the machine, and removes them with all that they run and own."""

from __future__ import annotations

import errno
import os
import pwd
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FORM = "nk-learner-{:02}"
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run")
SECONDS_TO_LOCK = 30.0
LEAST_ID = 42000
"""User ids from here on: files that an earlier user of the machine has left belong to none of them."""


@contextmanager
def learners(number: int, skeleton: Path, form: str = FORM) -> Iterator[list[pwd.struct_passwd]]:
    """Users nk-learner-01 and so on, whom nobody else may be; they are gone afterwards.

    Args:
        number: how many.
        skeleton: a folder with what their homes hold in the beginning.
        form: of their names, with a place for a number.
    """
    names = [form.format(count) for count in range(1, number + 1)]
    _remove(names)  # from a run that was killed
    try:
        for name in names:
            home = ("--create-home", "--skel", str(skeleton), "--shell", "/bin/sh")
            _change_users("useradd", "--key", f"UID_MIN={LEAST_ID}", *home, name)
        yield [pwd.getpwnam(name) for name in names]
    finally:
        _remove(names)


def left_behind(people: list[pwd.struct_passwd], mounts: set[str], process: int) -> list[str]:
    """What is left of the learners, a sentence each; homes are theirs to keep, but for the files of ended kernels.

    A namespace lives as long as a process is in it, a mount shows it, or a process has it open: without processes
    and mounts there is none.

    Args:
        people: the learners.
        mounts: what `mounts_of` gave before they came.
        process: one in the mount namespace of the learners' servers.
    """
    ids = {person.pw_uid for person in people}
    found = [f"process {_words(folder)}" for folder in _processes(ids)]
    found += [f"mount {mount}" for mount in sorted(mounts_of(process) - mounts)]
    found += [f"file {path}" for path in _files(PLACES) if _owner(path) in ids]
    for person in people:
        runtime = Path(person.pw_dir, ".local", "share", "jupyter", "runtime")
        found += [f"file {path}" for path in runtime.glob("kernel-*.json")]
    return found


def mounts_of(process: int) -> set[str]:
    """The mount points that a process sees, each with what is mounted there.

    Args:
        process: its id.
    """
    lines = Path(f"/proc/{process}/mountinfo").read_text(encoding="utf-8").splitlines()
    return {" ".join([line.split()[4], *line.partition(" - ")[2].split()[:2]]) for line in lines}


def _files(places: tuple[str, ...]) -> list[Path]:
    """All files and folders below the places; os.walk, unlike Path.rglob, bears that some vanish meanwhile."""
    walks = (walk for place in places for walk in os.walk(place))
    return [Path(folder, name) for folder, folders, names in walks for name in folders + names]


def _processes(ids: set[int]) -> list[Path]:
    """Those of the users, zombies included."""
    return [folder for folder in Path("/proc").glob("[0-9]*") if _owner(folder) in ids | _subordinates(ids)]


def _subordinates(ids: set[int]) -> set[int]:
    """The first hundred of each user's subordinate ids (subuid(5)): a sandbox's users are among them."""
    names = {person.pw_name for person in pwd.getpwall() if person.pw_uid in ids}
    lines = (line.split(":") for line in Path("/etc/subuid").read_text(encoding="utf-8").splitlines())
    return {int(first) + count for name, first, _ in lines if name in names for count in range(100)}


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return None  # os.walk has gone deeper than a path can name; learners' programs go by paths, too


def _words(folder: Path) -> str:
    with suppress(OSError):
        return f"{folder.name} {(folder / 'cmdline').read_bytes().replace(bytes(1), b' ').decode(errors='replace')}"
    return folder.name


def _remove(names: list[str]) -> None:
    there = [person for person in pwd.getpwall() if person.pw_name in names]
    while alive := _processes({person.pw_uid for person in there}):
        for folder in alive:
            with suppress(ProcessLookupError):
                os.kill(int(folder.name), signal.SIGKILL)
        time.sleep(0.05)
    for person in there:
        _change_users("userdel", "--remove", person.pw_name)


def _change_users(*command: str) -> None:
    """Run a program that writes /etc/passwd; another such program may hold the lock for a moment."""
    deadline = time.monotonic() + SECONDS_TO_LOCK
    while (done := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
        if "cannot lock" not in done.stderr or time.monotonic() > deadline:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        time.sleep(0.2)
