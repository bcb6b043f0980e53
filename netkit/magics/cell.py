"""How a cell that begins with a magic runs as any cell does, and how the magic hears that it has ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


def beginning(name: str) -> Callable[[list[str]], list[str]]:
    """What puts the call that begins a magic in the place of a cell's first line, `%%NAME …`.

    So IPython runs the rest as it runs any cell: with its result, its traceback, its `await`.

    Args:
        name: the magic's.

    Returns:
        A function from the lines of a cell, with their ends, to the lines to run instead; the same ones if the cell
        does not begin so.
    """
    first_line = re.compile(rf"%%{name}(?:[ \t]+(?P<options>.*?))?[ \t]*\n?")

    def begin_in_cell(lines: list[str]) -> list[str]:
        match = first_line.fullmatch(lines[0]) if lines else None
        options = (match["options"] or "") if match else "?"
        if options.endswith("?"):
            return lines
        begin = f"get_ipython().run_cell_magic({name!r}, {options!r}, '\\n')\n"
        rest = "".join(lines[1:])
        magic, _, body = rest.lstrip("\n").partition("\n")
        if magic.startswith("%%"):  # another cell magic, which IPython knows in a first line only
            other, _, words = magic[2:].partition(" ")
            return [begin, f"get_ipython().run_cell_magic({other!r}, {words!r}, {body!r})\n"]
        return [begin, *lines[1:]]

    return begin_in_cell


class Ending:
    """Calls a function once, at the end of the cell that runs now, whatever cells it runs within itself.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._events, self._inner = shell.events, 0
        self._then: Callable[[Any], None] | None = None

    def call(self, then: Callable[[Any], None]) -> None:
        """Say what to call; what was said before, and not called, is forgotten.

        Args:
            then: gets the cell's result, IPython's ExecutionResult.
        """
        self.forget()
        self._then, self._inner = then, 0
        self._events.register("pre_run_cell", self._deeper)
        # Before those that began earlier: of two magics on one cell the inner one is told first.
        self._events.callbacks["post_run_cell"].insert(0, self._ended)

    def forget(self) -> None:
        """Call nothing any more: IPython does not tell the end of a cell that it ran silently."""
        if self._then is not None:
            self._then = None
            self._events.unregister("pre_run_cell", self._deeper)
            self._events.unregister("post_run_cell", self._ended)

    def _deeper(self, _info: Any) -> None:
        self._inner += 1  # a magic that runs a cell within the cell

    def _ended(self, result: Any) -> None:
        if self._inner:
            self._inner -= 1
            return
        then = self._then
        self.forget()
        if then is not None:
            then(result)
