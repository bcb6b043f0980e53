"""Tickets: each fault shows, its repair passes, what people in a hurry do does not; levels, hints and traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import Conflict, InvalidValue, NotFound
from netkit.lessons import diary
from netkit.tickets import breaking, catalogue
from tests.inside.tickets import end_servers_of_the_host, open_points, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.tickets.catalogue import Case

pytestmark = [pytest.mark.usefixtures("fresh", "own_progress"), pytest.mark.once]

SOME = {
    "a forwarding entry leads to the wrong port",
    "the published port leads to a wrong port, and the container does not know a way back",
}
MOST_STEPS = 4
FEW = {"the far end is switched off"}
BEYOND_WHY = {
    "the translation leads to an earlier container": "nothing tells which container was meant",
    "the bridge is kept apart from the outside as well": "what was asked for is let through, and the drop stays",
}
"""What nk.why does not mend as the ticket wants it, at any level."""


def cases(soon: set[str]) -> list[Any]:
    """All cases; those that are not named take minutes together."""
    marks = {case.name: () if case.name in soon else pytest.mark.long for case in catalogue.CASES}
    return [pytest.param(case, id=case.name, marks=marks[case.name]) for case in catalogue.CASES]


@pytest.fixture(autouse=True)
def taken_away(fresh: None) -> Iterator[None]:
    """What tickets leave, servers too, goes before the network is swept."""
    yield
    breaking.clear()


def insist(case: Case) -> None:
    """Skip what this kernel cannot have."""
    if lacking := case.needs & breaking.lacking():
        pytest.skip(f"this kernel has no {', '.join(lacking)}")


@pytest.mark.parametrize("case", cases(SOME))
def test_a_case_from_beginning_to_end(case: Case) -> None:
    insist(case)
    trial = tried(case)
    assert not open_points(trial.answers(trial.broken(healthy=True))), "the healthy twin is free of it"
    broken = trial.broken()
    assert trial.answers(broken)[0].ok is False, "the symptom shows"
    assert not open_points(trial.mended(broken)), "the repair passes"


@pytest.mark.parametrize("case", cases(FEW))
def test_what_somebody_may_do_instead_is_no_repair(case: Case) -> None:
    insist(case)
    trial = tried(case)
    assert len(trial.wrong()) >= 3
    for name, lines in trial.wrong().items():
        broken = trial.broken()
        nk.sh(trial.network.told(lines))
        found = trial.answers(broken)
        first = next((each for each in found if each.ok is False), None)
        assert first is not None, f"{name} passes"
        assert first.found, "it says what is there instead"


@pytest.mark.parametrize("case", cases(set()))
def test_what_why_advises_mends_every_case_but_those_that_are_named(case: Case) -> None:
    insist(case)
    trial = tried(case)
    broken = trial.broken()
    said = trial.advised()
    left = open_points(trial.answers(broken))
    end_servers_of_the_host()
    assert bool(left) == (case.name in BEYOND_WHY), (said, left)


def test_what_why_advises_mends_nearly_all() -> None:
    assert len(BEYOND_WHY) <= 0.05 * len(catalogue.CASES)


@pytest.mark.parametrize("seed", [11, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(100, 150))])
def test_hints_lead_to_a_network_that_is_mended(seed: int) -> None:
    ticket = nk.fault(seed=seed)
    for _ in range(MOST_STEPS):
        if ticket.check().ok:
            return
        line = [ticket.hint().text for _ in range(3)][-1]
        assert nk.sh(line).returncode == 0, line
    pytest.fail(repr(ticket.check()))


def test_the_same_seed_is_the_same_ticket() -> None:
    first, again, other = nk.fault("04", seed=3), nk.fault("04", seed=3, level=2), nk.fault("04", seed=4)
    assert first.ticket == again.ticket
    assert first.ticket != other.ticket


def test_a_ticket_from_its_text_to_its_solution() -> None:
    nk.Namespace("mine")
    ticket = nk.fault("03", seed=1)
    assert "mine" not in nk.snapshot().namespaces, "it takes the place of what was there"
    assert not ticket.check()
    assert [ticket.hint().level for _ in range(4)] == [1, 2, 3, 3]
    last = ticket.hint()
    assert repr(last).endswith("\n(This is the last hint for it.)")
    nk.sh(last.text)
    verdict = ticket.check()
    assert verdict.ok, verdict
    assert "mended, after 5 hints" in repr(verdict)
    assert ticket.hint().level == 0
    events = [(event.kind, event.ok) for event in diary.events() if event.id == "03/1/1"]
    assert events == [("ticket", None), ("ticket", False), *[("hint", None)] * 5, ("ticket", True)]


def test_a_ticket_leaves_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    nk.Namespace("mine")
    capsys.readouterr()
    ticket = nk.fault("06", seed=2)
    assert capsys.readouterr().out == ""
    assert len(nk.commands().splitlines()) == 2, "the head of the script"
    secret = ticket.solution()
    assert all(name not in repr(ticket) for name in secret.injected)


def test_two_faults_are_helped_with_one_after_the_other() -> None:
    pair = "no default route, and a rule at the router"
    seed = next(n for n in range(2000) if catalogue.case("10", n).name == pair)
    ticket = nk.fault("10", seed=seed)
    assert ticket.ticket.endswith("More than one thing is wrong.")
    partly = "Something that was broken is right again, and something still is not."
    assert partly not in repr(ticket.check())
    for left in (2, 1):
        line = [ticket.hint().text for _ in range(3)][2]
        nk.sh(line)
        assert (partly in repr(ticket.check())) == (left == 2)
    assert ticket.check().ok


def test_a_ticket_of_any_lesson_names_those_that_know_its_network() -> None:
    seed = next(n for n in range(500) if catalogue.case("", n).base == "pod")
    assert repr(nk.fault(seed=seed)).startswith(f"Ticket any/{seed} (lessons 07, 10), level 1\n")


@pytest.mark.parametrize(("level", "helpers"), [(2, ("why",)), (3, ("why", "xray", "snapshot", "draw"))])
def test_a_level_sets_helpers_aside_until_the_ticket_is_over(level: int, helpers: tuple[str, ...]) -> None:
    ticket = nk.fault("03", seed=1, level=level)
    calls = {"why": lambda: nk.why("host", "127.0.0.1")}
    for helper in helpers:
        with pytest.raises(Conflict, match=f"nk.{helper} is set aside; ticket 03/1 is to be solved without it"):
            calls.get(helper, getattr(nk, helper))()
    if level == 2:
        with nk.xray():  # it helps at this level
            nk.host.ping("127.0.0.1")
    nk.sh("\n".join(ticket.solution().repair))
    assert ticket.check().ok
    for helper in helpers:
        calls.get(helper, getattr(nk, helper))()


def test_reset_ends_a_ticket_too() -> None:
    nk.fault("03", seed=1, level=3)
    nk.reset()
    nk.snapshot()


def test_an_older_ticket_says_that_its_network_is_gone() -> None:
    older = nk.fault("03", seed=1)
    nk.fault("03", seed=2)
    with pytest.raises(Conflict, match=r"gone.*nk\.fault\(\"03\", seed=1, level=1\)"):
        older.check()


def test_a_network_that_was_swept_away_is_not_mended() -> None:
    ticket = nk.fault("03", seed=1)
    nk.reset()
    verdict = ticket.check()
    assert not verdict
    assert "there is no namespace" in verdict.wants[0].found


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"lesson": "77"}, NotFound),
        ({"lesson": 4}, InvalidValue),
        ({"seed": -1}, InvalidValue),
        ({"seed": "x"}, InvalidValue),
        ({"level": 4}, InvalidValue),
    ],
)
def test_wrong_calls_are_refused_before_anything_is_taken_away(wrong: dict[str, Any], error: type[Exception]) -> None:
    nk.Namespace("mine")
    with pytest.raises(error):
        nk.fault(**wrong)
    assert "mine" in nk.snapshot().namespaces


def test_the_hosts_own_file_comes_back(tmp_path: Any) -> None:
    before = nk.sh("cat /etc/hosts").stdout
    seed = next(n for n in range(500) if catalogue.case("08", n).base == "names")
    nk.fault("08", seed=seed)
    assert nk.sh("cat /etc/hosts").stdout != before
    nk.fault("03", seed=1)
    assert nk.sh("cat /etc/hosts").stdout == before
