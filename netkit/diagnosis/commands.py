"""The wording of commands that show or mend a fact, as typed on the host: ip link, ip addr, a VXLAN device anew."""

from __future__ import annotations

import ipaddress
import shlex
from typing import TYPE_CHECKING

from netkit.model import HOST, Interface
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.diagnosis.findings import World
    from netkit.model import End


def typed(world: World, namespace: str, command: str) -> str:
    """A command as one types it on the host so that it runs inside a namespace.

    Args:
        world: knows what opens the nameless ones.
        namespace: its name.
        command: quoted for a shell.
    """
    return in_namespace(namespace, world.paths.get(namespace, namespace), command)


def each_typed(world: World, namespace: str, commands: Iterable[str]) -> tuple[str, ...]:
    """Several commands, as `typed` has one."""
    return tuple(typed(world, namespace, command) for command in commands)


def shown(world: World, namespace: str, command: str, says: str) -> str:
    """A piece of evidence: a command as one types it on the host, and below it what it says."""
    return said(typed(world, namespace, command), says)


def said(command: str, words: str) -> str:
    """A command and, below it, what it says.

    Args:
        command: as one types it on the host.
        words: of its output, line by line.

    Example:
        >>> print(said("sysctl net.ipv4.ip_forward", "0"))
        $ sysctl net.ipv4.ip_forward
          0
    """
    return "\n".join((f"$ {command}", *(f"  {line}" for line in words.splitlines())))


def named(end: End) -> str:
    """An interface in words: "eth1 in ns1"."""
    return f"{end[1]} in {end[0]}"


def up(world: World, end: End) -> str:
    """Switch an interface on."""
    return typed(world, end[0], f"ip link set dev {end[1]} up")


def link_shown(world: World, end: End) -> str:
    """What `ip link` says of an interface's state."""
    link = world.link(end)
    flags = [] if link.carrier or not link.up else ["NO-CARRIER"]
    flags += ["UP"] if link.up else []
    state = link.state.upper()
    return shown(world, end[0], f"ip link show dev {end[1]}", f"<{','.join(flags)}> state {state}, mtu {link.mtu}")


def addresses_shown(world: World, end: End) -> str:
    """What `ip addr` says of an interface."""
    words = "\n".join(world.link(end).addresses) or "no address"
    return shown(world, end[0], f"ip addr show dev {end[1]}", words)


_SWITCHES = (
    ("learning", "0", "nolearning"),
    ("proxy", "1", "proxy"),
    ("udp_csum", "0", "noudpcsum"),
    ("udp6_zero_csum_tx", "1", "udp6zerocsumtx"),
    ("udp6_zero_csum_rx", "1", "udp6zerocsumrx"),
)
"""Switches of a VXLAN device that cannot be turned later: the unusual value, and the word for it (ip-link(8))."""


def replaced_vxlan(world: World, end: End, underlay: str, **changes: str) -> tuple[str, ...]:
    """Commands that make a VXLAN device anew with some facts changed, and all that it had.

    Args:
        world: what there is.
        end: the device.
        underlay: the namespace in which its outer packets travel, where it has to be born.
        changes: vni, port, local or group.
    """
    link, (namespace, name) = world.link(end), end
    facts = {**dict(link.details), **changes}
    words = [f"id {facts['vni']}"]
    words += [f"local {facts['local']}"] if "local" in facts else []
    words += [led(facts["group"])] if "group" in facts else []
    words += [f"dev {link.parent[1]}"] if link.parent is not None and link.parent[0] == underlay else []
    words += [f"dstport {facts['port']}"] if "port" in facts else []
    words += [word for key, unusual, word in _SWITCHES if facts.get(key) == unusual]
    made = f"ip link add dev {name} type vxlan {' '.join(words)}"
    lines = [typed(world, namespace, f"ip link delete dev {name}"), typed(world, underlay, made)]
    if underlay != namespace:
        target = "1" if namespace == HOST else world.paths.get(namespace, namespace)
        lines.append(typed(world, underlay, f"ip link set dev {name} netns {shlex.quote(target)}"))
    return (*lines, *_equipped(world, namespace, link))


def led(address: str) -> str:
    """Where a VXLAN device sends what everybody is to get, in the words of ip-link(8).

    Args:
        address: of one machine, or of a group of them.
    """
    return f"{'group' if ipaddress.ip_address(address).is_multicast else 'remote'} {address}"


def _equipped(world: World, namespace: str, link: Interface) -> list[str]:
    """Commands that give a new VXLAN device what the old one had: addresses, entries, its bridge."""
    space, name = world.space(namespace), link.name
    words = [f"ip link set dev {name} mtu {link.mtu}"]
    words += [f"ip addr add {address} dev {name}" for address in link.addresses if not address.startswith("fe80:")]
    words += [f"ip link set dev {name} master {link.master}"] if link.master else []
    words += [f"ip link set dev {name} up"]
    words += [
        f"bridge fdb append {entry.mac} dev {name} dst {entry.destination}"
        for entry in space.fdb
        if entry.device == name
        and entry.master is None
        and entry.state != "learned"
        and entry.destination
        and entry.destination != link.detail("group")
    ]
    words += [
        f"ip neigh replace {entry.address} lladdr {entry.mac} dev {name} nud permanent"
        for entry in space.neighbours
        if entry.device == name and entry.state == "permanent"
    ]
    return [typed(world, namespace, each) for each in words]
