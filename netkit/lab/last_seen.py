"""A probe of nk.why watched on its way: where it was "last seen" when "every layer looks right"."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from netkit.diagnosis import Finding, Packet, World, rejections
from netkit.diagnosis.matching import Passing, Place
from netkit.journey.values import Seen
from netkit.model import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.journey.shown.table import Journey
    from netkit.netfilter import TraceEvent


def finding(world: World, source: str, packet: Packet, probe: Callable[[], object]) -> Finding | None:
    """Send a probe once more, and say where it, or the answer to it, ended.

    Args:
        world: the networks, as they were before.
        source: who asks.
        packet: what is sent.
        probe: sends it.

    Returns:
        None where the probe gets through now, or nothing of it was seen.
    """
    told = _journeys(world, packet, probe)
    lost = [each for each in told if not each.delivered and each.protocol in ("ICMP", "ICMPv6", "TCP", "UDP")]
    if not lost or any(each.delivered and each.source == packet.destination for each in told):
        return None
    return _told(world, source, packet, lost[-1])


def arrives(world: World, packet: Packet, probe: Callable[[], object]) -> bool:
    """Send a probe once more, and say whether it arrives, whoever answers; also where nothing of it was seen.

    Args:
        world: the networks, as they were before.
        packet: what is sent.
        probe: sends it.
    """
    told = [each for each in _journeys(world, packet, probe) if each.destination == packet.destination]
    return not told or any(each.delivered for each in told if each.protocol == packet.protocol.upper())


def _journeys(world: World, packet: Packet, probe: Callable[[], object]) -> list[Journey]:
    """What goes there, and what comes from there."""
    from netkit.journey import journeys

    return [each for each in journeys(_watched(world, probe)) if packet.destination in (each.source, each.destination)]


def _watched(world: World, probe: Callable[[], object]) -> Seen:
    """All that is seen while a probe is sent."""
    from netkit.linux.capturing.capture import capture
    from netkit.linux.tracing.trace import Trace

    recording = capture()
    with recording:
        trace = Trace(recording.watched())
        recording.at_quiet(trace.shut)
        trace.start()
        try:
            probe()
        except BaseException:
            trace.stop()
            raise
    trace.stop()
    frames = tuple(frame for frame in recording.frames if frame.time >= trace.began)
    events = trace.events(recording.interfaces())
    return Seen(frames, events, world.snapshot, world.snapshot, recording.lost, trace.lost, trace.untraced)


def _rule(world: World, drop: TraceEvent) -> Rule | None:
    """The rule or the policy that dropped a packet, None where that is neither listed nor told."""
    table = f"{drop.family} {drop.table}" if drop.tool == "nft" else drop.table
    same = [r for r in world.space(drop.namespace).rules if (r.table, r.chain) == (table, drop.chain)]
    if not drop.rule:
        own = [r for r in same if r.kind in ("policy", "base") and r.policy.upper() == "DROP"]
        return own[0] if len(own) == 1 else None
    known = next((r for r in same if (r.tool, r.text) == (drop.tool, drop.rule)), None)
    return known or Rule(drop.tool, table, drop.chain, drop.rule)


def _seen(drop: TraceEvent, packet: Packet) -> Packet:
    """The packet as it was dropped, which may carry the probe; the probe itself where its header was not reported."""
    header, version = drop.network, drop.network[0] >> 4 if drop.network else 0
    if version not in _HEADERS or len(header) < _HEADERS[version][2]:
        return packet
    start, number, end = _HEADERS[version]
    middle = (start + end) // 2
    source, destination = (str(ipaddress.ip_address(header[a:b])) for a, b in ((start, middle), (middle, end)))
    name = _PROTOCOLS.get(header[number], packet.protocol)
    ports = struct.unpack_from("!HH", drop.transport) if name in ("tcp", "udp") and len(drop.transport) >= 4 else ()
    return Packet(source, destination, name, *ports)


_HEADERS = {4: (12, 9, 20), 6: (8, 6, 40)}
"""By version of IP: where its addresses begin, where the protocol's number stands, and where the addresses end."""

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}


def _told(world: World, source: str, packet: Packet, journey: Journey) -> Finding:
    """What ended a packet: the rule that netfilter reported, else the place where it was last seen."""
    last = journey.hops[-1]
    drop = next((event for event in last.events if event.verdict == "drop"), None)
    rule = _rule(world, drop) if drop is not None else None
    if drop is not None and rule is not None:
        seen = _seen(drop, Packet(journey.source, journey.destination, packet.protocol))
        layer = drop.family if drop.family in ("bridge", "arp", "netdev") else ""
        port = world.space(last.namespace).interfaces.get(drop.iif or drop.oif or "")
        bridge = str(port.master) if port is not None and layer == "bridge" else ""
        ways = drop.iif or "", drop.oif or ""
        place = Place(last.namespace, str(last.hook).upper(), *ways, bridge=bridge, layer=layer)
        return rejections.dropped(world, place, Passing(seen, *ways), rule)
    back = journey.source == packet.destination
    what = f"the answer to {source}" if back else "the probe"
    words = f"every layer looks right, but {what} did not arrive: last seen at {last.where}; {journey.end}"
    layer = (
        "return path" if back else "filter" if drop is not None else "service" if packet.destination_port else "route"
    )
    return Finding(layer, words, (), (), last.namespace)
