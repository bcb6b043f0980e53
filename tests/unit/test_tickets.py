"""The catalogue of tickets: each fault is a whole value, names of its network stand in it, and seeds draw anew."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.tickets import catalogue
from netkit.tickets.bases import BASES, TOPICS
from netkit.tickets.draw import Draw
from netkit.tickets.kinds_of_faults import KINDS

if TYPE_CHECKING:
    from netkit.tickets.fault import Fault

ROOT = Path(__file__).parents[2]
NAMES = {fault.name: fault for fault in catalogue.FAULTS}


def drawn(seed: int) -> Draw:
    return Draw(random.Random(seed))  # noqa: S311  (a game)


def test_there_are_enough_of_them() -> None:
    assert len(catalogue.FAULTS) >= 40
    assert len({fault.kind for fault in catalogue.FAULTS}) >= 15
    assert len({fault.base for fault in catalogue.FAULTS}) >= 8
    assert sum(len(case.faults) > 1 for case in catalogue.CASES) >= 5
    assert len(NAMES) == len(catalogue.FAULTS)


def test_every_kind_has_faults() -> None:
    assert {fault.kind for fault in catalogue.FAULTS} == set(KINDS)


@pytest.mark.parametrize("lesson", catalogue.LESSONS)
def test_every_lesson_draws_many_tickets(lesson: str) -> None:
    assert len({catalogue.case(lesson, seed).name for seed in range(40)}) > 2


def test_the_notebooks_tickets_are_of_their_own_lessons_and_about_different_faults() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("notebooks/*.ipynb")))
    drawn = re.findall(r'ticket = nk\.fault\(\\"(\d\d)\\", seed=(\d+)', text)
    assert len({lesson for lesson, _ in drawn}) == len(drawn) >= 13
    cases = [catalogue.case(lesson, int(seed)) for lesson, seed in drawn]
    assert len({fault.name for case in cases for fault in case.faults}) == sum(len(case.faults) for case in cases)


def test_a_ticket_is_about_what_its_lesson_speaks_of() -> None:
    for lesson, kinds in TOPICS.items():
        cases = [catalogue.case(lesson, seed) for seed in range(30)]
        assert {fault.kind for case in cases for fault in case.faults} <= kinds
    assert all(case.lessons for case in catalogue.CASES)


@pytest.mark.parametrize("fault", catalogue.FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fits_its_network(fault: Fault) -> None:
    network = catalogue.Case((fault,)).network("7")
    assert fault.flow in network.flows
    lines = (fault.says, fault.inject, fault.repair, *fault.wrong.values(), *fault.equal)
    told = [network.told(line) for line in lines]
    for pattern in told[-len(fault.equal) :] if fault.equal else ():
        re.compile(pattern)
    assert told[1] != told[2]
    assert len({**network.wrong, **fault.wrong}) >= 3


def test_what_a_user_says_does_not_give_it_away() -> None:
    for fault in catalogue.FAULTS:
        said = catalogue.Case((fault,)).network("7").told(fault.says)
        assert not re.search(r"\b(ip|iptables|sysctl|bridge -|down|MTU|route|MASQUERADE|DNAT)\b", said), said


@pytest.mark.parametrize("seed", range(5))
def test_a_ticket_about_a_tunnel_says_what_its_ends_have_agreed(seed: int) -> None:
    network = BASES["overlay"].build(drawn(seed))
    assert f"the number (VNI) {network.names['vni']} and the UDP port 4789 are agreed" in network.scene
    assert sum(f" id {network.names['vni']} " in line and line.endswith("dstport 4789") for line in network.lines) == 2


@pytest.mark.parametrize("base", BASES)
def test_a_seed_draws_the_same_and_another_one_other_names_and_addresses(base: str) -> None:
    first, again, other = (BASES[base].build(drawn(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.names != other.names
    assert first.lines != other.lines


@pytest.mark.parametrize("base", BASES)
def test_interfaces_and_addresses_are_right_for_many_seeds(base: str) -> None:
    for seed in range(50):
        network = BASES[base].build(drawn(seed))
        rooms = {server.room for server in network.servers}
        assert rooms <= set(network.names.values())
        made = [line.split()[3] for line in network.lines if line.startswith("ip netns add ")]
        assert len(made) == len(set(made)) >= 2
        names = re.findall(r"(?:dev|name) ([\w-]+)", "\n".join(network.lines))
        assert all(len(name) <= 15 for name in names)


def test_one_case_more_leaves_most_tickets_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = range(200)
    before = [catalogue.case("", seed).name for seed in seeds]
    monkeypatch.setattr(catalogue, "CASES", catalogue.CASES[1:])
    after = [catalogue.case("", seed).name for seed in seeds]
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 10


def test_each_lesson_hands_out_another_fault() -> None:
    given = re.compile(r'nk\.fault\(\\"(\d\d)\\", seed=(\d+)')
    lessons = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
    cases = [catalogue.case(lesson, int(seed)).name for text in lessons for lesson, seed in given.findall(text)]
    assert len(cases) == len(set(cases)) == len(lessons)
