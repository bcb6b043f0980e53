"""Knows the networks around a packet, as snapshots and earlier frames show them: routes, neighbours, FDBs, owners."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from functools import cached_property, wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from netkit.journey.joining.keys import read
from netkit.journey.joining.wiring import Wiring
from netkit.model.routing import equal, matching
from netkit.packets import reader
from netkit.packets.arp import REPLY, REQUEST, arp
from netkit.packets.reader import spans
from netkit.packets.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from netkit.journey.joining.keys import Flow
    from netkit.journey.values import Seen, Step
    from netkit.model import ForwardingEntry, Frame, Interface, Namespace, Route
    from netkit.netfilter import Connection

SOLICITATION, ADVERTISEMENT = 135, 136
_WITH_TARGET = 24  # bytes of these with the address that they are about (RFC 4861)
_LOOPBACK = 127
_GROUPS = 224  # IPv4 addresses from 224.0.0.0 on are those of groups, and 255.255.255.255 is everybody's
_KEPT = ("reachable", "stale", "delay", "probe", "permanent")


Look = TypeVar("Look", bound="Callable[..., Any]")


class Learned(NamedTuple):
    """That a bridge learned behind which port a MAC is: when, and which."""

    time: int
    port: str


def remembered(method: Look) -> Look:
    """A look-up that is done once for the same question: thousands of packets ask it."""

    @wraps(method)
    def look(self: Around, *question: Any) -> Any:
        key = method.__name__, *question
        if key not in self.known:
            self.known[key] = method(self, *question)
        return self.known[key]

    return look  # type: ignore[return-value]


class Around:
    """What is known of the networks in which packets were seen.

    Args:
        seen: what was recorded.

    Attributes:
        seen: as given.
        known: what was looked up already, by question.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.known: dict[Hashable, Any] = {}

    def spaces(self, name: str) -> Iterator[Namespace]:
        """The namespace before the recording and after it, as far as it was there."""
        for snapshot in (self.seen.before, self.seen.after):
            if name in snapshot.namespaces:
                yield snapshot.namespaces[name]

    @remembered
    def interface(self, namespace: str, name: str) -> Interface | None:
        """An interface as before the recording, else as after it; up, or a port, if it was that at either moment."""
        links = [space.interfaces[name] for space in self.spaces(namespace) if name in space.interfaces]
        if not links:
            return None
        first, last = links[0], links[-1]
        up, carrier = first.up or last.up, first.carrier or last.carrier
        return replace(first, up=up, carrier=carrier, master=first.master or last.master)

    def passing(self, namespace: str, name: str) -> bool:
        """Whether an interface was made and taken away during the recording: nothing else is known of it."""
        return any(True for _ in self.spaces(namespace)) and self.interface(namespace, name) is None

    def is_watched(self, namespace: str, name: str) -> bool:
        """Whether frames were recorded at an interface."""
        return not self.seen.watched or name in self.seen.watched.get(namespace, ())

    def master(self, namespace: str, name: str) -> str | None:
        """The bridge that an interface is a port of."""
        link = self.interface(namespace, name)
        return link.master if link else None

    def ports(self, namespace: str, bridge: str) -> list[Interface]:
        """The ports of a bridge."""
        names = dict.fromkeys(name for space in self.spaces(namespace) for name in space.interfaces)
        links = (self.interface(namespace, name) for name in names)
        return [link for link in links if link is not None and link.master == bridge]

    @remembered
    def sysctl(self, namespace: str, name: str) -> str | None:
        """A switch's value, None if it is unknown or was changed meanwhile."""
        values = {space.sysctls[name] for space in self.spaces(namespace) if name in space.sysctls}
        return values.pop() if len(values) == 1 else None

    @cached_property
    def _wiring(self) -> Wiring:
        return Wiring(self.seen.before, self.seen.after)

    def rewritten(self, step: Step) -> bytes | None:
        """The address to which conntrack leads a packet that came in, None where it stays the same.

        Args:
            step: at the interface.
        """
        flows = self._wiring.translations.get(step.namespace)
        if not flows or step.frame is None:
            return None
        frame = step.frame
        packet = read(frame.data, frame.length, frame.link, self.seen.tunnels)
        now = flows.get(packet.flow)
        return now[2] if now is not None and now[2] != packet.flow[2] else None

    def sends(self, namespace: str, flow: Flow) -> bool:
        """Whether a namespace has sent a packet of a flow, as its sockets know it."""
        return (namespace, flow) in self._sent

    @cached_property
    def _sent(self) -> set[tuple[str, Flow]]:
        """What each namespace has sent, before its source was translated."""
        found = set()
        for frame in self.seen.frames:
            if frame.direction == "out":
                flow = read(frame.data, frame.length, frame.link, self.seen.tunnels).flow
                found.add((frame.namespace, self._wiring.origins.get(frame.namespace, {}).get(flow, flow)))
        return found

    def counted(self, namespace: str, *names: str) -> int:
        """How much more a namespace has counted meanwhile, by nstat(8)'s names: "TcpExtListenDrops"."""
        found = self.seen.counted.get(namespace, {})
        return sum(found.get(name, 0) for name in names)

    @cached_property
    def wording(self) -> Wording:
        """How to write addresses so that they are the same in each run."""
        owners: dict[str, tuple[bool, str]] = {}
        for snapshot in (self.seen.before, self.seen.after):
            for space in snapshot:
                for link in space.interfaces.values():
                    if link.mac is not None:
                        claim = link.master is not None, f"{space.name}:{link.name}"
                        owners[link.mac] = min(claim, owners.get(link.mac, claim))
        return Wording({mac: owner for mac, (_, owner) in owners.items()})

    def _addresses(self, namespace: str) -> Iterator[str]:
        """The addresses of a namespace's interfaces: "10.0.0.1/24"."""
        for space in self.spaces(namespace):
            for link in space.interfaces.values():
                yield from link.addresses

    @remembered
    def own(self, namespace: str, address: bytes) -> bool:
        """Whether an address is one of the namespace's own."""
        text = str(ipaddress.ip_address(address))
        borne = (borne.partition("/")[0] for borne in self._addresses(namespace))
        return (len(address) == 4 and address[0] == _LOOPBACK) or text in borne

    @remembered
    def everyone(self, namespace: str, address: bytes) -> bool:
        """Whether an address is a group's, or the broadcast address of one of the namespace's networks."""
        if len(address) != 4:
            return address[0] == 0xFF
        value = ipaddress.IPv4Address(address)
        networks = (ipaddress.IPv4Interface(borne).network for borne in self._addresses(namespace) if ":" not in borne)
        return address[0] >= _GROUPS or any(n.prefixlen < 31 and value == n.broadcast_address for n in networks)

    @remembered
    def routes(self, namespace: str, address: bytes) -> list[Route]:
        """The routes that match an address: the main table first, in it the longest prefix, then the lowest metric."""
        return next(filter(None, self._routes(namespace, address)), [])

    def _routes(self, namespace: str, address: bytes) -> Iterator[list[Route]]:
        """Those of the beginning, then those of the end."""
        for space in self.spaces(namespace):
            yield matching(space.routes, str(ipaddress.ip_address(address)))

    @remembered
    def route(self, namespace: str, target: bytes, device: str | None, mac: bytes = b"") -> Route | None:
        """The best of them that leads to the device by which the packet really left; of equals the one to that MAC."""
        every = chain.from_iterable(self._routes(namespace, target))
        found = [route for route in every if device in (None, route.device)]
        equals = [route for route in found if route.via and equal(route, found[0])] if mac else []
        macs = [self.neighbour(namespace, route.device or "", route.via or "") for route in equals]
        taken = (route for route, borne in zip(equals, macs, strict=True) if borne == mac.hex(":"))
        return next(taken, next(iter(found), None))

    @remembered
    def neighbour(self, namespace: str, device: str, address: str) -> str | None:
        """The MAC that the neighbour table gives for an address, at the end of the recording if it has one then."""
        for space in reversed(list(self.spaces(namespace))):
            for entry in space.neighbours:
                if (entry.address, entry.device) == (address, device) and entry.mac and entry.state in _KEPT:
                    return entry.mac
        return None

    @remembered
    def forwarding(self, namespace: str, device: str) -> list[ForwardingEntry]:
        """A VXLAN device's own forwarding entries, those of the end of the recording first."""
        return [e for space in reversed(list(self.spaces(namespace))) for e in space.fdb
                if e.device == device and e.master is None]  # fmt: skip

    def knows(self, namespace: str, bridge: str, mac: bytes, time: int) -> str | None:
        """The port behind which a bridge's FDB had a MAC at a moment; None if it had no entry.

        Args:
            namespace: the bridge's.
            bridge: its name.
            mac: 6 bytes.
            time: nanoseconds since the epoch.
        """
        learned = self._learned.get((namespace, bridge, mac), [])
        at = bisect_left(learned, time, key=lambda entry: entry.time)
        if at:
            return learned[at - 1].port
        text = mac.hex(":")
        before = self.seen.before.namespaces.get(namespace)
        entries = before.fdb if before else ()
        return next((e.device for e in entries if (e.mac, e.master) == (text, bridge)), None)

    @cached_property
    def _learned(self) -> dict[tuple[str, str, bytes], list[Learned]]:
        """What bridges learned from the frames that came in at their ports, in the order of time."""
        found: dict[tuple[str, str, bytes], list[Learned]] = defaultdict(list)
        bridges: dict[tuple[str, str], str | None] = {}
        for frame in self.seen.frames:
            place = frame.namespace, frame.interface
            if place not in bridges:
                bridges[place] = self.master(*place)
            bridge = bridges[place]
            if bridge is not None and frame.direction == "in":
                known = found[frame.namespace, bridge, frame.data[6:12]]
                if not known or known[-1].port != frame.interface:
                    known.append(Learned(frame.time, frame.interface))
        return dict(found)

    def asked(self, namespace: str, device: str, address: bytes) -> int:
        """How often a namespace asked for an address's MAC and nobody answered; 0 if somebody did.

        Args:
            namespace: who asks.
            device: the interface that it asks by.
            address: of whom it wants the MAC.
        """
        return 0 if (namespace, address) in self._heard else self._asked.get((namespace, device, address), 0)

    @cached_property
    def _asked(self) -> dict[tuple[str, str, bytes], int]:
        """ARP questions and neighbour solicitations that went out (RFC 826, RFC 4861)."""
        found: dict[tuple[str, str, bytes], int] = defaultdict(int)
        for frame in self.seen.frames:
            if frame.direction == "out" and (asked := _neighbour_message(frame, REQUEST, SOLICITATION)):
                found[frame.namespace, frame.interface, asked] += 1
        return dict(found)

    @cached_property
    def _heard(self) -> set[tuple[str, bytes]]:
        """The addresses from which answers came in."""
        frames = (frame for frame in self.seen.frames if frame.direction == "in")
        answers = ((frame.namespace, _neighbour_message(frame, REPLY, ADVERTISEMENT)) for frame in frames)
        return {(namespace, address) for namespace, address in answers if address is not None}

    @remembered
    def translated(self, namespace: str) -> list[Connection]:
        """The namespace's tracked connections with NAT, those of the end of the recording first."""
        spaces = reversed(list(self.spaces(namespace)))
        tracked = dict.fromkeys(connection for space in spaces for connection in space.connections)
        return [connection for connection in tracked if connection.translated]


def _neighbour_message(frame: Frame, operation: int, kind: int) -> bytes | None:
    """The address that a message of neighbours is about, None for any other frame."""
    last = spans(frame.data, frame.link, frozenset())[-1]
    if last.name == reader.ARP and (message := arp(frame.data, last)) is not None and message.operation == operation:
        return message.target if operation == REQUEST else message.sender
    if last.name == reader.ICMPV6 and last.end - last.start >= _WITH_TARGET and frame.data[last.start] == kind:
        return frame.data[last.start + 8 : last.start + _WITH_TARGET]
    return None
