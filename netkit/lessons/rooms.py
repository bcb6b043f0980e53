"""Which room a want is about: one without a name is called after its container or program until somebody names it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from netkit.lab.place import Place
from netkit.model import HOST
from netkit.shell import in_namespace, is_nameless

if TYPE_CHECKING:
    from netkit.lessons.task import Want
    from netkit.model import Snapshot

Wanted = TypeVar("Wanted", bound="Want")


def called(world: Snapshot, room: str) -> str:
    """What a network calls a room: a container "web" lives in "[web]", until somebody names that.

    Args:
        world: the network.
        room: a name, that of a container, or "[program]" for the one that a program lives in.
    """
    if room in world.namespaces:
        return room
    homes = [space.name for space in world if room in space.containers]
    if not homes and is_nameless(room):
        program = room.strip("[]")
        homes = [space.name for space in world if space.name != HOST and program in space.processes]
    return homes[0] if len(homes) == 1 else room


def placed(want: Wanted, world: Snapshot) -> Wanted:
    """A want, about rooms by the names that they have now."""
    names = {attribute: called(world, room) for attribute, room in want.rooms.items()}
    return replace(want, **names)  # type: ignore[arg-type]


def in_room(name: str, line: str) -> str:
    """A shell line as one types it on the host so that it runs in a namespace."""
    return in_namespace(name, _opened(name), line)


def as_argument(name: str) -> str:
    """What `ip link … netns` calls a namespace."""
    return _opened(name) if is_nameless(name) else name


def _opened(name: str) -> str:
    """A file that opens a namespace; what has none any more is called by its name."""
    there = is_nameless(name)
    return Place.get(name).path if there else name
