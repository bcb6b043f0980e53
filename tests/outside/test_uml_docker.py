"""Drivers of nk.Docker that need what many kernels lack, in User-Mode Linux, whose kernel has ipvlan and VLANs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.outside.sessions import NETKIT
from tests.project import ROOT

pytestmark = [
    pytest.mark.long,
    pytest.mark.once,
    pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed"),
]
_SECONDS = 900


def test_ipvlan_and_parents_on_a_vlan() -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "ipvlan or vlan_is_made")
    done = subprocess.run(
        [NETKIT, "run", "--", sys.executable, *words, "tests/inside/test_docker_macvlan.py"],
        cwd=ROOT,
        env={**os.environ, "NETKIT_WORLD": "uml"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout, done.stdout
