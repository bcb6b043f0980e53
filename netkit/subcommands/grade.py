"""`netkit grade`: what a class handed in, replayed and checked: marks as CSV, pages as HTML, --jobs at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.visible import visible

if TYPE_CHECKING:
    import argparse

    from netkit.classroom.grading import Paper

HELP = "replay what a class handed in, and write its marks as CSV"

DESCRIPTION = """\
Replay each script that learners handed in (nk.submit) in a fresh sandbox of its own, and ask the kernel what a
notebook's nk.check asks. What the files say of themselves does not count; the learner's name is that of the folder.

A script can write nothing but small folders in memory, reaches no network, and is stopped after 10 seconds, later
where this machine is slow. A run that is interrupted goes on where it was. The same submissions give the same bytes
in every run."""

EXAMPLES = """\
examples:
  netkit grade /srv/exchange --csv marks.csv
  netkit grade submitted --csv marks.csv --html report.html --jobs 2
  netkit grade submitted --csv marks.csv --tasks 03.1,04.1"""

_WIDTH = 40


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder for each learner, or an exchange folder")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE", help="where the marks are written")
    parser.add_argument("--html", type=Path, metavar="FILE", help="a page for the class, and one for each learner")
    parser.add_argument("--jobs", default="2", metavar="N", help="how many replays run at once (default: 2)")
    parser.add_argument(
        "--tasks", default="", metavar="IDS", help="those that count (default: all that were handed in)"
    )
    parser.add_argument("--course", type=Path, metavar="FILE", help="the course's file (default: beside the folder)")


def main(options: argparse.Namespace) -> int:
    """Grade; 0 if all papers could be read."""
    from netkit.classroom import grading, sheet
    from netkit.errors import InvalidValue
    from netkit.files import replacing
    from netkit.lessons import enrolment

    if not (options.jobs.isascii() and options.jobs.isdecimal() and 1 <= int(options.jobs) <= 64):
        raise InvalidValue(f"--jobs '{options.jobs}' is no number of jobs", "it goes from 1 to 64", "Try --jobs 2")
    course = enrolment.read(options.course) if options.course else enrolment.course(options.folder)
    wanted = [word for word in options.tasks.split(",") if word]
    kept = options.csv.absolute().with_name(f".{options.csv.name}.unfinished")
    graded = grading.grade(options.folder, course, wanted, grading.Run(int(options.jobs), kept, _tell))
    found = sheet.rows(graded)
    with replacing(options.csv, "the marks", InvalidValue) as file:
        file.write(sheet.as_csv(found).encode())
    if options.html:
        from netkit.classroom import marked

        marked.write(options.html, graded, found, course)
    kept.unlink(missing_ok=True)
    _sum_up(found, options.csv)
    _warn(graded.papers, course.name)
    return int(any(paper.trouble for paper in graded.papers))


def _tell(done: int, many: int) -> None:
    """Show how far it is, where somebody looks."""
    if sys.stderr.isatty():
        filled = _WIDTH * done // max(many, 1)
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {many}{chr(10) * (done == many)}")
        sys.stderr.flush()


def _warn(papers: list[Paper], name: str) -> None:
    """Say which learners handed in for another course: their own numbers are not those that they were graded by."""
    strange = [each.submission.course for each in papers if each.submission and each.submission.course != name]
    if strange:
        most = max(sorted(set(strange)), key=strange.count)
        told = f"{len(strange)} of {len(papers)} submissions are of another course, most of {most!r}"
        read = f"the course that was read is {name!r}" if name else "no course's file was found"
        sys.stderr.write(visible(f"netkit: {told}, and {read}. Own numbers come from its file: name it by --course\n"))


def _sum_up(found: list, path: Path) -> None:  # type: ignore[type-arg]
    learners = len({row.learner for row in found})
    right = sum(row.ok for row in found)
    who = "1 learner" if learners == 1 else f"{learners} learners"
    rows = "1 row" if len(found) == 1 else f"{len(found)} rows"
    sys.stdout.write(f"{who}, {rows}, {right} of them right: {path}\n")
