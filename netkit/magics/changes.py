"""`%%changes`, `%changes` (--only, --in, --counters): what a cell or a line changed, once it rests, 2 s at most."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.display import display

from netkit.errors import InvalidValue
from netkit.magics.cell import Ending
from netkit.spelling import proposal, shown

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from netkit.changes.result import Changes
    from netkit.model import Snapshot

NAME = "changes"
_OPTION = re.compile(r"\s*--(?:(?P<name>only|in)(?:\s+|=)(?P<words>[^\s-]\S*)|(?P<switch>counters)\b)")
_USAGE = f"%%{NAME} [--only links,rules] [--in host,ns1] [--counters]"

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


def read(words: str) -> tuple[Options, str]:
    """The options at the beginning of a line, and what follows them.

    Args:
        words: what stands behind `%changes`.

    Raises:
        InvalidValue: an option is none, or `--only` names what is no kind of change.
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
        known = f"there are: {', '.join(KINDS)}"
        remedy = proposal(unknown[0], KINDS, "--only {}")
        raise InvalidValue(f"--only {shown(unknown[0])} is no kind of change", known, remedy)
    rest = words[position:].strip()
    if rest.startswith("--"):
        raise InvalidValue(f"{shown(rest.split()[0])} is no option", f"it is {_USAGE}", "Take one of these, or none")
    return Options(tuple(kinds), tuple(namespaces), counters), rest


class Watch:
    """Looks at the network before and after.

    Args:
        shell: the notebook's IPython.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._ending = Ending(shell)

    def changes(self, line: str, cell: str | None = None) -> Any:
        """Run a cell, or a line, and show what it changed in the kernel's networks.

            %%changes
            !docker run -d -p 8080:80 web

            %changes --only links nk.veth("veth1", "eth1")

        Options, before the code of a line:
            --only links,rules  only these: namespaces, links, addresses, routes, neighbours, fdb, rules,
                                connections, groups, policies, nexthops, queues, sysctls, hosts,
                                processes
            --in host,ns1       only in these namespaces
            --counters          also how many packets each rule has counted

        + is new, - is gone, ~ has changed (old → new).
        """
        from netkit.lab import withheld  # here: a kernel's start, which loads this, need not take the time

        withheld.refuse("snapshot")
        options, rest = read(line)
        if cell is None:
            return self._line(options, rest)
        if rest:
            raise InvalidValue(
                f"{shown(rest)} is no option", f"it is {_USAGE}", "The cell's code follows in the next line"
            )
        self._begin(options)
        return self._shell.run_cell(cell).result if cell.strip() else None

    def _line(self, options: Options, code: str) -> Any:
        """Run one line; it is what the magic returns, so that `x = %changes …` works."""
        if not code:
            rule = "a line is followed by what it does; a whole cell begins with %%changes"
            raise InvalidValue("%changes is followed by nothing", rule, 'Try %changes nk.Namespace("ns1")')
        before, given = _beginning()
        try:
            source = self._shell.transform_cell(code).rstrip("\n")
            try:
                expression = compile(source, "<%changes>", "eval")
            except SyntaxError:
                exec(compile(source, "<%changes>", "exec"), self._shell.user_ns)  # noqa: S102  (the learner's line)
                return None
            return eval(expression, self._shell.user_ns)  # noqa: S307  (the learner's line)
        finally:
            show(_since(before, given), options)

    def _begin(self, options: Options) -> None:
        """Look now, and again at the end of the cell that runs."""
        self._ending.forget()
        before, given = _beginning()
        self._ending.call(lambda _: show(_since(before, given), options))


def _beginning() -> tuple[Snapshot, Snapshot | None]:
    """The network now, and the one that was given to the learner last, if any."""
    from netkit.lab import journal

    return at_rest(), journal.beginning()


def _since(before: Snapshot, given: Snapshot | None) -> Snapshot:
    """The network before; one that was given to the learner in the meantime is no change of the learner's."""
    from netkit.lab import journal

    now = journal.beginning()
    return before if now is None or now is given else now


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
    from netkit.linux.events import settle
    from netkit.linux.looks import observe

    deadline = time.monotonic() + _SECONDS_TO_REST
    known = _loose(before) if before is not None else None
    patience = time.monotonic() + (_SECONDS_FOR_LOOSE_CABLES if known is None else _SECONDS_TO_REST)
    settle.wait()
    last = observe.snapshot()  # the second one reads everything; what only that has read is not set against the first
    while time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        now = observe.snapshot(everything=True)
        waiting = _loose(now) - (known or set()) and time.monotonic() < patience
        if not waiting and (last.namespaces == now.namespaces or not diff(last, now)):
            return now
        last = now
    return last


def _loose(snapshot: Snapshot) -> set[tuple[str, str]]:
    """The cables whose other end is out of sight."""
    ends = ((space.name, link) for space in snapshot for link in space.interfaces.values())
    return {(place, link.name) for place, link in ends if link.kind == "veth" and link.peer is None}
