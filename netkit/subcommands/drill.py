"""`netkit drill` (--lesson, --level, --seed): a broken network to mend, in a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "mend a broken network in a terminal"

DESCRIPTION = """\
Build a network in a fresh sandbox, break it in silence, and open a shell there with a ticket: what a user
complains of. Find out what is wrong, and mend it. In that shell

  check      tells whether it is mended, and nothing else was opened or lost
  hint       helps one step, and deeper with each call
  solution   tells what had been done, and how one finds it
  ticket     shows the ticket again
  why        (level 1 only) why SOURCE DESTINATION [PORT], as nk.why does

The exit status is 0 if the ticket was mended, 1 if not."""

EXAMPLES = """\
examples:
  netkit drill                       a new ticket
  netkit drill --lesson 06           about published ports
  netkit drill --level 3 --seed 17   the same ticket as every time, without why"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--lesson", default="", metavar="NUMBER", help="whose networks it is about (default: any)")
    parser.add_argument("--level", default="1", metavar="1-3", help="1 with why (default), 2 and 3 without it")
    parser.add_argument("--seed", metavar="N", help="draws the same ticket again (default: a new one)")


def main(options: argparse.Namespace) -> int:
    """Open the shell; 0 if the ticket was mended."""
    from netkit.errors import InvalidValue
    from netkit.sandbox.command import run

    for name, value in (("level", options.level), ("seed", options.seed)):
        if value is not None and not (value.isascii() and value.isdigit()):
            raise InvalidValue(f"--{name} '{value}' is no number", "it is a whole number", f"Try --{name} 1")
    if options.level not in ("1", "2", "3"):
        raise InvalidValue(f"there is no level {options.level}", "it goes from 1 to 3", "Try --level 1")
    return run((sys.executable, "-P", "-m", "netkit.drilling", options.lesson, options.level, options.seed or ""))
