"""Wants about sizes (MTU): how large a packet gets through whole, and how large one is sent."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lessons.hearing import Hearing, others
from netkit.lessons.rooms import in_room
from netkit.lessons.task import Found, Hints, Want
from netkit.linux.probing import probes

if TYPE_CHECKING:
    from netkit.model import Interface, Namespace, Snapshot


@dataclass(frozen=True)
class Carries(Want):
    """A packet of a size gets from a namespace to an address, and nobody cuts it into pieces.

    Attributes:
        room: who sends it.
        address: where to.
        size: bytes of the IP packet.
        way: the namespaces that it passes, with both ends.
    """

    room: str
    address: str
    size: int
    way: tuple[str, ...]
    says = "a packet of {self.size} bytes gets from {self.room} to {self.address} whole"
    needs_traffic = True

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it; one such packet is sent."""
        hearing = Hearing()
        answer = probes.echo(Place.get(self.room).path, ipaddress.ip_address(self.address), self.size)
        small = ", ".join(f"{name} of {room} takes {mtu}" for room, name, mtu in self._small(world))
        instead = others(hearing.answering(), self.way[-1:]) if answer.ok else ""
        words = f"{answer.words}; {small or 'every interface is large enough'}"
        return Found(answer.ok is True and not instead, instead or words)

    def help(self, world: Snapshot) -> Hints:
        """The interfaces on the way that take less."""
        lines = [
            in_room(room, f"ip link set dev {quote(name)} mtu {self.size}") for room, name, _ in self._small(world)
        ]
        return Hints(
            f"Which interface on the way takes less than {self.size} bytes? Look: nk.draw() shows each MTU",
            "Every interface on the way has to carry it: `ip link set dev NAME mtu BYTES`, or .set_mtu(…)",
            "\n".join(lines),
        )

    def _small(self, world: Snapshot) -> list[tuple[str, str, int]]:
        """(namespace, interface, MTU) of those on the way that take less."""
        there = [world[room] for room in self.way if room in world.namespaces]
        links = [(space.name, link) for space in there for link in self._on_the_way(space)]
        return [(room, link.name, link.mtu) for room, link in links if link.mtu < self.size]

    def _on_the_way(self, space: Namespace) -> list[Interface]:
        """A namespace's cables to others of the way, the bridges that they are plugged into, and the tunnels there."""
        links = space.interfaces.values()
        cables = [link for link in links if link.peer is not None and link.peer[0] in self.way]
        bridges = {link.master for link in cables if link.master is not None}
        return [
            link
            for link in links
            if link in cables or link.name in bridges or (link.kind == "vxlan" and link.master in bridges)
        ]


@dataclass(frozen=True)
class Sends(Want):
    """The interface that bears an address sends packets of at most so many bytes."""

    room: str
    address: str
    size: int
    says = "the MTU of {self.room} at {self.address} is {self.size}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        link = self._link(world)
        if link is None:
            return Found(ok=False, words=f"{self.room} does not have that address")
        return Found(link.mtu == self.size, f"{link.name} has the MTU {link.mtu}")

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        link = self._link(world)
        name = quote(link.name) if link is not None else "INTERFACE"
        return Hints(
            f"How large may a packet of {self.room} be, so that it fits into the tunnel? What does VXLAN take?",
            "An interface sends no packet that is larger than its MTU: `ip link set dev NAME mtu BYTES`",
            in_room(self.room, f"ip link set dev {name} mtu {self.size}"),
        )

    def _link(self, world: Snapshot) -> Interface | None:
        return next(
            (link for link in world[self.room].interfaces.values() if self.address in link.bare_addresses), None
        )
