"""Whether somebody takes a packet that has arrived, and whether a translation leads to somebody who does."""

from __future__ import annotations

import ipaddress
import shlex
from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import Listener, World
    from netkit.diagnosis.flows import Flows
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

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
    here = [each for each in world.listeners(namespace) if _of(each, packet)]
    if any(not each.reserved and _hears(each, packet.destination) for each in here):
        return None
    if packet.destination_port == asked.destination_port and packet.destination == asked.destination:
        unpublished = _unpublished(world, namespace, packet, reserved=any(each.reserved for each in here))
        if unpublished is not None:
            return unpublished
    near = [each for each in here if not each.reserved]
    return _only_local(world, namespace, packet, near[0]) if near else _nobody(world, namespace, packet)


def _of(listener: Listener, packet: Packet) -> bool:
    return listener.protocol == packet.protocol and listener.port == packet.destination_port


def _hears(listener: Listener, address: str) -> bool:
    return listener.address == address or (listener.everywhere and (listener.address == "::" or ":" not in address))


def _mute(world: World, namespace: str) -> Finding:
    words = f"{namespace} answers no echo requests: icmp_echo_ignore_all is 1"
    line = shown(world, namespace, f"sysctl {_IGNORE}", "1")
    return Finding("sysctl", words, (line,), (typed(world, namespace, f"sysctl -w {_IGNORE}=0"),), namespace)


def _listening(world: World, namespace: str, protocol: str) -> str:
    """What `ss` would list, in short."""
    found = sorted({(e.address, e.port, e.program) for e in world.listeners(namespace) if e.protocol == protocol})
    told = "\n".join(f"{address}:{port}" + (f" {program}" if program else "") for address, port, program in found)
    return shown(world, namespace, f"ss -ln{protocol[0]}p", told or "nobody listens")


def _only_local(world: World, namespace: str, packet: Packet, listener: Listener) -> Finding:
    program = listener.program or "a program"
    words = (
        f"{program} in {namespace} listens at {listener.address} port {listener.port} only: packets for "
        f"{packet.destination} are not for it"
    )
    repair = _restarted(world, namespace, packet, listener)
    return Finding("service", words, (_listening(world, namespace, packet.protocol),), repair, namespace)


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
    return Finding("service", words, (_listening(world, namespace, packet.protocol),), repair, namespace)


def _udp_server(version: int, port: int | None) -> str:
    """A command that sends every datagram back; it goes to the background when it has the port, as httpd does."""
    family = "AF_INET" if version == 4 else "AF_INET6"
    script = (
        f"import os, socket; s = socket.socket(socket.{family}, socket.SOCK_DGRAM); s.bind(('', {port})); "
        "os.fork() and os._exit(0); os.closerange(0, 3); any(s.sendto(*s.recvfrom(65535)) < 0 for _ in iter(int, 1))"
    )
    return f'python3 -c "{script}"'


def translated(world: World, namespace: str, before: Packet, after: Packet) -> Finding | None:
    """Whether a DNAT rule leads to somebody who listens, or else somebody listens whom it does not lead to.

    Args:
        namespace: whose rule.
        before: the packet as it came.
        after: the packet as it goes on.
    """
    if after.answer or after.destination_port is None:
        return None
    places = [place for place, _ in world.topology.bearers(after.destination)]
    near = (e for place in places for e in world.listeners(place))
    if any(_of(e, after) and (not e.reserved or _hears(e, after.destination)) for e in near):
        return None  # whether it listens at that address is asked where the packet arrives
    others = _others(world, namespace, after)
    if not others and places:
        return None
    target = f"{after.destination}:{after.destination_port}"
    why = "nobody listens there" if places else "nobody has that address"
    rules = (rule for rule in world.space(namespace).rules if rule.option("--to-destination") == target)
    rule = next(rules, None)
    words = f"{namespace} leads port {before.destination_port} to {target}, but {why}"
    right = f"{others[0][0]}:{others[0][1]}" if others else ""
    words += f"; somebody listens at {right}" if right else ""
    tool = "iptables" if after.version == 4 else "ip6tables"
    repair = []
    if right and rule:
        repair = [f"{tool} -t nat -D {rule.specification}"]
        repair += [f"{tool} -t nat -A {rule.specification.replace(target, right)}"]
    line = shown(world, namespace, f"{tool} -t nat -S", rule.text if rule else target)
    evidence = (line, *(_listening(world, place, after.protocol) for place in places[:1]))
    return Finding("nat", words, evidence, tuple(typed(world, namespace, each) for each in repair), namespace)


def _others(world: World, namespace: str, packet: Packet) -> list[tuple[str, int]]:
    """Who else listens in the namespaces behind a router, the likeliest first: (address, port).

    The same namespace before another one; the same port before another one.
    """
    places = [place for place, _ in world.topology.bearers(packet.destination)]
    found = []
    for place in world.topology.behind(namespace):
        for listener in world.listeners(place):
            address = _address(world, namespace, place)
            local = ipaddress.ip_address(listener.address).is_loopback
            if listener.protocol == packet.protocol and address and not local and not listener.reserved:
                rank = (place not in places, listener.port != packet.destination_port, listener.port)
                found.append((rank, (address, listener.port)))
    return [pair for _, pair in sorted(found)]


def _address(world: World, router: str, place: str) -> str | None:
    """An address of a namespace in a network of one of a router's bridges."""
    spaces = world.space(router), world.space(place)
    networks = [
        ipaddress.ip_interface(text).network
        for link in spaces[0].interfaces.values()
        if link.kind == "bridge"
        for text in link.addresses
    ]
    borne = [
        ipaddress.ip_interface(text).ip
        for link in spaces[1].interfaces.values()
        if link.kind != "loopback"
        for text in link.addresses
    ]
    return next((str(ip) for ip in borne if any(ip in network for network in networks)), None)


def _unpublished(world: World, namespace: str, packet: Packet, *, reserved: bool) -> Finding | None:
    """Whether a port was to be published, and the rule that leads from it to a container is missing."""
    tool = "iptables" if packet.version == 4 else "ip6tables"
    rules = [rule for rule in world.space(namespace).rules if rule.tool == tool]
    chains = {(rule.table, rule.chain) for rule in rules}
    leading = [rule for rule in rules if rule.table == "nat" and rule.target == "DNAT"]
    if not reserved and not leading:
        return None
    accepted = [end for rule in rules if (end := _accepted(rule, packet.protocol))]
    led = {rule.option("--to-destination") for rule in leading}
    targets = [(ip, port) for ip, port in accepted if f"{ip}:{port}" not in led]
    targets += _others(world, namespace, packet)
    if not targets:
        return None
    address, port = targets[0]
    chain = "DOCKER" if ("nat", "DOCKER") in chains else "PREROUTING"
    match = f"-p {packet.protocol} -m {packet.protocol} --dport"
    lines = [f"{tool} -t nat -A {chain} {match} {packet.destination_port} -j DNAT --to-destination {address}:{port}"]
    if chain == "PREROUTING":
        lines.append(lines[0].replace("PREROUTING", "OUTPUT -m addrtype --dst-type LOCAL"))
    elif (address, port) not in accepted:
        lines.append(f"{tool} -A DOCKER -d {address}/32 {match} {port} -j ACCEPT")
    listed = "\n".join(rule.text for rule in leading) or "no rule that translates"
    words = f"no rule of {namespace} leads port {packet.destination_port} on to {address}:{port}: it is not published"
    evidence = (shown(world, namespace, f"{tool} -t nat -S", listed),)
    lines = [typed(world, namespace, line) for line in lines]
    return Finding("nat", words, evidence, tuple(lines), namespace, lasting=reserved)


def _accepted(rule: Rule, protocol: str) -> tuple[str, int] | None:
    """The address and the port that a rule lets packets of a protocol to, None for any other rule."""
    address, slash, length = rule.asks("-d").partition("/")
    port = rule.asks("--dport")
    fits = rule.target == "ACCEPT" and rule.asks("-p") == protocol and slash and length == "32" and port.isdigit()
    return (address, int(port)) if fits else None


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
