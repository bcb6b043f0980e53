"""Each network mode, built by the real Docker Engine and by nk.Docker, is the same network up to names."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import netkit as nk
from netkit import dockerd
from netkit.docker.generations.releases import GENERATIONS, of_release
from netkit.docker.parity import KNOWN
from netkit.dockerd.daemon import FIRST_WITH_NFTABLES
from netkit.sandbox.doctor.engines import chosen
from tests.inside.empty import host_links, sweep
from tests.inside.modes import LINKED, MODES
from tests.inside.modes_further import FURTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.docker.generations.releases import Generation
    from netkit.dockerd.handle import Engine
    from tests.inside.modes import Mode

REASON = dockerd.available()
SECONDS = 10.0
LEFT = ("net.bridge.bridge-nf-call-iptables", "net.ipv6.conf.all.forwarding")
"""Switches that dockerd switches on where a network needs them, and leaves so."""

_TWICE = "Docker 29.1 by nftables refuses two ports that lead to one of a container, where no docker-proxy runs"
_FORWARDING = "Docker 29 by nftables makes no network with IPv6 unless somebody has switched forwarding on"
REFUSED = {
    ("29-nft", "published at one address, a range, both protocols"): f"{_TWICE}: 'rule exists'",
    **{("29-nft", name): _FORWARDING for name in MODES if name.startswith("IPv6") and not MODES[name].before},
}
"""What an Engine refuses, by generation and mode."""
WAYS = [
    pytest.param((writer, proxy), id=f"{writer}{', docker-proxy' * proxy}", marks=[pytest.mark.long] * proxy)
    for writer in ("iptables", "nftables")
    for proxy in (False, True)
]
"""Who writes the rules, and whether docker-proxy runs."""
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")


class Made(NamedTuple):
    """What an Engine made.

    Attributes:
        like: the generation that is to make the same.
        proxy: whether docker-proxy ran.
        of: the networks, by mode; those that it knows.
        told: what `docker inspect` said of a container with a published port.
    """

    like: Generation
    proxy: bool
    of: dict[str, nk.Snapshot]
    told: dict[str, Any]


@pytest.fixture(scope="module", params=WAYS)
def engines(request: pytest.FixtureRequest) -> Iterator[Made]:
    """What the real Engine made of each mode; it has ended, and the host is empty."""
    writer, proxy = request.param
    like, backend = _chosen(writer)
    nk.echo(on=False)
    sweep()
    with nk.engine(firewall_backend=backend, userland_proxy=proxy) as engine:
        known = (name for name, mode in MODES.items() if like.since(mode.since) and (like.name, name) not in REFUSED)
        made = {name: _typed(engine, MODES[name]) for name in known}
        engine.docker("run -d --name told -p 8080:80 busybox sleep 600")
        [told] = json.loads(engine.docker("inspect told").stdout)
    sweep()
    yield Made(like, proxy, made, told)
    sweep()
    nk.echo()


def _chosen(writer: str) -> tuple[Generation, str | None]:
    """The generation of the Engine that is here, and the backend that it is started with."""
    version = chosen().version()
    like = of_release(version) if version is not None else None
    assert like is not None
    if writer == "iptables":
        return like, None
    if like.version < (FIRST_WITH_NFTABLES, 0, 0):
        pytest.skip("this Engine writes its rules by iptables only")
    return replace(GENERATIONS["29-nft"], version=like.version), "nftables"


def _typed(engine: Engine, mode: Mode) -> nk.Snapshot:
    earlier = {switch: nk.host.sysctl(switch) for switch in LEFT}
    _prepare(mode)
    for line in mode.typed:
        outcome = engine.docker(line)
        assert not outcome.returncode, outcome
    seen = nk.snapshot()
    engine.docker("rm -f $(docker ps -aq)")
    if any(line.startswith("network") for line in mode.typed):
        engine.docker("network prune -f")
    if "eth1" in nk.host:
        nk.host["eth1"].delete()
    for switch, value in earlier.items():
        nk.host.sysctl(switch, value)
    assert not nk.sh("ip6tables -P FORWARD ACCEPT").returncode
    deadline = time.monotonic() + SECONDS
    while len(host_links()) > 2 and time.monotonic() < deadline:  # lo and docker0
        time.sleep(0.005)
    assert len(host_links()) == 2
    return seen


def _prepare(mode: Mode) -> None:
    for line in mode.before:
        assert not nk.sh(line).returncode, line


@pytest.fixture
def docker(engines: Made) -> Iterator[nk.Docker]:
    """A docker after the Engine has ended."""
    earlier = {switch: nk.host.sysctl(switch) for switch in LEFT}
    docker = nk.Docker(like=engines.like, userland_proxy=engines.proxy)
    yield docker
    docker.close()
    sweep()
    for switch, value in earlier.items():
        nk.host.sysctl(switch, value)


@pytest.mark.parametrize("mode", MODES)
def test_both_make_the_same_network(mode: str, engines: Made, docker: nk.Docker) -> None:
    if mode not in engines.of:
        pytest.skip(REFUSED.get((engines.like.name, mode), "this Engine does not know it"))
    _prepare(MODES[mode])
    MODES[mode].build(docker)
    result = nk.compare(engines.of[mode], nk.snapshot(), a_name="Docker", b_name="nk.Docker", ignore=KNOWN)
    assert result.equal, result


def test_the_comparison_can_fail(engines: Made) -> None:
    """What the Engine made of one mode is not what it made of the next one."""
    for one, other in pairwise(engines.of):
        assert not nk.compare(engines.of[one], engines.of[other], ignore=KNOWN).equal, (one, other)


def test_what_is_told_of_a_container_stands_where_the_engine_tells_it(engines: Made, docker: nk.Docker) -> None:
    docker.run("told", ports={8080: 80})
    ours = docker.inspect("told")
    assert list(_only_first(ours, engines.told)) == ["Notes"]
    assert ("IPAddress" in ours["NetworkSettings"]) == ("IPAddress" in engines.told["NetworkSettings"])


def _only_first(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """The keys that only the first of two descriptions has."""
    for key, value in ours.items() if isinstance(ours, dict) else ():
        if key in theirs:
            yield from _only_first(value, theirs[key], f"{where}{key}.")
        else:
            yield f"{where}{key}"


@pytest.mark.long
@pytest.mark.parametrize("writer", ["iptables", "nftables"])
def test_corners(writer: str) -> None:
    like, backend = _chosen(writer)
    known = {name: mode for name, mode in FURTHER.items() if like.since(mode.since)}
    nk.echo(on=False)
    sweep()
    with nk.engine(firewall_backend=backend) as engine:
        theirs = {name: _typed(engine, mode) for name, mode in known.items()}
    sweep()
    results = {name: _compared(theirs[name], mode, like, icc=True) for name, mode in known.items()}
    nk.echo()
    assert not {name: result for name, result in results.items() if not result.equal}


def _compared(theirs: nk.Snapshot, mode: Mode, like: Generation, *, icc: bool) -> Any:
    """What nk.Docker makes of a mode, beside what an Engine made; nothing stays."""
    earlier = {switch: nk.host.sysctl(switch) for switch in LEFT}
    docker = nk.Docker(like=like, icc=icc)
    _prepare(mode)
    mode.build(docker)
    result = nk.compare(theirs, nk.snapshot(), a_name="Docker", b_name="nk.Docker", ignore=KNOWN)
    docker.close()
    sweep()
    for switch, value in earlier.items():
        nk.host.sysctl(switch, value)
    return result


@pytest.mark.long
@pytest.mark.parametrize("writer", ["iptables", "nftables"])
def test_a_link_opens_what_is_published_where_containers_are_kept_apart(writer: str) -> None:
    like, backend = _chosen(writer)
    nk.echo(on=False)
    sweep()
    with nk.engine(firewall_backend=backend, icc=False) as engine:
        theirs = _typed(engine, LINKED)
    sweep()
    result = _compared(theirs, LINKED, like, icc=False)
    nk.echo()
    assert result.equal, result
