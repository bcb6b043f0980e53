"""What can be wanted of a network that only packets can tell: asked when everything else is right."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons.rooms import in_room
from netkit.lessons.task import Found, Hints
from netkit.linux.probing import probes
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.diagnosis import Diagnosis
    from netkit.linux.probing.probes import Answered
    from netkit.model import Snapshot

_SECONDS_TO_START, _SECONDS_BETWEEN = 0.5, 0.02
"""How long a server that was started a moment ago is waited for."""


@dataclass(frozen=True)
class Reaches:
    """A namespace gets an answer from an address: to an echo request or, with a port, by TCP."""

    room: str
    address: str
    port: int | None = None
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"{self.room} reaches {self.address}" + (f" at TCP port {self.port}" if self.port else "")

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; one packet is sent."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        answer = _asked(self.room, self.address, self.port)
        if answer.ok and sum(self.address in space.addresses for space in world) > 1:  # who answered?
            said = self._why()
            return Found(said.ok, said.explanation)
        return Found(answer.ok is True, f"{answer.command}: {answer.words}")

    def hints(self, _world: Snapshot) -> Hints:
        """What nk.why finds: the layer, then what shows it, then what mends it."""
        found = self._why()
        return Hints(
            f"Which layer is it? nk.why says: {found.layer or 'none that it knows'}",
            "\n".join((found.explanation, *found.evidence)),
            "\n".join(found.repair),
        )

    def _why(self) -> Diagnosis:
        return why(self.room, self.address, self.port)


@dataclass(frozen=True)
class Silent:
    """A namespace gets no answer from an address, to no echo request."""

    room: str
    address: str
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"{self.room} does not reach {self.address}"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; one packet is sent."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        answer = _asked(self.room, self.address)
        return Found(answer.ok is False, f"{answer.command}: {answer.words}")

    def hints(self, world: Snapshot) -> Hints:
        """A rule that drops it and, for what a bridge carries, the switch that shows it to the rule."""
        if self.address in world[HOST].addresses:
            return self._hints_at_the_host()
        sources = sorted(f"-s {address}" for address in world[self.room].addresses if ":" not in address)
        away = [source for source in sources if not source.startswith("-s 127.")]
        rules = [f"iptables -I FORWARD {source} -d {self.address} -j DROP" for source in away]
        return Hints(
            f"Which rules do the packets from {self.room} to {self.address} meet? Look: nk.why(…), or an x-ray",
            "FORWARD drops what a rule there says; frames that a bridge carries from port to port meet it only if "
            "net.bridge.bridge-nf-call-iptables is 1",
            "\n".join(("sysctl -w net.bridge.bridge-nf-call-iptables=1", *rules)),
        )

    def _hints_at_the_host(self) -> Hints:
        """A rule that drops echo requests alone: of IPv6, other messages of ICMP find the neighbours."""
        six = ":" in self.address
        kind = "-p ipv6-icmp -m icmp6 --icmpv6-type" if six else "-p icmp -m icmp --icmp-type"
        return Hints(
            f"Which chain of the host do echo requests to {self.address} meet, and by which type are they known?",
            "INPUT has the rules for what the host itself takes in; an echo request is one type of ICMP among others",
            f"{'ip6tables' if six else 'iptables'} -I INPUT -d {self.address} {kind} echo-request -j DROP",
        )


@dataclass(frozen=True)
class Serves:
    """A program in a namespace takes connections at a TCP port."""

    room: str
    port: int
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"a server listens at TCP port {self.port} in {self.room}"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; one connection is tried, from inside."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        deadline = time.monotonic() + _SECONDS_TO_START
        while not (answer := _asked(self.room, "127.0.0.1", self.port)).ok and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN)
        return Found(answer.ok is True, f"{answer.command}: {answer.words}")

    def hints(self, _world: Snapshot) -> Hints:
        """Where to look, and a server."""
        server = f"busybox httpd -p {self.port} -h /run"
        return Hints(
            f"Which ports are served in {self.room}? Look there: ss -tln",
            "A server has to run in that network: docker.run(…, network=…), or a program that nsenter starts",
            in_room(self.room, server),
        )


def _asked(room: str, address: str, port: int | None = None) -> Answered:
    """What a namespace hears from an address: to an echo request or, with a port, by TCP."""
    protocol = "tcp" if port else "icmp"
    return probes.probe(Place.get(room).path, protocol, ipaddress.ip_address(address), port)
