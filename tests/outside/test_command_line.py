"""`netkit` at the command line: help, version, doctor, lab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit import cli
from netkit.arguments import carry_out
from netkit.errors import NetkitError
from netkit.lessons.notebook import SHIPPED
from netkit.subcommands import COMMANDS, lab
from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from collections.abc import Callable

    Netkit = Callable[..., subprocess.CompletedProcess[str]]


def test_help_lists_every_command(netkit: Netkit) -> None:
    answer = netkit("--help")
    assert answer.returncode == 0
    listed = [line.split()[0] for line in answer.stdout.splitlines() if line.startswith("    ") and line.strip()]
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_examples(netkit: Netkit, name: str) -> None:
    answer = netkit(name, "--help")
    assert answer.returncode == 0
    assert f"netkit {name}" in answer.stdout.partition("examples:")[2]


def test_version(netkit: Netkit) -> None:
    from importlib.metadata import version

    assert netkit("--version").stdout == f"netkit {version('netkit-lab')}\n"


def test_an_unknown_option_is_told(netkit: Netkit) -> None:
    answer = netkit("doctor", "--no-such-option")
    assert answer.returncode == 2
    assert answer.stderr.startswith("usage: netkit")


def test_without_a_command_it_shows_the_help(netkit: Netkit) -> None:
    answer = netkit()
    assert answer.returncode == 2
    assert all(name in answer.stdout for name in COMMANDS)


@pytest.mark.parametrize(("typed", "meant"), [("rum", "run"), ("notebook", "notebooks"), ("dokter", "doctor")])
def test_an_unknown_command_leads_to_the_one_that_was_meant(netkit: Netkit, typed: str, meant: str) -> None:
    answer = netkit(typed)
    assert answer.returncode == 2
    assert f"there is no command '{typed}'" in answer.stderr
    assert f"Did you mean 'netkit {meant}'?" in answer.stderr


def test_lab_without_such_a_notebook(netkit: Netkit) -> None:
    answer = netkit("lab", "no-such-notebook.ipynb")
    assert answer.returncode == 2
    assert answer.stderr.startswith("netkit: There is no notebook 'no-such-notebook.ipynb'")


def test_shell_says_that_there_is_no_kernel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("netkit.sandbox.kernels.running", list)
    assert cli.main(["shell", "--list"]) == 0
    assert capsys.readouterr() == ("", "No kernel of netkit's runs now.\n")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The command that `netkit lab`, in an empty folder, would have become last."""
    became: list[str] = []
    monkeypatch.setattr("os.execve", lambda _program, command, _environment: became.__setitem__(slice(None), command))
    monkeypatch.chdir(tmp_path)
    return became


def test_lab_has_the_kernel_as_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    words = lab.command(["notebooks", "--no-browser"])
    assert words[:3] == [sys.executable, "-P", "-c"], "without what lies in the folder"
    assert "jupyterlab.labapp" in words[3]
    assert "--MultiKernelManager.default_kernel_name=netkit" in words
    assert words[-2:] == ["notebooks", "--no-browser"]


@pytest.mark.parametrize("words", [["--no-browser"], ["--no-browser", "notebooks"], ["notebooks", "--no-browser"]])
def test_lab_hands_options_on_wherever_they_stand(started: list[str], words: list[str]) -> None:
    Path("notebooks").mkdir()
    Path("notebooks", "mine.ipynb").touch()
    cli.main(["lab", *words])
    opened = "notebooks" if "notebooks" in words else "course/00-start-here.ipynb"
    assert started[-2:] == [opened, "--no-browser"]
    assert os.listdir("notebooks") == ["mine.ipynb"]


@pytest.mark.parametrize("words", [[], ["course"], ["deep/er/course"]])
def test_lab_puts_the_lessons_into_a_folder_of_the_learner_s_own(started: list[str], words: list[str]) -> None:
    folder = Path(words[0] if words else "course")
    cli.main(["lab", *words])
    first = folder / "00-start-here.ipynb"
    assert started[-1] == str(first)
    assert sorted(path.name for path in folder.glob("*.ipynb")) == sorted(path.name for path in SHIPPED.glob("*.ipynb"))
    first.write_text("mine")
    cli.main(["lab", *words])
    assert started[-1] == str(folder), "it opens what was open"
    assert first.read_text() == "mine"


@pytest.mark.parametrize(
    ("place", "said"), [("", "There is no notebook"), ("file/course", "cannot hold the notebooks")]
)
def test_lab_says_what_can_be_no_folder(started: list[str], place: str, said: str) -> None:
    Path("file").touch()
    with pytest.raises(NetkitError, match=said):
        carry_out(["lab", place])
    assert started == []


@pytest.mark.parametrize("path", ["/usr/bin:/bin", f"{Path(sys.executable).parent}:/bin"])
def test_a_terminal_in_lab_finds_netkit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str) -> None:
    given: dict[str, str] = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr("os.execve", lambda _program, _command, environment: given.update(environment))
    cli.main(["lab"])
    assert shutil.which("netkit", path=given["PATH"]) == NETKIT
    assert given["PATH"].endswith(path)


def test_options_of_nobody_are_refused(netkit: Netkit) -> None:
    answer = netkit("doctor", "--no-browser")
    assert answer.returncode == 2
    assert "unrecognized arguments: --no-browser" in answer.stderr


def test_the_address_that_lab_prints_opens_the_notebook() -> None:
    assert "--LabApp.default_url=/lab/tree/00%20a.ipynb" in lab.command(["some/00 a.ipynb", "--no-browser"])


def test_lab_opens_notebooks_and_folders_only(netkit: Netkit) -> None:
    answer = netkit("lab", __file__)
    assert answer.returncode == 2
    assert "notebooks end in .ipynb" in answer.stderr


def test_the_launcher_loads_little() -> None:
    """It forks before the kernel starts: no threads, and nothing that takes time to load."""
    code = "import sys, netkit.sandbox.launcher; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "zmq", "IPython", "pyroute2", "scapy", "matplotlib", "ipywidgets", "asyncio", "threading"}
    assert heavy.intersection(loaded) == set()
