"""Seeded wrong networks of every task: whoever does what the last hint says, again and again, gets to the goal."""

from __future__ import annotations

import random

import pytest

import netkit as nk
from netkit.lessons import desk
from tests.inside.test_foreign_worlds import TASKS, world

pytestmark = [pytest.mark.usefixtures("fresh", "emptied", "own_progress"), pytest.mark.once]

SOON, MANY, MOST_HINTS, MOST_WORLDS = (3,), 50, 15, 20


def wrong_world(seed: int) -> str:
    """Build a network that is near the one of a task, and wrong; the task's id."""
    which = list(TASKS)[seed % len(TASKS)]
    for turn in range(MOST_WORLDS):
        drawn = random.Random(f"{seed} {turn}")  # noqa: S311  (a game)
        world(TASKS[which], drawn.randrange(999), [(drawn.randrange(999),) * 3 for _ in range(drawn.randint(1, 2))])
        if not nk.check(which).ok:
            return which
    raise AssertionError(f"{MOST_WORLDS} networks near {which} are all right")


@pytest.mark.parametrize(
    "seed", [pytest.param(each, marks=() if each in SOON else pytest.mark.long) for each in range(MANY)]
)
def test_hints_lead_from_a_wrong_world_to_the_goal(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_asked", {})
    which = wrong_world(seed)
    typed = []
    for _ in range(MOST_HINTS):
        while (hint := nk.hint(which)).level in (1, 2):
            assert hint.text
        if hint.level == 0:
            return
        typed.append(hint.text)
        if hint.text == desk.ANEW:
            world(TASKS[which], 0, [])
        else:
            nk.sh(hint.text)
    pytest.fail("\n".join((repr(nk.check(which)), *typed)))
