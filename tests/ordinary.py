"""Knows as whom and where the suites run: here, as whoever runs them, and as an ordinary user without privileges.

The ordinary user gets a copy of the tree with an environment of its own, made with the distribution's
python3: root's interpreter or checkout may lie where nobody else can read.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.project import ROOT, files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "netkit-tester"
SECONDS_TO_END = 2.0
NOBODY = ("setpriv", "--reuid", "nobody", "--clear-groups")
INTERPRETERS = ("/usr/bin/python3", "/usr/bin/python3.14", "/usr/bin/python3.13", "/usr/bin/python3.12")


@dataclass(frozen=True)
class Place:
    """As whom and where a suite runs.

    Attributes:
        who: the user's name.
        root: the project's folder, with its own .venv.
        prefix: the words that make a command run as that user.
        environment: the command's environment variables.
    """

    who: str
    root: Path
    prefix: tuple[str, ...]
    environment: Mapping[str, str]


def here(marks: Mapping[str, str]) -> Place:
    """This checkout, as the user that runs the tests.

    Args:
        marks: environment variables to add.
    """
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    return Place(getpass.getuser(), ROOT, (), {**os.environ, "PATH": path, **marks})


@contextmanager
def user(marks: Mapping[str, str]) -> Iterator[Place]:
    """A copy of the tree, as an ordinary user; both are gone afterwards, as is all that the user runs.

    Args:
        marks: environment variables to add.

    Raises:
        RuntimeError: if there is no interpreter for it, or processes of the user outlive the suites.
    """
    print(f"\n===== a copy of the tree for the ordinary user {NAME} =====", flush=True)
    made = _make_user()
    person = pwd.getpwnam(NAME)
    folder = Path(tempfile.mkdtemp(prefix="netkit-copy-"))
    try:
        copy_tree(folder, interpreter())
        _hand_over(folder, person)
        yield Place(NAME, folder, _prefix(), _environment(folder, person, marks))
    finally:
        left = _end_processes(person.pw_uid)
        shutil.rmtree(folder, ignore_errors=True)
        if made:
            subprocess.run(["userdel", "--remove", NAME], check=True, capture_output=True)
    if left:
        raise RuntimeError(f"processes of {NAME} had to be ended: {left}")


def _make_user() -> bool:
    """Make the user unless it is there.  useradd also gives it a range of subordinate ids (subuid(5))."""
    if NAME in {person.pw_name for person in pwd.getpwall()}:
        return False
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", NAME], check=True)
    return True


def _prefix() -> tuple[str, ...]:
    """setpriv, unlike su and runuser, opens no login session, which would leave traces under /run."""
    return ("setpriv", "--reuid", NAME, "--regid", NAME, "--init-groups")


def copy_tree(folder: Path, interpreter: str) -> None:
    """Copy the project, and make its environment there; both stay root's, and everybody may read them.

    Args:
        folder: an empty one.
        interpreter: path of the Python for the environment.
    """
    folder.chmod(0o755)
    for path in files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target)
    environment = {**os.environ, "PYTHON": interpreter}
    subprocess.run(["sh", "tools/environment.sh"], cwd=folder, env=environment, check=True)


def _hand_over(folder: Path, person: pwd.struct_passwd) -> None:
    (folder / "artifacts").mkdir()
    # The environment stays root's: the user may not write it, as after an installation for all users.
    for path in [folder, *(p for p in folder.rglob("*") if ".venv" not in p.parts)]:
        os.chown(path, person.pw_uid, person.pw_gid)


def interpreter() -> str:
    """The distribution's interpreter, which everybody may run.

    Raises:
        RuntimeError: none is new enough.
    """
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    for path in INTERPRETERS:
        if Path(path).exists() and subprocess.run([*NOBODY, path, "-c", test], check=False).returncode == 0:
            return path
    raise RuntimeError(f"No Python 3.11 or newer that an ordinary user may run: tried {', '.join(INTERPRETERS)}.")


def _environment(folder: Path, person: pwd.struct_passwd, marks: Mapping[str, str]) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("CI", "LANG", "LC_ALL", "TERM") if key in os.environ}
    own = {"HOME": person.pw_dir, "USER": NAME, "LOGNAME": NAME, "SHELL": person.pw_shell}
    path = f"{folder / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    return {**kept, **own, "PATH": path, **marks}


def _end_processes(uid: int) -> list[int]:
    """End what the user still runs after a moment's grace; returns the process ids that had to be ended."""
    deadline = time.monotonic() + SECONDS_TO_END
    while (left := _processes_of(uid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    while alive := _processes_of(uid):
        for process in alive:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    return left


def _processes_of(uid: int) -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _owner(folder) == uid]


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except FileNotFoundError:
        return None
