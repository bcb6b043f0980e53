"""Traffic for the simulator: mixed, and as hard to tell apart as it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.journeys.packets import ICMP, TCP, UDP, Packet, arp, echo, tcp, udp
from tests.unit.journeys.topologies import OUTSIDE, PUBLISHED

if TYPE_CHECKING:
    from tests.unit.journeys.world import World

SIZES = (0, 0, 8, 8, 56, 1400, 3000)


def mixed(world: World, packets: int) -> None:
    """Packets of any kind from anybody to anybody: equal payloads, identification 0, repetitions of the very bytes.

    Args:
        world: with the topology `with_outside`.
        packets: how many, at least.
    """
    insides = sorted(name for name in world.spaces if "-c" in name)
    ends = {name: world.spaces[name].cards["eth0"].address.partition("/")[0] for name in insides}
    ends |= {"out": OUTSIDE, "host": "172.17.0.1"}
    at = 0
    while world.packets < packets:
        at += world.random.randrange(3000)
        source = world.random.choice(sorted(ends))
        kind = world.random.randrange(10)
        if kind == 0:
            _asking(world, source, ends, at)
        elif kind == 1:
            _at_once(world, insides, at)
        elif kind == 2:
            _to_published(world, source, ends, at)
        else:
            target = world.random.choice(sorted(set(ends) - {source}))
            if target != "out" and source == "out":
                target = "host"
            packet = _drawn(world, ends[source], ends[target] if source != "out" else "192.168.7.1")
            again = 1 if len(packet.data) > 1480 else world.random.choice((1, 1, 1, 2))  # each large one has its own id
            for _ in range(again):
                world.send(source, packet, at)


def _asking(world: World, source: str, ends: dict[str, str], at: int) -> None:
    interface = {"host": "br0"}.get(source, "eth0")
    frame = arp(world.spaces[source].cards[interface].mac, ends[source], world.random.choice(sorted(ends.values())))
    for _ in range(world.random.choice((1, 1, 3))):
        world.say(source, interface, frame, at)


def _at_once(world: World, sources: list[str], at: int) -> None:
    """Everybody pings the outside: same identifier, same sequence, same payload, same identification."""
    sequence = world.random.randrange(3)
    for source in sources:
        own = world.spaces[source].cards["eth0"].address.partition("/")[0]
        world.send(source, Packet(own, OUTSIDE, ICMP, echo(8, 7, sequence)), at)


def _to_published(world: World, source: str, ends: dict[str, str], at: int) -> None:
    """From outside, and by hairpin from inside, even from the container itself."""
    if source == "host":
        return
    own, asked = ends[source], "192.168.7.1" if source == "out" else "172.17.0.1"
    port = 50_000 + world.random.randrange(5)
    world.send(source, Packet(own, asked, TCP, tcp(port, PUBLISHED, world.random.randrange(4)), _ident(world)), at)
    translator = world.spaces["host"].translator
    first = (TCP, own, asked, port, PUBLISHED)
    if translator and first in translator.flows:  # and the answer
        _, hidden, server, back, there = translator.flows[first]
        answer = Packet(server, hidden, TCP, tcp(there, back, world.random.randrange(4), b"yes"), 0)
        world.send("host-c2", answer, at)


def _ident(world: World) -> int:
    return world.random.choice((0, 0, 1, world.random.randrange(65536)))


def _drawn(world: World, source: str, target: str) -> Packet:
    payload = bytes(world.random.choice(SIZES))
    port, number = 50_000 + world.random.randrange(3), world.random.randrange(4)
    kind = world.random.choice((ICMP, TCP, UDP))
    if kind == ICMP:
        data = echo(world.random.choice((8, 0)), number, world.random.randrange(3), payload)
    elif kind == TCP:
        data = tcp(port, 80, number, payload[:1400])
    else:
        data = udp(port, 53, payload)
    large = len(data) > 1480
    return Packet(source, target, kind, data, world.packets + 2 if large else _ident(world))
