"""Hand-outs, without outputs and `### BEGIN SOLUTION`: a changed notebook stays, the newer is beside as .new.ipynb."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.errors import InvalidValue, NotFound
from netkit.files import replacing
from netkit.lessons.notebook import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW, KEPT, UPDATED, BESIDE = "new", "as it was", "updated", "yours is kept, and the newer one lies beside it"

_RECORD = ".netkit-handouts.json"
_SOLUTION = re.compile(r"^(?P<indent>[ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*$", re.DOTALL | re.MULTILINE)
_OPEN = r"\g<indent># your lines"


class Handed(NamedTuple):
    """What became of one notebook.

    Attributes:
        path: of the learner's file.
        what: NEW, KEPT, UPDATED or BESIDE.
    """

    path: Path
    what: str


def is_course(folder: Path) -> bool:
    """Whether hand-outs have been put into a folder, or it is empty or not there, so that they may be.

    Args:
        folder: a learner's.
    """
    if not os.path.exists(folder) or os.path.exists(folder / _RECORD):
        return True
    try:
        return not os.listdir(folder)
    except OSError:  # it is no folder, or not to be read
        return False


def hand_out(folder: Path, lessons: Path = SHIPPED) -> list[Handed]:
    """Put the lessons into a folder of a learner's.

    A file that the learner has not changed since it was handed out gives way to a newer version; beside one that was
    changed, or has outputs, the newer version is laid as `NAME.new.ipynb`.

    Args:
        folder: made if it is not there.
        lessons: the folder of the notebooks as they are shipped.

    Returns:
        What became of each, in the order of the lessons.

    Raises:
        NotFound: there are no lessons.
        InvalidValue: the folder cannot be written to.
    """
    shipped = sorted(lessons.glob("[0-9]*.ipynb"))
    if not shipped:
        raise NotFound(f"there are no notebooks in '{lessons}'", "they come with netkit", "Install netkit anew")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record = _record(folder)
        handed = [_handed(folder, path, record) for path in shipped]
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidValue(f"'{folder}' cannot hold the notebooks", reason, "Choose a folder of your own") from None
    _write(folder / _RECORD, record)
    return handed


def handout(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook as a learner gets it: no outputs, and the learner's lines in place of each solution.

    Args:
        notebook: as it is shipped (nbformat 4).
    """
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        if cell["cell_type"] != "code":
            continue
        cell["outputs"], cell["execution_count"] = [], None
        source = _source(cell)
        if (opened := _SOLUTION.sub(_OPEN, source)) != source:
            cell["source"] = opened.splitlines(keepends=True)
            cell["metadata"].pop("jupyter", None)  # which folds the cell
    made["metadata"].pop("widgets", None)
    return made


def _handed(folder: Path, path: Path, record: dict[str, str]) -> Handed:
    """Hand one notebook out.

    Args:
        folder: the learner's.
        path: of the notebook as it is shipped.
        record: what was handed out before, by name; it is brought up to date.
    """
    made = handout(json.loads(path.read_text(encoding="utf-8")))
    own, mark = folder / path.name, _mark(made)
    before, record[path.name] = record.get(path.name), mark
    if not own.exists():
        _write(own, made)
        return Handed(own, NEW)
    there = _mark_of_file(own)
    if mark in (there, before):
        return Handed(own, KEPT)
    if there is not None and there == before:
        _write(own, made)
        return Handed(own, UPDATED)
    beside = next(each for each in _beside(own) if not each.exists() or _mark_of_file(each) in (mark, before))
    _write(beside, made)
    return Handed(beside, BESIDE)


def _beside(own: Path) -> Iterator[Path]:
    """Where a newer version may lie: NAME.new.ipynb, NAME.new2.ipynb …."""
    yield own.with_suffix(".new.ipynb")
    number = 2
    while True:
        yield own.with_suffix(f".new{number}.ipynb")
        number += 1


def _record(folder: Path) -> dict[str, str]:
    """What was handed out before: for each name what tells the content apart; nothing where that is not known."""
    try:
        found = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}


def _mark_of_file(path: Path) -> str | None:
    """The mark of a learner's file, None if it is no notebook or holds outputs, which are the learner's own."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        return None if any(cell.get("outputs") for cell in notebook["cells"]) else _mark(notebook)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _mark(notebook: dict[str, Any]) -> str:
    """What tells a notebook's content apart: its cells' kinds and texts, not how a program writes the file."""
    cells = [(cell["cell_type"], _source(cell)) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _write(path: Path, value: Any) -> None:
    with replacing(path, "the hand-out", InvalidValue) as file:
        file.write((json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())
