"""What lessons ask and answer, as values."""

from __future__ import annotations

import re

import pytest

import netkit as nk
from netkit.errors import InvalidAddress, InvalidValue, NotFound, Unexpected
from netkit.lessons import catalogue, diary
from netkit.lessons.replies import Answer, Check
from netkit.lessons.sizes import Carries
from netkit.lessons.task import Question, Task
from netkit.model import Interface, Namespace, Snapshot

ITEMS = catalogue.every()
QUESTIONS = [item for item in ITEMS.values() if isinstance(item, Question)]


@pytest.fixture(autouse=True)
def own_progress(tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests do is no learner's progress."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.mark.parametrize("lesson", catalogue.LESSONS)
def test_ids_begin_with_the_lesson_and_are_counted(lesson: str) -> None:
    items = catalogue.items(lesson)
    assert list(items) == [f"{lesson}.{number}" for number in range(1, len(items) + 1)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_a_question_has_one_right_option_and_explains_each(question: Question) -> None:
    assert sum(option.right for option in question.options.values()) == 1
    assert all(option.because for option in question.options.values())
    assert list(question.options) == list("abcdef")[: len(question.options)]
    shown = repr(nk.answer(question.id))
    assert all(option.text in shown and option.because not in shown for option in question.options.values())
    for letter, option in question.options.items():
        answered = nk.answer(question.id, letter)
        assert answered.ok is option.right
        assert option.because in repr(answered)
        assert all(other.because in repr(answered) for other in question.options.values()) is option.right


def test_the_letter_may_be_typed_large() -> None:
    assert nk.answer("04.2", " A ").ok


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nk.check("4.1"), NotFound, "04.1"),
        (lambda: nk.check("0.1"), NotFound, "Did you mean '00.1'?"),
        (lambda: nk.check("40"), NotFound, "it begins with a lesson's number: 00, 01"),
        (lambda: nk.check("04.9"), NotFound, "04.3"),
        (lambda: nk.check(4.1), InvalidValue, "4.1"),
        (lambda: nk.check("04.2"), InvalidValue, 'nk.answer("04.2")'),
        (lambda: nk.hint("04.2"), InvalidValue, 'nk.answer("04.2")'),
        (lambda: nk.answer("04.1", "a"), InvalidValue, 'nk.check("04.1")'),
        (lambda: nk.answer("04.2", "z"), InvalidValue, "a, b, c"),
        (lambda: nk.answer("04.2", 1), InvalidValue, "a, b, c"),
    ],
)
def test_wrong_calls_are_told_what_is_there(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as raised:
        call()  # type: ignore[operator]
    assert words in str(raised.value)


def test_a_check_in_html_is_escaped_and_says_what_is_there() -> None:
    check = Check(
        "04.1", "A <b>", (Answer("one", ok=True), Answer("two", ok=False, found="<x>"), Answer("three", None))
    )
    shown = check._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "&lt;x&gt;" in shown
    assert "<x>" not in shown
    assert not check.ok
    assert check.first == 1
    assert "1 of 3" in repr(check)


def test_progress_is_merged_from_all_kernels_and_torn_lines_are_passed_over() -> None:
    diary.note("check", "04.1", ok=True)
    diary.note("hint", "04.1")
    other = diary.folder() / "another.jsonl"
    other.write_text('{"time": 5.0, "kind": "answer", "id": "04.2", "ok": false}\nnonsense\n[1]\n{"time": 6.0, "ki')
    events = diary.events()
    assert [(event.kind, event.id, event.ok) for event in events] == [
        ("answer", "04.2", False),
        ("check", "04.1", True),
        ("hint", "04.1", None),
    ]


def test_progress_tells_what_is_done_and_what_comes_next() -> None:
    assert nk.progress().foreseen == (0, 0)
    diary.note("check", "04.1", ok=False)
    diary.note("check", "04.1", ok=True)
    diary.note("check", "04.1", ok=False)
    diary.note("answer", "04.2", ok=False)
    diary.note("predict", "04.4", ok=False)
    diary.note("predict", "04.4", ok=True)
    diary.note("predict", "04.5", ok=True)
    found = nk.progress()
    row = next(row for row in found.rows if row.lesson.startswith("04"))
    assert row.built == (True,), "solved once is solved"
    assert row.answered == (False, False)
    assert row.next == 'nk.answer("04.2")'
    assert found.foreseen == (1, 2), "the first try counts"
    assert "Of 2 predictions 1 were right" in repr(found)
    assert 'scope="col"' in found._repr_html_()


def test_progress_counts_tickets_by_lesson_and_their_hints() -> None:
    for key in ("04/17/1", "04/18/1", "any/3/2"):
        diary.note("ticket", key)
    for key, ok in (("04/17/1", False), ("04/17/1", True), ("04/18/1", False), ("04/17/1", False)):
        diary.note("ticket", key, ok=ok)
    diary.note("hint", "04/18/1")
    diary.note("hint", "04.1")
    found = nk.progress()
    assert next(row for row in found.rows if row.lesson.startswith("04")).mended == (1, 2)
    assert (found.mended, found.hints) == ((1, 3), 1)
    assert "1 of 2" in repr(found)
    assert "Of 3 tickets 1 were mended; hints: 1." in repr(found)


def test_progress_that_cannot_be_kept_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nowhere")
    diary.note("check", "04.1", ok=True)
    assert diary.events() == []


def test_every_task_says_what_it_wants() -> None:
    for item in ITEMS.values():
        if isinstance(item, Task):
            assert item.text.endswith(".")
            assert all(want.text for want in item.wants)


def test_a_failure_on_purpose_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with nk.expected(nk.InvalidValue):
        nk.mac_of("300.1.1.1")
    assert capsys.readouterr().out.startswith("✗ InvalidAddress: '300.1.1.1'"), "a kind holds the kinds below it"
    with pytest.raises(Unexpected, match="AlreadyExists did not come"), nk.expected(nk.AlreadyExists):
        nk.mac_of("10.0.0.1")
    with pytest.raises(InvalidAddress), nk.expected(nk.NotFound):
        nk.mac_of("300.1.1.1")
    with pytest.raises(InvalidValue, match="is no kind of error"), nk.expected(ValueError):  # type: ignore[arg-type]
        nk.mac_of("10.0.0.1")


def test_a_size_is_asked_of_the_way_alone() -> None:
    def cable(name: str, *end: str, master: str | None = None) -> Interface:
        return Interface(name, "veth", mtu=1400, peer=(end[0], end[1]), master=master)

    spare, bridge = (Interface(name, "bridge", mtu=1400) for name in ("spare", "br"))
    tunnel = Interface("tun", "vxlan", mtu=1400, master="br")
    rooms = {
        "near": (cable("eth0", "middle", "port"), spare),
        "middle": (cable("port", "near", "eth0", master="br"), cable("away", "else", "eth0"), bridge, tunnel),
        "else": (cable("eth0", "middle", "away"),),
    }
    world = Snapshot({room: Namespace(room, {link.name: link for link in links}) for room, links in rooms.items()})
    told = Carries("near", "10.0.0.2", 1500, ("near", "middle")).hints(world)[2]
    assert re.findall(r"dev (\S+)", told) == ["eth0", "port", "br", "tun"]
