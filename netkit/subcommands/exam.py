"""`netkit exam`: tickets and a network to build, in 1 to 600 minutes, of level 1 to 3, with a seed up to 10⁹."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "hold an exam: tickets and a network to build, against the clock"

DESCRIPTION = """\
Open a shell in a fresh sandbox with two broken networks to mend, one after the other, and one to build. nk.why, hints
and solutions are not offered there. When the time is over, or the shell ends, what is there is handed in: into the
exchange folder of the course, or as netkit-submission.json into this folder. `netkit grade` replays it like any other.

That no help was used is recorded, and not proved: whoever has another terminal has all that is in it."""

EXAMPLES = """\
examples:
  netkit exam --minutes 60 --level 3
  netkit exam --minutes 30 --level 2 --lesson 06 --seed 7"""

_LIMITS = {"minutes": (1, 600), "level": (1, 3), "seed": (0, 10**9)}


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--minutes", default="60", metavar="N", help="how long it takes (default: 60)")
    parser.add_argument("--level", default="3", metavar="1-3", help="of the tickets (default: 3)")
    parser.add_argument("--lesson", default="03", metavar="NUMBER", help="whose networks the tickets are about")
    parser.add_argument("--seed", default="", metavar="N", help="of the first ticket (default: the learner's own)")


def main(options: argparse.Namespace) -> int:
    """Open the shell; 0 once it is handed in."""
    from netkit.errors import InvalidValue
    from netkit.sandbox.command import run

    for name, (low, high) in _LIMITS.items():
        value = getattr(options, name)
        if value and not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise InvalidValue(
                f"--{name} '{value}' will not do", f"it goes from {low} to {high}", f"Try --{name} {low}"
            )
    words = (options.lesson, options.level, options.seed, options.minutes)
    return run((sys.executable, "-P", "-m", "netkit.examining", *words))
