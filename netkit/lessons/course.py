"""`nk.lesson`: which lesson a notebook is, as its client tells, or as its first cell names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.face import face
from netkit.kinds import Word
from netkit.lessons import notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netkit.lessons.notebook import Lesson

_named = ""


@face
def lesson(number: Word) -> None:
    """Name the lesson that this notebook is, for clients that do not tell which file they run; `%goto` needs it.

    Args:
        number: of the lesson: "04".

    Raises:
        NotFound: there is no such lesson.
    """
    global _named  # noqa: PLW0603  (one notebook, one lesson)
    notebook.read(notebook.find({}, number))
    _named = number


def lesson_of(names: Mapping[str, Any], path: Path | None = None) -> Lesson:
    """The lesson that a notebook is.

    Args:
        names: the notebook's variables.
        path: of its file, if the learner said which.

    Raises:
        NotFound: nobody tells which it is, or the file is not there.
        InvalidValue: the file is no notebook.
    """
    return notebook.read(path or notebook.find(names, _named))
