"""Networks for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.containers import OUTSIDER
from tests.inside.empty import sweep
from tests.inside.journeys import ROUTER, forwarding
from tests.inside.tickets import end_servers_of_the_host
from tests.inside.tracing import forget_rules, host_as_router
from tests.inside.wire import BRIDGE, LEARNED, network, ping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def article() -> Iterator[None]:
    """The two containers of the article's section 4: random MACs, nothing learned yet."""
    with network(BRIDGE):
        yield


@pytest.fixture
def bridge() -> Iterator[None]:
    """The same with fixed MACs, which both neighbours know for good and the bridge has learned."""
    with network(BRIDGE + LEARNED):
        ping("ns1", "172.17.1.2")
        yield


@pytest.fixture
def router() -> Iterator[None]:
    """Two hosts, ns1 and ns2, and the router r1 between them."""
    with network(ROUTER):
        forwarding("r1")
        yield


@pytest.fixture
def routed() -> Iterator[None]:
    """Two namespaces, and the host as their router; no rules before and after."""
    with host_as_router():
        yield


@pytest.fixture
def ruleless() -> Iterator[None]:
    """No rules afterwards."""
    yield
    forget_rules()


@pytest.fixture
def fresh() -> Iterator[None]:
    """An empty network before and after, and no echo."""
    nk.echo(on=False)
    sweep()
    yield
    nk.echo(on=False)
    sweep()
    nk.echo()


@pytest.fixture
def emptied() -> Iterator[None]:
    """Containers end with the test that began them, and servers that it started on the host."""
    yield
    end_servers_of_the_host()
    nk.reset()


@pytest.fixture
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does is no learner's progress."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def docker_machine(request: pytest.FixtureRequest) -> Iterator[nk.Docker]:
    """A docker as the module's DOCKER has it, and another machine that reaches this one by a cable."""
    nk.echo(on=False)
    sweep()
    docker = nk.Docker(**getattr(request.module, "DOCKER", {"like": "20.10"}))
    outside, eth0 = nk.veth("cable", "eth0", peer_namespace=nk.Namespace("outsider"))
    outside.add_address("192.168.7.1/24")
    eth0.add_address(f"{OUTSIDER}/24")
    outside.up()
    eth0.up()
    yield docker
    docker.close()
    sweep()
    nk.echo()


@pytest.fixture
def docker(docker_machine: nk.Docker) -> Iterator[nk.Docker]:
    """A docker without a container or network of its own, before and after; no echo."""
    nk.echo(on=False)
    yield docker_machine
    for container in reversed(docker_machine.ps(all=True)):
        docker_machine.remove(container, force=True)
    for net in docker_machine.network_ls()[1:]:
        docker_machine.network_remove(net.name)
