"""Why a bridge sent a frame out of no port: state (blocking), isolated, locked, hairpin, FDB, flood, IGMP snooping."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from netkit.journey.telling import doors
from netkit.journey.telling.around import without_signal
from netkit.journey.telling.claims import NOTHING, Claim, said
from netkit.journey.telling.decisions import EVERYONE, flooding
from netkit.journey.telling.doors import SILENT

if TYPE_CHECKING:
    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.model import Interface


def at_port(trip: Trip, around: Around, leaf: int, view: View) -> Claim:
    """Why a frame that came in at a port went nowhere.

    Args:
        trip: the packet's steps.
        around: the networks.
        leaf: the step at the port.
        view: the frame's headers.
    """
    step, shown = trip.steps[leaf], trip.record(leaf)
    bridge = around.master(*step.place) or ""
    mac, entry = view.macs[0] if view.macs else EVERYONE, None
    if kept := _kept_out(around, step, bridge):
        return said(kept.text, kept, shown)
    if (goal := _translated(trip, leaf, view)) is not None:
        entry = around.neighbour(step.namespace, bridge, goal)
        mac = bytes.fromhex(entry.mac.replace(":", "")) if entry is not None and entry.mac else mac
    link = around.interface(step.namespace, bridge)
    if link is not None and mac.hex(":") == link.mac:
        return _for_itself(trip, around, leaf, bridge)
    why = _by_fdb(around, step, bridge, mac) or _by_ports(around, step, bridge)
    if not why and mac[0] & 1 and mac != EVERYONE:
        why = _by_groups(around, step, bridge, view)
    if why:
        return said(why.text, shown, why, entry)
    why = doors.by_older(around, step.namespace, doors.ANYWHERE) or doors.bad_header(around, step.namespace)
    why = why or unsent(around, step.namespace, _others(around, step, bridge))
    return said(f"{bridge} took it in at {step.where} and sent it to no port; {why.text or SILENT}", shown, why)


def _translated(trip: Trip, at: int, view: View) -> str | None:
    """The new destination of a packet that was translated at a port (br_netfilter); None of all others."""
    came = trip.last[at]
    if view.ip is None or came is None or came.ip is None or came.ip.target == view.ip.target:
        return None
    return str(ip_address(view.ip.target))


def _kept_out(around: Around, step: Step, bridge: str) -> Claim:
    """Why a frame did not come from a port into the bridge: a filter of tc, a bridge or a port that is not ready."""
    found = around.record(*step.place)
    link, own = around.interface(step.namespace, bridge), around.interface(*step.place)
    if door := doors.at_door(around, *step.place, "ingress"):
        return said(f"it came in at {step.where}, and went no further: {door}", door)
    if link is not None and not link.up:
        words = f"it came in at {step.where}, but the bridge {bridge} is down"
        return said(words, around.record(step.namespace, bridge))
    if (blocked := around.blocked(*step.place)) is not None:
        return said(f"it came in at {step.where}, which the bridge {bridge} keeps {blocked.state}", blocked)
    if own is not None and own.has("locked") and step.frame is not None:
        who = around.wording.mac(step.frame.data[6:12])
        return said(f"{step.where} is locked, and the FDB of {bridge} does not have {who} there", found)
    return NOTHING


def _others(around: Around, step: Step, bridge: str) -> list[Interface]:
    return [port for port in around.ports(step.namespace, bridge) if port.name != step.interface]


def unsent(around: Around, namespace: str, ports: list[Interface]) -> Claim:
    """What lost packets at the way out of some ports."""
    return next(filter(None, (doors.by_queue(around, namespace, port.name) for port in ports)), NOTHING)


def by_own(trip: Trip, around: Around, leaf: int) -> Claim:
    """Why a bridge sent a frame to no port that left by its own interface.

    Args:
        trip: the packet's steps; a translated one may have come in by a port.
        around: the networks.
        leaf: the step at the bridge's own interface.
    """
    step, before = trip.steps[leaf], trip.frame_before(leaf)
    bridge, came = step.interface or "", trip.steps[before] if before is not None else step
    known = came if around.master(*came.place) == bridge else step
    why = _by_fdb(around, known, bridge, step.frame.data[:6]) if step.frame is not None else NOTHING
    return why or unsent(around, step.namespace, around.ports(step.namespace, bridge))


def _for_itself(trip: Trip, around: Around, leaf: int, bridge: str) -> Claim:
    """A frame for the bridge's own MAC that did not come to the bridge's own interface."""
    step, shown = trip.steps[leaf], trip.record(leaf)
    why = doors.by_older(around, step.namespace, doors.ANYWHERE)
    words = f"it came in at {step.where} for {bridge} itself, which did not take it in"
    return said(f"{words}; {why.text or SILENT}", shown, around.record(step.namespace, bridge), why)


def _by_fdb(around: Around, step: Step, bridge: str, mac: bytes) -> Claim:
    """What the FDB says of the receiver's MAC, where that leads nowhere."""
    known = around.meanwhile.knows(step.namespace, bridge, mac, step.frame.time) if step.frame else None
    if known is None:
        return NOTHING
    whose = f"the FDB of {bridge} says: {around.wording.mac(mac)} is behind {known.port}"
    port, found = around.interface(step.namespace, known.port), around.record(step.namespace, known.port)
    if known.port == step.interface:
        hairpin = port is not None and port.has("hairpin")
        words = f"{whose}, where the frame came from and which is not in hairpin mode"
        return NOTHING if hairpin else said(words, known.record, found)
    if port is not None and not (port.up and port.carrier):
        return said(f"{whose}, but that {without_signal(port)}", known.record, found)
    if (blocked := around.blocked(step.namespace, known.port)) is not None:
        return said(f"{whose}, which {bridge} keeps {blocked.state}", known.record, blocked)
    own = around.interface(*step.place)
    if own is not None and port is not None and own.has("isolated") and port.has("isolated"):
        return said(f"{bridge} sends nothing from one isolated port to another", known.record, found)
    queue = doors.by_queue(around, step.namespace, known.port)
    return said(f"{whose}; {queue}", known.record, queue) if queue else NOTHING


def _by_ports(around: Around, step: Step, bridge: str) -> Claim:
    """What keeps a frame from all other ports."""
    others = _others(around, step, bridge)
    records = [around.record(step.namespace, port.name) for port in others]
    if not any(port.up and port.carrier for port in others):
        return said(f"{bridge} has no other port that is up", around.searched(step.namespace), *records)
    kept = [around.blocked(step.namespace, port.name) for port in others if port.up and port.carrier]
    if all(kept):
        names = ", ".join(f"{each.port} {each.state}" for each in kept if each is not None)
        return said(f"{bridge} has no other port that forwards: it keeps {names}", *kept, *records)
    own = around.interface(*step.place)
    if own is not None and all(port.has("isolated") for port in [own, *others] if port.up):
        return said(f"{bridge} sends nothing from one isolated port to another", *records)
    switch = flooding(step.frame.data[:6] if step.frame is not None else EVERYONE)
    if all(port.detail(switch) == "0" for port in others if port.up):
        return said(f"{bridge} sends it to no other port: {switch} is off there", *records)
    return NOTHING


def _by_groups(around: Around, step: Step, bridge: str, view: View) -> Claim:
    """That a bridge knows no listener of a group behind another port (IGMP and MLD snooping)."""
    link, head = around.interface(step.namespace, bridge), view.ip
    if link is None or link.detail("mcast_snooping") == "0" or head is None:
        return NOTHING
    elsewhere = [
        each for each in around.meanwhile.listeners(step.namespace, head.target) if each.interface != step.interface
    ]
    if elsewhere:
        return NOTHING
    words = f"{bridge} knows no listener of {around.wording.address(head.target)} and no router behind another port"
    return said(words, around.record(step.namespace, bridge), *around.meanwhile.listeners(step.namespace, head.target))
