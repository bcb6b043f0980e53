"""A workshop on a real JupyterHub: learners at once run notebook 04, see nobody else's network, and leave nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hub import workshop
from tests.hub.people import FORM

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="a hub with servers of several users is root's"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="the hub's proxy is installed with npm"),
]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the tests share one installation; not below pytest's own folders, which are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="netkit-hub-") as name:
        yield Path(name)


@pytest.mark.parametrize("learners", [3, 30])
def test_a_workshop(folder: Path, learners: int) -> None:
    outcome = workshop.hold(learners, folder)
    assert outcome.status == 0, f"{outcome.printed}\nThe hub's log:\n{outcome.log[-5000:]}"
    assert f"{'learners':<26}{learners:>10}" in outcome.printed
    assert "MiB" in outcome.printed
    assert "measured were" not in outcome.printed
    assert outcome.left == []
    assert "not recognized" not in outcome.log
    assert FORM.format(1) not in {person.pw_name for person in pwd.getpwall()}
