"""VLANs: whether both ends of a link bear the same tag, and which ports of a bridge are in one (filtering, pvid)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import each_typed, named, shown
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End


def apart(world: World, start: End, address: str) -> Finding | None:
    """Whether who bears an address is at the other end of the cable, but in another VLAN, or in none.

    Args:
        start: the interface that asks for the address.
        address: whose bearer does not answer.
    """
    for bearer in world.topology.bearers(address):
        here, there = (_tag(world, end) for end in (start, bearer))
        below = [world.link(end).parent if tag else end for end, tag in ((start, here), (bearer, there))]
        one, other = below
        if here == there or one is None or other is None or not world.topology.has(one):
            continue
        if other in world.topology.reach(one):
            return _numbers(world, start, bearer, (here, there))
    return None


def _tag(world: World, end: End) -> str:
    """The number of a VLAN device; "" for any other."""
    return world.link(end).detail("vlan") or "" if world.link(end).kind == "vlan" else ""


def _numbers(world: World, start: End, bearer: End, tags: tuple[str, str]) -> Finding:
    said = [
        f"{named(end)} has VLAN {tag}" if tag else f"{named(end)} has no VLAN"
        for end, tag in zip((start, bearer), tags, strict=True)
    ]
    words = f"{said[0]} and {said[1]}: the two do not hear each other"
    lines = tuple(
        shown(world, end[0], f"ip -d link show dev {end[1]}", f"vlan id {tag}" if tag else "no vlan")
        for end, tag in zip((start, bearer), tags, strict=True)
    )
    link = world.link(bearer)
    repair: list[str] = []
    if all(tags) and link.parent is not None and link.parent[0] == bearer[0]:
        name = bearer[1]
        repair = [f"ip link delete dev {name}", f"ip link add link {link.parent[1]} name {name} type vlan id {tags[0]}"]
        repair += [f"ip addr add {text} dev {name}" for text in link.addresses if not text.startswith("fe80:")]
        repair.append(f"ip link set dev {name} up")
    else:
        words += "; which of them is to have which is to be decided"
    return Finding("link", words, lines, each_typed(world, bearer[0], repair), bearer[0])


def between(world: World, ends: tuple[End, End], ports: tuple[End | None, End, End | None]) -> Finding | None:
    """Whether a bridge that filters VLANs lets frames pass from port to port (bridge(8), vlan).

    Args:
        ends: who sends, and whom it is for.
        ports: the port that frames come in by, the bridge, and the port that they leave by; None for the bridge itself.
    """
    before, middle, after = ports
    if not world.link(middle).has("vlan_filtering"):
        return None
    members = world.vlans(middle[0])
    came, leaves = (port or middle for port in (before, after))
    tag = _tag(world, ends[0])
    inside = next(
        (each for each in members if each.port == came[1] and (str(each.vlan) == tag if tag else each.own)), None
    )
    if inside is None:
        wanted = next((each.vlan for each in members if each.port == leaves[1] and each.own), None)
        what = f"VLAN {tag}" if tag else "frames without a tag (it has no VLAN of its own, pvid)"
        return _outside(world, came, f"takes no {what}" if not tag else f"is not in {what}", ends, wanted)
    there = next((each for each in members if each.port == leaves[1] and each.vlan == inside.vlan), None)
    if there is None:
        return _outside(world, leaves, f"is not in VLAN {inside.vlan}, in which they come in", ends, inside.vlan)
    if there.untagged is bool(_tag(world, ends[1])) and leaves != middle:
        does = "without the tag" if there.untagged else "with the tag"
        return _outside(world, leaves, f"sends frames of VLAN {there.vlan} {does}", ends, there.vlan)
    return None


def _outside(world: World, port: End, why: str, ends: tuple[End, End], vlan: int | None) -> Finding:
    """A port that does not carry the frames of two who are of one network: it gets their VLAN instead of its own."""
    own = [each for each in world.vlans(port[0]) if each.port == port[1]]
    words = f"{named(port)} {why}: frames from {named(ends[0])} to {named(ends[1])} do not pass (VLAN filtering is on)"
    listed = ", ".join(each.text for each in own) or "none"
    line = shown(world, port[0], f"bridge vlan show dev {port[1]}", listed)
    repair: list[str] = []
    if vlan is not None and not any(_tag(world, end) for end in ends):
        repair = [f"bridge vlan del dev {port[1]} vid {each.vlan}" for each in own if each.own and each.vlan != vlan]
        repair.append(f"bridge vlan add dev {port[1]} vid {vlan} pvid untagged")
    return Finding("bridge", words, (line,), each_typed(world, port[0], repair), port[0])
