"""nk.why names the first layer that fails for each fault, and its repair, carried out, makes the traffic flow."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.linux import entering, namespaces, sysctls
from netkit.linux.looks import observe, sockets
from tests.inside import needs, networks, worlds
from tests.inside.empty import sweep
from tests.inside.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.linux.run import Process
    from netkit.model import Snapshot
    from tests.inside.fault import Fault

SECONDS = 3.0
AT_ONCE, EACH = 4, 9
"""How many networks there are side by side, and how many faults each of them suffers one after the other."""

OF_NFTABLES = ("nft", "ebtables", "arptables", "iptables-legacy")
"""Programs of kernels that have nftables; where they have not, iptables itself is the older one."""

Results = dict[str, dict[str, Any]]


def flows(source: str, destination: str, port: int | None) -> bool:
    """Whether an echo request is answered, or a TCP connection made before long; an independent look."""
    place = nk.Namespace.get(source)
    if port is None:
        whom = "172.17.1.2" if destination == "ns2" else destination
        return place.run(f"ping -c 1 -W 2 {whom}").returncode == 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:  # the repair may have begun a server, which does not listen at once
        with entering.inside(place.path, socket.socket) as link:
            link.settimeout(SECONDS)
            answer = link.connect_ex((destination, port))
        if answer != errno.ECONNREFUSED:
            return answer == 0
        time.sleep(0.02)
    return False


def state() -> Snapshot:
    """What is configured now."""
    return observe.snapshot()


def broken_and_mended(fault: Fault) -> dict[str, Any]:
    """Break a network, ask why, and mend it as told."""
    subprocess.run(["sh", "-ec", fault.inject], check=True, capture_output=True, text=True)
    nk.snapshot()  # which waits until the kernel has drawn its conclusions
    before = state()
    said = nk.why(fault.source, fault.destination, fault.port)
    same = state() == before
    outcomes = [nk.sh(line) for line in said.repair]
    nk.snapshot()
    flowing = flows(fault.source, fault.destination, fault.port)
    again = nk.why(fault.source, fault.destination, fault.port)
    return {"said": said, "same": same, "outcomes": outcomes, "flowing": flowing, "again": again}


def all_of(network: str, faults: list[Fault]) -> Results:
    """Some faults of a network; one that is not what it was after a repair is built anew."""
    nk.echo(on=False)
    networks.out_of_sight()
    own_hosts_file()
    found: Results = {}
    servers: list[Process] = []
    healthy = None
    for fault in faults:
        if healthy is None or state() != healthy:
            servers = rebuilt(network, servers)
            healthy = state()
        found[fault.name] = broken_and_mended(fault)
    return found


def own_hosts_file() -> None:
    """A copy of /etc/hosts over the file itself, which faults may spoil."""
    with tempfile.NamedTemporaryFile("w", delete=False) as copy:
        copy.write(Path("/etc/hosts").read_text())
    subprocess.run(["mount", "--bind", copy.name, "/etc/hosts"], check=True)


def rebuilt(name: str, servers: list[Process]) -> list[Process]:
    """A network in place of the one that is there."""
    for server in servers:
        server.stop()
    sweep()
    return networks.build(name)


def possible(fault: Fault) -> bool:
    """Whether this kernel can have the fault."""
    if any(f"{tool} " in fault.inject for tool in OF_NFTABLES) and not needs.has_nftables():
        return False
    return not fault.needs or sysctls.value(entering.HOST_PATH, fault.needs) is not None


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Results]]]:
    """All faults that were asked for, side by side: mostly they wait for the kernel."""
    asked = [item.callspec.params.get("fault") for item in request.session.items if hasattr(item, "callspec")]
    wanted = [fault for fault in FAULTS if fault in asked and possible(fault) and not fault.alone]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found: dict[str, Future[Results]] = {}
        for network in networks.NETWORKS:
            faults = [fault for fault in wanted if fault.network == network]
            for start in range(0, len(faults), EACH):
                some = faults[start : start + EACH]
                found |= dict.fromkeys([each.name for each in some], pool.submit(worlds.call, all_of, network, some))
        yield found


def judge(fault: Fault, seen: dict[str, Any]) -> None:
    """What has to be true of every diagnosis."""
    said = seen["said"]
    assert not said.ok
    assert said.layer == fault.layer, said
    assert said.repair, said
    assert fault.repair in "\n".join(said.repair), said
    assert not fault.where or said.where == fault.where, said
    assert said.evidence, said
    assert seen["same"], f"nk.why changed something: {said}"
    assert not any(outcome.returncode for outcome in seen["outcomes"]), (said, seen["outcomes"])
    assert seen["flowing"], f"the repair did not help: {said}\nnow: {seen['again']}"
    assert seen["again"].ok, seen["again"]


TOGETHER, ALONE = (
    [pytest.param(fault, marks=[pytest.mark.long] * fault.long) for fault in FAULTS if fault.alone is alone]
    for alone in (False, True)
)


@pytest.mark.once
@pytest.mark.parametrize("fault", TOGETHER, ids=lambda fault: fault.name)
def test_fault(fault: Fault, results: dict[str, Future[Results]]) -> None:
    if not possible(fault):
        pytest.skip(f"this kernel has no {fault.needs or 'nftables for IP'}")
    judge(fault, results[fault.name].result()[fault.name])


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.name)
def test_fault_in_the_sandbox_itself(fault: Fault) -> None:
    networks.build(fault.network)
    try:
        judge(fault, broken_and_mended(fault))
    finally:
        for place in namespaces.find()[1:]:
            for listener in sockets.listeners(place.path):
                os.kill(listener.pid, signal.SIGKILL)
