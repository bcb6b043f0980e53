"""A connection as each namespace on its way would remember it (conntrack): NEW, ESTABLISHED, DNAT, SNAT."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netkit.diagnosis.packet import TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.diagnosis.packet import Packet

_FIRST, _LAST = ("PREROUTING", "OUTPUT"), ("POSTROUTING", "INPUT")


@dataclass
class Flows:
    """A connection as each namespace that it passed knows it.

    Attributes:
        known: by namespace: the first packet as it came, and as it left.
        strayed: by namespace in which a packet was not found to be of it: the zone of the first packet, and its own.
        forgets: the switch that makes a namespace forget a connection at once, when a packet of it has passed; "" if
            none does.
        missed: by namespace in which a packet was not found to be of it, since it had been forgotten: that switch.
    """

    forgets: Callable[[str, Packet], str] = lambda *_: ""
    known: dict[str, list[tuple[Packet, Packet]]] = field(default_factory=dict)
    strayed: dict[str, tuple[int, int]] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    _came: dict[str, Packet] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)
    _marks: dict[str, int | None] = field(default_factory=dict)

    def enters(self, namespace: str, hook: str, packet: Packet) -> Packet:
        """A packet before it passes a hook: at the first one it gets the destination that its connection has here.

        An answer gets back at whom the connection began with; what follows the first packet goes where that went.
        """
        if hook not in _FIRST or packet.untracked:
            return packet
        self._came[namespace] = packet
        flow = self.of(namespace, packet)
        if flow is None:
            return packet
        first, last = flow
        if packet.answer:
            self._answered.add(namespace)
        packet = replace(packet, kept=self._marks.get(namespace, 0))
        if packet.answer:
            return replace(packet, destination=first.source, destination_port=first.source_port)
        return replace(packet, destination=last.destination, destination_port=last.destination_port)

    def leaves(self, namespace: str, hook: str, packet: Packet) -> Packet:
        """A packet after it has passed a hook: at the last one a connection is remembered, or the source is set."""
        self._marks[namespace] = packet.kept
        if hook not in _LAST or packet.untracked or packet.protocol == "arp" or _neighbourly(packet):
            return packet
        came = self._came.get(namespace)
        if not packet.answer and packet.kind != "later":
            if came is not None:
                self.known.setdefault(namespace, []).append((came, packet))
            return packet
        flow = self.of(namespace, came or packet)
        if flow is None:
            return packet
        first, last = flow
        if packet.answer:
            return replace(packet, source=first.destination, source_port=first.destination_port)
        return replace(packet, source=last.source, source_port=last.source_port)

    def state(self, namespace: str, packet: Packet) -> str:
        """What conntrack says of a packet in a namespace, in iptables' words.

        An answer to what never passed here belongs to no connection, but a datagram then begins one; of TCP, what
        follows belongs to none either where the answer to the first packet went another way.
        """
        if packet.untracked or _neighbourly(packet):
            return "UNTRACKED"
        if packet.kind in TOO_LARGE.values():  # what it is about has passed here
            return "RELATED"
        if not packet.answer and packet.kind != "later":
            return "NEW"
        if self.of(namespace, self._came.get(namespace, packet)) is not None:
            unanswered = packet.kind == "later" and packet.protocol == "tcp" and namespace not in self._answered
            return "INVALID" if unanswered else "ESTABLISHED"
        return "NEW" if packet.protocol == "udp" or packet.kind == "later" else "INVALID"

    def first(self, namespace: str, packet: Packet) -> Packet | None:
        """The first packet of a connection as it came to a namespace, None where that was never seen."""
        came = self._came.get(namespace, packet)
        flow = self.of(namespace, came)
        if flow is not None:
            return flow[0]
        return came if not packet.answer and packet.kind != "later" else None

    def translated(self, namespace: str, packet: Packet) -> frozenset[str]:
        """Which addresses of the connection a namespace translates: "DNAT", "SNAT"."""
        first = self.first(namespace, packet)
        if first is None:
            return frozenset()
        flow = self.of(namespace, self._came.get(namespace, packet))
        last = flow[1] if flow else packet
        led = (first.destination, first.destination_port) != (last.destination, last.destination_port)
        hidden = (first.source, first.source_port) != (last.source, last.source_port)
        return frozenset(["DNAT"] * led + ["SNAT"] * hidden)

    def of(self, namespace: str, packet: Packet) -> tuple[Packet, Packet] | None:
        """The connection that a packet, as it came in, belongs to: the first packet as it came, and as it left."""
        for first, last in self.known.get(namespace, ()):
            known = last.reversed() if packet.answer else first
            if (packet.answer or packet.kind == "later") and _ends(known) == _ends(packet):
                later = packet.kind == "later"
                if packet.answer and (switch := self.forgets(namespace, packet if later else last)):
                    self.missed[namespace] = switch  # what is sent on takes a forgotten connection up again, as new
                elif first.zone == packet.zone:
                    return first, last
                else:
                    self.strayed[namespace] = first.zone, packet.zone
        return None


def _neighbourly(packet: Packet) -> bool:
    return packet.kind.startswith("neighbour")


def _ends(packet: Packet) -> tuple[object, ...]:
    return packet.source, packet.destination, packet.source_port, packet.destination_port
