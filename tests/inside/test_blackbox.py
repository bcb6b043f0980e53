"""nk.blackbox: a hidden network that answers commands, and is graded by comparison."""

from __future__ import annotations

import json

import pytest

import netkit as nk
from netkit.errors import InvalidValue, NotFound
from netkit.lessons import diary

pytestmark = pytest.mark.usefixtures("fresh", "own_progress")

SEEDS = [3, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 24))]


@pytest.mark.parametrize("seed", SEEDS)
def test_its_own_lines_build_it_and_one_thing_less_does_not(seed: int) -> None:
    box = nk.blackbox(seed=seed)
    assert list(nk.snapshot().namespaces) == ["host"], "it is hidden"
    assert not box.check().equal
    nk.sh(box.solution().code)
    found = box.check()
    assert found.equal, found
    link = next(space for space in nk.snapshot() if space.name != "host" and len(space.interfaces) > 1)
    name = next(each.name for each in link.interfaces.values() if each.kind != "loopback")
    nk.sh(f"ip -n {link.name} link set {name} down")
    assert box.check().differences


def test_what_it_says_is_what_commands_say() -> None:
    box = nk.blackbox(seed=3)
    for room in box.rooms:
        links = json.loads(box.says(room, "ip -j addr").stdout)
        assert all(link["ifname"] in box.says(room, "ip -br link").stdout for link in links)
    addresses = [box.says(room, "ip  -br addr").stdout for room in box.rooms]
    assert nk.blackbox(seed=3).rooms == box.rooms
    assert len(set(addresses)) == len(addresses)


def test_it_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    box = nk.blackbox(seed=5)
    assert capsys.readouterr().out == ""
    assert len(nk.commands().splitlines()) == 2
    assert "ip netns add" not in repr(box)


def test_it_stands_in_the_diary() -> None:
    box = nk.blackbox(seed=3)
    box.check()
    assert [(event.kind, event.id, event.ok) for event in diary.events()] == [
        ("ticket", "box/3", None),
        ("ticket", "box/3", False),
    ]


def test_what_it_does_not_answer_is_said() -> None:
    box = nk.blackbox(seed=3)
    with pytest.raises(NotFound, match="there is no room 'nowhere'; there are: host"):
        box.says("nowhere", "ip route")
    with pytest.raises(NotFound, match=r"Did you mean 'ip route'"):
        box.says("host", "ip routes")
    with pytest.raises(InvalidValue):
        nk.blackbox(seed="x")
