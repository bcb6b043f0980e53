"""The uml world: a program in User-Mode Linux, its streams, its end, and what is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.worlds import uml
from tests.outside.sessions import NETKIT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed")


def in_uml(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command in the uml world."""
    environment = {**os.environ, "NETKIT_WORLD": "uml", **options.pop("env", {})}
    options = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([NETKIT, "run", "--", *command], env=environment, check=False, **options)  # type: ignore[call-overload]


def test_a_program_has_a_kernel_and_a_network_of_its_own() -> None:
    answer = in_uml("sh", "-c", "uname -r; id -u; hostname; ip -br link | cut -d' ' -f1; iptables -V")
    release, user, host, links, tool = answer.stdout.splitlines()
    assert release != os.uname().release
    assert (user, host, links) == ("0", "netkit", "lo")
    assert "legacy" in tool


def test_streams_and_exit_status_are_carried() -> None:
    answer = in_uml("sh", "-c", "wc -c; seq 50000; echo complaint >&2; exit 7", input="x" * 100_000)
    lines = answer.stdout.split()
    assert (lines[0], lines[-1], len(lines)) == ("100000", "50000", 50_001)
    assert answer.stderr == "complaint\n"
    assert answer.returncode == 7


def test_the_machine_waits_until_the_exit_status_has_been_carried() -> None:
    assert [in_uml("sh", "-c", f"exit {status}").returncode for status in (1, 2)] == [1, 2]


def test_work_is_kept_and_all_else_vanishes(tmp_path: Path) -> None:
    work, home = places = [tmp_path / name for name in ("work", "home")]
    for place in places:
        place.mkdir()
    lines = "echo 1 > one; echo 2 > ~/two; echo 3 > ../three; echo 4 > /etc/netkit-test; cat one ~/two "
    answer = in_uml("sh", "-c", lines + "../three /etc/netkit-test", cwd=work, env={"HOME": str(home)})
    assert answer.stdout == "1\n2\n3\n4\n"
    assert ((work / "one").read_text(), (home / "two").read_text()) == ("1\n", "2\n")
    assert sorted(tmp_path.iterdir()) == [home, work]
    assert not os.path.exists("/etc/netkit-test")


def test_python_finds_the_sandbox(tmp_path: Path) -> None:
    answer = in_uml("python", "-c", "import netkit as nk; print(nk.require_sandbox())", cwd=tmp_path)
    first, second = answer.stdout.splitlines()
    assert first == "sandbox: host name netkit, you are root inside"
    assert second == f"note: {uml.LACKS}"


TURNS = """
import threading, numpy
values = numpy.arange(1.0, 5000.0)
work = lambda: [float(numpy.sqrt(values * turn).sum()) for turn in range(1, 300)]
found = [work()]
threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), all(results == found[0] for results in found))
"""


def test_threads_that_take_turns_keep_their_registers() -> None:
    answer = in_uml("python", "-c", TURNS)
    assert answer.stdout == "5 True\n", answer.stderr


def test_a_missing_program_is_told() -> None:
    environment = {**os.environ, "NETKIT_WORLD": "uml", "NETKIT_UML": "/nowhere/linux.uml"}
    answer = subprocess.run(
        [NETKIT, "run", "--", "true"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 125
    assert "User-Mode Linux is not installed" in answer.stderr
    assert "apt install user-mode-linux" in answer.stderr
