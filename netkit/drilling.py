"""`netkit drill`, a ticket in a terminal: a shell in which `check`, `hint` and `solution` are commands."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import netkit as nk
from netkit.counter import Counter
from netkit.ending import ended
from netkit.errors import InvalidValue
from netkit.sandbox import inherited
from netkit.tickets.ticket import ALOUD

if TYPE_CHECKING:
    from netkit.tickets.ticket import Ticket

_COMMANDS = ("check", "hint", "solution", "ticket")


def main() -> int:
    """Build a ticket, show it, and open a shell.

    Returns:
        0 if it was mended, else 1.
    """
    lesson, level, seed = sys.argv[1:]
    nk.require_sandbox()
    nk.echo(on=False)
    ticket = nk.fault(lesson, level=int(level), seed=int(seed) if seed else None)
    desk = _Desk(ticket)

    def show() -> None:
        sys.stdout.write(f"{_shown(ticket)}\n")
        sys.stdout.flush()

    Counter(desk.answer, (*_COMMANDS, *(("why",) if ticket.level == 1 else ()))).serve("ticket", show)
    return 0 if desk.mended else 1


def _shown(ticket: Ticket) -> str:
    """The ticket, with the commands of this shell in place of a notebook's."""
    text = repr(ticket).replace(ALOUD[2], ALOUD[3])  # an x-ray is a notebook's
    text = text.replace("nk.why", "why").replace(".check(), .hint(), .solution()", "check, hint, solution")
    return f"{text}\n  (The shell ends by `exit`.)"


class _Desk:
    """Answers what the shell's commands ask.

    Args:
        ticket: that they are about.
    """

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self.mended = False

    def answer(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status and text for a command."""
        if name == "why":
            told = _why(*words)
            return int(not told), repr(told)
        if words:
            raise InvalidValue(f"{name} {shlex.join(words)}", f"'{name}' takes nothing", f"Try {name}")
        if name == "check":
            verdict = self._ticket.check()
            self.mended = self.mended or verdict.ok
            return int(not verdict), repr(verdict)
        return 0, {"hint": lambda: repr(self._ticket.hint()), "ticket": lambda: _shown(self._ticket)}.get(
            name, lambda: repr(self._ticket.solution())
        )()


def _why(*words: str) -> object:
    """What nk.why says."""
    if len(words) not in (2, 3) or not (words[2:] or ("1",))[0].isdecimal():
        raise InvalidValue(f"why {shlex.join(words)}", "it is: why SOURCE DESTINATION [PORT]", "Try why web 10.0.0.2")
    return nk.why(words[0], words[1], int(words[2]) if words[2:] else None)


if __name__ == "__main__":
    inherited.settle()
    sys.exit(ended(main))
