"""Engines of other releases in the sandbox: each starts, serves, is asked, and leaves nothing.

What one run of a suite tells of an Engine says nothing about another one: as many run side by side as there are
processors, each in a sandbox of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.outside import engines
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.outside.engines import Release

    Outcome = subprocess.CompletedProcess[str]

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(os.geteuid() == 0, reason="root's sandbox carries no Engine: run it as an ordinary user"),
]
_INSIDE = (sys.executable, "-m", "netkit.cli", "run", "--", sys.executable)
_SECONDS = 1200
_FIRST_WITH_NFTABLES = 29

_ALL = ("-m", "long or not long")
SUITES = {
    "what is asked of an Engine": ("tests/inside/test_engine.py",),
    "networks by iptables": (*_ALL, "-k", "iptables", "tests/inside/test_parity.py"),
    "networks by nftables": (*_ALL, "-k", "nftables", "tests/inside/test_parity.py"),
    "networks of netavark": (*_ALL, "tests/inside/test_netavark.py"),
    "rules": (*_ALL, "tests/inside/test_engine_rules.py"),
}
"""What is run with an Engine, and how pytest is told so."""


def _of(release: Release) -> list[str]:
    """The suites that say something of a release."""
    without = set() if _knows_nftables(release) else {"networks by nftables"}
    without |= set() if "netavark" in release.further else {"networks of netavark"}
    return [suite for suite in SUITES if suite not in without]


def _knows_nftables(release: Release) -> bool:
    return int(release.version.split(".")[0]) >= _FIRST_WITH_NFTABLES


CASES = [(release, suite) for release in engines.RELEASES for suite in _of(release)]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[tuple[Release, str], Future[Outcome]]]:
    """What becomes of each suite that was asked for; the trees are made first."""
    asked = [item.callspec.params for item in request.session.items if "suite" in getattr(item, "fixturenames", ())]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        trees = {release: pool.submit(engines.tree, release) for release in {each["release"] for each in asked}}

        def run(release: Release, suite: str) -> Outcome:
            return inside(trees[release].result(), "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES[suite])

        for tree in trees.values():
            tree.exception()  # it is there, or cannot be
        asked.sort(key=lambda each: "networks" not in each["suite"])  # the longest ones first
        yield {(each["release"], each["suite"]): pool.submit(run, **each) for each in asked}


@pytest.fixture(params=engines.RELEASES, ids=lambda release: release.suite)
def tree(request: pytest.FixtureRequest) -> Path:
    try:
        return engines.tree(request.param)
    except engines.Unavailable as error:
        pytest.skip(str(error))


def inside(tree: Path, *words: str) -> Outcome:
    """Run Python in a fresh sandbox where the tree's Engine is meant."""
    environment = {**os.environ, "NETKIT_DOCKERD": str(tree)}
    return subprocess.run(
        [*_INSIDE, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


@pytest.mark.parametrize(("release", "suite"), CASES, ids=lambda each: each if isinstance(each, str) else each.suite)
def test_a_suite_passes(release: Release, suite: str, outcomes: dict[tuple[Release, str], Future[Outcome]]) -> None:
    try:
        done = outcomes[release, suite].result()
    except engines.Unavailable as error:
        pytest.skip(str(error))
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


_BY_NFTABLES = """
import netkit as nk
nk.echo(False)
engine = nk.engine(firewall_backend="nftables")
engine.docker("run -d -p 8080:80 busybox busybox httpd -f -p 80")
print(nk.sh("nft list table ip docker-bridges").stdout.count("dnat to 172.17.0.2:80"))
engine.stop()
print(nk.sh("nft list tables").stdout.split())
"""


def test_rules_by_nftables_where_it_knows_them(tree: Path, request: pytest.FixtureRequest) -> None:
    done = inside(tree, "-c", _BY_NFTABLES)
    if _knows_nftables(request.node.callspec.params["tree"]):
        assert done.stdout.split("\n")[:2] == ["1", "[]"], done.stderr
    else:
        assert "writes its rules by iptables only" in done.stderr
