"""Whether somebody takes a packet that has arrived: nobody listens, backlog full, SIGSTOP, no echo replies (ss(8))."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import gateways, listening, publishing, translations, vrfs
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.packet import Packet
from netkit.model import HOST
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.diagnosis.answers import Listener
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.flows import Flows

_IGNORE = {4: "net.ipv4.icmp_echo_ignore_all", 6: "net.ipv6.icmp.echo_ignore_all"}

_FEW_PORTS = 1000
"""With fewer ports for senders than that, more of them are the remedy."""

_ONLY_SIX = re.compile(r"--?(6|inet6|ipv6)|-{0,2}((ip)?v6[-_]?only|only[-_]?((ip)?v?6|six))(=\w+)?", re.IGNORECASE)
"""A word of a command line that keeps a program to IPv6."""

_OF_SIX = re.compile(r"v6|inet6|six", re.IGNORECASE)
"""A word that speaks of IPv6 in a way that its program alone knows."""


def taken(world: World, namespace: str, asked: Packet, packet: Packet) -> Finding | None:
    """Whether a packet finds somebody who takes it.

    Args:
        namespace: where it has arrived.
        asked: as its sender wrote it.
        packet: as it has arrived.
    """
    if packet.protocol == "icmp":
        switch = _IGNORE[packet.version]
        return _mute(world, namespace, switch) if world.switch(namespace, switch) == "1" else None
    if packet.destination_port is None:
        return None
    if hearing := _hearing(world, namespace, packet):
        return vrfs.unheard(world, namespace, packet, hearing) or _busy(world, namespace, packet, hearing)
    if packet.destination_port == asked.destination_port and packet.destination == asked.destination:
        unpublished = publishing.unpublished(world, namespace, packet, reserved=reserved(world, namespace, packet))
        if unpublished is not None:
            return unpublished
    near = [e for e in world.listeners(namespace) if listening.of(e, packet) and not e.reserved]
    near += [each for each in world.connected(namespace) if listening.of(each, packet)]
    return _deaf(world, namespace, packet, near[0]) if near else _nobody(world, namespace, packet)


def answer(world: World, namespace: str, packet: Packet) -> Packet:
    """The answer to a packet, with the mark that the socket of whom it is for gives to what it sends.

    Args:
        namespace: where it has arrived.
        packet: as it has arrived.
    """
    takes = [] if packet.protocol == "icmp" else _hearing(world, namespace, packet)
    return replace(packet.reversed(), mark=takes[0].mark if takes else 0)


def relayed(world: World, namespace: str, packet: Packet) -> Packet | None:
    """What a docker-proxy sends, over a connection of its own, for a packet that has come to it; None for others.

    Args:
        namespace: where the packet has arrived.
        packet: as it has arrived.
    """
    ends = [] if packet.protocol == "icmp" else [e.leads for e in _hearing(world, namespace, packet) if e.leads]
    if not ends:
        return None
    address, port = ends[0]
    return Packet("", address, packet.protocol, packet.source_port, port)


def _hearing(world: World, namespace: str, packet: Packet) -> list[Listener]:
    """Who takes a packet that has arrived."""
    here = (each for each in world.listeners(namespace) if listening.of(each, packet) and not each.reserved)
    return [each for each in here if listening.hears(each, packet.destination, packet.scope or "lo")]


def reserved(world: World, namespace: str, packet: Packet) -> bool:
    """Whether somebody only holds a packet's port: whoever connects there is answered, and not served.

    Args:
        namespace: where it has arrived.
        packet: as it has arrived.
    """
    return any(each.reserved for each in world.listeners(namespace) if listening.of(each, packet))


def no_port(world: World, namespace: str, packet: Packet) -> Finding:
    """The kernel has no port left that it could give a sender.

    Args:
        namespace: the sender.
        packet: what it wanted to send.
    """
    switch = "net.ipv4.ip_local_port_range"
    bounds = (world.switch(namespace, switch) or "").split()
    asked = f"{packet.destination} port {packet.destination_port}"
    words = (
        f"{namespace} has no port left to ask {asked} from: those from {' to '.join(bounds)} (ip_local_port_range), "
        "which the kernel gives to senders, are all in use towards it"
    )
    narrow = len(bounds) == 2 and int(bounds[1]) - int(bounds[0]) < _FEW_PORTS
    repair = (typed(world, namespace, f"sysctl -w {switch}='32768 60999'"),) if narrow else ()
    return Finding("sysctl", words, (shown(world, namespace, f"sysctl {switch}", " ".join(bounds)),), repair, namespace)


def _busy(world: World, namespace: str, packet: Packet, hearing: list[Listener]) -> Finding | None:
    """Whether all who listen leave to the kernel what it takes for them."""
    if all(each.stopped for each in hearing):
        return _held(world, namespace, packet, hearing[0])
    return _full(world, namespace, packet, hearing[0]) if all(each.full for each in hearing) else None


def _held(world: World, namespace: str, packet: Packet, listener: Listener) -> Finding:
    """A program is stopped: the kernel takes connections and datagrams for it, and nobody answers them."""
    words = (
        f"{listener.program or 'a program'} in {namespace} has {listener.protocol} port {listener.port}, but it is "
        f"stopped (SIGSTOP): what the kernel takes for it waits until process {listener.pid} goes on"
    )
    told = shown(world, namespace, f"ps -o stat,comm -p {listener.pid}", f"T {listener.program}")
    lines = (listening.told(world, namespace, packet.protocol), told)
    return Finding("service", words, lines, (f"kill -CONT {listener.pid}",), namespace, lasting=True)


def _full(world: World, namespace: str, packet: Packet, listener: Listener) -> Finding:
    waiting, most = listener.waiting
    words = (
        f"{listener.program or 'a program'} in {namespace} listens at {listener.protocol} port {listener.port} but "
        f"does not accept: {waiting} connections wait, at most {most} may"
    )
    return Finding("service", words, (listening.told(world, namespace, packet.protocol),), (), namespace)


def refused(world: World, packet: Packet, words: str) -> Finding | None:
    """Who takes a connection and ends it at once, or answers from another address than it was asked at.

    Args:
        packet: as its sender wrote it.
        words: what became of it: "resets the connection at once".
    """
    place = next((place for place, _ in world.topology.bearers(packet.destination)), "")
    listener = next((e for e in world.listeners(place) if listening.of(e, packet)), None) if place else None
    if listener is None:
        return None
    said = f"{listener.program or 'a program'} in {place}, at {packet.protocol} port {packet.destination_port}, {words}"
    return Finding("service", said, (listening.told(world, place, packet.protocol),), (), place)


def _deaf(world: World, namespace: str, packet: Packet, listener: Listener) -> Finding:
    """Somebody listens at the port, but not for this packet."""
    program, port = listener.program or "a program", listener.port
    if listener.device and (listener.everywhere or listener.address == packet.destination):
        why = f"for what comes in by {listener.device} only (SO_BINDTODEVICE)"
    elif listener.peer:
        why = f"for {listener.peer} only: it is connected to that"
    elif listener.everywhere and packet.version == 4:
        why = f"at [::] port {port} for IPv6 only (IPV6_V6ONLY)"
    else:
        why = f"at {listener.address} port {port} only"
    words = f"{program} in {namespace} listens {why}: packets for {packet.destination} are not for it"
    repair = () if listener.device else _restarted(world, namespace, packet, listener)
    words += "" if repair else "; change that where it is started"
    line = listening.told(world, namespace, packet.protocol)
    line = shown(world, namespace, "ss -nup", f"port {port}, peer {listener.peer}") if listener.peer else line
    return Finding("service", words, (line,), repair, namespace)


def _restarted(world: World, namespace: str, packet: Packet, listener: Listener) -> tuple[str, ...]:
    """The program started anew, or once more, so that it is heard; not where its end would be that of a container."""
    command = shlex.join(listener.command)
    ends = [end for end in world.topology.leaving(namespace) if world.topology.prefixes(end, packet.version)]
    everywhere = "::" if packet.version == 6 else "0.0.0.0"  # noqa: S104  (for a line that the learner types)
    narrow = len(ends) > 1 and not listener.everywhere  # nobody of its other networks is to get in
    wanted = packet.destination if narrow else everywhere
    words = [_at(word, listener, wanted) for word in listener.command]
    kept = (not world.space(namespace).named and namespace != HOST) or bool(listener.peer)
    if not listener.pid or shlex.join(words) == command or kept or routing(world, namespace):
        return ()
    if listener.only_six and listener.everywhere:  # another one beside it can have the port of IPv4
        words = [word for word in words if not _ONLY_SIX.fullmatch(word)]
        return () if any(map(_OF_SIX.search, words)) else (_begun(world, namespace, words),)
    if narrow:
        return (_begun(world, namespace, words),)
    # It has the port until it is gone.
    return f"kill {listener.pid}; tail --pid={listener.pid} -s 0.1 -f /dev/null", _begun(world, namespace, words)


def _begun(world: World, namespace: str, words: list[str]) -> str:
    """What starts a program in the background."""
    return f"{typed(world, namespace, shlex.join(words))} >/dev/null 2>&1 &"


def _at(word: str, listener: Listener, address: str) -> str:
    """A word of a command, with another address where it is that of a socket, or that and the port."""
    told = re.fullmatch(rf"\[?{re.escape(listener.address)}\]?(:{listener.port})?", word)
    if told is None:
        return word
    return endpoint(address, listener.port) if told[1] else address


def routing(world: World, namespace: str) -> bool:
    """Whether a namespace is a router: it forwards from one interface to another, neither of them a bridge's own."""
    ends = [end for end in world.topology.leaving(namespace) if world.link(end).addresses]
    if len(ends) < 2 or any(world.link(end).kind == "bridge" for end in ends):
        return False
    return any(gateways.forwards(world, end, address) for end in ends for address in ("0.0.0.0", "::"))  # noqa: S104


def _nobody(world: World, namespace: str, packet: Packet) -> Finding:
    port = packet.destination_port
    words = f"nobody in {namespace} listens at {packet.protocol} port {port}"
    command = f"busybox httpd -p {port}" if packet.protocol == "tcp" else _udp_server(packet.version, port)
    router = routing(world, namespace)
    words += f"; {namespace} is a router: whom the packets are meant for is to be decided" if router else ""
    repair = () if router else (typed(world, namespace, command),)
    return Finding("service", words, (listening.told(world, namespace, packet.protocol),), repair, namespace)


def _mute(world: World, namespace: str, switch: str) -> Finding:
    words = f"{namespace} answers no echo requests: {switch.rpartition('.')[2]} is 1"
    line = shown(world, namespace, f"sysctl {switch}", "1")
    return Finding("sysctl", words, (line,), (typed(world, namespace, f"sysctl -w {switch}=0"),), namespace)


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
    last = ((place, *pairs[-1]) for place, pairs in flows.known.items())
    router = next((place for place, came, left in last if came.destination != left.destination), "")
    words = (
        f"the answer comes from {answer.source}, not from {asked.destination}, whom the sender asked: it did not pass "
        f"{router or 'the namespace'} again, which would translate it back"
    )
    if not router:
        return Finding("return path", words)
    bridges = {translations.bridge_of(world, router, each) for each in (answer.source, answer.destination)}
    switch = f"net.bridge.bridge-nf-call-{answer.iptables}"
    value = world.switch(router, switch)
    if value == "0" and len(bridges) == 1 and None not in bridges:
        line = shown(world, router, f"sysctl {switch}", value)
        return Finding("return path", words, (line,), (typed(world, router, f"sysctl -w {switch}=1"),), router)
    command = f"{answer.iptables} -t nat -I POSTROUTING -s {answer.destination} -d {answer.source}"
    command += f" -p {answer.protocol} --dport {answer.source_port}" if answer.source_port else ""
    words += f"; {router} does not hide the sender behind its own address (MASQUERADE)"
    line = translations.listed(world, router, answer)
    return Finding("return path", words, (line,), (typed(world, router, f"{command} -j MASQUERADE"),), router)
