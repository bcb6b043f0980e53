"""Wants about web pages (HTTP): who gets one, who gets none, and which port of the host a rule leads on (DNAT)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons import impostors, policies
from netkit.lessons.hearing import Hearing, others
from netkit.lessons.living import homes
from netkit.lessons.rooms import as_argument, in_room
from netkit.lessons.task import Found, Hints, Want
from netkit.lessons.traffic import of_why, somebody_else
from netkit.lessons.wants import free_name
from netkit.linux.probing import probes
from netkit.model import HOST
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.model import Snapshot

_SECONDS_OF_SILENCE = 0.5
"""How long it takes until nobody is believed to answer."""


@dataclass(frozen=True)
class Served(Want):
    """A namespace gets a page from a web server.

    Attributes:
        room: who asks.
        address: where.
        port: at which.
        line: what makes it so where nk.why knows no repair.
        at: the namespace that is to answer; "" for any.
        program: where no namespace is named, what lives in the one that is to answer; it is not the host's; "" for any.
    """

    room: str
    address: str
    port: int
    line: str = ""
    at: str = ""
    program: str = ""
    says = "{self.server} answers {self.room} at {self.where}"
    needs_traffic = True

    @property
    def where(self) -> str:
        """The address and the port that are asked."""
        return endpoint(self.address, self.port)

    @property
    def server(self) -> str:
        """Who is to answer."""
        return f"the web server of {self.at}" if self.at else "a web server"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it; a page is asked for."""
        hearing = Hearing()
        answer = probes.page(Place.get(self.room).path, self.address, self.port)
        wanted = [self.at] if self.at else [home for home in homes(world, self.program) if home != HOST]
        instead = others(hearing.answering(), wanted) if answer.ok else ""
        return Found(answer.ok is True and not instead, f"{answer.command}: {instead or answer.words}")

    def help(self, world: Snapshot) -> Hints:
        """What nk.why finds; the task's own line where it knows none; before that, who answers instead."""
        said = why(self.room, self.address, self.port)
        instead = impostors.ended(world, self.room, self.address, self.port, self.at) if said.ok else []
        astray = bool(self.line) and said.layer == "service" and said.where != self.at
        return somebody_else(instead) if instead else of_why(said, self.line, mine=astray)


@dataclass(frozen=True)
class Refused(Want):
    """A namespace gets no page from a web server, however long it waits.

    Attributes:
        room: who asks.
        address: where.
        port: at which.
        rule: what stands behind `iptables`, or `nft`, in the line that makes it so.
        tool: which of them.
    """

    room: str
    address: str
    port: int
    rule: str
    tool: str = "iptables"
    says = "nobody answers {self.room} at {self.where}"
    needs_traffic = True

    @property
    def where(self) -> str:
        """The address and the port that are asked."""
        return endpoint(self.address, self.port)

    def seen(self, _world: Snapshot) -> Found:
        """Whether a network has it; a page is asked for."""
        answer = probes.page(Place.get(self.room).path, self.address, self.port, _SECONDS_OF_SILENCE)
        return Found(not answer.ok, f"{answer.command}: {answer.words}")

    def help(self, _world: Snapshot) -> Hints:
        """Which packets a rule has to match."""
        remembered = "ct original proto-dst" if self.tool == "nft" else "-m conntrack --ctorigdstport"
        return Hints(
            f"Which rule does the first packet of {self.room} meet in FORWARD, and with which port? X-ray it",
            "DNAT comes before FORWARD: a rule in there sees the container's address and port. The port that was "
            f"asked for is remembered by conntrack: {remembered}",
            f"{self.tool} {self.rule}",
        )


@dataclass(frozen=True)
class Leads(Want):
    """A rule of the host translates a TCP port of its own to an address in another room.

    Attributes:
        port: the host's.
        program: that lives in the room where the hint leads it to, at port 80.
    """

    port: int
    program: str
    says = "a rule leads port {self.port} of the host into another network"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        wanted = re.compile(rf"dport {self.port} .*(?:to-destination|dnat(?: ip)? to) (?P<address>[0-9.]+)")
        matches = [match["address"] for rule in world[HOST].rules if (match := wanted.search(rule.text))]
        borne = {text for space in world if space.name != HOST for text in space.addresses} - {"127.0.0.1"}
        words = f"it leads to {', '.join(matches)}, where nobody is" if matches else "no rule translates that port"
        there = any(address in borne for address in matches) or policies.led(world, self.port) in borne
        return Found(there, words)

    def help(self, world: Snapshot) -> Hints:
        """The rule and, where who is to be led to has no address yet, a cable to a bridge of the host."""
        spaces = [world[home] for home in homes(world, self.program) if home != HOST]
        addresses = sorted(address for space in spaces for address in space.addresses if ":" not in address)
        target, lines = next((address for address in addresses if not address.startswith("127.")), ""), ()
        if spaces and not target:
            target, *lines = _wired(world, spaces[0].name)
        leading = f"-j DNAT --to-destination {target or 'ADDRESS'}:80"
        return Hints(
            "Which rules translate destinations? Look: nk.snapshot()['host'].rules, those with DNAT",
            "Docker writes it for ports={HOST: CONTAINER}; by hand it is a rule of the table nat",
            "\n".join((*lines, f"iptables -t nat -I OUTPUT -p tcp --dport {self.port} {leading}")),
        )


def _wired(world: Snapshot, room: str) -> tuple[str, ...]:
    """An address for a room, and the lines that give it that at a bridge of the host; "" where no bridge has room."""
    bridges = [link for link in world[HOST].interfaces.values() if link.kind == "bridge"]
    texts = [(link.name, text) for link in bridges for text in link.addresses if ":" not in text]
    taken = {address for space in world for address in space.addresses}
    for bridge, network in ((name, ipaddress.ip_interface(text).network) for name, text in texts):
        free = next((str(host) for host in network.hosts() if str(host) not in taken), "")
        if free:
            port, end = free_name(world, HOST), free_name(world, room)
            return (
                free,
                f"ip link add {port} type veth peer name {end} netns {as_argument(room)}",
                f"ip link set dev {port} master {quote(bridge)} up",
                in_room(room, f"ip link set dev {end} up"),
                in_room(room, f"ip addr add {free}/{network.prefixlen} dev {end}"),
            )
    return ("",)
