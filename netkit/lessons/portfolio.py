"""What a learner has built for each task: the script that makes it anew, kept in a folder of the learner's own.

A check keeps it.  A right one stays until the next right one takes its place; one that is not right yet gives way to
every later one.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.files import kept
from netkit.lessons import sharing
from netkit.linux.looks import residents
from netkit.model import Snapshot
from netkit.reviving import reviving

if TYPE_CHECKING:
    from pathlib import Path


class Work(NamedTuple):
    """One thing that was built.

    Attributes:
        id: of the task; of a ticket its lesson, seed and level: "06/17/1".
        ok: whether it was right.
        time: seconds since the epoch.
        script: shell lines that make it anew.
        missing: what the lines cannot make, a sentence each.
        state: the network, as JSON of a snapshot.
    """

    id: str
    ok: bool
    time: float
    script: str
    missing: tuple[str, ...]
    state: str

    @property
    def snapshot(self) -> Snapshot:
        """The network that was there."""
        return Snapshot.from_json(self.state)


def keep(id: str, state: Snapshot, *, ok: bool) -> None:  # noqa: A002  (what learners call it)
    """Keep what is there; a full disk or a read-only home must not keep a lesson from going on.

    Args:
        id: of the task or the ticket.
        state: the network that was checked.
        ok: whether it is right.
    """
    sharing.show(state)
    before = _read(_file(id))
    if before is not None and before.ok and not ok:
        return
    made = reviving(state, residents.programs())
    work = Work(id, ok, time.time(), str(made), made.missing, state.to_json())
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        beside = _file(id).with_suffix(f".{os.getpid()}")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8", errors="replace") as writer:
            json.dump(work._asdict(), writer)
        beside.replace(_file(id))
    except OSError:
        return


def works() -> list[Work]:
    """All that is kept, in the order of ids; a file that is torn is passed over."""
    found = (_read(path) for path in sorted(_folder().glob("*.json")))
    return [work for work in found if work is not None]


def _folder() -> Path:
    return kept("work")


def _file(id: str) -> Path:  # noqa: A002
    return _folder() / f"{id.replace('/', '+')}.json"


def _read(path: Path) -> Work | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Work(**{**told, "missing": tuple(told["missing"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
