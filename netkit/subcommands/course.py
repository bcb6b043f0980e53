"""`netkit course`: a course, set up for its teacher: its file, its notebooks, its class list, its folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "set a course up: its file, its notebooks, its folders"

DESCRIPTION = """\
Set a course up in a folder, or bring it up to date: the notebooks as learners get them, and netkit-course.json,
by which nk.mine draws each learner's own numbers. With a class list no two learners have the same; whoever enrols
later is put at its end, and nobody's numbers change.

With --exchange and --shared it makes two folders that learners may put files into, and neither list nor take another's
away: for nk.submit(), and for the progress that learners agree to share. With --nbgrader it makes nbgrader's
course folder: a source notebook for each lesson, with graded cells and points, and nbgrader_config.py."""

EXAMPLES = """\
examples:
  netkit course networks --name networks-2027 --learners class.txt --exchange /srv/exchange --shared /srv/progress
  netkit course networks --nbgrader"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the course's folder; it is made if it is not there")
    parser.add_argument("--name", default="", metavar="NAME", help="of the course (default: the folder's)")
    parser.add_argument(
        "--seed", default="", metavar="TEXT", help="draws the learners' numbers (default: a random one)"
    )
    parser.add_argument(
        "--learners", type=Path, metavar="FILE", help="the class list: a name a line, as the hub has it"
    )
    parser.add_argument("--exchange", default="", metavar="DIR", help="where nk.submit() writes to")
    parser.add_argument("--shared", default="", metavar="DIR", help="where learners who agree share their progress")
    parser.add_argument("--nbgrader", action="store_true", help="make a course folder of nbgrader's")


def main(options: argparse.Namespace) -> int:
    """Set it up; 0 if all is there."""
    from netkit.classroom.founding import Plan, found
    from netkit.errors import InvalidValue

    names: tuple[str, ...] = ()
    if options.learners:
        try:
            lines = options.learners.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            rule = "a class list is text, a name a line"
            raise InvalidValue(f"'{options.learners}' cannot be read: {error}", rule, "Name a text file") from None
        names = tuple(name for line in lines if (name := line.strip()) and not name.startswith("#"))
    plan = Plan(options.name, options.seed, names, options.exchange, options.shared)
    course = found(options.folder.expanduser(), plan, nbgrader=options.nbgrader)
    sys.stdout.write(f"{course.name}: {len(course.learners)} learners, seed {course.seed}, in {options.folder}\n")
    return 0
