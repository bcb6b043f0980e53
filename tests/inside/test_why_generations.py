"""nk.why in networks as Docker 28 and 29 make them, by iptables and by nftables: what it advises mends the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import netkit as nk
from netkit.docker.daemon import machines
from tests.inside import faults_of_generations as known
from tests.inside.containers import fetch, get, server, typed
from tests.inside.empty import sweep
from tests.inside.faults_of_generations import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.docker.container import Container
    from netkit.lab.namespaces import Namespace
    from tests.inside.faults_of_generations import Fault

GENERATIONS = ("28", "29", "29-nft")
SECONDS = 0.6
DEFAULT = {("29", "the port is not let in"), ("29-nft", "the port is not let in")}
ROUNDS = 2


class Stage(NamedTuple):
    """A host with a docker, a neighbour that serves, and two containers.

    Attributes:
        web: serves, with its port published.
        guest: is beside it.
        beside: the neighbour.
    """

    web: Container
    guest: Container
    beside: Namespace

    def asked(self, flow: str) -> tuple[Namespace, str, int]:
        """Who asks whom, and at which port."""
        return {
            known.PUBLISHED: (self.beside, known.HOST, 8080),
            known.AWAY: (self.web.namespace, known.NEIGHBOUR, 8000),
            known.BESIDE: (self.guest.namespace, known.WEB, 80),
            known.OWN: (self.web.namespace, "172.17.0.1", 8080),
            known.LOCAL: (nk.host, known.HOST, 8080),
        }[flow]

    def works(self, flow: str) -> bool:
        """Whether a server answers."""
        try:
            return " to " in fetch(*self.asked(flow), timeout=SECONDS)
        except OSError:
            return False


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    nk.echo(on=False)
    sweep()
    beside = nk.Namespace("beside")
    cable, eth0 = nk.veth("cable", "eth0", peer_namespace=beside)
    cable.add_address(f"{known.HOST}/24")
    eth0.add_address(f"{known.NEIGHBOUR}/24")
    for link in (cable, eth0, beside["lo"], nk.host["lo"]):
        link.up()
    docker = nk.Docker(like=request.param)
    web, guest = docker.run("web", server("web"), ports={8080: 80}, privileged=True), docker.run("guest")
    outside = beside.start(typed(server("away", 8000)))
    made = Stage(web, guest, beside)
    assert get(web.namespace, "127.0.0.1")
    assert get(beside, "127.0.0.1", 8000)
    yield made
    outside.stop()
    for each in machines():
        each.close()
    nk.sh("ip rule delete prohibit; nft delete table inet guard")
    nk.sh("iptables -t mangle -F; iptables -t raw -F; iptables -F FORWARD; iptables -F DOCKER-USER; iptables -t nat -F")
    nk.reset()
    sweep()
    nk.echo()


def cases() -> Iterator[object]:
    for like in GENERATIONS:
        for fault in FAULTS:
            marks = () if (like, fault.name) in DEFAULT else (pytest.mark.long,)
            yield pytest.param(like, fault, id=f"{like} {fault.name}", marks=marks)


@pytest.mark.parametrize(("stage", "fault"), list(cases()), indirect=["stage"])
def test_what_it_advises_mends_it(stage: Stage, fault: Fault, request: pytest.FixtureRequest) -> None:
    like = request.node.callspec.params["stage"]
    assert stage.works(fault.flow)
    tool = "nft" if like == "29-nft" else "iptables"
    port = next(link.name for link in nk.host if link.name.startswith("veth"))
    guest = f"nsenter --net=/proc/{stage.guest.pid}/ns/net"
    outcome = nk.sh(fault.lines[tool].format(pid=stage.web.pid, port=port, in_guest=guest))
    assert not outcome.returncode, outcome
    nk.sh("conntrack -F")
    assert not stage.works(fault.flow), "nothing is broken"
    mended = False
    for _ in range(ROUNDS):  # the kernel takes routes away with an interface: what comes next is told then
        said = nk.why(*stage.asked(fault.flow))
        assert not said.ok, said
        for line in said.repair:
            assert not nk.sh(line).returncode, (line, said)
        mended = stage.works(fault.flow) or stage.works(fault.flow)
        if mended or not said.repair:
            break
    assert mended, said
