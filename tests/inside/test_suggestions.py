"""Slips of the keyboard are answered with what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import UnknownName

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("nk.dra", "Did you mean 'draw'?"),
        ("nk.namespace", "Did you mean 'Namespace'?"),
        ("nk.host.pnig", "Did you mean 'ping'?"),
        ("nk.host['lo'].adresses", "Did you mean 'addresses'?"),
        ("nk.host.lo", "Try host['lo']"),
        ("nk.host.xyzzy", "there are: add_route"),
    ],
)
def test_an_unknown_name_leads_to_the_one_that_was_meant(typed: str, remedy: str) -> None:
    with pytest.raises(UnknownName) as caught:
        eval(typed)  # noqa: S307  (the table above)
    assert remedy in str(caught.value)
    assert isinstance(caught.value, AttributeError)


def test_python_s_own_questions_are_answered_plainly() -> None:
    assert not hasattr(nk.host, "_repr_html_")
    assert not hasattr(nk.host["lo"], "_ipython_display_")
    assert not hasattr(nk, "__wrapped__")


def test_completion_offers_the_face_only() -> None:
    assert dir(nk) == nk.__all__


def test_completion_offers_what_is_there(fresh: None) -> None:
    state = nk.snapshot()
    assert state._ipython_key_completions_() == list(state.namespaces)
    assert state["host"]._ipython_key_completions_() == nk.host._ipython_key_completions_()


@pytest.mark.parametrize(
    ("chain", "verdict", "meant"),
    [("FORWRD", "DROP", "FORWARD"), ("FORWARD", "drop", "DROP"), ("FORWARD", "?", "ACCEPT")],
)
def test_the_nearest_word_is_offered(chain: str, verdict: str, meant: str) -> None:
    with pytest.raises(nk.NetkitError, match=f"Try '{meant}'"):
        nk.host.set_policy(chain, verdict)


def test_a_word_of_the_shell_is_run_by_a_shell() -> None:
    assert nk.sh("cd /tmp").returncode == 0


def test_a_pipe_is_shown_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    nk.sh("echo a | cat")
    assert capsys.readouterr().out == "$ echo a | cat\n"


def test_the_journal_can_be_saved(tmp_path: Path) -> None:
    nk.commands().save(tmp_path / "build.sh")
    assert (tmp_path / "build.sh").read_text() == nk.commands()
    with pytest.raises(nk.NetkitError, match="No such file or directory"):
        nk.commands().save(tmp_path / "absent" / "build.sh")
