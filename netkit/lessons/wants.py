"""Wants about namespaces, cables, ports of bridges, addresses, up and down: pure, over a snapshot, each with help.

They ask for properties, never for commands: any interface's name will do unless the task gives one, and it does not
matter whether `ip`, netkit or Docker made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from netkit.lessons.rooms import as_argument, in_room
from netkit.lessons.task import Found, Hints, Want
from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.model import Interface, Snapshot


@dataclass(frozen=True)
class Room(Want):
    """A namespace of that name is there."""

    name: str
    says = "there is a namespace {self.name}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        others = [name for name in world.namespaces if name != HOST]
        return Found(self.name in world.namespaces, f"there is {', '.join(others) or 'none yet'}")

    def help(self, _world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        return Hints(
            "Which namespaces are there? Look: nk.draw()",
            "A namespace is made by `ip netns add NAME`, or nk.Namespace(NAME)",
            f"ip netns add {self.name}",
        )


@dataclass(frozen=True)
class Cable(Want):
    """A veth pair leads from one namespace straight to the other."""

    near: str
    far: str
    says = "a cable leads from {self.near} straight to {self.far}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        if any(cables(world, self.near, self.far)):
            return Found(ok=True)
        return Found(ok=False, words=_cables_of(world, self.near))

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        a, b = free_name(world, self.near), free_name(world, self.far)
        make = f"ip link add {a} type veth peer name {b} netns {as_argument(self.far)}"
        return Hints(
            f"Where do the ends of {self.near}'s cables lead? Look: nk.draw()",
            "A cable is a veth pair: `ip link add NAME type veth peer name NAME netns NAMESPACE`, or nk.veth(…)",
            in_room(self.near, make),
        )


@dataclass(frozen=True)
class Plugged(Want):
    """A cable of a namespace leads to a port of a bridge on the host."""

    room: str
    bridge: str
    says = "a cable of {self.room} leads to a port of the bridge {self.bridge}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        if self.bridge not in world[HOST].interfaces:
            return Found(ok=False, words=f"there is no bridge {self.bridge} on the host")
        ends = [(near, world[HOST][far]) for near, far in cables(world, self.room, HOST)]
        if any(far.master == self.bridge for _, far in ends):
            return Found(ok=True)
        loose = [f"{far.name}, the other end of {near.name}, is {_role(far)}" for near, far in ends]
        return Found(ok=False, words="; ".join(loose) or _cables_of(world, self.room))

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        host = world[HOST]
        ends = [host[far] for _, far in cables(world, self.room, HOST)]
        free = [end.name for end in ends if not end.master or len(host.ports(end.master)) == 1]
        if self.bridge not in host.interfaces:
            line = f"ip link add {self.bridge} type bridge"
        elif free:
            line = f"ip link set dev {quote(free[0])} master {self.bridge}"
        else:
            line = f"ip link add {free_name(world, HOST)} type veth peer name {free_name(world, self.room)}"
            line = f"{line} netns {as_argument(self.room)}"
        return Hints(
            f"What is the other end of {self.room}'s cable plugged into? Look: nk.draw()",
            "An interface of the host becomes a port by `ip link set dev NAME master BRIDGE`, or br.attach(…)",
            line,
        )


@dataclass(frozen=True)
class Bears(Want):
    """A namespace has an address, with its prefix length, at the end of its cable to another one."""

    room: str
    address: str
    towards: str
    says = "{self.room} has the address {self.address} on its cable to {self.towards}"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        if any(self.address in link.addresses for link, _ in cables(world, self.room, self.towards)):
            return Found(ok=True)
        words = ", ".join(f"{address} on {name}" for name, address in self._there(world))
        return Found(ok=False, words=f"it has {words or 'no address yet'}")

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        link = next((link for link, _ in cables(world, self.room, self.towards)), None)
        name, six = quote(link.name) if link else "INTERFACE", ":" in self.address
        plain = self.address.partition("/")[0]
        elsewhere = [(where, there) for where, there in self._there(world) if there.partition("/")[0] == plain]
        lines = [f"ip addr del {there} dev {quote(where)}" for where, there in elsewhere]
        if six and link is not None and ("ipv6.disable_ipv6", "1") in link.switches:
            lines.append(f"sysctl -w net.ipv6.conf.{name}.disable_ipv6=0")
        lines.append(f"ip addr add {self.address} dev {name}{' nodad' if six else ''}")
        return Hints(
            f"Which addresses does {self.room} have, where, and how long are their prefixes? Look: nk.draw()",
            "An interface gets an address by `ip addr add ADDRESS/LENGTH dev NAME`, or eth.add_address(…)",
            "\n".join(in_room(self.room, line) for line in lines),
        )

    def _there(self, world: Snapshot) -> list[tuple[str, str]]:
        """(interface, address) of what somebody gave it."""
        links = _cabled(world, self.room)
        return [(link.name, there) for link in links for there in link.addresses if not there.startswith("fe80:")]


@dataclass(frozen=True)
class Lit(Want):
    """A cable of a namespace is switched on at both of its ends, and so is the bridge that it is plugged into."""

    room: str
    says = "both ends of {self.room}'s cable are up"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        links = list(_cabled(world, self.room))
        if not links:
            return Found(ok=False, words=_cables_of(world, self.room))
        lit = any(not self._dark(world, [link]) for link in links)
        return Found(lit, ", ".join(f"{name} in {room} is down" for room, name in self._dark(world, links)))

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        dark = self._dark(world, _cabled(world, self.room))
        return Hints(
            "Which end of the cable is down? Look: nk.draw()",
            "An interface is switched on by `ip link set dev NAME up`, or .up(); a cable needs that at both ends",
            "\n".join(in_room(room, f"ip link set dev {quote(name)} up") for room, name in dark),
        )

    def _dark(self, world: Snapshot, links: Iterable[Interface]) -> list[tuple[str, str]]:
        """(namespace, interface) of the ends that are down; a bridge that such an end is a port of counts as well."""
        dark = []
        for link in links:
            room, name = link.peer or ("", "")
            ends = [(self.room, link), *([(room, world[room][name])] if room in world.namespaces else [])]
            ends += [(there, world[there][end.master]) for there, end in ends if end.master]
            dark += [(there, end.name) for there, end in ends if not end.up]
        return list(dict.fromkeys(dark))


@dataclass(frozen=True)
class Dark(Want):
    """The host's end of each cable that a bridge joins to a namespace is switched off, and nothing else is changed."""

    bridge: str
    says = "the port of {self.bridge} is down, and nothing else"

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it."""
        host = world[HOST]
        ports = host.ports(self.bridge)
        if self.bridge not in host.interfaces or not ports:
            return Found(ok=False, words=f"there is no bridge {self.bridge} with a port on the host")
        if not host[self.bridge].up:
            return Found(ok=False, words=f"{self.bridge} itself is down")
        lit = [link.name for link in ports if link.up]
        far = [world[link.peer[0]][link.peer[1]] for link in ports if link.peer and link.peer[0] in world.namespaces]
        off = [link.name for link in far if not link.up]
        words = [f"{name} is up" for name in lit] + [f"{name}, the container's end, is down" for name in off]
        return Found(not words, ", ".join(words))

    def help(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        host = world[HOST]
        ports = host.ports(self.bridge)
        ends = [link.peer for link in ports if link.peer and link.peer[0] in world.namespaces]
        lines = [f"ip link set dev {self.bridge} up"] if ports and not host[self.bridge].up else []
        lines += [in_room(room, f"ip link set dev {name} up") for room, name in ends if not world[room][name].up]
        lines += [f"ip link set dev {quote(link.name)} down" for link in ports if link.up]
        return Hints(
            f"Which interfaces are ports of {self.bridge}? Look: ip link show master {self.bridge}",
            "The plug is pulled at the host's end: `ip link set dev PORT down`; the other end, and the bridge, stay up",
            "\n".join(lines),
        )


def cables(world: Snapshot, near: str, far: str) -> Iterator[tuple[Interface, str]]:
    """The cables between two namespaces: the near end, and the far one's name."""
    for link in world[near].interfaces.values():
        if link.kind == "veth" and link.peer and link.peer[0] == far:
            yield link, link.peer[1]


def free_name(world: Snapshot, room: str) -> str:
    """A name that no interface of a namespace has yet: the first of eth0, eth1 … or, on the host, veth0, veth1 …."""
    taken = world[room].interfaces if room in world.namespaces else {}
    stem = "veth" if room == HOST else "eth"
    return next(name for name in (f"{stem}{number}" for number in range(len(taken) + 1)) if name not in taken)


def _cabled(world: Snapshot, room: str) -> Iterator[Interface]:
    """The interfaces of a namespace without its loopback."""
    return (link for link in world[room].interfaces.values() if link.kind != "loopback")


def _cables_of(world: Snapshot, room: str) -> str:
    """Where the cables of a namespace lead."""
    ends = [f"{link.name} leads to {link.peer[0]}" for link in _cabled(world, room) if link.peer]
    return ", ".join(ends) or f"no cable leads into {room}"


def _role(link: Interface) -> str:
    return f"a port of {link.master}" if link.master else "no port of any bridge"
