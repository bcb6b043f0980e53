"""Completion in shells: netkit's commands, their options, and paths."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from netkit.arguments import SHELLS, carry_out
from netkit.subcommands import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("shtab", reason="this environment is older than its lock: make env")


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        carry_out(["--print-completion", request.param])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_every_command_is_in_every_script(script: str) -> None:
    assert not [name for name in COMMANDS if name not in script]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("netkit", "hand"), {"handout"}),
        (("netkit", "doctor", "--"), {"--help", "--json", "--worlds", "--apparmor"}),
        (("netkit", "handout", "c"), {"course"}),
        (("netkit", "notebooks", "--check", "a"), {"a.ipynb"}),
        (("netkit", "lab", "a"), {"a.ipynb"}),
    ],
)
def test_what_bash_offers(
    typed: tuple[str, ...], offered: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        carry_out(["--print-completion", "bash"])
    (tmp_path / "completion").write_text(capsys.readouterr().out)
    (tmp_path / "course").mkdir()
    (tmp_path / "a.ipynb").touch()
    ask = f'. ./completion; COMP_WORDS=("$@"); COMP_CWORD={len(typed) - 1}; _shtab_netkit; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask, "bash", *typed], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered
