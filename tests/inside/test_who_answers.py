"""Somebody else answers: every want that sends packets notices it, whoever the answer pretends to be from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.lessons.finding import Finds
from netkit.lessons.pages import Served
from netkit.lessons.rooms import called
from netkit.lessons.sizes import Carries
from netkit.lessons.traffic import Reaches
from tests.inside.test_foreign_worlds import TASKS
from tests.inside.test_lessons import built

if TYPE_CHECKING:
    from netkit.lessons.task import Task, Want

pytestmark = [pytest.mark.usefixtures("fresh", "emptied", "own_progress"), pytest.mark.once]

OWN_PORT = 7777
SOON = {"10.1"}


def cases() -> list[Any]:
    """Each want of each task that asks somebody in particular."""
    asking = (Reaches, Served, Carries, Finds)
    return [
        pytest.param(task, want, id=f"{task.id}-{want.text}", marks=() if task.id in SOON else pytest.mark.long)
        for task in TASKS.values()
        for want in task.wants
        if isinstance(want, asking) and (getattr(want, "at", "named") or getattr(want, "program", ""))
    ]


def divert(want: Want) -> None:
    """Whoever asks is led to himself, and gets an answer."""
    world = nk.snapshot()
    room = nk.Namespace.get(called(world, want.room)) if want.room != "host" else nk.host
    lines = ["ip link set lo up"]
    if isinstance(want, Served):
        lines.append(f"busybox httpd -p {OWN_PORT} -h /run")
        rule = f"-p tcp -d {want.address} --dport {want.port} -j REDIRECT --to-ports {OWN_PORT}"
    else:
        rule = "-p icmp -j REDIRECT"
    for line in (*lines, f"iptables -t nat -I OUTPUT {rule}"):
        done = room.run(line)
        assert done.returncode == 0, done


@pytest.mark.parametrize(("task", "want"), cases())
def test_who_answers_in_anothers_place_is_noticed(task: Task, want: Want) -> None:
    built(task.solution, built(task.given))
    divert(want)
    answer = next(each for each in nk.check(task.id).wants if each.text == want.text)
    assert answer.ok is not True, answer
