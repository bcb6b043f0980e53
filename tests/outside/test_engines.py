"""Engines of other releases in the sandbox: each starts, serves, is asked, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.outside import engines
from tests.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.outside.engines import Release

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(os.geteuid() == 0, reason="root's sandbox carries no Engine: run it as an ordinary user"),
]
_INSIDE = (sys.executable, "-m", "netkit.cli", "run", "--", sys.executable)
_SECONDS = 1200


@pytest.fixture(params=engines.RELEASES, ids=lambda release: release.suite)
def release(request: pytest.FixtureRequest) -> Release:
    return request.param


@pytest.fixture
def tree(release: Release) -> Path:
    try:
        return engines.tree(release)
    except engines.Unavailable as error:
        pytest.skip(str(error))


def inside(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a fresh sandbox where the tree's Engine is meant."""
    environment = {**os.environ, "NETKIT_DOCKERD": str(tree)}
    return subprocess.run(
        [*_INSIDE, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def test_all_that_is_asked_of_an_engine_holds_for_it(tree: Path) -> None:
    done = inside(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/inside/test_engine.py")
    assert done.returncode == 0, done.stdout


def test_nk_docker_makes_the_networks_that_it_makes(tree: Path) -> None:
    every = ("-m", "long or not long", "tests/inside/test_parity.py")
    done = inside(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *every)
    assert done.returncode == 0, done.stdout


def test_nk_docker_makes_the_networks_that_netavark_makes(tree: Path, release: Release) -> None:
    if "netavark" not in release.further:
        pytest.skip(f"netavark is looked at as another release has it, not {release.suite}")
    done = inside(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "long", "tests/inside/test_netavark.py")
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_it_writes_the_rules_that_are_held(tree: Path) -> None:
    rules = "tests/inside/test_engine_rules.py"
    done = inside(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "long", rules)
    assert done.returncode == 0, done.stdout


def test_it_says_its_version(tree: Path, release: Release) -> None:
    done = inside(tree, "-m", "netkit.dockerd.trial")
    assert f'"version": "{release.version}' in done.stdout, done.stderr


_BY_NFTABLES = """
import netkit as nk
nk.echo(False)
engine = nk.engine(firewall_backend="nftables")
engine.docker("run -d -p 8080:80 busybox busybox httpd -f -p 80")
print(nk.sh("nft list table ip docker-bridges").stdout.count("dnat to 172.17.0.2:80"))
engine.stop()
print(nk.sh("nft list tables").stdout.split())
"""


def test_rules_by_nftables_where_it_knows_them(tree: Path, release: Release) -> None:
    done = inside(tree, "-c", _BY_NFTABLES)
    if int(release.version.split(".")[0]) < 29:
        assert "writes its rules by iptables only" in done.stderr
    else:
        assert done.stdout.split("\n")[:2] == ["1", "[]"], done.stderr
