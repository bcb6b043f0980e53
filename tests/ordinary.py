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
    if _version(interpreter) == _version(str(ROOT / ".venv" / "bin" / "python")):
        _copy_environment(folder, interpreter)
    else:
        environment = {**os.environ, "PYTHON": interpreter}
        subprocess.run(["sh", "tools/environment.sh"], cwd=folder, env=environment, check=True)


def _version(interpreter: str) -> str:
    """What decides whether packages, compiled for one interpreter, are good for another."""
    question = "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())"
    return subprocess.run([interpreter, "-c", question], capture_output=True, text=True, check=True).stdout


def _copy_environment(folder: Path, interpreter: str) -> None:
    """Copy the environment of the tests for another interpreter of its version: to install 135 packages once more,
    and to compile them, takes a minute.
    """
    there, made = (ROOT / ".venv").resolve(), folder / ".venv"
    subprocess.run(["cp", "--archive", "--reflink=auto", str(there), str(made)], check=True)
    for old in [made / "pyvenv.cfg", *(made / "bin").glob("python*")]:
        old.unlink()
    subprocess.run([interpreter, "-m", "venv", "--without-pip", str(made)], check=True)
    for path in _files_with_paths(made):
        path.write_bytes(path.read_bytes().replace(bytes(ROOT), bytes(folder)))
    subprocess.run([str(made / "bin" / "python"), "-m", "compileall", "-q", "netkit"], cwd=folder, check=True)


def _files_with_paths(environment: Path) -> list[Path]:
    """Those of an environment that name the folder it was made in: programs, what makes it editable, the stamps."""
    packages = environment / "lib"
    found = [*(environment / "bin").iterdir(), *environment.glob("netkit-*"), *packages.rglob("*netkit*.pth")]
    found += packages.rglob("netkit_lab-*.dist-info/direct_url.json")
    return [path for path in found if path.is_file() and not path.is_symlink() and bytes(ROOT) in path.read_bytes()]


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
