"""`nk.fault`, a ticket: what a user says, whether it is mended, help, what had been done, what its level sets aside."""

from __future__ import annotations

import random
import textwrap
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from netkit.errors import Conflict
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Flag, number, title
from netkit.lab import journal, withheld
from netkit.lessons import diary, portfolio
from netkit.lessons.mine import mine
from netkit.lessons.replies import Hint
from netkit.linux.events import settle
from netkit.linux.looks import observe
from netkit.tickets import breaking, catalogue
from netkit.tickets.kinds_of_faults import KINDS
from netkit.tickets.verdict import Verdict, answers, differences, nearer
from netkit.visible import in_html, visible

if TYPE_CHECKING:
    from netkit.tickets.fault import Fault

Seed = Annotated[int, partial(number, what="a seed", low=0, high=10**9, example=7)]
Level = Annotated[int, partial(number, what="a level", low=1, high=3, example=1)]
Lesson = Annotated[str, title]

ALOUD = {
    1: "Take whatever helps, nk.why too.",
    2: "Find it without nk.why; the x-ray may help.",
    3: "Find it with nothing but ip, bridge, ss, iptables, nft, conntrack and tcpdump.",
}
"""What a ticket of each level is mended with."""

_MORE = "More than one thing is wrong."
_ASIDE = {
    1: frozenset[str](),
    2: frozenset({"why"}),
    3: frozenset({"why", "xray", "capture", "draw", "live", "snapshot"}),
}
_INSTEAD = {2: "Try nk.xray(), ip, iptables", 3: "Try ip, bridge, ss, iptables, nft, conntrack, tcpdump"}
_MOST_SEEDS = 9999

_current: Ticket | None = None


@dataclass(frozen=True, repr=False)
class Told:
    """What had been done to a ticket's network, and how one finds and mends it.

    Attributes:
        injected: what is wrong, in words, one for each fault.
        lines: the shell lines that broke it.
        found: what shows it.
        repair: shell lines for the host that mend it.
    """

    injected: tuple[str, ...]
    lines: tuple[str, ...]
    found: tuple[str, ...]
    repair: tuple[str, ...]

    def __repr__(self) -> str:
        parts = []
        for words, lines, found, repair in zip(self.injected, self.lines, self.found, self.repair, strict=True):
            parts += [f"{words[0].upper()}{words[1:]}. This broke it:", textwrap.indent(lines, "  ")]
            parts += [f"How one finds it: {found}.", "What mends it:", textwrap.indent(repair, "  ")]
        return visible("\n".join(parts))

    def _repr_html_(self) -> str:
        return f"<pre>{in_html(repr(self))}</pre>"


@guarded({"solve": ".solution()", "help": ".hint()", "text": ".ticket", "answer": ".check()"})
class Ticket:
    """A network that somebody broke, to be found out and mended; `nk.fault()` makes one.

    Attributes:
        ticket: what a user says.
        id: the lesson and the seed: "06/17".
        lesson: its number; "" for any.
        seed: draws the same ticket again.
        level: 1 with nk.why, 2 without it, 3 with the programs of a terminal only.
    """

    def __init__(self, lesson: str, seed: int, level: int) -> None:
        case = catalogue.case(lesson, seed, breaking.lacking())
        network = case.network(f"{lesson} {seed}")
        keep(self, id=f"{lesson or 'any'}/{seed}", lesson=lesson, seed=seed, level=level)
        more = f" {_MORE}" if len(case.faults) > 1 else ""
        keep(self, ticket=network.told(f"{case.faults[0].says} {network.scene}{more}"))
        self._case, self._network = case, network
        self._asked: dict[str, int] = {}
        self._helped = 0
        self._over = self._shown = False
        self._broken = breaking.build(network, [network.told(fault.inject) for fault in case.faults])

    @face
    def check(self) -> Verdict:
        """Is it mended? What a user misses flows again, all else too, and nothing else was opened or lost.

        Returns:
            A Verdict: `.ok`, and `.wants`, each with `.text`, `.ok` and `.found`.

        Raises:
            Conflict: its network is gone.
        """
        self._insist()
        settle.wait()
        network, faults = self._network, self._case.faults
        equal = [network.told(each) for fault in faults for each in fault.equal]
        now = observe.snapshot()
        found = answers(network, self._broken.twin, now, faults[0].flow, equal)
        partly = found[0].ok is False and nearer(*self._broken, now, equal)
        result = Verdict(self.id, f"Ticket {self.id}", tuple(found), help=self._helped, partly=partly)
        if not self._over:
            diary.note("ticket", self._key, result.ok and not self._shown)
            portfolio.keep(self._key, now, ok=result.ok and not self._shown)
        if result.ok:
            self._end()
        return result

    @face
    def hint(self) -> Hint:
        """Help with the first fault that is still there; each call goes one step deeper, and is counted.

        Returns:
            A Hint: first a question, then where to look, then the line to type.

        Raises:
            Conflict: its network is gone.
        """
        self._insist()
        fault = self._first()
        if fault is None:
            return Hint("", 0, "Nothing is missing: see .check().")
        asked = self._asked[fault.name] = min(self._asked.get(fault.name, 0) + 1, 3)
        self._helped += 1
        diary.note("hint", self._key)
        kind = KINDS[fault.kind]
        steps = (kind.question, kind.where, self._network.told(fault.repair))
        return Hint(self._network.flows[fault.flow].text, asked, steps[asked - 1])

    @face
    def solution(self) -> Told:
        """What had been done to the network, and how one finds and mends it; nothing is run."""
        if not self._shown and not self._over:
            diary.note("solution", self._key)
        self._shown = True
        self._end()
        told, faults = self._network.told, self._case.faults
        return Told(
            tuple(fault.name for fault in faults),
            tuple(told(fault.inject).replace("; ", "\n") for fault in faults),
            tuple(KINDS[fault.kind].where for fault in faults),
            tuple(told(fault.repair).replace("; ", "\n") for fault in faults),
        )

    @property
    def _key(self) -> str:
        """What the diary calls it."""
        return f"{self.id}/{self.level}"

    @property
    def _head(self) -> str:
        """What it is called, with the lessons that know its network where none was asked for."""
        lessons = self._case.lessons
        known = "" if self.lesson or not lessons else f" (lesson{'s' * (len(lessons) > 1)} {', '.join(lessons)})"
        return f"Ticket {self.id}{known}, level {self.level}"

    def _first(self) -> Fault | None:
        """The first fault that is still there, as far as a snapshot tells; what it does not show is there as well."""
        now = {str(change) for change in differences(self._broken.twin, observe.snapshot())}
        before = self._broken.twin
        for fault, state in zip(self._case.faults, self._broken.states, strict=True):
            marks = {str(change) for change in differences(before, state)}
            before = state
            if not marks or marks & now:
                return fault
        return None

    def _insist(self) -> None:
        """Refuse when another network has taken this one's place."""
        if _current is not self:
            rule = "each ticket takes the place of the one before"
            remedy = f'Begin it anew: nk.fault("{self.lesson}", seed={self.seed}, level={self.level})'
            raise Conflict(f"the network of ticket {self.id} is gone", rule, remedy)

    def _end(self) -> None:
        """Give the helpers back that the ticket had set aside."""
        self._over = True
        if _current is self:
            withheld.give_back()

    def __repr__(self) -> str:
        body = textwrap.fill(self.ticket, 100, initial_indent="  ", subsequent_indent="  ")
        return visible(f"{self._head}\n{body}\n  {ALOUD[self.level]} Then: .check(), .hint(), .solution()")

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>{in_html(self._head)}</strong></p>"
            f"<blockquote>{in_html(self.ticket)}</blockquote>"
            f"<p>{in_html(ALOUD[self.level])} Then: <code>.check()</code>, <code>.hint()</code>, "
            "<code>.solution()</code></p>"
        )


@face
def fault(lesson: Lesson = "", *, seed: Seed | None = None, level: Level = 1, own: Flag = False) -> Ticket:
    """A ticket: a network that is built anew and broken in silence, for you to find out what is wrong and mend it.

    It takes the place of whatever network is there (`nk.reset()`), and leaves no trace in `nk.commands()`.

    Args:
        lesson: whose networks it is about, "06"; by default any.
        seed: draws the same ticket again, with the same names and addresses; by default a new one.
        level: 1 with nk.why, 2 without it, 3 with the programs of a terminal only.
        own: whether in a course your own seed (`nk.mine.seed`) takes the place of the one that is given.

    Returns:
        A Ticket: `.ticket` is what a user says; `.check()`, `.hint()`, `.solution()`.

    Raises:
        NotFound: the lesson has no tickets.
        InvalidValue: an argument is of the wrong kind.
        NotInSandbox: this process is not in the sandbox.
        KernelRefused: this kernel lacks what its network needs.

    Example:
        >>> ticket = nk.fault("06", seed=7)  # doctest: +SKIP
        >>> ticket.check()  # doctest: +SKIP
    """
    global _current  # noqa: PLW0603  (one sandbox, one ticket)
    journal.in_sandbox()
    seed = mine.seed if own and mine.drawn else seed
    drawn = seed if seed is not None else random.randint(1, _MOST_SEEDS)  # noqa: S311  (a game)
    _current = None
    _current = ticket = Ticket(lesson, drawn, level)
    withheld.set_aside(_ASIDE[level], f"ticket {ticket.id} is to be solved without it", _INSTEAD.get(level, ""))
    diary.note("ticket", ticket._key)
    return ticket
