"""Knows how changes look: lines with + - ~, coloured in a notebook, "nothing changed"; and the kinds to choose by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.errors import NotFound
from netkit.face import face
from netkit.handles import guarded
from netkit.packets.wording import ANY
from netkit.spelling import shown
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (
    "namespaces",
    "links",
    "addresses",
    "routes",
    "neighbours",
    "fdb",
    "rules",
    "connections",
    "groups",
    "further",
    "policies",
    "nexthops",
    "queues",
    "sysctls",
    "hosts",
    "processes",
)
"""What can change, in the order in which it is told."""

MADE, GONE, OTHER = "+", "-", "~"

_COLOURS = {MADE: "0,158,115", GONE: "213,94,0", OTHER: "86,180,233"}
"""Okabe and Ito's green, vermilion and sky blue: a tint under the theme's own text serves light and dark ones."""

_NOTHING = "nothing changed"
_NOTE = f"{ANY} stands for what is drawn at random."


class Change(NamedTuple):
    """One change.

    Attributes:
        sign: "+" for what is new, "-" for what is gone, "~" for what has changed.
        kind: one of KINDS.
        namespace: where; for a namespace that is gone, the name that it had.
        text: "link veth1 (veth, peer eth1 in ns1), down".
    """

    sign: str
    kind: str
    namespace: str
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


@guarded({"diff": ".lines", "added": ".items", "removed": ".items", "changes": ".items"})
@dataclass(frozen=True, repr=False)
class Changes:
    """What changed between two looks; false in an `if` when nothing did.

    Attributes:
        items: the changes: the host's first, then those of other namespaces by name, each in the order of KINDS.
        namespaces: the names of all namespaces that were looked at.
    """

    items: tuple[Change, ...]
    namespaces: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The text, line by line, with a line for each namespace above its changes."""
        found = []
        for namespace, changes in groupby(self.items, key=lambda change: change.namespace):
            found += [f"{namespace}:", *(f"  {change}" for change in changes)]
        return found

    @face
    def only(self, *kinds: str) -> Changes:
        """The changes of some kinds.

        Args:
            kinds: of KINDS: "links", "rules" …

        Raises:
            NotFound: there is no such kind.
        """
        _refuse_unknown(kinds, KINDS, "kind of change")
        return Changes(tuple(change for change in self.items if change.kind in kinds), self.namespaces)

    @face
    def within(self, *namespaces: str) -> Changes:
        """The changes in some namespaces.

        Args:
            namespaces: their names.

        Raises:
            NotFound: there was none of that name, neither before nor after.
        """
        _refuse_unknown(namespaces, self.namespaces, "namespace")
        return Changes(tuple(change for change in self.items if change.namespace in namespaces), self.namespaces)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __repr__(self) -> str:
        return visible("\n".join([*self.lines, *self._notes()])) or _NOTHING

    def _repr_html_(self) -> str:
        if not self.items:
            return f"<div>{_NOTHING}</div>"
        parts = []
        for namespace, changes in groupby(self.items, key=lambda change: change.namespace):
            rows = "".join(map(_row, changes))
            parts.append(f"<div><b>{in_html(namespace)}</b></div>{rows}")
        notes = "".join(f'<div style="opacity:.75">{in_html(note)}</div>' for note in self._notes())
        return f'<div style="font-family:monospace;line-height:1.5">{"".join(parts)}{notes}</div>'

    def _notes(self) -> list[str]:
        return [_NOTE] if any(ANY in change.text for change in self.items) else []


def _row(change: Change) -> str:
    colour = _COLOURS[change.sign]
    style = (
        f"border-left:4px solid rgb({colour});background-color:rgba({colour},.15);padding-left:28px;text-indent:-20px"
    )
    style += ";white-space:pre-wrap"
    return f'<div style="{style}"><b>{in_html(change.sign)}</b> {in_html(change.text)}</div>'


def _refuse_unknown(asked: tuple[Any, ...], known: tuple[str, ...], what: str) -> None:
    for one in asked:
        if not isinstance(one, str) or one not in known:
            raise NotFound(
                f"there is no {what} called {shown(one)}", f"there are: {', '.join(known)}", "Take one of these"
            )
