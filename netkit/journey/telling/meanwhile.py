"""What happened while an x-ray recorded: frames sent, MACs learned, ARP asked and heard, counters that grew, losses."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.joining.keys import read
from netkit.journey.joining.wiring import Wiring
from netkit.journey.telling.claims import Counted, Group
from netkit.packets import reader
from netkit.packets.arp import REPLY, REQUEST, arp
from netkit.packets.ip import UDP
from netkit.packets.reader import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netkit.journey.joining.keys import Flow
    from netkit.journey.values import Seen, Step
    from netkit.model import ForwardingEntry, Frame
    from netkit.netfilter import Loss

SOLICITATION, ADVERTISEMENT = 135, 136
_WITH_TARGET = 24  # bytes of these with the address that they are about (RFC 4861)
_OF_ALL = (b"\xe0\0\0\1", ipaddress.IPv6Address("ff02::1").packed, ipaddress.IPv6Address("ff01::1").packed)


class Behind(NamedTuple):
    """Behind which port of a bridge a MAC is, and what tells so: an entry of its FDB, or the frame it learned from."""

    port: str
    record: ForwardingEntry | Frame


class Meanwhile:
    """What happened.

    Args:
        seen: what was recorded.
        master: tells the bridge that an interface of a namespace is a port of.
    """

    def __init__(self, seen: Seen, master: Callable[[str, str], str | None]) -> None:
        self._seen, self._master = seen, master
        self._wiring = Wiring(seen.before, seen.after)
        self._sent: dict[str, set[Flow]] = {}

    def rewritten(self, step: Step) -> bytes | None:
        """The address to which conntrack leads a packet that came in, None where it stays the same.

        Args:
            step: at the interface.
        """
        flows = self._wiring.translations.get(step.namespace)
        if not flows or step.frame is None:
            return None
        frame = step.frame
        packet = read(frame.data, frame.length, frame.link, self._seen.tunnels)
        now = flows.get(packet.flow)
        return now[2] if now is not None and now[2] != packet.flow[2] else None

    def sends(self, namespace: str, flow: Flow) -> bool:
        """Whether a namespace has sent a packet of a flow, as its sockets know it."""
        if namespace not in self._sent:
            self._sent[namespace] = set(self._flows(namespace))
        return flow in self._sent[namespace]

    def _flows(self, namespace: str) -> Iterator[Flow]:
        """What a namespace has sent, before its source was translated."""
        origins = self._wiring.origins.get(namespace, {})
        for frame in self._seen.frames:
            if frame.namespace == namespace and frame.direction == "out":
                flow = read(frame.data, frame.length, frame.link, self._seen.tunnels).flow
                yield origins.get(flow, flow)

    def for_everyone(self, namespace: str) -> int:
        """How many frames with UDP for a group, or for everyone, came in by a namespace's interfaces."""
        return self._for_everyone.get(namespace, 0)

    @cached_property
    def _for_everyone(self) -> Counter[str]:
        frames = (f for f in self._seen.frames if f.direction == "in" and f.link == "ethernet" and f.data[0] & 1)
        own = (f for f in frames if self._master(f.namespace, f.interface) is None)
        return Counter(f.namespace for f in own if read(f.data, f.length, f.link, self._seen.tunnels).flow[0] == UDP)

    def counted(self, namespace: str, *names: str) -> Counted | None:
        """The first of some counters, by nstat(8)'s names, that has grown meanwhile: "TcpExtListenDrops"."""
        found = self._seen.counted.get(namespace, {})
        return next((Counted(namespace, name, found[name]) for name in names if found.get(name)), None)

    def losses(self, namespace: str, device: str) -> list[Loss]:
        """What an interface and its queues lost, or hold."""
        return [each for each in self._seen.losses if (each.namespace, each.device) == (namespace, device)]

    def joined(self, namespace: str, device: str, group: bytes) -> Group | None:
        """That an interface belongs to a group; None if it does not, or nobody knows."""
        name = str(ipaddress.ip_address(group))
        known = (device, name) in self._seen.members.get(namespace, ()) or group in _OF_ALL
        return Group(namespace, device, name) if known else None

    def knows_groups(self, namespace: str) -> bool:
        """Whether the groups of a namespace were read."""
        return namespace in self._seen.members

    def listeners(self, namespace: str, group: bytes) -> list[Group]:
        """The ports behind which bridges of a namespace know listeners of a group."""
        name = str(ipaddress.ip_address(group))
        return [Group(namespace, port, each) for port, each in self._seen.listeners.get(namespace, ()) if each == name]

    def knows(self, namespace: str, bridge: str, mac: bytes, time: int) -> Behind | None:
        """The port behind which a bridge's FDB had a MAC at a moment; None if it had no entry.

        Args:
            namespace: the bridge's.
            bridge: its name.
            mac: 6 bytes.
            time: nanoseconds since the epoch.
        """
        text = mac.hex(":")
        before = self._seen.before.namespaces.get(namespace)
        entries = [e for e in (before.fdb if before else ()) if (e.mac, e.master) == (text, bridge)]
        fixed = next((entry for entry in entries if ("sticky", "") in entry.details), None)
        learned = self._learned.get((namespace, bridge, mac), [])
        at = bisect_left(learned, time, key=lambda frame: frame.time)
        if at and fixed is None:
            return Behind(learned[at - 1].interface, learned[at - 1])
        return Behind(entries[0].device, entries[0]) if entries else None

    @cached_property
    def _learned(self) -> dict[tuple[str, str, bytes], list[Frame]]:
        """What bridges learned from: the frames that came in at their ports, in the order of time."""
        found: dict[tuple[str, str, bytes], list[Frame]] = defaultdict(list)
        bridges: dict[tuple[str, str], str | None] = {}
        for frame in self._seen.frames:
            place = frame.namespace, frame.interface
            if place not in bridges:
                bridges[place] = self._master(*place)
            bridge = bridges[place]
            if bridge is not None and frame.direction == "in":
                known = found[frame.namespace, bridge, frame.data[6:12]]
                if not known or known[-1].interface != frame.interface:
                    known.append(frame)
        return dict(found)

    def asked(self, namespace: str, device: str, address: bytes) -> list[Frame]:
        """The questions for an address's MAC that a namespace asked and nobody answered; none if somebody did.

        Args:
            namespace: who asks.
            device: the interface that it asks by.
            address: of whom it wants the MAC.
        """
        return [] if (namespace, address) in self._heard else self._asked.get((namespace, device, address), [])

    @cached_property
    def _asked(self) -> dict[tuple[str, str, bytes], list[Frame]]:
        """ARP questions and neighbour solicitations that went out (RFC 826, RFC 4861)."""
        found: dict[tuple[str, str, bytes], list[Frame]] = defaultdict(list)
        for frame in self._seen.frames:
            if frame.direction == "out" and (asked := _neighbour_message(frame, REQUEST, SOLICITATION)):
                found[frame.namespace, frame.interface, asked].append(frame)
        return dict(found)

    @cached_property
    def _heard(self) -> set[tuple[str, bytes]]:
        """The addresses from which answers came in."""
        frames = (frame for frame in self._seen.frames if frame.direction == "in")
        answers = ((frame.namespace, _neighbour_message(frame, REPLY, ADVERTISEMENT)) for frame in frames)
        return {(namespace, address) for namespace, address in answers if address is not None}


def _neighbour_message(frame: Frame, operation: int, kind: int) -> bytes | None:
    """The address that a message of neighbours is about, None for any other frame."""
    last = spans(frame.data, frame.link, frozenset())[-1]
    if last.name == reader.ARP and (message := arp(frame.data, last)) is not None and message.operation == operation:
        return message.target if operation == REQUEST else message.sender
    if last.name == reader.ICMPV6 and last.end - last.start >= _WITH_TARGET and frame.data[last.start] == kind:
        return frame.data[last.start + 8 : last.start + _WITH_TARGET]
    return None
