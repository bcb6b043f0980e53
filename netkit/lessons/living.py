"""Wants about containers: which program lives in which room, its name in `ip netns`, its bridge, its addresses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from netkit.lab.looks import snapshot
from netkit.lessons.rooms import as_argument, called, in_room
from netkit.lessons.task import Found, Hints, Want
from netkit.lessons.wants import cables, free_name
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.model import Interface, Snapshot

_SECONDS_TO_START, _SECONDS_BETWEEN_LOOKS = 0.5, 0.05


@dataclass(frozen=True)
class Runs(Want):
    """A program runs in a network of its own, whatever that is called.

    Attributes:
        command: how it is started.
    """

    command: str
    says = "{self.program} runs in a network namespace of its own"

    @property
    def program(self) -> str:
        """The name of its process."""
        return _program(self.command)

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        world = _awaited(world, lambda now: any(home != HOST for home in homes(now, self.program)))
        there = homes(world, self.program)
        elsewhere = "it is in the host's network" if HOST in there else "it does not run"
        return Found(any(home != HOST for home in there), elsewhere)

    def help(self, _world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        return Hints(
            f"In which namespace is {self.program}? Look: nk.snapshot(), .processes of each namespace",
            "A program gets a network of its own by `unshare --net PROGRAM`, or docker.run(NAME, PROGRAM)",
            f"setsid unshare --net sh -c {quote(f'ip link set dev lo up; exec {self.command}')} >/dev/null 2>&1 &",
        )


@dataclass(frozen=True)
class Houses(Want):
    """A program lives in a room, beside what is there.

    Attributes:
        command: how it is started.
    """

    room: str
    command: str
    says = "{self.program} lives in the network of {self.room}"

    @property
    def program(self) -> str:
        """The name of its process."""
        return _program(self.command)

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        world = _awaited(world, lambda now: self.room in homes(now, self.program))
        there = ", ".join(homes(world, self.program))
        words = f"it lives in {there}" if there else "it does not run"
        return Found(self.room in homes(world, self.program), words)

    def help(self, _world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        return Hints(
            f"Which programs are in {self.room}? Look: nk.snapshot(), .processes of each namespace",
            "A program enters a network by `nsenter --net=… PROGRAM`, or docker.run(…, network='container:NAME')",
            f"setsid {in_room(self.room, self.command)} >/dev/null 2>&1 &",
        )


@dataclass(frozen=True)
class Named(Want):
    """`ip netns` has a name for the room that a container lives in."""

    container: str
    name: str
    says = "`ip netns` calls the network of {self.container} {self.name}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        names = [space.name for space in world if space.named and space.name != HOST]
        if self.name not in names:
            return Found(ok=False, words=f"its names are {', '.join(names) or 'none'}")
        there = called(world, self.container) == self.name
        return Found(there, f"{self.container} does not live in the namespace {self.name}")

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        file, home = f"/run/netns/{quote(self.name)}", as_argument(called(world, self.container))
        away = [f"ip netns delete {quote(self.name)}"] if self.name in world.namespaces else [f"rm -f {file}"]
        return Hints(
            "Which file opens the network of a process, and where does `ip netns` look for names?",
            "A name is a file in /run/netns: `ln -s /proc/PID/ns/net /run/netns/NAME`",
            "\n".join((*away, "mkdir -p /run/netns", f"ln -s {home} {file}")),
        )


@dataclass(frozen=True)
class Beside(Want):
    """One bridge of the host has a cable to both of two rooms."""

    room: str
    other: str
    says = "a bridge joins {self.room} and {self.other}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        mine, theirs = _bridges(world, self.room), _bridges(world, self.other)
        words = f"{self.room} is at {_listed(mine)}, {self.other} at {_listed(theirs)}"
        return Found(any(bridge in mine for bridge in theirs), words)

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        port, end = free_name(world, HOST), free_name(world, self.room)
        bridge = next(iter(_bridges(world, self.other)), "BRIDGE")
        make = f"ip link add {port} type veth peer name {end} netns {as_argument(self.room)}"
        return Hints(
            f"Which bridges do the cables of {self.room} and of {self.other} lead to? Look: nk.draw()",
            "A container gets one more cable by docker.connect(NETWORK, CONTAINER), or by a veth pair of yours",
            f"{make}\nip link set dev {port} master {quote(bridge)}",
        )


@dataclass(frozen=True)
class At(Want):
    """A room has an address at the bridge that joins it and another one."""

    room: str
    other: str
    address: str
    says = "{self.room} has the address {self.address} at the bridge of {self.other}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        there = [f"{address} on {link.name}" for link in self._links(world) for address in link.addresses]
        words = f"it has {', '.join(there) or 'no address'} there"
        return Found(any(self.address in link.addresses for link in self._links(world)), words)

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        links = world[self.room].interfaces.values()
        away = [
            f"ip addr del {self.address} dev {quote(link.name)}" for link in links if self.address in link.addresses
        ]
        name = next((link.name for link in self._links(world)), "INTERFACE")
        lines = [*away, f"ip addr add {self.address} dev {quote(name)}"]
        return Hints(
            f"Which interface of {self.room} leads to the bridge of {self.other}, and which addresses has it?",
            "An interface gets an address by `ip addr add ADDRESS/LENGTH dev NAME`; docker.connect gives the next one",
            "\n".join(in_room(self.room, line) for line in lines),
        )

    def _links(self, world: Snapshot) -> list[Interface]:
        """The interfaces that lead to that bridge."""
        theirs = _bridges(world, self.other)
        return [near for near, far in cables(world, self.room, HOST) if world[HOST][far].master in theirs]


def _program(command: str) -> str:
    return command.split(maxsplit=1)[0].rpartition("/")[2]


def _awaited(world: Snapshot, there: Callable[[Snapshot], bool]) -> Snapshot:
    """A network once something is there: a program that was just started takes a moment to get where it lives."""
    deadline = time.monotonic() + _SECONDS_TO_START
    while not there(world) and time.monotonic() < deadline:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        world = snapshot()
    return world


def homes(world: Snapshot, program: str) -> list[str]:
    """The namespaces that a program runs in.

    Args:
        world: the network.
        program: the name of its process.
    """
    return [space.name for space in world if program in space.processes]


def _bridges(world: Snapshot, room: str) -> list[str]:
    """The bridges of the host that a room has a cable to."""
    masters = (world[HOST][far].master for _, far in cables(world, room, HOST))
    return [master for master in masters if master]


def _listed(bridges: list[str]) -> str:
    return " and ".join(bridges) or "none"
