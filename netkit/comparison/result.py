"""Knows how a comparison looks: a verdict, sentences, a table; and what `ignore=` takes: known differences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.errors import InvalidValue
from netkit.handles import guarded
from netkit.markup import row, table
from netkit.model.facts import natural
from netkit.spelling import shown
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.comparison.differences import Difference
    from netkit.comparison.things import Thing


class Known(NamedTuple):
    """A difference that is known, and why the networks differ there."""

    sentence: str
    reason: str


class Pair(NamedTuple):
    """What of one network corresponds to what of the other: two namespaces, or two interfaces "eth0 in web"."""

    a: str
    b: str


@guarded()
@dataclass(frozen=True, repr=False)
class Comparison:
    """Whether two networks are the same up to naming; true in an `if` when they are.

    Attributes:
        differences: sentences, each with what one network has and what the other has instead.
        known: the differences that were to be ignored, with the reasons given.
        pairs: which namespace and which interface corresponds to which.
        names: what the sentences call the two networks.
        rows: each difference: what one has, what the other has instead, and the reason if it is known.
    """

    differences: list[str]
    known: tuple[Known, ...]
    pairs: tuple[Pair, ...]
    names: tuple[str, str]
    rows: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(
        cls,
        names: tuple[str, str],
        found: Iterable[Difference],
        ignored: Sequence[tuple[re.Pattern[str], str]],
        pairs: Mapping[Thing, Thing],
    ) -> Comparison:
        """A comparison from its parts.

        Args:
            names: of the two networks.
            found: the differences.
            ignored: what `points` returned.
            pairs: the things that correspond.
        """
        reasons = [(one, _reason(one.sentence(names), ignored)) for one in found]
        new, known = ([pair for pair in reasons if bool(pair[1]) is is_known] for is_known in (False, True))
        told = [(one, other) for one, other in pairs.items() if one.sort in ("namespace", "interface")]
        told.sort(key=lambda pair: (natural(pair[0].name[0]), len(pair[0].name), natural(pair[0].name[-1])))
        return cls(
            [one.sentence(names) for one, _ in new],
            tuple(Known(one.sentence(names), reason) for one, reason in known),
            tuple(Pair(str(one), str(other)) for one, other in told),
            names,
            tuple((*one, reason) for one, reason in (*new, *known)),
        )

    @property
    def equal(self) -> bool:
        """Whether nothing differs but what was to be ignored."""
        return not self.differences

    def __bool__(self) -> bool:
        return self.equal

    def __repr__(self) -> str:
        lines = [self._verdict(), *(f"  - {sentence}" for sentence in self.differences)]
        lines += [f"  known: {sentence} ({reason})" for sentence, reason in self.known]
        return visible("\n".join(lines))

    def _repr_html_(self) -> str:
        last = ("known, because",) if self.known else ()
        different = table((*self.names, *last), [row(each[: 2 + len(last)]) for each in self.rows])
        matched = table(self.names, [row(pair) for pair in self.pairs])
        more = f"<details><summary>what corresponds to what</summary>{matched}</details>"
        return f"<div>{in_html(self._verdict())}</div>{different}{more}"

    def _verdict(self) -> str:
        one, other = self.names
        if self.differences:
            many = len(self.differences)
            return f"✗ {one} and {other} differ in {many} point{'s' * (many != 1)}:"
        known = len(self.known)
        but = f" but for {known} known point{'s' * (known != 1)}" if known else ""
        return f"✓ {one} and {other} are the same network up to names{but}"


def _reason(sentence: str, ignored: Sequence[tuple[re.Pattern[str], str]]) -> str:
    """Why the networks differ in that point, "" where it is not known."""
    return next((why for rule, why in ignored if rule.search(sentence)), "")


def points(ignore: Any) -> list[tuple[re.Pattern[str], str]]:
    """The points that are known to differ, checked.

    Args:
        ignore: pairs of a regular expression and a reason.

    Raises:
        InvalidValue: it is no list of such pairs.
    """
    if isinstance(ignore, str) or not isinstance(ignore, Sequence):
        raise _no_points(ignore)
    return [_point(one) for one in ignore]


def _point(one: Any) -> tuple[re.Pattern[str], str]:
    if not isinstance(one, tuple | list) or len(one) != 2 or not all(isinstance(t, str) and t.strip() for t in one):
        raise _no_points(one)
    try:
        return re.compile(one[0]), one[1]
    except re.error as error:
        remedy = "Try a word of the sentence, or re.escape(sentence)"
        raise InvalidValue(f"{one[0]!r} is no regular expression", str(error), remedy) from None


def _no_points(value: Any) -> InvalidValue:
    return InvalidValue(
        f"{shown(value)} is no list of known differences",
        "each is a pair: a regular expression that finds the sentence, and the reason",
        "Try ignore=[('MTU', 'the cloud has smaller packets')]",
    )
