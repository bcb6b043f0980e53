# ruff: noqa: N999  (named as the command is)
"""`netkit class`: how a class gets on, for its teacher."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "show a teacher how the class gets on"

DESCRIPTION = """\
Show how the learners of a course get on who agreed to share their progress (they are asked once, in words): a row for
each, lesson by lesson, who is stuck where and for how long, and what fails most. One click leads to the picture of
a learner's network and to what nk.why said last. The page is made anew from the files every five seconds.

It is on this machine's loopback, for whoever has the key in its address. Control-C ends it."""

EXAMPLES = """\
examples:
  netkit class /srv/progress
  netkit class /srv/progress --csv now.csv     writes the present state, and ends"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the course's folder for shared progress")
    parser.add_argument("--port", default="0", metavar="N", help="where the page is (default: a free port)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the present state as CSV, and end")


def main(options: argparse.Namespace) -> int:
    """Serve the page until Control-C."""
    from netkit.classroom import board, watching
    from netkit.classroom.serving import Server
    from netkit.errors import InvalidValue
    from netkit.files import replacing
    from netkit.lessons import enrolment

    shown = watching.learners(options.folder)
    if options.csv:
        with replacing(options.csv, "the class", InvalidValue) as file:
            file.write(board.class_csv(shown, time.time()).encode(errors="replace"))
        return 0
    if not (options.port.isascii() and options.port.isdecimal() and int(options.port) < 65536):
        raise InvalidValue(f"--port '{options.port}' is no port", "it goes from 1 to 65535", "Try --port 8765")
    try:
        server = Server(options.folder, enrolment.course(options.folder).name, int(options.port))
    except OSError as error:
        raise InvalidValue(f"port {options.port} cannot be used", str(error.strerror), "Try another --port") from None
    sys.stdout.write(f"The class: {server.address}\n")
    sys.stdout.flush()
    with server:
        server.serve_forever()
    return 0
