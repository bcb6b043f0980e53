"""An interface with an address of its own that is a port of a bridge: it never hears who has an address (ARP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis import commands, policy
from netkit.diagnosis.commands import each_typed, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.diagnosis.resolution import UNKNOWN

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def deaf(world: World, start: End, hop: str) -> Finding | None:
    """Whether a namespace sends by a port of its bridge, which never hears the answer to who has an address.

    What comes in by a port is the bridge's: there the answer arrives, and the port's own neighbour table does not
    learn from it.

    Args:
        start: the interface that sends.
        hop: the address that is looked for behind it.
    """
    namespace, name = start
    master = world.topology.master(start)
    if master is None or world.link((namespace, master)).kind != "bridge":
        return None
    if any(each.state not in UNKNOWN for each in world.entries(start, hop)):
        return None
    words = (
        f"{namespace} sends packets for {hop} by {name}, a port of its bridge {master}: the answer to who has {hop} "
        f"comes in by the bridge, so {name} never learns it"
    )
    ports = [link.name for link in world.space(namespace).interfaces.values() if link.master == master]
    if ports != [name] or _own(world, (namespace, master)):
        words, repair = f"{words}; an address of {namespace} belongs to {master}", _moved(world, start, master)
    else:
        words = f"{words}; {master} has no other port, and need not have this one"
        repair = (typed(world, namespace, f"ip link set dev {name} nomaster"),)
    lines = (
        commands.addresses_shown(world, start),
        shown(world, namespace, f"ip link show dev {name}", f"master {master}"),
    )
    return Finding("address", words, lines, repair, namespace)


def _moved(world: World, start: End, bridge: str) -> tuple[str, ...]:
    """Commands that give the bridge a port's addresses, and the routes that go away with them."""
    namespace, name = start
    texts = _own(world, start)
    lines = [each for text in texts for each in (f"ip addr del {text} dev {name}", f"ip addr add {text} dev {bridge}")]
    if not world.link((namespace, bridge)).up:
        lines.append(f"ip link set dev {bridge} up")
    return each_typed(world, namespace, [*lines, *policy.again(world, namespace, {name})])


def _own(world: World, end: End) -> list[str]:
    """The addresses that somebody gave an interface, with their prefix lengths."""
    return [text for text in world.link(end).addresses if not text.startswith("fe80:")]
