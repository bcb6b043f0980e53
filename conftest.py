"""What holds for every test run: notebooks stay in the sandbox, and the machine stays as it was.

It lies in the root so that it holds for `pytest notebooks` as well.
"""

from __future__ import annotations

import gc
import os
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from netkit.lessons import needs
from netkit.sandbox import inside
from tests import machine
from tests.project import ROOT, SECOND_LANE

if TYPE_CHECKING:
    from collections.abc import Iterator

# A deadline in milliseconds measures how busy the machine is.
settings.register_profile(
    "netkit", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("netkit")

MARK = "NETKIT_TEST_SESSION"
MACHINE_CHANGED = 10
"""Exit status of such a run: other than that of failed tests, which may be repeated."""
SECONDS_TO_END = 2.0
"""After that, nothing that a test started may still be there."""

before = pytest.StashKey[machine.Picture]()
complaints = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse the options with which nbval leaves the sandbox without a word."""
    options = vars(config.option)
    if options.get("nbval_current_env") or options.get("current_env"):
        raise pytest.UsageError(
            "--nbval-current-env runs the notebooks outside the sandbox, on this machine's own network; "
            "they may run in the kernel netkit only. Leave the option out."
        )
    if options.get("nbval_kernel_name") not in (None, "netkit"):
        raise pytest.UsageError(
            f"--nbval-kernel-name={options['nbval_kernel_name']} runs the notebooks outside the sandbox; "
            "they may run in the kernel netkit only. Leave the option out."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run outside the sandbox what changes the network, and choose."""
    if any(item.path.is_relative_to(ROOT / "tests" / "inside") for item in items) and not inside():
        raise pytest.UsageError(
            "tests/inside change the network, and this is the machine's own; they may run in a sandbox only. "
            "Type: netkit run -- python -m pytest tests/inside"
        )
    _leave_out_what_lacks_something(items)
    if SECOND_LANE in os.environ:
        repeated = {item for item in items if item.get_closest_marker("once")}
        items[:] = [item for item in items if item not in repeated]
        config.hook.pytest_deselected(items=[*repeated])


def _leave_out_what_lacks_something(items: list[pytest.Item]) -> None:
    """Skip the cells of notebooks that need the real Docker Engine, or nftables, where that is not, and say why."""
    for tag in (needs.ENGINE_TAG, needs.NFTABLES_TAG):
        cells = [item for item in items if tag in getattr(item, "cell", {}).get("metadata", {}).get("tags", [])]
        if cells and (why_not := needs.obstacle(tag)):
            for cell in cells:
                cell.add_marker(pytest.mark.skip(reason=why_not))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare Python to look for garbage among what the tests are made of: it stays to the end, and is large."""
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Take the first picture, and mark what the tests will start."""
    if not inside():
        os.environ[MARK] = str(uuid.uuid4())
        session.stash[before] = machine.picture()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the second picture; a difference or a process left behind makes the run fail."""
    if before in session.stash:
        left = [f"left running: {process}" for process in _left_running()]
        session.config.stash[complaints] = left + machine.differences(session.stash[before], machine.picture())
        if session.config.stash[complaints]:
            session.exitstatus = MACHINE_CHANGED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the tests have changed."""
    found = config.stash.get(complaints, [])
    if found:
        terminalreporter.section("the machine is not as it was", red=True)
        for sentence in found:
            terminalreporter.line(sentence)


@pytest.fixture
def picture() -> Iterator[machine.Picture]:
    """For one test: the machine as it was before; it must be the same after the test."""
    first = machine.picture()
    yield first
    assert not machine.differences(first, machine.picture())


def _left_running() -> list[str]:
    deadline = time.monotonic() + SECONDS_TO_END
    while (processes := machine.marked_processes(f"{MARK}={os.environ[MARK]}")) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes
