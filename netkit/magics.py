"""Knows how a notebook's cell is followed by what it changed in the kernel: `%%changes`, and `%changes` for a line."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.error import UsageError
from IPython.display import display

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from netkit.changes.result import Changes
    from netkit.model import Snapshot

_NAME = "changes"
_FIRST_LINE = re.compile(rf"%%{_NAME}(?:[ \t]+(?P<options>.*?))?[ \t]*\n?")
_OPTION = re.compile(r"\s*--(?:(?P<name>only|in)(?:\s+|=)(?P<words>[^\s-]\S*)|(?P<switch>counters)\b)")
_USAGE = f"%%{_NAME} [--only links,rules] [--in host,ns1] [--counters]"

_SECONDS_TO_REST = 2.0
_SECONDS_FOR_LOOSE_CABLES = 0.3
"""A namespace that was deleted takes the other ends of its cables along, a tenth of a second later at most."""

_SECONDS_BETWEEN_LOOKS = 0.02


class Options(NamedTuple):
    """What is to be shown.

    Attributes:
        kinds: of changes; without any, all.
        namespaces: their names; without any, all.
        counters: whether to tell how many packets rules have counted.
    """

    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    counters: bool = False


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give a notebook `%%changes`; a netkit kernel has it from the start, elsewhere it is refused.

    Args:
        shell: the notebook's IPython.

    Raises:
        NotInSandbox: this is no netkit kernel.
    """
    if "NETKIT_SANDBOX" not in os.environ:  # else every act asks, and a kernel's start need not take the time
        from netkit.sandbox import require_sandbox

        require_sandbox()
    watch = Watch(shell)
    shell.register_magic_function(watch.changes, "line_cell", _NAME)
    shell.input_transformers_cleanup.append(begin_in_cell)


def begin_in_cell(lines: list[str]) -> list[str]:
    """Put the call that begins to watch in the place of a cell's first line, `%%changes …`.

    So IPython runs the rest as it runs any cell: with its result, its traceback, its `await`.

    Args:
        lines: of the cell, with their ends.

    Returns:
        The lines to run instead; the same ones if the cell does not begin so.
    """
    match = _FIRST_LINE.fullmatch(lines[0]) if lines else None
    options = (match["options"] or "") if match else "?"
    if options.endswith("?"):
        return lines
    begin = f"get_ipython().run_cell_magic({_NAME!r}, {options!r}, '\\n')\n"
    rest = "".join(lines[1:])
    magic, _, body = rest.lstrip("\n").partition("\n")
    if magic.startswith("%%"):  # another cell magic, which IPython knows in a first line only
        name, _, words = magic[2:].partition(" ")
        return [begin, f"get_ipython().run_cell_magic({name!r}, {words!r}, {body!r})\n"]
    return [begin, *lines[1:]]


def read(words: str) -> tuple[Options, str]:
    """The options at the beginning of a line, and what follows them.

    Args:
        words: what stands behind `%changes`.

    Raises:
        UsageError: `--only` names what is no kind of change.
    """
    from netkit.changes.result import KINDS

    kinds: list[str] = []
    namespaces: list[str] = []
    counters, position = False, 0
    while match := _OPTION.match(words, position):
        position = match.end()
        counters = counters or bool(match["switch"])
        if match["name"]:
            chosen = kinds if match["name"] == "only" else namespaces
            chosen += [word for word in match["words"].split(",") if word]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UsageError(f"--only {unknown[0]}: there is no such kind of change; there are: {', '.join(KINDS)}")
    return Options(tuple(kinds), tuple(namespaces), counters), words[position:].strip()


class Watch:
    """Looks at the network before and after.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._end: Callable[[], None] | None = None

    def changes(self, line: str, cell: str | None = None) -> Any:
        """Run a cell, or a line, and show what it changed in the kernel's networks.

            %%changes
            !docker run -d -p 8080:80 web

            %changes --only links nk.veth("veth1", "eth1")

        Options, before the code of a line:
            --only links,rules  only these: namespaces, links, addresses, routes, neighbours, fdb, rules,
                                connections, sysctls, hosts, processes
            --in host,ns1       only in these namespaces
            --counters          also how many packets each rule has counted

        + is new, - is gone, ~ has changed (old → new).
        """
        options, rest = read(line)
        if cell is None:
            return self._line(options, rest)
        if rest:
            raise UsageError(f"{rest!r} is no option: {_USAGE}")
        self._begin(options)
        return self._shell.run_cell(cell).result if cell.strip() else None

    def _line(self, options: Options, code: str) -> Any:
        """Run one line; it is what the magic returns, so that `x = %changes …` works."""
        if not code:
            raise UsageError("%changes is followed by code; a whole cell begins with %%changes")
        before = at_rest()
        try:
            source = self._shell.transform_cell(code).rstrip("\n")
            try:
                expression = compile(source, "<%changes>", "eval")
            except SyntaxError:
                exec(compile(source, "<%changes>", "exec"), self._shell.user_ns)  # noqa: S102  (the learner's line)
                return None
            return eval(expression, self._shell.user_ns)  # noqa: S307  (the learner's line)
        finally:
            show(before, options)

    def _begin(self, options: Options) -> None:
        """Look now, and again at the end of the cell that runs."""
        if self._end is not None:
            self._end()  # of a cell that IPython ran silently, and did not tell the end of
        before, events, inner = at_rest(), self._shell.events, 0

        def deeper(_info: Any) -> None:
            nonlocal inner
            inner += 1  # a magic that runs a cell within the cell

        def ended(_result: Any) -> None:
            nonlocal inner
            if inner:
                inner -= 1
                return
            forget()
            show(before, options)

        def forget() -> None:
            events.unregister("pre_run_cell", deeper)
            events.unregister("post_run_cell", ended)
            self._end = None

        events.register("pre_run_cell", deeper)
        events.register("post_run_cell", ended)
        self._end = forget


def show(before: Snapshot, options: Options) -> None:
    """Show what has changed since, once the network has come to rest.

    Args:
        before: the network before.
        options: what to show.
    """
    from netkit.changes import diff

    found: Changes = diff(before, at_rest(before), counters=options.counters)
    for name in options.namespaces:
        if name not in found.namespaces:
            print(f"There was no namespace '{name}', neither before nor after.")  # noqa: T201  (the learner sees it)
    if options.namespaces:
        found = found.within(*(name for name in options.namespaces if name in found.namespaces))
    display(found.only(*options.kinds) if options.kinds else found)


def at_rest(before: Snapshot | None = None) -> Snapshot:
    """A look at the network that a second look confirms.

    Args:
        before: an earlier look: cables whose other end was out of sight by then are left as they are.

    Returns:
        The last look; after two seconds it need not be at rest.
    """
    from netkit.changes import diff
    from netkit.linux import observe, settle

    deadline = time.monotonic() + _SECONDS_TO_REST
    known = _loose(before) if before is not None else None
    patience = time.monotonic() + (_SECONDS_FOR_LOOSE_CABLES if known is None else _SECONDS_TO_REST)
    settle.wait()
    last = observe.snapshot()
    while time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        now = observe.snapshot()
        waiting = _loose(now) - (known or set()) and time.monotonic() < patience
        if not waiting and (last.namespaces == now.namespaces or not diff(last, now)):
            return now
        last = now
    return last


def _loose(snapshot: Snapshot) -> set[tuple[str, str]]:
    """The cables whose other end is out of sight."""
    ends = ((space.name, link) for space in snapshot for link in space.interfaces.values())
    return {(place, link.name) for place, link in ends if link.kind == "veth" and link.peer is None}
