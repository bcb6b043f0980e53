"""`netkit drill`: a ticket in a shell, whose commands check, hint and solution answer; its status tells the end."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once  # that a sandbox is made for another user, other tests see

SECONDS = 120


@pytest.fixture
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def drill(typed: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A drill in whose shell that is typed."""
    command = [NETKIT, "drill", *words]
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, timeout=SECONDS, check=False, env=dict(os.environ)
    )


@pytest.mark.usefixtures("own_progress")
def test_a_ticket_is_mended_by_its_hints() -> None:
    typed = """
    check && echo WRONG
    hint; hint
    eval "$(hint | sed -n 's/^  //p')"
    check && echo MENDED
    why host 127.0.0.1
    """
    done = drill(typed, "--lesson", "03", "--seed", "10")
    assert done.returncode == 0, done
    assert done.stdout.startswith("Ticket 03/10, level 1\n")
    assert "MENDED" in done.stdout
    assert "WRONG" not in done.stdout
    assert "✓ Ticket 03/10: mended, after 3 hints" in done.stdout
    assert "✓ host reaches 127.0.0.1" in done.stdout


@pytest.mark.usefixtures("own_progress")
def test_a_ticket_that_is_left_open_ends_with_1_and_a_level_has_no_why() -> None:
    done = drill("command -v why; ticket; solution; check x; exit 0", "--level", "2", "--seed", "10", "--lesson", "03")
    assert done.returncode == 1
    assert done.stdout.count("Ticket 03/10, level 2\n") == 2
    assert "/why" not in done.stdout
    assert "Find it with nothing but ip, bridge," in done.stdout
    assert "x-ray" not in done.stdout
    assert "This broke it:" in done.stdout
    assert "'check' takes nothing" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--level", "4"), "it goes from 1 to 3"),
        (("--level", "x"), "is no number"),
        (("--seed", "-1"), "is no number"),
        (("--lesson", "99"), "has no tickets"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(words: tuple[str, ...], told: str) -> None:
    done = drill("", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
