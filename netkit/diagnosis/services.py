"""Whether somebody takes a packet that has arrived, and whether a translation leads to somebody who does."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from netkit.diagnosis import listening, publishing
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Listener, World
    from netkit.diagnosis.flows import Flows
    from netkit.diagnosis.packet import Packet

_IGNORE = "net.ipv4.icmp_echo_ignore_all"


def taken(world: World, namespace: str, asked: Packet, packet: Packet) -> Finding | None:
    """Whether a packet finds somebody who takes it.

    Args:
        namespace: where it has arrived.
        asked: as its sender wrote it.
        packet: as it has arrived.
    """
    if packet.protocol == "icmp":
        return _mute(world, namespace) if packet.version == 4 and world.switch(namespace, _IGNORE) == "1" else None
    if packet.destination_port is None:
        return None
    here = [each for each in world.listeners(namespace) if listening.of(each, packet)]
    if any(not each.reserved and listening.hears(each, packet.destination) for each in here):
        return None
    if packet.destination_port == asked.destination_port and packet.destination == asked.destination:
        unpublished = publishing.unpublished(world, namespace, packet, reserved=any(each.reserved for each in here))
        if unpublished is not None:
            return unpublished
    near = [each for each in here if not each.reserved]
    return _only_local(world, namespace, packet, near[0]) if near else _nobody(world, namespace, packet)


def _mute(world: World, namespace: str) -> Finding:
    words = f"{namespace} answers no echo requests: icmp_echo_ignore_all is 1"
    line = shown(world, namespace, f"sysctl {_IGNORE}", "1")
    return Finding("sysctl", words, (line,), (typed(world, namespace, f"sysctl -w {_IGNORE}=0"),), namespace)


def _only_local(world: World, namespace: str, packet: Packet, listener: Listener) -> Finding:
    program = listener.program or "a program"
    words = (
        f"{program} in {namespace} listens at {listener.address} port {listener.port} only: packets for "
        f"{packet.destination} are not for it"
    )
    repair = _restarted(world, namespace, packet, listener)
    return Finding("service", words, (listening.told(world, namespace, packet.protocol),), repair, namespace)


def _restarted(world: World, namespace: str, packet: Packet, listener: Listener) -> tuple[str, ...]:
    """The program started anew so that it listens everywhere; where that cannot be, its port is led there."""
    command = shlex.join(listener.command)
    everywhere = "[::]" if ":" in listener.address else "0.0.0.0"  # noqa: S104  (for a line that the learner types)
    if listener.pid and listener.address in command:
        again = typed(world, namespace, command.replace(listener.address, everywhere))
        # It has the port until it is gone.
        ended = f"kill {listener.pid}; tail --pid={listener.pid} -s 0.1 -f /dev/null"
        return ended, f"{again} >/dev/null 2>&1 &"
    links = world.space(namespace).interfaces.values()
    device = next((k.name for k in links if any(t.startswith(f"{packet.destination}/") for t in k.addresses)), "all")
    rule = (
        f"iptables -t nat -A PREROUTING -p {packet.protocol} --dport {packet.destination_port} "
        f"-j DNAT --to-destination {listener.address}:{listener.port}"
    )
    return (
        typed(world, namespace, f"sysctl -w net/ipv4/conf/{device}/route_localnet=1"),
        typed(world, namespace, rule),
    )


def _nobody(world: World, namespace: str, packet: Packet) -> Finding:
    port = packet.destination_port
    words = f"nobody in {namespace} listens at {packet.protocol} port {port}"
    command = f"busybox httpd -p {port}" if packet.protocol == "tcp" else _udp_server(packet.version, port)
    repair = (typed(world, namespace, command),)
    return Finding("service", words, (listening.told(world, namespace, packet.protocol),), repair, namespace)


def _udp_server(version: int, port: int | None) -> str:
    """A command that sends every datagram back; it goes to the background when it has the port, as httpd does."""
    family = "AF_INET" if version == 4 else "AF_INET6"
    script = (
        f"import os, socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.bind(('', {port})); "
        "os.fork() and os._exit(0); os.closerange(0, 3); any(s.sendto(*s.recvfrom(65535)) < 0 for _ in iter(int, 1))"
    )
    return f'python3 -c "{script}"'


def answered(world: World, flows: Flows, asked: Packet, answer: Packet) -> Finding | None:
    """Whether the answer comes from whom was asked: else its receiver throws it away.

    Args:
        flows: the connection.
        asked: the first packet as its sender wrote it.
        answer: as it has arrived.
    """
    if (answer.source, answer.source_port) == (asked.destination, asked.destination_port):
        return None
    router = next(
        (place for place, pairs in flows.known.items() if pairs[-1][0].destination != pairs[-1][1].destination), ""
    )
    words = (
        f"the answer comes from {answer.source}, not from {asked.destination}, whom the sender asked: it did not pass "
        f"{router or 'the namespace'} again, which would translate it back"
    )
    switch = "net.bridge.bridge-nf-call-iptables"
    if not router:
        return Finding("return path", words)
    value = world.switch(router, switch)
    line = shown(world, router, f"sysctl {switch}", value or "not there")
    command = f"sysctl -w {switch}=1"
    if value is None:
        network = f"{answer.source}/32"
        command = f"iptables -t nat -A POSTROUTING -s {answer.destination}/32 -d {network} -j MASQUERADE"
    return Finding("return path", words, (line,), (typed(world, router, command),), router)
