"""A strict check and a strict answer raise what they would say, so that a grader's cell fails with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import NotSolved
from netkit.lab import last_why
from netkit.lessons import catalogue, diary
from netkit.lessons.task import Question

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(diary, "_own", "")


def test_a_strict_check_raises_what_a_check_says() -> None:
    said = repr(nk.check("00.1"))
    with pytest.raises(NotSolved) as raised:
        nk.check("00.1", strict=True)
    assert raised.value.problem == said
    assert "✗ there is a namespace red" in str(raised.value)
    nk.Namespace("red")
    assert nk.check("00.1", strict=True).ok


def test_a_strict_answer_raises_why_it_is_wrong() -> None:
    options = catalogue.find("00.2", Question).options
    wrong, right = (next(letter for letter in options if options[letter].right is ok) for ok in (False, True))
    with pytest.raises(NotSolved, match=f"✗ {wrong} "):
        nk.answer("00.2", wrong, strict=True)
    assert nk.answer("00.2", right, strict=True).ok


def test_what_was_missing_and_what_why_said_is_remembered() -> None:
    nk.check("00.1")
    assert diary.events()[-1].what == "there is a namespace red"
    nk.Namespace("red")
    nk.why("red", "10.0.0.1")
    assert "red does not reach 10.0.0.1" in last_why.told()
