"""How a lesson's replies look: checks (✓ ✗ ·), hints, solutions and answered questions, as values for a notebook."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.markup import row
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from netkit.lessons.task import Option, Question

_SIGNS = {True: "✓", False: "✗", None: "·"}
_LATER = "asked when the rest is right"


@dataclass(frozen=True)
class Answer:
    """What became of one want.

    Attributes:
        text: the property that was wanted.
        ok: whether it is there; None where it was not asked, since others come first.
        found: what is there instead.
    """

    text: str
    ok: bool | None
    found: str = ""

    @property
    def words(self) -> str:
        """What is said beside it: what is there instead, or why it was not asked."""
        return _LATER if self.ok is None else "" if self.ok else self.found

    def __repr__(self) -> str:
        return visible(f"{_SIGNS[self.ok]} {self.text}" + (f": {self.words}" if self.words else ""))


@dataclass(frozen=True, repr=False)
class Check:
    """Whether what a task asks for is there.

    Attributes:
        id: the task's.
        title: of the task.
        wants: an answer for each property, in the order in which one builds them.
        note: what is said below one that is not met.

    Example:
        >>> Check("04.1", "Add a third container", (Answer("there is a namespace ns3", True),))
        ✓ 04.1 Add a third container: all of it is there
          ✓ there is a namespace ns3
    """

    id: str
    title: str
    wants: tuple[Answer, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it is there."""
        return all(want.ok for want in self.wants)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def first(self) -> int | None:
        """The place of the first want that is not met, None if there is none."""
        return next((place for place, want in enumerate(self.wants) if want.ok is False), None)

    @property
    def _head(self) -> str:
        met = sum(want.ok is True for want in self.wants)
        rest = "all of it is there" if self.ok else f"{met} of {len(self.wants)}"
        return f"{_SIGNS[self.ok]} {self.id} {self.title}: {rest}"

    @property
    def _next(self) -> str:
        return "" if self.ok else f'{self._noted}Stuck? nk.hint("{self.id}")'

    @property
    def _noted(self) -> str:
        return f"{self.note[0].upper()}{self.note[1:]}. " if self.note else ""

    def __repr__(self) -> str:
        lines = [self._head, *(f"  {want!r}" for want in self.wants)]
        return visible("\n".join((*lines, f"  {self._next}") if self._next else lines))

    def _repr_html_(self) -> str:
        rows = "".join(
            row((f"{_SIGNS[want.ok]} {want.text}", want.words), scope="row", failed=want.ok is False)
            for want in self.wants
        )
        after = f"<p>{in_html(self._next)}</p>" if self._next else ""
        return f"<p><strong>{in_html(self._head)}</strong></p><table>{rows}</table>{after}"


@dataclass(frozen=True, repr=False)
class Hint:
    """Help with the first want that a learner's network does not meet; the next call goes deeper.

    Attributes:
        want: the property that is missing; "" if nothing is.
        level: 1 a question, 2 where to look, 3 the line to type.
        text: the help.
    """

    want: str
    level: int
    text: str

    def __repr__(self) -> str:
        if not self.want:
            return self.text
        more = "\n(This is the last hint for it.)" if self.level == 3 else "\n(Ask again for more.)"
        return f"Missing: {self.want}.\n{textwrap.indent(self.text, '  ')}{more}"


@dataclass(frozen=True, repr=False)
class Solution:
    """One way to solve a task, shown as code; nothing is run.

    Attributes:
        id: the task's.
        code: Python.
    """

    id: str
    code: str

    def __repr__(self) -> str:
        return self.code

    def _repr_html_(self) -> str:
        return f"<p>One way to solve {in_html(self.id)}:</p><pre>{in_html(self.code)}</pre>"


@dataclass(frozen=True, repr=False)
class Answered:
    """A question with its options and, once one was chosen, what is right or wrong about it.

    Attributes:
        question: what is asked.
        choice: the letter that was chosen, "" before.
    """

    question: Question
    choice: str = ""

    @property
    def ok(self) -> bool:
        """Whether the right option was chosen."""
        return bool(self.choice) and self.question.options[self.choice].right

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        options = self.question.options
        if not self.choice:
            lines = [self.question.text, *(f"  {letter}  {option.text}" for letter, option in options.items())]
            return "\n".join((*lines, f'  Choose: nk.answer("{self.question.id}", "{next(iter(options))}")'))
        chosen = options[self.choice]
        lines = [f"{_SIGNS[self.ok]} {self.choice}  {chosen.text}", f"  {chosen.because}"]
        if self.ok:
            lines += [f"  not {letter}: {option.because}" for letter, option in self._others(options)]
        return "\n".join(lines)

    def _others(self, options: dict[str, Option]) -> list[tuple[str, Option]]:
        return [(letter, option) for letter, option in options.items() if letter != self.choice]
