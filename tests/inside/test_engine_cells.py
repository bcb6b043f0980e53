"""`%%engine`: a cell that needs the real Engine runs as any cell does, or is left out with a sentence."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from netkit import engine
from netkit.magics import engine as cells
from netkit.magics import load_ipython_extension

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def shell() -> InteractiveShell:
    made = InteractiveShell()
    load_ipython_extension(made)
    return made


def test_where_the_engine_runs_the_cell_runs(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cells, "_obstacle", lambda: "")
    assert shell.run_cell("%%engine\nx = 6\nx * 7").result == 42
    assert isinstance(shell.run_cell("%%engine\n1 / 0").error_in_exec, ZeroDivisionError)
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_where_it_does_not_a_sentence_says_why(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cells, "_obstacle", lambda: "✗ EngineUnavailable: it isn't there")
    done = shell.run_cell("%%engine\ny = 6\n!touch /run/was-run")
    assert done.success
    assert "y" not in shell.user_ns
    assert capsys.readouterr().out == "✗ EngineUnavailable: it isn't there\n"
    assert shell.run_cell("%%engine\ny = 6").success
    assert "y" not in shell.user_ns
    assert capsys.readouterr().out == "(This cell needs the Engine, too, and is left out.)\n", "why, once a notebook"


def test_the_reason_is_the_engines_own() -> None:
    why_not = engine.available()
    assert (why_not or "") in cells._obstacle()
    assert bool(why_not) == bool(cells._obstacle())
