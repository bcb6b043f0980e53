"""Odd surroundings: netkit goes on, or says in a sentence what is too little, and what to do."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.job import is_jupyters_own
from tests.outside import sessions
from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Netkit = Callable[..., subprocess.CompletedProcess[str]]

SAID = "inside"
ALL_AT_ONCE = (
    "trap '' CHLD PIPE INT HUP TERM; mkdir gone; cd gone; rmdir ../gone; exec 0<&-; "
    "ulimit -n 20; JPY_PARENT_PID=abc JUPYTER_RUNTIME_DIR=/usr PATH= {run} 2>&-"
)
GOES_ON = (
    "trap '' CHLD PIPE INT HUP TERM; exec {run}",
    "mkdir gone; cd gone; rmdir ../gone; {run}",
    "exec 0<&-; {run}",
    "{run} 2>&-",
    "JPY_PARENT_PID=abc {run}",
    "ulimit -n 20; {run}",
    "PATH= {run}",
    "JUPYTER_RUNTIME_DIR=/usr {run}",
)
FEW = (
    ("ulimit -n 7; {run}", "a process may have 7 files open here (ulimit -n), which is too few"),
    ("ulimit -f 0; {run}", "files may have 0 bytes here (ulimit -f), those in memory counted, which is too few"),
)


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell's line, in which {run} is a command that says something from inside a sandbox."""
    words = line.format(run=f"{NETKIT} run -- echo {SAID}")
    return subprocess.run(["bash", "-c", words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("line", [ALL_AT_ONCE, *(pytest.param(line, marks=pytest.mark.long) for line in GOES_ON)])
def test_it_goes_on(line: str, tmp_path: Path) -> None:
    answer = shell(line, tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"{SAID}\n", "")


@pytest.mark.parametrize(("line", "cause"), FEW)
def test_what_is_too_little_is_said(line: str, cause: str, tmp_path: Path) -> None:
    answer = shell(line, tmp_path)
    assert answer.returncode == 125
    assert answer.stderr.startswith("netkit: No sandbox can be made here: the user world stops at the stage '")
    assert cause in answer.stderr
    assert "ulimit -" in answer.stderr.partition("Raise the limit, then start it again from the same shell: ")[2]


def test_too_few_processes_are_said() -> None:
    """For root there is no such limit: another user's is tried, where this one is root."""
    code = (
        "import errno, os, resource, sys\n"
        "from unittest import mock\n"
        "from netkit.cli import main\n"
        "refused = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))\n"
        "with mock.patch('os.fork', side_effect=refused):\n"
        "    sys.exit(main(['run', '--', 'true']))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 125
    assert "the stage 'processes' (EAGAIN): no further process can be started" in answer.stderr


@pytest.mark.long
def test_a_kernel_with_too_few_files_says_so() -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with sessions.session(preexec_fn=lower) as kernel:
        assert "A process may have 64 files open here (ulimit -n); a kernel needs 256." in kernel.run("1 + 1")


def test_a_kernel_gets_the_files_that_it_needs() -> None:
    code = (
        "import resource\n"
        "from netkit.sandbox.limits import LEAST_FILES, allow_files\n"
        "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))\n"
        "allow_files()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE) == (LEAST_FILES, most))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.parametrize("words", [[""], ["", "x"]])
def test_an_empty_command(netkit: Netkit, words: list[str]) -> None:
    answer = netkit("run", "--", *words)
    assert (answer.returncode, answer.stderr[:39]) == (2, "netkit: The command is an empty text; '")


def test_lab_in_a_folder_that_was_removed(tmp_path: Path) -> None:
    line = f"mkdir gone; cd gone; rmdir ../gone; {NETKIT} lab --no-browser"
    assert shell(line, tmp_path).stderr.endswith("is not there any more. Go to another: 'cd ~'.\n")


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/", False),
        ("/usr", False),
        ("/tmp", False),
        ("/srv/ada", False),
        ("/srv", False),
        ("/srv/ada/lessons", False),
        (sys.prefix, False),
        ("/srv/ada/.local/share/jupyter/runtime", True),
        ("/tmp/runtime", True),
        ("/srv/ada/less", True),
    ],
)
def test_only_a_directory_of_jupyters_own_is_hidden(directory: str, expected: bool) -> None:  # noqa: FBT001
    surroundings = {"HOME": "/srv/ada", "PATH": "/usr/bin:/bin", "JUPYTER_RUNTIME_DIR": directory}
    assert is_jupyters_own(directory, "/srv/ada/lessons", surroundings) is expected


@pytest.mark.long
@pytest.mark.parametrize("place", ["/tmp", "/usr", os.path.expanduser("~"), "."])
def test_a_kernel_whose_connection_file_is_among_other_things(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", place)
    with sessions.session(cwd=str(tmp_path)) as kernel:
        kernel.run("open('written', 'w').write('x')")
        assert kernel.run("import os; print(os.listdir('.'), os.path.exists('/usr/bin/env'))") == "['written'] True\n"
    assert (tmp_path / "written").exists()
