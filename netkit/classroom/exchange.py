"""Where submissions lie: written so that no learner reads or replaces another's, and found again by the teacher.

In an exchange folder each file has a name that nobody can guess, and the folder cannot be listed by learners; the
sticky bit keeps each file its owner's (chmod(2)).  nbgrader's `COURSE/inbound` is such a folder as well.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import stat
import time
from pathlib import Path
from typing import NamedTuple

from netkit.classroom.submission import MOST_BYTES
from netkit.errors import InvalidValue, NotFound

MODE = 0o1733
"""Of an exchange folder: learners may put files in, and neither list it nor take away what is another's."""

NAME = "netkit-submission.json"
_MOST_DEEP, _MOST_FILES = 3, 5000
_MARK = "+"
_NBGRADERS = re.compile(r"[^+]+\+[^+]+\+\d{4}-\d\d-\d\d ")
"""How nbgrader names what came in: the learner, the assignment, the time."""

_PLAIN = re.compile(r"[A-Za-z0-9._@-]{1,64}")


class Found(NamedTuple):
    """A file that may be a submission.

    Attributes:
        learner: whose, by the name of its folder, or the beginning of its own name.
        path: of the file.
        trouble: why it is not taken for that learner's; "" where it is.
    """

    learner: str
    path: Path
    trouble: str = ""


def put(folder: str, learner: str, text: str) -> Path:
    """Write a submission.

    Args:
        folder: the exchange folder; "" for the working directory.
        learner: whose it is.
        text: of the file.

    Returns:
        Where it is.

    Raises:
        InvalidValue: it cannot be written there.
    """
    path = Path(NAME).absolute() if not folder else _unguessable(Path(folder), learner)
    try:
        if not folder:
            path.unlink(missing_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as writer:
            os.fchmod(writer.fileno(), 0o644 if folder else 0o600)
            writer.write(text)
    except OSError as error:
        remedy = "Tell your teacher" if folder else "Choose another folder"
        raise InvalidValue(f"'{path}' cannot be written", error.strerror or str(error), remedy) from None
    return path


def _unguessable(folder: Path, learner: str) -> Path:
    """A name in an exchange folder that nobody can guess."""
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    whose = learner if _PLAIN.fullmatch(learner) else "".join(c if _PLAIN.fullmatch(c) else "_" for c in learner)
    return folder / _MARK.join((whose, when, f"{secrets.token_hex(16)}.json"))


def find(folder: Path) -> list[Found]:
    """The newest submission of each learner in a folder, in the order of their names.

    A folder below it is a learner's, or nbgrader's of one (`anna+04+…`); a file is the learner's whose name it begins
    with (`anna+….json`, `anna.json`).  Links are not followed.

    Args:
        folder: of all submissions.

    Raises:
        NotFound: there is no such folder.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        rule = error.strerror or str(error)
        raise NotFound(f"'{folder}' cannot be read", rule, "Name the folder with the submissions") from None
    newest: dict[str, tuple[float, Found]] = {}
    for entry in entries:
        if entry.name.startswith(".") or not (candidate := _candidate(entry)):
            continue
        when, found = candidate
        if found.learner not in newest or newest[found.learner][0] <= when:
            newest[found.learner] = when, found
    return [newest[learner][1] for learner in sorted(newest)]


def content(found: Found) -> bytes:
    """The bytes of a file that is an ordinary one, at most a byte more than a submission may have.

    Raises:
        InvalidValue: it is a link, or something else that is no file.
    """
    try:
        file = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidValue("the file cannot be read", error.strerror or str(error), "Ask for it anew") from None
    with os.fdopen(file, "rb") as reader:
        if not stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            raise InvalidValue("it is no ordinary file", "a submission is one", "Ask for it anew")
        return reader.read(MOST_BYTES + 1)


def _candidate(entry: os.DirEntry[str]) -> tuple[float, Found] | None:
    """What an entry of the folder is, and when it was written; None for what is no submission at all."""
    learner = entry.name.partition(_MARK)[0].removesuffix(".json")
    if entry.is_dir(follow_symlinks=False):
        learner = learner if _NBGRADERS.match(entry.name) else entry.name
        files = sorted(_inside(Path(entry.path), _MOST_DEEP), key=lambda path: (path.lstat().st_mtime, str(path)))
        path = files[-1] if files else Path(entry.path, NAME)
        return (path.lstat().st_mtime if files else 0.0), Found(learner, path)
    if not entry.name.endswith(".json"):
        return None
    told = entry.stat(follow_symlinks=False)
    return told.st_mtime, Found(learner, Path(entry.path), _trouble(learner, told.st_uid))


def _inside(folder: Path, deep: int) -> list[Path]:
    """The JSON files of a learner's folder."""
    found: list[Path] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))[:_MOST_FILES]:
        if entry.is_dir(follow_symlinks=False) and deep > 1:
            found += _inside(Path(entry.path), deep - 1)
        elif entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
            found.append(Path(entry.path))
    return found


def _trouble(learner: str, owner: int) -> str:
    """Why a file is not the learner's whose name it has: where that is an account, it has to be the file's owner."""
    try:
        account = pwd.getpwnam(learner).pw_uid
    except (KeyError, ValueError):
        return ""
    return "" if owner in (account, os.geteuid()) else "the file belongs to another account"
