"""What one learner hands in, netkit-submission.json: its version and limits (1 MB), read strictly from strangers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from netkit.errors import InvalidValue
from netkit.lessons.diary import Event
from netkit.spelling import shown

FORMAT = 1
"""The version of the format; a file of another one is not graded."""

MOST_BYTES = 1_000_000
_MOST_WORKS, _MOST_EVENTS, _LONGEST = 200, 20_000, 200
_KEY = "netkit_submission"


class Handed(NamedTuple):
    """The script of one task or ticket.

    Attributes:
        script: shell lines that make anew what the learner built.
        verified: whether it made the same network when it was handed in; None where that could not be tried.
    """

    script: str
    verified: bool | None = None


@dataclass(frozen=True)
class Submission:
    """What is handed in.

    Attributes:
        learner: the name as the learner's side had it; grading goes by the folder, never by this.
        course: the course's name.
        made: seconds since the epoch.
        tasks: scripts by the tasks' ids.
        tickets: scripts by lesson, seed and level: "06/17/1".
        events: what the learner did, in the order of time.
        journal: the commands of the network that was there, `nk.commands()`.
        exam: what was agreed for an exam, in words; "" outside of one.
    """

    learner: str
    course: str
    made: float
    tasks: dict[str, Handed] = field(default_factory=dict)
    tickets: dict[str, Handed] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    journal: str = ""
    exam: str = ""

    def to_json(self) -> str:
        """The text of the file."""
        told = {
            _KEY: FORMAT,
            **{name: getattr(self, name) for name in ("learner", "course", "made", "journal", "exam")},
            **{
                name: {key: each._asdict() for key, each in getattr(self, name).items()}
                for name in ("tasks", "tickets")
            },
            "events": [list(event) for event in self.events],
        }
        return json.dumps(told, ensure_ascii=True, indent=1) + "\n"


def read(data: bytes) -> Submission:
    """The submission that a file holds.

    Args:
        data: the file's bytes.

    Raises:
        InvalidValue: it is too large, no JSON, of another version, or says something that no submission says.
    """
    _insist(len(data) <= MOST_BYTES, f"the file has {len(data)} bytes", f"a submission has at most {MOST_BYTES}")
    try:
        told = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _unreadable("the file is no JSON", "a submission is what nk.submit() writes") from None
    _insist(isinstance(told, dict) and _KEY in told, "the file is no submission", "it is what nk.submit() writes")
    version = told[_KEY]
    _insist(
        version == FORMAT and type(version) is int, f"its version is {shown(version)}", f"this netkit reads {FORMAT}"
    )
    texts = {name: _text(told, name, most=MOST_BYTES) for name in ("learner", "course", "journal", "exam")}
    made = told.get("made")
    _insist(type(made) in (int, float) and abs(made) < 1e12, "'made' is no time", "it is in seconds")
    works = {name: _works(told.get(name), name) for name in ("tasks", "tickets")}
    return Submission(**texts, **works, made=float(made), events=_events(told.get("events")))


def _works(told: Any, name: str) -> dict[str, Handed]:
    _insist(isinstance(told, dict) and len(told) <= _MOST_WORKS, f"'{name}' are no scripts", "each has an id")
    found = {}
    for key, work in told.items():
        right = isinstance(work, dict) and isinstance(work.get("script"), str) and len(key) <= _LONGEST
        _insist(right and work.get("verified") in (True, False, None), f"{shown(key)} has no script", "each has one")
        found[key] = Handed(work["script"], work.get("verified"))
    return found


def _events(told: Any) -> tuple[Event, ...]:
    _insist(isinstance(told, list) and len(told) <= _MOST_EVENTS, "'events' is no list", "it is one")
    return tuple(sorted((_event(each) for each in told), key=lambda event: event.time))


def _event(told: Any) -> Event:
    _insist(
        isinstance(told, list) and len(told) == len(Event._fields), f"{shown(told)} is no event", "it has five parts"
    )
    time, kind, key, ok, what = told
    _insist(type(time) in (int, float) and abs(time) < 1e12, f"{shown(time)} is no time", "it is in seconds")
    _insist(
        all(isinstance(text, str) and len(text) <= MOST_BYTES for text in (kind, key, what)), "an event", "has texts"
    )
    _insist(ok in (True, False, None), f"{shown(ok)} is no verdict", "it is true, false or null")
    return Event(float(time), kind, key, ok, what)


def _text(told: dict[str, Any], name: str, most: int) -> str:
    value = told.get(name, "")
    _insist(isinstance(value, str) and len(value) <= most, f"'{name}' is no text", "it is one")
    return value


def _insist(holds: Any, problem: str, rule: str) -> None:
    if not holds:
        raise _unreadable(problem, rule)


def _unreadable(problem: str, rule: str) -> InvalidValue:
    return InvalidValue(problem, rule, "Ask for it anew: nk.submit()")
