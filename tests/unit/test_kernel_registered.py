"""`netkit kernel`: the kernel is registered for other environments' Jupyter programs, listed, and taken back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.arguments import carry_out
from netkit.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a user's kernels are registered."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [str(tmp_path / "everybody")])
    return tmp_path / "kernels" / "netkit"


def told(folder: Path) -> dict[str, object]:
    return json.loads((folder / "kernel.json").read_text(encoding="utf-8"))


def test_it_is_registered_with_this_python(place: Path) -> None:
    for _ in range(2):  # an earlier registration gives way
        assert carry_out(["kernel", "--install", "--user"]) == 0
        assert told(place)["argv"] == [sys.executable, "-m", "netkit.kernel", "-f", "{connection_file}"]
        assert told(place)["env"] == {"PYTHONSAFEPATH": "1"}
    assert [path.name for path in place.parent.iterdir()] == ["netkit"]


def test_for_everybody_is_another_place(place: Path, tmp_path: Path) -> None:
    assert carry_out(["kernel", "--install"]) == 0
    assert (tmp_path / "everybody" / "kernels" / "netkit" / "kernel.json").exists()
    assert not place.exists()


def test_it_is_listed_and_taken_back(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    carry_out(["kernel", "--install", "--user"])
    assert carry_out(["kernel", "--list"]) == 0
    assert f"{place}\t{sys.executable}\n" in capsys.readouterr().out
    assert carry_out(["kernel", "--remove", "--user"]) == 0
    assert not place.exists()
    with pytest.raises(NotFound, match="no kernel is registered"):
        carry_out(["kernel", "--remove", "--user"])


def test_one_whose_python_is_gone_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place.mkdir(parents=True)
    (place / "kernel.json").write_text('{"argv": ["/nowhere/python", "-m", "netkit.kernel"]}')
    carry_out(["kernel", "--list"])
    assert f"{place}\t/nowhere/python\tits Python is gone\n" in capsys.readouterr().out


@pytest.mark.parametrize("content", ['{"argv": ["python", "-m", "ipykernel"]}', "{", "[]"])
def test_somebody_else_s_kernel_stays(place: Path, content: str) -> None:
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(content)
    for word in ("--install", "--remove"):
        with pytest.raises(InvalidValue, match="is not netkit's"):
            carry_out(["kernel", word, "--user"])
    assert (place / "kernel.json").read_text() == content


def test_a_place_that_cannot_be_written_is_said(place: Path) -> None:
    place.parent.parent.joinpath("kernels").write_text("a file")
    with pytest.raises(InvalidValue, match="cannot be written"):
        carry_out(["kernel", "--install", "--user"])
