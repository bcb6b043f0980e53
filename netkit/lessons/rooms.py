"""Which room a want is about: a container's has no name, is called by its program, and may get a name meanwhile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from netkit.lab.place import Place
from netkit.model import HOST
from netkit.shell import in_namespace, is_nameless

if TYPE_CHECKING:
    from netkit.lessons.task import Want
    from netkit.model import Snapshot

Wanted = TypeVar("Wanted", bound="Want")


def called(world: Snapshot, room: str) -> str:
    """What a network calls a room: "[tail]" is "web" when somebody has named it so since.

    Args:
        world: the network.
        room: a name, or "[program]" for the one that a program lives in.
    """
    if room in world.namespaces or not is_nameless(room):
        return room
    program = room.strip("[]")
    named = [space.name for space in world if space.name != HOST and space.named and program in space.processes]
    return named[0] if len(named) == 1 else room


def placed(want: Wanted, world: Snapshot) -> Wanted:
    """A want, about rooms by the names that they have now."""
    if not is_dataclass(want):
        return want
    values = {field.name: getattr(want, field.name) for field in fields(want)}
    texts = {key: called(world, value) for key, value in values.items() if isinstance(value, str)}
    return replace(want, **texts)  # type: ignore[type-var]  (it is a dataclass)


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
