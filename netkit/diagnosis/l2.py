"""What stops a frame on its way: link down, bridge port (blocking, locked, isolated, hairpin), FDB, macvlan, MTU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.diagnosis import commands, routes
from netkit.diagnosis.commands import named, shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End, ForwardingEntry

SHUT = ("disabled", "blocking", "listening", "learning")
"""The states in which a bridge's port forwards nothing."""

_DORMANT = "1"
"""The link mode in which an interface that is switched on is ready only when a program says so (operstates.rst)."""


@dataclass(frozen=True)
class Crossing:
    """A frame that crosses a bridge.

    Attributes:
        before: the port that it comes in by; None if the bridge itself sends it.
        bridge: the bridge.
        after: the port that it has to leave by; None if the bridge itself is meant.
        sender: the MAC of who sends it.
        receiver: the MAC of whom it is for.
        asks: whether a question for the receiver's MAC, to everybody, has to get there before.
        version: of IP.
    """

    before: End | None
    bridge: End
    after: End | None
    sender: str | None
    receiver: str | None
    asks: bool = False
    version: int = 4


def link(world: World, way: list[End], address: str) -> Finding | None:
    """Whether every interface on the way is switched on.

    Args:
        way: the interfaces, sender first.
        address: whom the packets are for.
    """
    return next((found for place in range(len(way)) if (found := at(world, way, place, address))), None)


def at(world: World, way: list[End], place: int, address: str) -> Finding | None:
    """Whether one of the interfaces on the way is switched on, and so is the one that it stands on.

    Args:
        way: the interfaces, sender first.
        place: which of them.
        address: whom the packets are for.
    """
    end, link = way[place], world.link(way[place])
    if not link.up:
        before = world.link(way[place - 1]) if place else None
        silent = before is not None and before.peer == end and before.up and not before.carrier
        more = f": so {named(way[place - 1])} has no signal" if silent else ""
        return routes.down(world, end, address="" if place else address, more=more)
    parent = link.parent
    if parent is not None and world.topology.has(parent) and not world.link(parent).up:
        return routes.down(world, parent, more=f": {named(end)}, a {link.kind}, stands on it")
    return _choosy(world, way, end) if link.detail("mode") == "source" else None


def _choosy(world: World, way: list[End], end: End) -> Finding | None:
    """A macvlan of the mode "source" takes only frames of the senders that it was told of (ip-link(8))."""
    other = way[-1] if end == way[0] else way[0]
    mac, told = world.link(other).mac, world.link(end).detail("from") or ""
    if end not in (way[0], way[-1]) or mac is None or mac in told.split():
        return None
    words = (
        f"{named(end)} is a macvlan of the mode 'source': it takes frames only of MACs that it was told of, and {mac} "
        f"of {named(other)} is none of them"
    )
    line = shown(world, end[0], f"ip -d link show dev {end[1]}", f"macvlan mode source, remotes {told or 'none'}")
    repair = typed(world, end[0], f"ip link set dev {end[1]} type macvlan macaddr add {mac}")
    return Finding("link", words, (line,), (repair,), end[0])


def bridge(world: World, crossing: Crossing) -> Finding | None:
    """Whether a bridge lets a frame through, out of the right port.

    Args:
        crossing: the frame, and the ports that it has to pass.
    """
    before, middle, after = crossing.before, crossing.bridge, crossing.after
    ports = [port for port in (before, after) if port is not None]
    for port in ports:
        if not world.link(port).up or not world.link(port).carrier:
            continue  # so it is disabled; why, the cable tells
        if world.port(port).state in SHUT:
            return _shut(world, port, middle)
    if before is not None and before == after:
        return None if world.link(before).has("hairpin") else _no_hairpin(world, before, middle)
    if len(ports) == 2 and all(world.link(port).has("isolated") for port in ports):
        return _isolated(world, ports)
    return _astray(world, crossing) or locked(world, crossing) or _not_flooded(world, crossing)


def _known(world: World, middle: End, mac: str | None) -> list[ForwardingEntry]:
    """What a bridge knows of a MAC."""
    return [entry for entry in world.space(middle[0]).fdb if entry.master == middle[1] and entry.mac == mac]


def _astray(world: World, crossing: Crossing) -> Finding | None:
    """The forwarding database has the receiver behind another port."""
    middle, after, mac = crossing.bridge, crossing.after, crossing.receiver
    right, entries = after[1] if after else middle[1], _known(world, middle, mac)
    entry = next((each for each in entries if each.device != right and (after or each.state != "permanent")), None)
    if entry is None or any(each.device == right for each in entries):
        return None
    words = f"the forwarding database of {named(middle)} has {mac} behind {entry.device}, but it is behind {right}"
    line = shown(world, middle[0], f"bridge fdb show br {middle[1]}", f"{mac} dev {entry.device} {entry.state}")
    where = "self" if entry.device == middle[1] else "master"  # the bridge's own entries are no port's
    repair = typed(world, middle[0], f"bridge fdb del {mac} dev {entry.device} {where}")
    return Finding("bridge", words, (line,), (repair,), middle[0])


def locked(world: World, crossing: Crossing) -> Finding | None:
    """Whether a port is locked, and takes frames only of senders that the bridge knows behind it.

    Args:
        crossing: the frame, and the port that it comes in by.
    """
    port, sender = crossing.before, crossing.sender
    if port is None or "unlocked" not in world.port(port).off:
        return None
    if any(entry.device == port[1] for entry in _known(world, crossing.bridge, sender)):
        return None
    words = f"{named(port)} is locked: it takes frames only of MAC addresses that it was told of, and {sender} is none"
    line = shown(world, port[0], f"bridge -d link show dev {port[1]}", "locked on")
    repair = typed(world, port[0], f"bridge fdb replace {sender} dev {port[1]} master static")
    return Finding("bridge", words, (line,), (repair,), port[0])


def _not_flooded(world: World, crossing: Crossing) -> Finding | None:
    """A port gets no frames that go to everybody, or none for those of whom the bridge does not know where they are."""
    port = crossing.after
    if port is None:
        return None
    off, question = world.port(port).off, "mcast_flood" if crossing.version == 6 else "bcast_flood"
    asked, learns = crossing.asks and question in off, "learning" not in off
    lost = "flood" in off and not _known(world, crossing.bridge, crossing.receiver) and not (crossing.asks and learns)
    if not asked and not lost:
        return None
    switch = question if asked else "flood"
    what = "question who has an address" if asked else f"frame for {crossing.receiver}, which the bridge does not know,"
    words = f"{named(port)} sends no {what} on: {switch} is off"
    line = shown(world, port[0], f"bridge -d link show dev {port[1]}", f"{switch} off")
    repair = typed(world, port[0], f"bridge link set dev {port[1]} {switch} on")
    return Finding("bridge", words, (line,), (repair,), port[0])


def _no_hairpin(world: World, port: End, middle: End) -> Finding:
    words = (
        f"a frame that comes into {named(middle)} by {port[1]} has to leave by {port[1]} again: a bridge sends it "
        "there only where the port is in hairpin mode"
    )
    line = shown(world, port[0], f"bridge -d link show dev {port[1]}", "hairpin off")
    repair = typed(world, port[0], f"bridge link set dev {port[1]} hairpin on")
    return Finding("bridge", words, (line,), (repair,), port[0])


def _shut(world: World, port: End, middle: End) -> Finding:
    state = world.port(port).state
    words = f"{named(port)}, a port of {middle[1]}, is in the state '{state}': it forwards nothing"
    line = shown(world, port[0], f"bridge link show dev {port[1]}", f"state {state}")
    if world.link(port).detail("linkmode") == _DORMANT:
        words += ", since it is in the link mode 'dormant', in which it waits for a program that says when it is ready"
        lines = (typed(world, port[0], f"ip link set dev {port[1]} {each}") for each in ("mode default", "state UP"))
        return Finding("bridge", words, (line, commands.link_shown(world, port)), tuple(lines), port[0])
    spanning = world.link(middle).has("stp")
    mend = (
        f"ip link set dev {middle[1]} type bridge stp_state 0" if spanning else f"bridge link set dev {port[1]} state 3"
    )
    return Finding("bridge", words, (line,), (typed(world, port[0], mend),), port[0])


def _isolated(world: World, ports: list[End]) -> Finding:
    one, other = ports
    words = f"the ports {one[1]} and {other[1]} in {one[0]} are isolated: isolated ports do not reach one another"
    evidence = tuple(shown(world, p[0], f"bridge -d link show dev {p[1]}", "isolated on") for p in ports)
    repair = typed(world, one[0], f"bridge link set dev {one[1]} isolated off")
    return Finding("bridge", words, evidence, (repair,), one[0])


def mtu(world: World, way: list[End], size: int) -> Finding | None:
    """Whether a packet as large as its sender may make it fits through everything that says nothing when it does not.

    Args:
        way: the interfaces, sender first.
        size: bytes of the packet.
    """
    ends = [end for place, end in enumerate(way[1:], 1) if world.link(end).kind != "bridge" or place == len(way) - 1]
    small = [end for end in ends if world.link(end).mtu < size]
    if not small:
        return None
    end = small[0]
    words = (
        f"{named(way[0])} sends packets of up to {size} bytes, {named(end)} takes at most {world.link(end).mtu}: "
        "larger ones are dropped without a word, small ones get through"
    )
    evidence = (commands.link_shown(world, way[0]), commands.link_shown(world, end))
    repair = tuple(typed(world, each[0], f"ip link set dev {each[1]} mtu {size}") for each in small)
    return Finding("mtu", words, evidence, repair, end[0], size=size)
