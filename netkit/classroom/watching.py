"""What learners agreed to show: progress files, read strictly; who is stuck (after 300 seconds), seen when."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from netkit.classroom import owning
from netkit.errors import NotFound
from netkit.lessons import catalogue, overview
from netkit.lessons.diary import Event
from netkit.lessons.enrolment import of_file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from netkit.lessons.overview import Progress

_KEY, _FORMAT = "netkit_progress", 1
_MOST_BYTES, _LONGEST, _MOST_EVENTS = 2_000_000, 300, 2000
STUCK_AFTER = 300.0
"""Seconds since the first check of a task that failed, and none that passed, until somebody counts as stuck."""


class Stuck(NamedTuple):
    """Where somebody does not get on.

    Attributes:
        task: its id.
        want: the first thing that was missing at the last check.
        seconds: since the first check of it that failed.
    """

    task: str
    want: str
    seconds: float


@dataclass(frozen=True)
class Learner:
    """What one learner shows.

    Attributes:
        name: the learner's.
        seen: when something was last done, in seconds since the epoch.
        events: what was done.
        why: what nk.why said last.
        picture: the network that was checked last, as JSON of a snapshot; "" for none.
    """

    name: str
    seen: float
    events: tuple[Event, ...]
    why: str = ""
    picture: str = ""

    @property
    def page(self) -> str:
        """What the learner's page is called: as long as the name is the same, whoever else comes or goes."""
        return f"learner-{hashlib.sha256(self.name.encode(errors='surrogateescape')).hexdigest()[:16]}"

    @property
    def progress(self) -> Progress:
        """Lesson by lesson."""
        return overview.of(self.events)

    def stuck(self, now: float) -> Stuck | None:
        """Where this learner does not get on; None where the last check passed, or failed a moment ago.

        Args:
            now: seconds since the epoch.
        """
        checks = [event for event in self.events if event.kind == "check"]
        if not checks or checks[-1].ok:
            return None
        task = checks[-1].id
        since = next((event.time for event in self._failing(checks, task)), checks[-1].time)
        seconds = now - since
        return Stuck(task, checks[-1].what, seconds) if seconds >= STUCK_AFTER else None

    @staticmethod
    def _failing(checks: list[Event], task: str) -> list[Event]:
        """The checks of a task since the last one that passed."""
        own = [event for event in checks if event.id == task]
        right = [place for place, event in enumerate(own) if event.ok]
        return own[right[-1] + 1 :] if right else own


def learners(folder: Path) -> list[Learner]:
    """All who show their progress, by name; a file that is none, or another account's, is passed over.

    Where no account has a learner's name and several wrote under it, each is shown with its account's.

    Args:
        folder: the course's for that.

    Raises:
        NotFound: there is no such folder.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        rule = error.strerror or str(error)
        raise NotFound(f"'{folder}' cannot be read", rule, "Name the folder that learners share progress in") from None
    newest: dict[str, dict[int, Learner]] = {}
    for name in names:
        if name.startswith(".") or not name.endswith(".json"):
            continue
        owner, found = _learner(folder / name, of_file_name(name.removesuffix(".json")))
        if found is not None:
            own = newest.setdefault(found.name, {})
            own[owner] = max(own.get(owner, found), found, key=lambda one: one.seen)
    return [one for name in sorted(newest) for one in _shown(name, newest[name])]


def hardest(shown: Iterable[Learner], most: int = 10) -> list[tuple[str, str, int]]:
    """What fails most: (task, want, how many learners), the most first.

    Args:
        shown: the learners.
        most: how many of them.
    """
    failed = Counter(
        pair for one in shown for pair in {(e.id, e.what) for e in one.events if e.kind == "check" and e.ok is False}
    )
    ordered = sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    return [(task, want, count) for (task, want), count in ordered[:most]]


def _shown(name: str, found: dict[int, Learner]) -> list[Learner]:
    """What is shown under a name, of what accounts wrote under it."""
    owners = owning.rightful(name, set(found))
    several = len(owning.strangers(owners)) > 1
    return [
        replace(found[owner], name=f"{name} ({owning.called(owner)})" if several else name) for owner in sorted(owners)
    ]


def _learner(path: Path, name: str) -> tuple[int, Learner | None]:
    """Whose a file is, and what it shows; the name is that of the file, never what the file says."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as reader:
            about = os.fstat(reader.fileno())
            told = json.loads(reader.read(_MOST_BYTES + 1)) if stat.S_ISREG(about.st_mode) else None
    except (OSError, ValueError, RecursionError):
        return 0, None
    return about.st_uid, _told(told, name)


def _told(told: Any, name: str) -> Learner | None:
    """What a file says, None where that is no progress."""
    if not isinstance(told, dict) or told.get(_KEY) != _FORMAT or not isinstance(told.get("events"), list):
        return None
    events = [event for each in told["events"][:_MOST_EVENTS] if (event := _event(each)) is not None]
    texts = {key: told[key] if isinstance(told.get(key), str) else "" for key in ("why", "picture")}
    when = told.get("time")
    seen = float(when) if type(when) in (int, float) and abs(when) < 1e12 else 0.0
    return Learner(name, seen, tuple(sorted(events, key=lambda event: event.time)), **texts)


def _event(told: Any) -> Event | None:
    """An event, None for what is none."""
    if not isinstance(told, list) or len(told) != len(Event._fields):
        return None
    when, kind, key, ok, what = told
    right = type(when) in (int, float) and all(isinstance(text, str) and len(text) <= _LONGEST for text in told[1:3])
    if not right or not isinstance(what, str) or ok not in (True, False, None) or not abs(when) < 1e12:
        return None
    known = kind != "check" or key in catalogue.every()
    return Event(float(when), kind, key, ok, what[:_LONGEST]) if known else None
