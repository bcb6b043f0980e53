"""Who the learner is, and which course: the hub or the account gives the name, netkit-course.json the rest.

A name is never read from a file that a learner can write: whoever copies a file would copy the name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from netkit.errors import InvalidValue
from netkit.spelling import shown

FILE = "netkit-course.json"
"""The teacher's file: it lies beside the notebooks, or in a folder above them."""

VARIABLE = "NETKIT_COURSE"
"""The variable in which a hub says where that file is."""

_NAMES = ("JUPYTERHUB_USER", "LOGNAME", "USER")
_NBGRADER = "NBGRADER_EXECUTION"
"""Where nbgrader says what it runs a notebook for (nbgrader, "Autograding resources")."""

_MEANING = re.compile(r"[%+/\x00-\x1f\x7f]|^\.")
"""What would mean something in the name of a file: the course's folders have a learner's name, then a +."""

_ENCODED = re.compile("%([0-7][0-9A-F])")
_LONGEST = 64
_DIGITS = 16


@dataclass(frozen=True)
class Course:
    """A course, as its teacher set it up.

    Attributes:
        name: in a few words; "" for none.
        seed: draws each learner's numbers; "" gives everybody those of the article.
        exchange: the folder that `nk.submit()` writes to; "" for the folder of the notebook.
        shared: the folder for the progress of learners who agreed to share it; "" where nobody is asked.
        learners: marks of the class list, in the order of enrolment: further ones are put at its end.
    """

    name: str = ""
    seed: str = ""
    exchange: str = ""
    shared: str = ""
    learners: tuple[str, ...] = ()

    def place(self, learner: str) -> int | None:
        """A learner's place in the class list, counted from 0; None where the list does not have the name."""
        mark = marked(self.seed, learner)
        return self.learners.index(mark) if mark in self.learners else None

    @classmethod
    def from_plain(cls, told: dict[str, Any]) -> Course:
        """A course that netkit itself handed to another process, as `dataclasses.asdict` and JSON made it."""
        return cls(**{**told, "learners": tuple(told["learners"])})

    def to_json(self) -> str:
        """The course as the text of its file."""
        return json.dumps(asdict(self), indent=1) + "\n"


def marked(seed: str, learner: str) -> str:
    """What stands for a name in a class list, which every learner can read.

    Args:
        seed: the course's.
        learner: the name.
    """
    return hashlib.sha256(f"{seed}\0{learner}".encode(errors="surrogateescape")).hexdigest()[:_DIGITS]


def in_file_name(learner: str) -> str:
    """A name as the file's of a learner begin with it: what would mean something there is written as %2B, say.

    Args:
        learner: the name.

    Example:
        >>> in_file_name("anna+net@example.org")
        'anna%2Bnet@example.org'
    """
    return _MEANING.sub(lambda found: f"%{ord(found[0]):02X}", learner)


def of_file_name(name: str) -> str:
    """The learner's name with which a file's begins, as `in_file_name` wrote it.

    Args:
        name: the file's, with what follows the name.

    Example:
        >>> of_file_name("anna%2Bnet@example.org+20270109T100000Z.json")
        'anna+net@example.org'
    """
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), name.partition("+")[0])


def read(path: Path) -> Course:
    """The course that a file describes.

    Args:
        path: of the file.

    Raises:
        InvalidValue: it is no such file; the error says where.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidValue(f"'{path}' cannot be read", str(error), "Ask your teacher for the file anew") from None
    return _course(path, told)


def course(folder: Path | None = None) -> Course:
    """The course that this process belongs to; one without a name and a seed where nobody set one up.

    Args:
        folder: where its file is looked for first, then in the folders above; by default the working directory.

    Raises:
        InvalidValue: there is a file, and it is no course's.
    """
    if told := os.environ.get(VARIABLE):
        return read(Path(told))
    here = (folder or Path.cwd()).absolute()
    found = next((each / FILE for each in (here, *here.parents) if (each / FILE).is_file()), None)
    return read(found) if found else Course()


def learner() -> str:
    """The learner's name: the hub's, else that of the account, else that of the home folder.

    While nbgrader grades, it is that of the folder that holds the assignment: `autograded/anna/04`.
    """
    if os.environ.get(_NBGRADER) == "autograde":
        return Path.cwd().parent.name[:_LONGEST]
    told = (os.environ.get(name, "").strip() for name in _NAMES)
    return next(filter(None, told), Path(os.path.expanduser("~")).name)[:_LONGEST]


def _course(path: Path, told: Any) -> Course:
    """A course from what its file says."""
    texts = ("name", "seed", "exchange", "shared")
    if not isinstance(told, dict):
        raise InvalidValue(f"'{path}' is no course", "it is a JSON object", "Write it by netkit course DIR")
    for key in texts:
        if not isinstance(value := told.get(key, ""), str):
            raise InvalidValue(f"{key} in '{path}' is {shown(value)}", "it is a text", "Write it by netkit course DIR")
    marks = told.get("learners", [])
    if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
        raise InvalidValue(f"learners in '{path}' are no list of texts", "each is a mark", "Write it by netkit course")
    return Course(**{key: told.get(key, "") for key in texts}, learners=tuple(marks))
