"""Fixtures of the tests that drive the sandbox from outside."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.outside import sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def kernel() -> Iterator[sessions.Session]:
    """A sandboxed kernel that the tests of a module share."""
    with sessions.session() as started:
        yield started


@pytest.fixture
def netkit() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `netkit` with some arguments and get its output and status."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "timeout": 60, **options}
        return subprocess.run([sessions.NETKIT, *arguments], check=False, **options)  # type: ignore[call-overload]

    return run
