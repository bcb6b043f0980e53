"""macvlan and ipvlan on one parent: whom they cannot reach (the parent, one another), though all have one network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import each_typed, named, shown, typed
from netkit.diagnosis.findings import Finding
from netkit.model.topology import SHARING

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def apart(world: World, start: End, address: str) -> Finding | None:
    """Whether an address is at the other end of what a shared cable keeps apart.

    A parent and what stands on it never hear one another; two that stand on it do so only in some modes.

    Args:
        start: the interface that asks for the address.
        address: whose bearer does not answer.
    """
    for bearer in world.topology.bearers(address):
        for child, parent in ((start, bearer), (bearer, start)):
            link = world.link(child)
            if link.kind in SHARING and link.parent == parent:
                return _parent(world, child, parent, start)
        one, other = world.link(start), world.link(bearer)
        if one.kind in SHARING and one.kind == other.kind and one.parent == other.parent is not None:
            return _kept_apart(world, start, bearer)
    return None


def _parent(world: World, child: End, parent: End, start: End) -> Finding:
    """Mended by a further device on the parent, in the parent's namespace, with a route to the child alone."""
    link = world.link(child)
    article = "an" if link.kind.startswith("i") else "a"
    words = (
        f"{named(child)} is {article} {link.kind} on {named(parent)}: it shares that cable with its parent, and the "
        f"two never hear one another, so {start[0]} gets no answer"
    )
    mode = link.detail("mode") or "l2"
    line = shown(world, child[0], f"ip -d link show dev {child[1]}", f"{link.kind} mode {mode}")
    lines = _beside(world, child, parent) if mode in ("bridge", "l2") else ()
    return Finding("link", words, (line,), each_typed(world, parent[0], lines), child[0])


def _beside(world: World, child: End, parent: End) -> tuple[str, ...]:
    """What gives the parent's namespace a device of its own there, with a route to the child alone.

    An ipvlan device takes in only what is for an address of its own: it gets the parent's as well.
    """
    link, taken = world.link(child), world.space(parent[0]).interfaces
    whom = next(iter(link.bare_addresses), "")
    own = next((each for each in world.link(parent).bare_addresses if "." in each), "")
    if not whom or (link.kind == "ipvlan" and not own):
        return ()
    name = next(each for each in (f"{link.kind}{number}" for number in range(99)) if each not in taken)
    given = (f"ip addr add {own}/32 dev {name}",) if link.kind == "ipvlan" else ()
    return (
        f"ip link add dev {name} link {parent[1]} type {link.kind} mode {link.detail('mode') or 'l2'}",
        f"ip link set dev {name} up",
        *given,
        f"ip route add {whom} dev {name}" + (f" src {own}" if given else ""),
    )


def _kept_apart(world: World, start: End, bearer: End) -> Finding:
    """Two devices on one parent, in a mode that keeps them apart."""
    apart = [end for end in (start, bearer) if world.link(end).detail("mode") != "bridge"]
    odd, mode = apart[0], world.link(apart[0]).detail("mode")
    words = (
        f"{named(start)} and {named(bearer)} stand on one interface; {named(odd)} is in the mode '{mode}', which keeps "
        "it apart from the others there"
    )
    line = shown(world, odd[0], f"ip -d link show dev {odd[1]}", f"macvlan mode {mode}")
    lines = [typed(world, end[0], f"ip link set dev {end[1]} type macvlan mode bridge") for end in apart]
    return Finding("link", words, (line,), tuple(lines) if mode != "passthru" else (), odd[0])
