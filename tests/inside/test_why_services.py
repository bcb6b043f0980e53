"""Where nobody listens at a UDP port, the repair of nk.why makes somebody answer."""

from __future__ import annotations

import socket
import sys

import pytest

import netkit as nk
from netkit.linux import entering
from netkit.linux.looks import sockets
from tests.inside import networks, worlds
from tests.inside.wild import Case, Judge
from tests.inside.wild_networks import ROUTED, TRANSLATED
from tests.inside.wire import sh, wait_until

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


@pytest.mark.parametrize(("network", "asked"), [("bridge", ("ns1", "172.17.1.2")), ("six", ("a", "fd00:2::2"))])
def test_nobody_listens_at_a_udp_port(network: str, asked: tuple[str, str]) -> None:
    worlds.call(mended, network, *asked)


DEAF = {
    "for IPv6 only": (
        "tcp",
        "s = socket(AF_INET6); s.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1); s.bind(('::', {port}))",
    ),
    "lo only (SO_BINDTODEVICE): packets for 172.17.1.2 are not for it; change that where it is started": (
        "tcp",
        "s = socket(); s.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, b'lo'); s.bind(('', {port}))",
    ),
    "wait, at most 0 may": (
        "tcp",
        "s = socket(); s.bind(('', {port})); s.listen(0); k = [socket() for _ in range(3)]; "
        "[(each.setblocking(0), each.connect_ex(('127.0.0.1', {port}))) for each in k]; import time; time.sleep(9)",
    ),
    "resets it at once": (
        "tcp",
        "s = socket(); s.bind(('', {port})); s.listen(); import struct\nwhile True: c = s.accept()[0]; "
        "c.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 0)); c.close()",
    ),
    "answers from 172.17.1.2": (
        "udp",
        "s = socket(AF_INET, SOCK_DGRAM); s.bind(('', {port}))\nwhile True: s.sendto(*s.recvfrom(99))",
    ),
}
"""Programs that listen, and yet do not serve who asks: what is said of them, the protocol, the program."""


def deaf() -> dict[str, tuple[str, str, str]]:
    """What is said of each."""
    nk.echo(on=False)
    networks.out_of_sight()
    networks.build("bridge")
    there = nk.Namespace.get("ns2")
    there.run("ip addr add 172.17.1.22/24 dev eth1")
    found = {}
    for port, (words, (protocol, script)) in enumerate(DEAF.items(), 90):
        text = f"from socket import *; {script.format(port=port)}"
        text += "; s.listen(); import time; time.sleep(99)" if "time" not in text and "while" not in text else ""
        server = there.start([sys.executable, "-c", text])
        wait_until(lambda port=port: any(each.port == port for each in sockets.listeners(there.path)))
        address = "172.17.1.22" if protocol == "udp" else "172.17.1.2"
        said = nk.why("ns1", address, port, protocol)
        found[words] = said.layer, said.where, said.explanation, said.repair
        server.stop()
    return found


def test_a_program_that_listens_and_does_not_serve_is_told_from_one_that_is_not_there() -> None:
    for words, (layer, where, said, repair) in worlds.call(deaf).items():
        assert (layer, where, repair) == ("service", "ns2", []), said
        assert words in said


@pytest.mark.usefixtures("fresh")
def test_an_older_entry_that_leads_elsewhere_than_the_rules_is_told() -> None:
    """New datagrams arrive; what the same port sent before the rule was mended still goes to nobody."""
    judge = Judge(Case("", TRANSLATED, ("out", "10.23.0.1", 5300, "udp"), "", "", (), twin=False))
    judge.build()
    led = "iptables -t nat {} PREROUTING -i wan -p udp --dport 5300 -j DNAT --to-destination 10.22.0.{}"
    sh("ip netns exec gw " + led.format("-A", 77))
    with entering.inside("/run/netns/out", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        asking.bind(("", 4000))
        asking.sendto(b"hello", ("10.23.0.1", 5300))
    sh("ip netns exec gw " + led.format("-D", 77))
    sh("ip netns exec gw " + led.format("-A", 11))
    try:
        judge.shell("serve in1 udp 0.0.0.0 5300")
        said = nk.why(*judge.case.ask)
        assert said.ok
        [told] = [each for each in said.walked["conntrack"] if "port 4000 still goes to 10.22.0.77" in each]
        sh(told.split("`")[1])
        assert told not in nk.why(*judge.case.ask).walked.get("conntrack", ())
    finally:
        judge.close()


@pytest.mark.usefixtures("fresh")
def test_a_datagram_that_nobody_has_to_answer_is_watched_until_it_arrives() -> None:
    judge = Judge(Case("", ROUTED, ("a", "10.20.3.2"), "", "", ()))
    ask = ("a", "10.20.3.2", 5300, "udp")
    try:
        judge.build()
        listen = "from socket import *; s = socket(type=SOCK_DGRAM); s.bind(('', 5300)); import time; time.sleep(99)"
        server = nk.Namespace.get("b").start([sys.executable, "-c", listen])
        wait_until(lambda: any(each.port == 5300 for each in sockets.listeners(nk.Namespace.get("b").path)))
        assert nk.why(*ask).ok
        sh("ip netns exec r2 tc qdisc add dev out0 root bfifo limit 20")
        said = nk.why(*ask)
        assert (said.ok, said.layer, said.where) == (False, "qdisc", "r2"), said
        for line in said.repair:
            sh(line)
        assert nk.why(*ask).ok
        server.stop()
    finally:
        judge.close()
