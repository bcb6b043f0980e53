"""Which frames follow which over a bridge: port to port, by its own interface, translated there by br_netfilter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.joining.frames import NONE, Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from netkit.journey.joining.frames import Role
    from netkit.journey.joining.keys import Flow
    from netkit.journey.joining.wiring import Place

    _Taker = tuple[tuple, Place, int]


def _is_bridge(role: Role) -> bool:
    """Whether an interface is a bridge's port, or its own."""
    return role.is_bridge or role.bridge is not None


def connect(frames: Frames, identity: Callable[[int], Hashable]) -> None:
    """Into a port and out of others, or up to the bridge's own interface; from that one out of ports.

    Args:
        frames: the recorded ones.
        identity: what is equal for the same frame, wherever the bridge shows it.
    """
    roles, follows = frames.roles, frames.follows
    offers, takers = [], []
    for n in frames.at(_is_bridge):
        role = roles[n]
        key = role.bridge or role.place, identity(n)
        if frames.came[n] == (role.bridge is not None):
            offers.append((key, n))
        elif follows[n] == NONE:
            takers.append((key, role.place, n))
    frames.join(offers, takers)


def translate(frames: Frames) -> None:
    """Where bridged packets are filtered, a translated one goes to its new receiver's MAC, on the bridge or up to it.

    While that MAC is asked for, the packet waits at the bridge's own interface, and leaves by that one first: then its
    source is still what it was.

    Args:
        frames: the recorded ones.
    """
    wiring = frames.wiring
    if not any(wiring.filtering.values()):
        return
    came, unknown, waiting, left, up = [], [], [], [], []
    goals: dict[int, Flow] = {}
    for n in frames.at(_is_bridge):
        role, packet = frames.roles[n], frames.packets[n]
        space = role.place[0]
        if packet.lasting is None or not frames.is_filtered(n):
            continue
        key = role.bridge or role.place, packet.lasting, packet.rest, packet.ttl
        inward = frames.came[n]
        if role.bridge and inward:
            now = wiring.translations.get(space, {}).get(packet.flow)
            if n not in frames.used and now is not None:
                goals[n] = now
                came += [((*key, flow), n) for flow in dict.fromkeys((now, _half_way(packet.flow, now)))]
            elif n not in frames.used and space in wiring.tracking:
                unknown.append((key, n))
        elif frames.follows[n] == NONE:
            (up if inward else left if role.bridge else waiting).append(((*key, packet.flow), role.place, n))
    frames.join(came, [*waiting, *up])
    again = [((*key[:-1], goals[frames.follows[n]]), n) for key, _, n in waiting if frames.follows[n] != NONE]
    frames.join(again, left)
    frames.join(came, left)
    _forgotten(frames, unknown, waiting, [*up, *left])


def _forgotten(frames: Frames, came: list[tuple[tuple, int]], waiting: list[_Taker], gone: list[_Taker]) -> None:
    """The same without the flow: nobody remembers the translations of connections that were refused, or never began."""
    takers = [[(key[:-1], lane, n) for key, lane, n in some if frames.follows[n] == NONE] for some in (waiting, gone)]
    frames.join(came, takers[0])
    frames.join([(key, n) for key, _, n in takers[0] if frames.follows[n] != NONE], takers[1])
    frames.join([(key, n) for key, n in came if n not in frames.used], takers[1])


def _half_way(flow: Flow, now: Flow) -> Flow:
    """With the new destination, and the source as it was: ICMP has one identifier for both ways."""
    return (flow[0], flow[1], now[2], flow[3] if flow[4] else now[3], now[4])


def reassemble(frames: Frames) -> None:
    """Where bridged packets are filtered and connections tracked, fragments are put together at the port.

    What goes on, whole or in pieces again, follows the last fragment.

    Args:
        frames: the recorded ones.
    """
    if not frames.bundles or not any(frames.wiring.filtering.values()):
        return
    offers, takers = [], []
    for n in frames.at(_is_bridge):
        role, bundle, packet = frames.roles[n], frames.bundles.get(n, [n]), frames.packets[n]
        if packet.lasting is None or role.place[0] not in frames.wiring.tracking or not frames.is_filtered(n):
            continue
        key = role.bridge or role.place, packet.macs, packet.datagram, packet.ttl
        if role.bridge and frames.came[n]:
            if len(bundle) > 1 and n == bundle[-1]:
                offers.append((key, n))
        elif n == bundle[0] and not (role.is_bridge and not frames.came[n]):
            takers.append((key, role.place, n))
    frames.join(offers, takers)
    for _, _, n in takers:
        if frames.follows[n] != NONE:
            for other in frames.bundles.get(n, ()):
                frames.follow(other, frames.follows[n])
