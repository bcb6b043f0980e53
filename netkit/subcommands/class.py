# ruff: noqa: N999  (named as the command is)
"""`netkit class`: how a class gets on, for its teacher: a page, at a JupyterHub too (--hub), or CSV (--csv)."""

from __future__ import annotations

import asyncio
import os
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

It is on this machine's loopback, for whoever has the key in its address. Control-C ends it. At a JupyterHub it is a
service with --hub, for whom the hub lets in: deploy/littlest-jupyterhub/teacher.py sets it up."""

EXAMPLES = """\
examples:
  netkit class /srv/progress
  netkit class /srv/progress --csv now.csv     writes the present state, and ends"""


def add(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the course's folder for shared progress")
    parser.add_argument("--port", default="0", metavar="N", help="where the page is (default: a free port)")
    parser.add_argument("--hub", action="store_true", help="be a service that JupyterHub starts")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the present state as CSV, and end")


def main(options: argparse.Namespace) -> int:
    """Serve the page until Control-C, or until the hub ends it."""
    from netkit.classroom import board, watching
    from netkit.errors import InvalidValue
    from netkit.files import replacing
    from netkit.lessons import enrolment

    shown = watching.learners(options.folder)
    if options.csv:
        with replacing(options.csv, "the class", InvalidValue) as file:
            file.write(board.class_csv(shown, time.time()).encode(errors="replace"))
        return 0
    course = enrolment.course(options.folder).name
    return _at_hub(options.folder, course) if options.hub else _here(options.folder, course, options.port)


def _here(folder: Path, course: str, port: str) -> int:
    from netkit.classroom.serving import Server
    from netkit.errors import InvalidValue

    if not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise InvalidValue(f"--port '{port}' is no port", "it goes from 1 to 65535", "Try --port 8765")
    try:
        server = Server(folder, course, int(port))
    except OSError as error:
        raise InvalidValue(f"port {port} cannot be used", str(error.strerror), "Try another --port") from None
    sys.stdout.write(f"The class: {server.address}\n")
    sys.stdout.flush()
    with server:
        server.serve_forever()
    return 0


def _at_hub(folder: Path, course: str) -> int:
    from netkit.errors import InvalidValue

    try:
        from netkit.classroom import hub
    except ModuleNotFoundError as error:
        rule, remedy = "a service speaks with its hub by the package jupyterhub", "Use the Python of learners' servers"
        raise InvalidValue(f"this Python has no package {error.name}", rule, remedy) from None
    if missing := [name for name in (hub.ADDRESS, hub.PREFIX) if not os.environ.get(name)]:
        rule = f"it sets {' and '.join(missing)}"
        raise InvalidValue("no JupyterHub has started this", rule, "Leave --hub out, or let a hub start it")
    try:
        asyncio.run(hub.serve(folder, course))
    except OSError as error:
        rule = error.strerror or str(error)
        raise InvalidValue(f"{os.environ[hub.ADDRESS]} cannot be used", rule, "Give the service another url") from None
    return 0
