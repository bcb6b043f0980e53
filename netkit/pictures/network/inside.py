"""Knows how the room of an overlay is drawn inside its machine's: its interfaces are laid out as the machine's own.

Only a room that has nothing to say about itself but its interfaces goes there: else it keeps a place of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netkit.model import HOST, Snapshot
from netkit.model.facts import Facts
from netkit.pictures.network.scene import Box, Room

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from netkit.model import End, Interface, Namespace
    from netkit.pictures.network.scene import Scene

_SIDES, _ABOVE = 5.0, 4.0
"""Pixels between a bridge and the frame of its room, which is less than half of what is between two bridges."""


def into_machines(snapshot: Snapshot, apart: Container[str] = ()) -> tuple[Snapshot, dict[End, End]]:
    """A snapshot in which such rooms are their machines' parts.

    Args:
        snapshot: the network.
        apart: namespaces that are to keep their own places.

    Returns:
        The snapshot, and what each of its ends that went elsewhere really is.
    """
    if not any(link.kind == "vxlan" for space in snapshot for link in space.interfaces.values()):
        return snapshot, {}
    facts = Facts(snapshot)
    homes = {name: home for name in facts.spaces if name not in apart and (home := _home(facts, snapshot, name))}
    if not homes:
        return snapshot, {}
    spaces = {name: space for name, space in snapshot.namespaces.items() if name not in homes}
    really: dict[End, End] = {}
    for name, home in homes.items():
        taken = {link.name: link for link in snapshot[name].interfaces.values() if link.kind != "loopback"}
        if taken.keys() & spaces[home].interfaces.keys():
            spaces[name] = snapshot[name]
            continue
        fdb = (*spaces[home].fdb, *snapshot[name].fdb)
        spaces[home] = replace(spaces[home], interfaces={**spaces[home].interfaces, **taken}, fdb=fdb)
        really |= {(home, link): (name, link) for link in taken}
    moved = {was: now for now, was in really.items()}
    return Snapshot({name: _pointing(space, moved) for name, space in spaces.items()}), really


def _home(facts: Facts, snapshot: Snapshot, name: str) -> str | None:
    """The machine into whose room another goes, if it does."""
    home, space = facts.machine(name), snapshot[name]
    alone = not (space.rules or space.processes or space.containers or facts.routes(name) or facts.switches(name))
    bridges = any(link.kind == "bridge" for link in space.interfaces.values())
    return home if name != HOST and home in facts.spaces and alone and bridges and not facts.machine(home) else None


def _pointing(space: Namespace, moved: Mapping[End, End]) -> Namespace:
    """A namespace whose cables lead to where their other ends are now."""

    def pointing(link: Interface) -> Interface:
        peer, parent = (moved.get(end, end) if end else None for end in (link.peer, link.parent))
        return replace(link, peer=peer, parent=parent)

    return replace(space, interfaces={name: pointing(link) for name, link in space.interfaces.items()})


def as_they_are(scene: Scene, really: Mapping[End, End]) -> None:
    """Call everything in a scene what it really is, and frame the bridges of each room that went into another.

    Args:
        scene: of such a snapshot.
        really: what `into_machines` told.
    """
    scene.chips = [replace(chip, end=really.get(chip.end, chip.end)) for chip in scene.chips]
    scene.bars = [replace(bar, end=really.get(bar.end, bar.end)) for bar in scene.bars]
    scene.lines = [
        replace(line, ends=(really.get(line.ends[0], line.ends[0]), really.get(line.ends[1], line.ends[1])))
        for line in scene.lines
    ]
    inner = {end[0] for end in really.values()}
    for name in sorted(inner):
        boxes = [bar.box for bar in scene.bars if bar.end[0] == name]
        left, top = min(box.x for box in boxes), min(box.y for box in boxes)
        right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
        box = Box(left - _SIDES, top - _ABOVE, right - left + 2 * _SIDES, bottom - top + 2 * _ABOVE)
        scene.rooms.append(Room(name, box, "inner"))
