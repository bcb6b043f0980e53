"""`netkit handout`: the lessons for learners, put into a folder without outputs and solutions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "put the notebooks for learners into a folder: without outputs and solutions"

DESCRIPTION = """\
Put the notebooks into a folder as a learner gets them: without outputs and without solutions, the tasks open.

What a learner has changed or run is never overwritten: a newer version is laid beside it, as NAME.new.ipynb. A file
that is as it was handed out gives way to the newer version. So it can be called again whenever the course changes."""

EXAMPLES = """\
examples:
  netkit handout course
  netkit handout ~/notebooks"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="the learner's folder; it is made if it is not there")


def main(options: argparse.Namespace) -> int:
    """Hand them out; 0 if all are there."""
    from netkit.errors import InvalidValue
    from netkit.lessons.handouts import KEPT, hand_out
    from netkit.lessons.notebook import SHIPPED
    from netkit.visible import visible

    if not options.folder:
        raise InvalidValue("'' is no folder", "without a name there is none", "Try netkit handout course")
    folder = Path(options.folder)
    if folder.exists() and folder.resolve() == SHIPPED.resolve():
        rule = "they keep their outputs and solutions, which are compared"
        raise InvalidValue(f"'{folder}' holds the notebooks themselves", rule, "Try netkit handout course")
    for path, what in hand_out(folder):
        if what != KEPT:
            sys.stdout.write(f"{visible(str(path))}: {what}\n")
    return 0
