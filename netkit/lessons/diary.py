"""The diary of what a learner did, in files of his own on this machine only; a full disk does not stop a lesson.

Each kernel appends to a file of its own, so that two at once never write into each other's lines; whoever reads
merges them all.  A line that was torn, by a full disk or a machine that went off, is passed over.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import TYPE_CHECKING, NamedTuple

from netkit.files import kept
from netkit.lessons import sharing

if TYPE_CHECKING:
    from pathlib import Path

_own: str = ""


class Event(NamedTuple):
    """Something that a learner did.

    Attributes:
        time: seconds since the epoch.
        kind: "check", "hint", "solution", "answer", "predict", "ticket".
        id: of the task, the question or the prediction; of a ticket its lesson, seed and level: "06/17/1".
        ok: whether it was right; None where nothing could be, as when a ticket is begun.
        what: what was answered or foreseen, where something was.
    """

    time: float
    kind: str
    id: str
    ok: bool | None = None
    what: str = ""


def folder() -> Path:
    """Where the files are."""
    return kept("progress")


def note(kind: str, id: str, ok: bool | None = None, what: str = "") -> None:  # noqa: A002, FBT001  (the field's name)
    """Write something down; a full disk or a read-only home must not keep a lesson from going on.

    Args:
        kind: of event.
        id: of the task, the question or the prediction.
        ok: whether it was right.
        what: what was answered or foreseen.
    """
    global _own  # noqa: PLW0603  (one kernel, one file)
    _own = _own or f"{uuid.uuid4()}.jsonl"
    line = json.dumps(Event(time.time(), kind, id, ok, what)._asdict()) + "\n"
    try:
        folder().mkdir(parents=True, exist_ok=True)
        file = os.open(folder() / _own, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError:
        return
    sharing.publish(events)


def events() -> list[Event]:
    """All that was written down by any kernel, in the order of time."""
    found = []
    for file in folder().glob("*.jsonl"):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found += [event for line in text.splitlines() if (event := _event(line)) is not None]
    return sorted(found)


def _event(line: str) -> Event | None:
    """What a line says, None if it is torn or no event."""
    try:
        fields = json.loads(line)
        event = Event(
            float(fields["time"]), str(fields["kind"]), str(fields["id"]), fields["ok"], str(fields.get("what", ""))
        )
    except (ValueError, TypeError, KeyError):
        return None
    return event if event.ok in (True, False, None) else None
