"""Where nobody listens at a UDP port, the repair of nk.why makes somebody answer."""

from __future__ import annotations

import socket

import pytest

import netkit as nk
from netkit.linux import entering
from tests.inside import networks, worlds

pytestmark = pytest.mark.once

SECONDS = 3.0
PORT = 5353


def answered(place: str, address: str) -> bytes:
    """What comes back for a datagram."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with entering.inside(nk.Namespace.get(place).path, lambda: socket.socket(family, socket.SOCK_DGRAM)) as asking:
        asking.settimeout(SECONDS)
        asking.connect((address, PORT))
        asking.send(b"hello")
        return asking.recv(100)


def mended(network: str, source: str, address: str) -> None:
    """Carry out the repair, and ask."""
    nk.echo(on=False)
    networks.out_of_sight()
    networks.build(network)
    said = nk.why(source, address, PORT, "udp")
    assert (said.layer, len(said.repair)) == ("service", 1), said
    outcome = nk.sh(said.repair[0])
    assert outcome.returncode == 0, outcome
    assert answered(source, address) == b"hello"
    assert nk.why(source, address, PORT, "udp").ok
    again = nk.sh(said.repair[0])
    assert again.returncode != 0
    assert "Address already in use" in again.stderr


@pytest.mark.parametrize(("network", "asked"), [("bridge", ("ns1", "172.17.1.2")), ("six", ("a", "fd00:1::ff"))])
def test_nobody_listens_at_a_udp_port(network: str, asked: tuple[str, str]) -> None:
    worlds.call(mended, network, *asked)
