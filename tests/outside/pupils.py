"""A hundred learners who share their progress, as files that their notebooks would write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from netkit.lessons import catalogue
from netkit.lessons.diary import Event
from netkit.model import Interface, Namespace, Snapshot

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
WANT = "both ends of left's cable are up"


def network(number: int) -> str:
    """A learner's network: a few namespaces with a cable."""
    ends = [Interface("eth0", "veth", up=True, addresses=(f"10.0.{number}.{last}/24",)) for last in (1, 2)]
    rooms = {name: Namespace(name, {"eth0": end}) for name, end in zip(("left", "right"), ends, strict=True)}
    return Snapshot({"host": Namespace("host", {}), **rooms}).to_json()


def events(number: int) -> list[Event]:
    """Every third has been stuck at 03.1 for ten minutes and more; the others go on."""
    done = [Event(NOW - 3000 + place, "check", key, ok=True) for place, key in enumerate(list(catalogue.every())[:9])]
    if number % 3 == 0:
        stuck = [Event(NOW - 700 - number + 60 * place, "check", "03.1", ok=False, what=WANT) for place in range(3)]
        return [*done, Event(NOW - 720 - number, "hint", "03.1"), *stuck]
    return [*done, Event(NOW - 100, "check", "03.1", ok=True), Event(NOW - 90, "predict", "03.3", ok=number % 2 == 0)]


def share(folder: Path, many: int) -> None:
    """Write the files."""
    for number in range(many):
        told = {
            "netkit_progress": 1,
            "learner": f"learner{number:03}",
            "course": "demo",
            "time": NOW - number,
            "events": [list(event) for event in events(number)],
            "why": "✗ left does not reach 10.0.0.2\n  ✗ carrier: eth0 in right is down",
            "picture": network(number),
        }
        (folder / f"learner{number:03}+{number:032x}.json").write_text(json.dumps(told))
