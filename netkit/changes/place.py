"""Knows one namespace before and after, and which entries of its tables are gone, new (-, +), or changed (~)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.changes.result import GONE, MADE, OTHER
from netkit.model.facts import natural

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from netkit.changes.pairing import Pairs
    from netkit.changes.words import Words
    from netkit.model import Namespace


class Place(NamedTuple):
    """A namespace before and after.

    Attributes:
        old: as it was, with the names that its links had; None where the namespace is new.
        new: as it is; None where it is gone.
        was: `old` with the names that its links have now.
        before: words for what was.
        after: words for what is.
        pairs: what is the same before and after.
    """

    old: Namespace | None
    new: Namespace | None
    was: Namespace | None
    before: Words
    after: Words
    pairs: Pairs

    @property
    def name(self) -> str:
        """The name by which its changes are listed."""
        return (self.new or self.old).name  # type: ignore[union-attr]  (one of them is there)


class Entry(NamedTuple):
    """An entry of a table.

    Attributes:
        key: what it is about; two entries of one key are one that has changed.
        value: all that counts of it.
        about: the key in words: "route default".
        says: the rest in words: "via 172.17.1.254 dev eth1".
    """

    key: tuple[str, ...]
    value: Hashable
    about: str
    says: str

    def __str__(self) -> str:
        return f"{self.about} {self.says}".rstrip()


def against(old: Iterable[Entry], new: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    """What of a table is gone, new, or other than it was: (sign, text), in the order of the words.

    Args:
        old: its entries before, in any order.
        new: its entries after.
    """
    old, new = list(old), list(new)
    slots: dict[tuple[str, ...], tuple[list[Entry], list[Entry]]] = defaultdict(lambda: ([], []))
    for entry in _without(old, new):
        slots[entry.key][0].append(entry)
    for entry in _without(new, old):
        slots[entry.key][1].append(entry)
    for gone, made in sorted(slots.values(), key=_order):
        if len(gone) == len(made) == 1:
            yield OTHER, f"{made[0].about}: {arrow(gone[0].says, made[0].says)}"
            continue
        yield from ((GONE, text) for text in sorted(map(str, gone)))
        yield from ((MADE, text) for text in sorted(map(str, made)))


def _order(slot: tuple[list[Entry], list[Entry]]) -> tuple[Any, ...]:
    """By what it is about in words: keys may hold what was drawn at random."""
    first, *_ = [*slot[1], *slot[0]]
    return [natural(word) for word in first.about.split()], sorted(map(str, slot[0])), sorted(map(str, slot[1]))


def arrow(old: str, new: str) -> str:
    """Both with an arrow between them; what was drawn at random may be another one that is worded alike."""
    return f"{old} → {new}" if old != new else f"another one, {new}"


def _without(entries: list[Entry], others: list[Entry]) -> Iterator[Entry]:
    """The entries that the others lack, each as often as it is there more often."""
    left: Counter[Any] = Counter(entry.value for entry in others)
    for entry in entries:
        if left[entry.value]:
            left[entry.value] -= 1
        else:
            yield entry
