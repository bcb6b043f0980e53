"""How a cell that begins with a magic runs as any cell does, and how the magic hears that it has ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


def beginning(*names: str) -> Callable[[list[str]], list[str]]:
    """What puts the calls that begin magics in the place of a cell's first lines, `%%NAME …`.

    So IPython runs the rest as it runs any cell: with its result, its traceback, its `await`.

    Args:
        names: of the magics; several of them may stand on one cell.

    Returns:
        A function from the lines of a cell, with their ends, to the lines to run instead; the same ones if the cell
        does not begin so.
    """
    first_line = re.compile(rf"%%(?P<name>{'|'.join(names)})(?:[ \t]+(?P<options>.*?))?[ \t]*\n?")

    def begin_in_cell(lines: list[str]) -> list[str]:
        begun: list[str] = []
        for place, line in enumerate(lines):
            match = first_line.fullmatch(line)
            options = (match["options"] or "") if match else "?"
            if match and not options.endswith("?"):
                begun.append(_call(match["name"], options, "\n"))
            elif begun and line.startswith("%%"):  # another cell magic, which IPython knows in a first line only
                other, _, words = line[2:].rstrip("\n").partition(" ")
                return [*begun, _call(other, words, "".join(lines[place + 1 :]))]
            elif begun and line == "\n":
                begun.append(line)
            else:
                return [*begun, *lines[place:]]
        return begun

    return begin_in_cell


def _call(name: str, options: str, body: str) -> str:
    """A line that begins a cell magic."""
    return f"get_ipython().run_cell_magic({name!r}, {options!r}, {body!r})\n"


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
