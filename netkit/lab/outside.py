"""What of a network the journal's commands do not mention: it was made by other means, and they do not rebuild it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.configured import configured
from netkit.model import HOST
from netkit.model.facts import own_addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netkit.model import Namespace, Snapshot

_GIVEN = ("loopback", "ethernet")
_WORD = re.compile(r"[^\s'\"=,;|]+")


def unmentioned(snapshot: Snapshot, lines: Iterable[str], before: Snapshot | None = None) -> list[str]:
    """What is there and stands in no command, in a few words each; what was there before the first one is left out.

    Args:
        snapshot: the network.
        lines: the commands.
        before: the network before them.
    """
    told = list(lines)
    words = _words(told)
    made = {
        "namespace": _words(line for line in told if " netns add " in f" {line}"),
        "interface": _words(line for line in told if "link add" in line or " name " in line),
    }
    found = []
    for space in snapshot:
        known = before.namespaces.get(space.name) if before is not None else None
        if space.name != HOST and space.named and space.name not in made["namespace"] and known is None:
            found.append(f"the namespace {space.name}")
        if space.name == HOST or space.named:
            old = set(_things(configured(known))) if known is not None else set()
            things = [(key, what) for key, what in _things(configured(space)) if (key, what) not in old]
            found += [what for key, what in things if key not in made.get(what.split()[1], words)]
    return found


def _words(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in _WORD.findall(line)}


def _things(space: Namespace) -> Iterator[tuple[str, str]]:
    """The word by which a command names each thing, and what it is."""
    where = f"of {space.name}"
    for link in space.interfaces.values():
        if link.kind not in _GIVEN:
            yield link.name, f"the interface {link.name} {where}"
        for address in own_addresses(link):
            yield address, f"the address {address} on {link.name} {where}"
    for route in space.routes:
        if route.protocol != "kernel":
            yield route.destination, f"the route {route.destination} {where}"
    for entry in space.neighbours:
        yield entry.address, f"the neighbour {entry.address} {where}"
    for rule in space.rules:
        if rule.kind in ("rule", "policy"):
            yield rule.chain, f"rules in {rule.tool}'s chain {rule.chain} {where}"
