"""Where submissions lie: an exchange folder in which no learner reads another's; the newest of each is found.

In an exchange folder each file has a name that nobody can guess, and the folder cannot be listed by learners; the
sticky bit keeps each file its owner's (chmod(2)).  nbgrader's `COURSE/inbound` is such a folder as well.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netkit.classroom import owning
from netkit.classroom.submission import MOST_BYTES
from netkit.errors import InvalidValue, NotFound
from netkit.lessons.enrolment import FILE, in_file_name, of_file_name

if TYPE_CHECKING:
    from collections.abc import Iterator

MODE = 0o1733
"""Of an exchange folder: learners may put files in, and neither list it nor take away what is another's."""

NAME = "netkit-submission.json"
_MOST_DEEP, _MOST_FILES = 3, 500
_MARK = "+"
_NBGRADERS = re.compile(r"[^+]+\+[^+]+\+\d{4}-\d\d-\d\d ")
"""How nbgrader names what came in: the learner, the assignment, the time."""

_OTHERS = "the file belongs to another account"


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


class _Candidate(NamedTuple):
    """A file, when it was written, and the number of the account whose it is."""

    when: float
    owner: int
    found: Found


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
    return folder / _MARK.join((in_file_name(learner), when, f"{secrets.token_hex(16)}.json"))


def find(folder: Path) -> list[Found]:
    """The newest submission of each learner in a folder, in the order of their names.

    A folder below it is a learner's, or nbgrader's of one (`anna+04+…`); a file is the learner's whose name it begins
    with (`anna+….json`, `anna.json`), and the course's own file nobody's.  Links are not followed.  What another
    account put there takes nobody's place.

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
    candidates: dict[str, list[_Candidate]] = {}
    for entry in entries:
        if not entry.name.startswith(".") and entry.name != FILE and (candidate := _candidate(entry)):
            candidates.setdefault(candidate.found.learner, []).append(candidate)
    return [_chosen(learner, candidates[learner]) for learner in sorted(candidates)]


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


def _chosen(learner: str, candidates: list[_Candidate]) -> Found:
    """The newest of those that may be the learner's own, or what is wrong with them."""
    owners = owning.rightful(learner, {each.owner for each in candidates})
    own = [each for each in candidates if each.owner in owners]
    found = max(own or candidates, key=lambda each: (each.when, each.found.path.name)).found
    if not own:
        return found._replace(trouble=_OTHERS)
    several = owning.strangers(owners)
    told = f"several accounts handed in under this name: {', '.join(several)}"
    return found._replace(trouble=told) if len(several) > 1 else found


def _candidate(entry: os.DirEntry[str]) -> _Candidate | None:
    """What an entry of the folder is; None for what is no submission at all, or gone meanwhile."""
    try:
        told = entry.stat(follow_symlinks=False)
        if not entry.is_dir(follow_symlinks=False):
            learner = of_file_name(entry.name.removesuffix(".json"))
            found = Found(learner, Path(entry.path))
            return _Candidate(told.st_mtime, told.st_uid, found) if entry.name.endswith(".json") else None
    except OSError:
        return None
    learner = entry.name.partition(_MARK)[0] if _NBGRADERS.match(entry.name) else entry.name
    files = [(_when(path), str(path)) for path in islice(_inside(Path(entry.path), _MOST_DEEP), _MOST_FILES)]
    when, path = max(files, default=(0.0, f"{entry.path}/{NAME}"))
    return _Candidate(when, told.st_uid, Found(learner, Path(path)))


def _inside(folder: Path, deep: int) -> Iterator[Path]:
    """The JSON files of a learner's folder; of one that is closed, none."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(islice(entries, _MOST_FILES), key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False) and deep > 1:
            yield from _inside(Path(entry.path), deep - 1)
        elif entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _when(path: Path) -> float:
    """When a file was written; 0 for one that is closed, or gone."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
