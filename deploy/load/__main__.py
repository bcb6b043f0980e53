"""Puts a JupyterHub under the load of a workshop: many learners at once, each of whom runs a notebook."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from deploy.load import lesson, memory, report
from deploy.load.learner import Learner, Meeting, Workshop
from netkit.errors import InvalidValue, NetkitError

ROOT = Path(__file__).parents[2]
PASSWORD = "NETKIT_HUB_PASSWORD"  # noqa: S105 - the name of a variable
SECONDS_BETWEEN_LINES = 2.0
WE = "the load script"

DESCRIPTION = f"""\
Log in many learners at once at a running JupyterHub. Each starts a server and a kernel, runs every cell of a
notebook, and has its outputs compared with those in the file. While all run, each makes a network namespace and
must see nobody else's. Then each stops the server and logs out. A table of times and memory closes the run; the
status is 1 if anything went wrong. Every learner has the same password: it is asked for, or read from the variable
{PASSWORD}."""

EXAMPLE = """\
example:
  .venv/bin/python -m deploy.load http://127.0.0.1:8000 --learners 3"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="python -m deploy.load",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("hub", help="address of the hub, such as https://hub.example.org")
    made.add_argument("--learners", type=int, default=30, metavar="N", help="how many come at once (default: 30)")
    made.add_argument(
        "--name", default="learner-{:02}", metavar="FORM", help="their names at the hub (default: learner-{:02})"
    )
    made.add_argument(
        "--notebook",
        type=Path,
        default=ROOT / "notebooks" / "04-build-docker-bridge.ipynb",
        help="what they run (default: notebook 04)",
    )
    made.add_argument(
        "--loosely",
        action="store_true",
        help="compare errors and pings only; in User-Mode Linux the packet trace of some cells differs",
    )
    made.add_argument("--kernel", default="netkit", help="the kernelspec's name (default: netkit)")
    made.add_argument(
        "--patience", type=float, default=300, metavar="SECONDS", help="for a server, a kernel, a cell (default: 300)"
    )
    return made


def names(form: str, number: int) -> list[str]:
    """The learners' names.

    Args:
        form: with a place for a number, as str.format knows it.
        number: how many.

    Raises:
        InvalidValue: the number is none, or the form gives the same name twice.
    """
    if number < 1:
        raise InvalidValue(f"--learners is {number}", "at least one comes", "Give a number from 1 on")
    try:
        made = [form.format(count) for count in range(1, number + 1)]
    except (IndexError, KeyError, ValueError) as error:
        problem = f"--name is '{form}' ({error})"
        raise InvalidValue(problem, "it has one place for a number", "Try 'learner-{:02}'") from None
    if len(set(made)) < number:
        raise InvalidValue(f"--name is '{form}'", "each learner needs another name", "Try 'learner-{:02}'")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run it; 0 if all went well."""
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except NetkitError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    who = names(options.name, options.learners)
    if urlsplit(options.hub).scheme not in ("http", "https"):
        raise InvalidValue(f"the hub's address is '{options.hub}'", "it begins with http:// or https://")
    workshop = Workshop(
        options.hub,
        os.environ.get(PASSWORD) or getpass.getpass(f"Password of {who[0]} and the others: "),
        options.kernel,
        lesson.read(options.notebook, ROOT / "tests" / "notebooks.cfg", loosely=options.loosely),
        options.patience,
        finished=Meeting(len(who)),
        counted=Meeting(len(who) + 1),
    )
    start = time.monotonic()
    learners = [Learner(name, workshop) for name in who]
    sizes = _hold(workshop, learners)
    print(report.table(learners, time.monotonic() - start, sizes))
    return 1 if any(learner.complaints for learner in learners) else 0


def _hold(workshop: Workshop, learners: list[Learner]) -> dict[str, int]:
    """Let all learners go through the workshop at once; the bytes that each takes when all have run the notebook."""
    threads = [threading.Thread(target=learner.live, name=learner.name, daemon=True) for learner in learners]
    progress = report.Progress(learners)
    for thread in threads:
        thread.start()
    while not workshop.finished.wait(SECONDS_BETWEEN_LINES):
        progress.tell()
    sizes = memory.of_learners([learner.name for learner in learners])
    workshop.counted.arrive(WE)
    while alive := [thread for thread in threads if thread.is_alive()]:
        progress.tell()
        alive[0].join(SECONDS_BETWEEN_LINES)
    return sizes


if __name__ == "__main__":
    sys.exit(main())
