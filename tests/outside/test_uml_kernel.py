"""What a notebook's user does with a kernel beyond running cells, in the uml world."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.worlds import VARIABLE
from tests.outside import sessions, test_kernel
from tests.outside.sessions import NETKIT, Session, eventually, session
from tests.outside.trees import alive, descendants
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed")

WHICH = "from netkit.sandbox import require_sandbox\nprint(require_sandbox().world)"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Session]:
    """A kernel in the uml world that these tests share; it takes the place of the one in the user world."""
    with session(env={**os.environ, VARIABLE: "uml"}) as started:
        assert started.run(WHICH) == "uml\n"
        yield started


test_interrupt_a_cell = test_kernel.test_interrupt_a_cell
test_interrupt_reaches_the_program_that_a_cell_runs = test_kernel.test_interrupt_reaches_the_program_that_a_cell_runs
test_standard_input = test_kernel.test_standard_input
test_comm = test_kernel.test_comm
test_subshell = test_kernel.test_subshell


def test_the_debugger_is_not_loaded_before_a_client_asks_for_it(kernel: Session) -> None:
    assert kernel.run("import sys; print('debugpy' in sys.modules)") == "False\n"


test_debugger = test_kernel.test_debugger
test_large_output_and_input_pass = pytest.mark.long(test_kernel.test_large_output_and_input_pass)


def test_a_shell_beside_it_is_refused_with_the_reason(kernel: Session) -> None:
    name = os.path.basename(kernel.manager.connection_file)
    answer = subprocess.run([NETKIT, "shell", name], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 2
    assert "a kernel in User-Mode Linux cannot be joined from outside" in answer.stderr


@pytest.mark.once
def test_a_kernel_that_cannot_start_says_why(tmp_path: Path) -> None:
    wrong = ("-f", str(sessions.connection_file(tmp_path)), "--IPKernelApp.kernel_class=no.Such")
    answer = subprocess.run(
        [sys.executable, "-m", "netkit.kernel", *wrong],
        env=sessions.environment(**{VARIABLE: "uml"}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "'no.Such' could not be imported" in answer.stderr


@pytest.mark.once
def test_pythonpath_counts_and_the_working_directory_does_not_before_it(tmp_path: Path) -> None:
    work, own = tmp_path / "work", tmp_path / "own"
    for folder, module, text in ((work, "netkit", "raise SystemExit"), (work, "beside", ""), (own, "mine", "")):
        folder.mkdir(exist_ok=True)
        (folder / f"{module}.py").write_text(text)
    paths = os.pathsep.join((str(own), str(ROOT)))
    with session(env={**os.environ, VARIABLE: "uml", "PYTHONPATH": paths}, cwd=str(work)) as kernel:
        shown = kernel.run("import netkit, mine, beside\nprint(netkit.__file__)")
    assert shown == f"{ROOT / 'netkit' / '__init__.py'}\n"


@pytest.mark.once
def test_restart_and_shutdown() -> None:
    with session(env={**os.environ, VARIABLE: "uml"}) as kernel:
        kernel.run("import os; os.system('ip netns add before; sleep 1000 &')")
        first = descendants(kernel.launcher)
        kernel.manager.restart_kernel()
        assert eventually(lambda: not alive(first)), alive(first)
        kernel.client.wait_for_ready(timeout=sessions.PATIENCE)
        assert kernel.run("import os; print(os.listdir('/run/netns'))") == "[]\n"
        second = descendants(kernel.launcher)
    assert eventually(lambda: not alive(second)), alive(second)
