"""Each network mode, built by the real Docker Engine and by nk.Docker, is the same network up to names."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit import dockerd
from netkit.docker.parity import KNOWN
from tests.inside.empty import host_links, sweep
from tests.inside.modes import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.dockerd.handle import Engine
    from tests.inside.modes import Mode

REASON = dockerd.available()
SECONDS = 10.0
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, nk.Snapshot]]:
    """What the real Engine made of each mode; it has ended, and the host is empty."""
    nk.echo(on=False)
    sweep()
    with nk.engine() as engine:
        made = {name: _typed(engine, mode) for name, mode in MODES.items()}
    sweep()
    yield made
    sweep()
    nk.echo()


def _typed(engine: Engine, mode: Mode) -> nk.Snapshot:
    _prepare(mode)
    for line in mode.typed:
        outcome = engine.docker(line)
        assert not outcome.returncode, outcome
    seen = nk.snapshot()
    engine.docker("rm -f $(docker ps -aq)")
    if any(line.startswith("network") for line in mode.typed):
        engine.docker("network prune -f")
    if mode.before:
        nk.host["eth1"].delete()
    deadline = time.monotonic() + SECONDS
    while len(host_links()) > 2 and time.monotonic() < deadline:  # lo and docker0
        time.sleep(0.005)
    assert len(host_links()) == 2
    return seen


def _prepare(mode: Mode) -> None:
    for line in mode.before:
        assert not nk.sh(line).returncode, line


@pytest.fixture
def docker(engines: dict[str, nk.Snapshot]) -> Iterator[nk.Docker]:
    """A docker after the Engine has ended."""
    assert engines
    docker = nk.Docker(like="20.10")
    yield docker
    docker.close()
    sweep()


@pytest.mark.parametrize("mode", MODES)
def test_both_make_the_same_network(mode: str, engines: dict[str, nk.Snapshot], docker: nk.Docker) -> None:
    _prepare(MODES[mode])
    MODES[mode].build(docker)
    result = nk.compare(engines[mode], nk.snapshot(), a_name="Docker", b_name="nk.Docker", ignore=KNOWN)
    assert result.equal, result


def test_the_comparison_can_fail(engines: dict[str, nk.Snapshot]) -> None:
    """What the Engine made of one mode is not what it made of the next one."""
    for one, other in pairwise(MODES):
        assert not nk.compare(engines[one], engines[other], ignore=KNOWN).equal, (one, other)
