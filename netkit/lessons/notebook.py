"""A lesson's notebook file, for `%goto`: which one it is, its headings, and the cells that lead up to one of them."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netkit.errors import InvalidValue, NotFound
from netkit.spelling import proposal

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_WHEEL, _IN_SOURCE = Path(__file__).parents[1] / "notebooks", Path(__file__).parents[2] / "notebooks"

SHIPPED = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_SOURCE
"""The notebooks as they come with netkit: with outputs and solutions."""

_SESSION, _EDITOR = "JPY_SESSION_NAME", "__vsc_ipynb_file__"
"""Where Jupyter Server and VS Code tell a kernel which file it runs."""

_HEADING = re.compile(r"^#+[ \t]+(?P<words>.+?)[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"\A(?:%%.*\n|\s*\n)+")
_WAITS = re.compile(r"^(?:%%(?:predict|changes)\b.*|\s*)\n", re.MULTILINE)
_LEFT_OUT = re.compile(
    r"### BEGIN SOLUTION|^[ \t]*# your lines$|\bnk\.(?:check|hint|solution|answer|fault|progress)\(|^%goto\b",
    re.MULTILINE,
)
_FAILS = "raises-exception"
_ENGINE, _STOPPED = "engine", "engine.stop()"
_STEP = "step"
"""Marks an exercise that what follows rests on: it is run, and nothing is checked."""
ASIDE = "aside"
"""Marks a cell that waits or draws only to show something: nothing after it rests on it, and it is left out."""

_CHECK = re.compile(r"^nk\.check\(.*\)[ \t]*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell that runs on the way to a heading.

    Attributes:
        source: its code, without what would make it wait.
        fails: whether it is meant to end with an error.
        engine: whether it needs the real Docker Engine.
    """

    source: str
    fails: bool = False
    engine: bool = False


@dataclass(frozen=True)
class Lesson:
    """A notebook's headings and cells.

    Attributes:
        path: of its file.
        cells: as the file holds them.
    """

    path: Path
    cells: tuple[Mapping[str, Any], ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """All its headings, in their order."""
        texts = (_source(cell) for cell in self.cells if cell.get("cell_type") == "markdown")
        return tuple(match["words"] for text in texts for match in _HEADING.finditer(text))

    def up_to(self, heading: str) -> tuple[Cell, ...]:
        """The cells that run before a heading; checks, tickets, and what nothing rests on are left out.

        So is what the real Engine did, where it was stopped by then.

        Args:
            heading: its words, large or small.

        Raises:
            NotFound: it has no such heading.
        """
        wanted = heading.strip().lstrip("#").strip().casefold()
        found: list[Cell] = []
        for cell in self.cells:
            source = _source(cell)
            if cell.get("cell_type") == "markdown":
                if any(match["words"].casefold() == wanted for match in _HEADING.finditer(source)):
                    return _lasting(found)
            elif cell.get("cell_type") == "code":
                tags = cell.get("metadata", {}).get("tags", [])
                source = _CHECK.sub("", source) if _STEP in tags else source
                if _STEP in tags or not (ASIDE in tags or _LEFT_OUT.search(source)):
                    found.append(Cell(_HEAD.sub(_at_once, source), _FAILS in tags, _ENGINE in tags))
        remedy = proposal(heading, self.headings, "%goto {}")
        raise NotFound(f"{self.path.name} has no heading {heading!r}", f"it has: {'; '.join(self.headings)}", remedy)


def read(path: Path) -> Lesson:
    """A lesson's file.

    Args:
        path: of the notebook.

    Raises:
        NotFound: there is no such file.
        InvalidValue: it is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return Lesson(path, tuple({**cell, "source": _source(cell)} for cell in cells))
    except OSError as error:
        raise NotFound(
            f"'{path}' cannot be read", error.strerror or str(error), "Name the file of a notebook"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidValue(f"'{path}' is no notebook", "a notebook is JSON with cells", "Name an .ipynb") from None


def find(names: Mapping[str, Any], number: str = "") -> Path:
    """The file that a kernel runs: as its client tells, else the lesson of that number as it was shipped.

    Args:
        names: the notebook's variables.
        number: of the lesson that its first cell named, "04".

    Raises:
        NotFound: neither tells.
    """
    told = names.get(_EDITOR) or os.environ.get(_SESSION) or ""
    if isinstance(told, str) and told.endswith(".ipynb") and (path := Path(told)).exists():
        return path
    shipped = sorted(SHIPPED.glob(f"{number}-*.ipynb")) if number else []
    if not shipped:
        rule = "this client does not tell which file it runs"
        raise NotFound("the lesson's file is not known", rule, "Try %goto --from FILE HEADING")
    return shipped[0]


def _lasting(cells: list[Cell]) -> tuple[Cell, ...]:
    """Cells without those of an Engine that was stopped: it took everything along."""
    stopped = max((place for place, cell in enumerate(cells) if cell.engine and _STOPPED in cell.source), default=-1)
    return tuple(cell for place, cell in enumerate(cells) if not cell.engine or place > stopped)


def _at_once(head: re.Match[str]) -> str:
    """What a cell begins with, without what makes it wait or say what changed."""
    return _WAITS.sub("", head[0])


def _source(cell: Mapping[str, Any]) -> str:
    """A cell's text; a file may hold it as one text or as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
