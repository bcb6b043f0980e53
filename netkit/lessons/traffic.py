"""Wants that only packets tell: who reaches whom, who is silent, who serves a TCP port; asked when the rest is met."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons import impostors
from netkit.lessons.hearing import Hearing, others
from netkit.lessons.rooms import in_room
from netkit.lessons.task import Found, Hints, Want
from netkit.linux.probing import probes
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.diagnosis import Diagnosis
    from netkit.linux.probing.probes import Answered
    from netkit.model import Snapshot

_SECONDS_TO_START, _SECONDS_BETWEEN = 0.5, 0.02
"""How long a server that was started a moment ago is waited for."""

_SECONDS_OF_SILENCE, _SOME_PORT = 0.5, 80

_OF_RULES = ("nat", "filter", "service", "")
"""Layers of nk.why at which a rule may be what is missing."""


@dataclass(frozen=True)
class Reaches(Want):
    """A namespace gets an answer from an address: to an echo request or, with a port, by TCP.

    Attributes:
        room: who asks.
        address: whom.
        port: of TCP.
        at: the namespace that is to answer; "" for any.
    """

    room: str
    address: str
    port: int | None = None
    at: str = ""
    says = "{self.room} reaches {self.whom}"
    needs_traffic = True

    @property
    def whom(self) -> str:
        """Who is asked."""
        return _called(self.at, self.address) + (f" at TCP port {self.port}" if self.port else "")

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it; one packet is sent."""
        hearing = Hearing()
        answer = _asked(self.room, self.address, self.port)
        if answer.ok and self._twice(world):  # who answered?
            said = self._why()
            return Found(said.ok, said.explanation)
        instead = others(hearing.answering(), (self.at,)) if answer.ok and self.at else ""
        return Found(answer.ok is True and not instead, f"{answer.command}: {instead or answer.words}")

    def help(self, world: Snapshot) -> Hints:
        """What nk.why finds: the layer, then what shows it, then what mends it; before that, who answers instead."""
        said = self._why()
        asked = world, self.room, self.address, self.port, self.at
        instead = impostors.ended(*asked) if said.ok or self._twice(world) else []
        return somebody_else(instead) if instead else of_why(said)

    def _twice(self, world: Snapshot) -> bool:
        """Whether several bear the address."""
        return sum(self.address in space.addresses for space in world) > 1

    def _why(self) -> Diagnosis:
        return why(self.room, self.address, self.port)


@dataclass(frozen=True)
class Silent(Want):
    """A namespace gets no answer from an address, to no echo request.

    Attributes:
        room: who asks.
        address: whom.
        at: who lives there: it does not answer at any other address either, nor by TCP; "" where echoes alone count.
    """

    room: str
    address: str
    at: str = ""
    says = "{self.room} does not reach {self.whom}"
    needs_traffic = True

    @property
    def whom(self) -> str:
        """Who is asked."""
        return _called(self.at, self.address)

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it; a packet or two are sent to each address."""
        for address in self._asked_at(world):
            answer = _asked(self.room, address)
            if answer.ok is not False:
                return Found(ok=False, words=f"{answer.command}: {answer.words}")
            if self.at and (words := self._by_tcp(address)):
                return Found(ok=False, words=words)
        return Found(ok=True)

    def _asked_at(self, world: Snapshot) -> list[str]:
        """The addresses at which nobody is to answer."""
        borne = world[self.at].addresses if self.at else set()
        return sorted({self.address, *filter(_leads_there, borne)})

    def _by_tcp(self, address: str) -> str:
        """What an address says by TCP, if only that nobody listens; "" if nothing comes back that was asked there."""
        hearing = Hearing()
        asked = ipaddress.ip_address(address)
        answer = probes.probe(Place.get(self.room).path, "tcp", asked, _SOME_PORT, _SECONDS_OF_SILENCE)
        return "" if answer.silent or self.at not in hearing.reached() else f"{answer.command}: {answer.words}"

    def help(self, world: Snapshot) -> Hints:
        """A rule that drops it and, for what a bridge carries, the switch that shows it to the rule."""
        if self.address in world[HOST].addresses:
            return self._hints_at_the_host()
        sources = [f"-s {address}" for address in sorted(world[self.room].addresses) if _leads_there(address)]
        rules = [
            f"iptables -I FORWARD {source} -d {address} -j DROP"
            for source in sources
            for address in self._asked_at(world)
        ]
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
class Serves(Want):
    """A program in a namespace takes connections at a TCP port.

    Attributes:
        room: the namespace.
        port: TCP.
        folder: where the pages are that the hint's server offers.
    """

    room: str
    port: int
    folder: str = "/run"
    says = "a server listens at TCP port {self.port} in {self.room}"
    needs_traffic = True

    def seen(self, _world: Snapshot) -> Found:
        """Whether a network has it; one connection is tried, from inside."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while not (answer := _asked(self.room, "127.0.0.1", self.port)).ok and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN)
        return Found(answer.ok is True, f"{answer.command}: {answer.words}")

    def help(self, _world: Snapshot) -> Hints:
        """Where to look, and a server."""
        server = f"busybox httpd -p {self.port} -h {self.folder}"
        return Hints(
            f"Which ports are served in {self.room}? Look there: ss -tln",
            "A server has to run in that network: docker.run(…, network=…), namespace.start(…), or a program that "
            "`ip netns exec` or nsenter starts",
            in_room(self.room, server),
        )


def of_why(said: Diagnosis, line: str = "", *, mine: bool = False) -> Hints:
    """Help from a diagnosis: the layer, then what shows it, then what mends it.

    Args:
        said: of nk.why.
        line: the rule that the task is about, for where nk.why knows no repair, and rules are what is missing.
        mine: whether that line is better: nk.why cannot know who is to answer, and would start a server where none is.
    """
    line = line if said.layer in _OF_RULES else ""
    return Hints(
        f"Which layer is it? nk.why says: {said.layer or 'none that it knows'}",
        "\n".join((said.explanation, *said.evidence)),
        line if mine else "\n".join(said.repair) or line,
    )


def somebody_else(lines: list[str]) -> Hints:
    """Help where an answer comes, but from another one.

    Args:
        lines: after which that one answers no more.
    """
    return Hints(
        "There is an answer, but from whom? Look: an x-ray tells where the question is delivered",
        "Somebody else bears that address or listens at that port, or a rule leads the question to another room",
        "\n".join(lines),
    )


def _called(at: str, address: str) -> str:
    return f"{at} at {address}" if at else address


def _leads_there(address: str) -> bool:
    """Whether an address is one that others ask."""
    there = ipaddress.ip_address(address)
    return there.version == 4 and not there.is_loopback


def _asked(room: str, address: str, port: int | None = None) -> Answered:
    """What a namespace hears from an address: to an echo request or, with a port, by TCP."""
    protocol = "tcp" if port else "icmp"
    return probes.probe(Place.get(room).path, protocol, ipaddress.ip_address(address), port)
