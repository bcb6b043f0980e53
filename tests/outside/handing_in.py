"""Inside a sandbox: build what a task asks for, by one of its right solutions, check it, and hand it in."""

from __future__ import annotations

import sys
from typing import Any

import netkit as nk
from netkit.lessons import catalogue
from netkit.lessons.task import Task


def main(key: str, way: str) -> int:
    """Hand in; 0 if the check was right."""
    nk.echo(on=False)
    task = catalogue.find(key, Task)
    names: dict[str, Any] = {"nk": nk}
    exec(task.given, names)  # noqa: S102  (a lesson's own lines)
    nk.echo(on=False)
    exec((task.solution, *task.others)[int(way)], names)  # noqa: S102
    nk.echo(on=False)
    right = nk.check(key).ok or nk.check(key).ok  # a program that was started a moment ago may be about to begin
    nk.submit()
    return int(not right)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
