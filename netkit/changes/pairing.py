"""Knows which namespace and which link of an earlier snapshot is which of a later one, also when it was renamed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netkit.configured import is_random_mac

if TYPE_CHECKING:
    from netkit.model import Interface, Namespace, Snapshot

    End = tuple[str, str]

NO_MAC = "00:00:00:00:00:00"
"""What lo has, and a bridge that never had a port."""


@dataclass(frozen=True)
class Pairs:
    """What is the same thing before and after.

    Attributes:
        spaces: the name of a namespace before → after.
        links: (namespace, link) before → after.
    """

    spaces: dict[str, str] = field(default_factory=dict)
    links: dict[End, End] = field(default_factory=dict)

    def end(self, end: End | None) -> End | None:
        """What an end of a cable is called after."""
        if end is None:
            return None
        return self.links.get(end) or (self.spaces.get(end[0], end[0]), end[1])

    def renamed(self, space: Namespace) -> Namespace:
        """An earlier namespace with the later names of its links wherever they are mentioned."""
        here = self.spaces[space.name]
        names = {
            name: self.links[space.name, name][1]
            for name in space.interfaces
            if self.links.get((space.name, name), ("", ""))[0] == here
        }

        def called(name: str | None) -> str | None:
            return names.get(name, name) if name else name

        return replace(
            space,
            name=here,
            routes=tuple(replace(one, device=called(one.device)) for one in space.routes),
            neighbours=tuple(replace(one, device=names.get(one.device, one.device)) for one in space.neighbours),
            fdb=tuple(
                replace(one, device=names.get(one.device, one.device), master=called(one.master)) for one in space.fdb
            ),
            local_routes=tuple(replace(one, device=called(one.device)) for one in space.local_routes),
            next_hops=tuple(replace(one, device=called(one.device)) for one in space.next_hops),
            queues=tuple(replace(one, device=names.get(one.device, one.device)) for one in space.queues),
        )


def paired(before: Snapshot, after: Snapshot) -> Pairs:
    """What of one snapshot is which of the other.

    A namespace is known by its name; one that is only called after a program, or was, by its links.  A link is known
    by its name, unless both its index and its MAC are others: then it was made anew.  One that got another name or
    another namespace is known by its MAC, and by its index unless that MAC is a random one.

    Args:
        before: the earlier one.
        after: the later one.
    """
    pairs = Pairs(_spaces(before, after))
    for old, new in pairs.spaces.items():
        for name, link in before[old].interfaces.items():
            other = after[new].interfaces.get(name)
            if other is not None and _stayed(link, other):
                pairs.links[old, name] = new, name
    _add_moved(pairs, before, after)
    return pairs


def _stayed(link: Interface, other: Interface) -> bool:
    return link.kind == other.kind and (link.index == other.index or (link.mac is not None and link.mac == other.mac))


def _spaces(before: Snapshot, after: Snapshot) -> dict[str, str]:
    found = {
        space.name: space.name
        for space in before
        if space.name in after.namespaces and _may_be(space, after[space.name])
    }
    new = [space for space in after if space.name not in found]
    for space in before:
        if space.name not in found and (others := [other for other in new if _is(space, other)]):
            best = max(others, key=lambda other: len(_identities(space) & _identities(other)))  # the first of equals
            found[space.name] = best.name
            new.remove(best)
    return found


def _may_be(space: Namespace, other: Namespace) -> bool:
    """Whether a namespace of the same name is the same one: "[httpd]" is, if it has not got other links altogether."""
    if space.named and other.named:
        return True
    ours, theirs = _identities(space), _identities(other)
    return bool(ours & theirs) or not (ours and theirs)


def _is(space: Namespace, other: Namespace) -> bool:
    """Whether a namespace of another name is the same one."""
    return not (space.named and other.named) and bool(_identities(space) & _identities(other))


def _identities(space: Namespace) -> set[tuple[int, str, str]]:
    return {
        (link.index, link.mac, link.kind)
        for link in space.interfaces.values()
        if link.kind != "loopback" and link.mac and link.mac != NO_MAC
    }


def _add_moved(pairs: Pairs, before: Snapshot, after: Snapshot) -> None:
    taken = set(pairs.links.values())
    new = {
        (space.name, name): link
        for space in after
        for name, link in space.interfaces.items()
        if (space.name, name) not in taken
    }
    for space in before:
        for name, link in space.interfaces.items():
            if (space.name, name) in pairs.links:
                continue
            ends = [end for end, other in new.items() if _moved(pairs, (space.name, link), (end[0], other))]
            if len(ends) == 1:
                pairs.links[space.name, name] = ends[0]
                del new[ends[0]]


def _moved(pairs: Pairs, old: tuple[str, Interface], new: tuple[str, Interface]) -> bool:
    (place, link), (other_place, other) = old, new
    if link.kind != other.kind or link.kind == "loopback" or link.mac != other.mac or link.mac in (None, NO_MAC):
        return False
    if pairs.spaces.get(place) == other_place:
        return link.index == other.index
    # A virtual link ends with its namespace (network_namespaces(7)): it left one that is still there, or that was new.
    lived_on = place in pairs.spaces or other_place in pairs.spaces.values()
    return lived_on and (link.index == other.index or is_random_mac(link.mac))
