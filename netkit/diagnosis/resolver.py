"""Why a name server does not hear what it is asked at port 53: one elsewhere, or the namespace's own (127.0.0.11)."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.diagnosis import listening
from netkit.diagnosis.commands import each_typed
from netkit.diagnosis.findings import Finding, Found
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.walk import Walk

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World

_SOME_PORT, _DNS = 40000, 53


def unheard(world: World, namespace: str, server: str) -> Finding | None:
    """Whether a question for a name gets to a server, and the answer back.

    Args:
        namespace: who asks.
        server: its address.

    Returns:
        None where nothing keeps the question from it.
    """
    walk, asked = Walk(world), Packet("", server, "udp", _SOME_PORT, _DNS)
    if not ipaddress.ip_address(server).is_loopback and server not in world.space(namespace).addresses:
        return _beyond(walk, namespace, asked)
    try:
        _, arrived = walk.send(namespace, asked)
    except Found as found:
        return found.finding
    here = [each for each in world.listeners(namespace) if each.address == server and each.protocol in ("udp", "tcp")]
    if any(listening.of(each, arrived) for each in here) or not here:
        return None
    ends = {each.protocol: each.port for each in here}
    words = f"no rule of {namespace} leads {server}:{_DNS} on to port {ends.get('udp')}, where the name server listens"
    evidence = (listening.told(world, namespace, "udp"),)
    return Finding("nat", words, evidence, _led(world, namespace, server, ends), namespace)


def _beyond(walk: Walk, namespace: str, asked: Packet) -> Finding | None:
    """What keeps a question from a server elsewhere, or its answer from who asks."""
    try:
        walk.there_and_back(namespace, asked)
    except Found as found:
        below = found.finding
        words = f"{namespace} does not hear from its name server {asked.destination}: {below.explanation}"
        repair = () if below.layer == "service" else below.repair  # which starts something that knows no names
        return replace(below, explanation=words, repair=repair)
    return None


def _led(world: World, namespace: str, server: str, ends: dict[str, int]) -> tuple[str, ...]:
    """The rules that lead questions on, and answers back, as Docker writes them."""
    chains = {rule.chain for rule in world.space(namespace).rules if rule.table == "nat"}
    out, back = (f"DOCKER_{each}" if f"DOCKER_{each}" in chains else each for each in ("OUTPUT", "POSTROUTING"))
    sources = {rule.asks("--sport") for rule in world.space(namespace).rules if rule.chain == back}
    lines = []
    for protocol, port in sorted(ends.items()):
        match, aim = f"-p {protocol} -m {protocol}", f"{server}:{port}"
        lines.append(f"iptables -t nat -A {out} -d {server}/32 {match} --dport {_DNS} -j DNAT --to-destination {aim}")
        if str(port) not in sources:
            lines.append(f"iptables -t nat -A {back} -s {server}/32 {match} --sport {port} -j SNAT --to-source :{_DNS}")
    return each_typed(world, namespace, lines)
