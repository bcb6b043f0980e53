"""Knows what has changed about links: made, gone, moved, renamed, up or down, another MAC, MTU or master."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.changes.pairing import NO_MAC
from netkit.changes.place import arrow
from netkit.changes.result import GONE, MADE, OTHER
from netkit.changes.words import setting, steady
from netkit.model.details import usual
from netkit.model.facts import natural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.changes.pairing import End
    from netkit.changes.place import Place
    from netkit.changes.words import Words
    from netkit.model import Interface, Namespace


def links(place: Place) -> Iterator[tuple[str, str]]:
    """What has changed about the links of one namespace: (sign, text), by name."""
    there = place.old is not None and place.new is not None
    told: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, link in _of(place.old, place.before, there=there).items():
        told[name] += _left(place, name, link)
    came = {after: before for before, after in place.pairs.links.items()}
    for name, link in _of(place.new, place.after, there=there).items():
        origin = came.get((place.name, name))
        if origin is None:
            told[name].append((MADE, place.after.link(place.name, link)))
        else:
            told[name] += [(OTHER, f"link {steady(name)}: {text}") for text in _changes(place, origin, link)]
    # Names drawn at random must not decide who comes first.
    for name in sorted(told, key=lambda name: (natural(steady(name)), told[name])):
        yield from told[name]


def _left(place: Place, name: str, link: Interface) -> Iterator[tuple[str, str]]:
    """What is told of a link that is not where it was."""
    place_before = place.old.name  # type: ignore[union-attr]  (it had this link)
    there = place.pairs.links.get((place_before, name))
    if there is None:
        yield GONE, place.before.link(place_before, link)
    elif there[0] != place.name:
        called = f" as {steady(there[1])}" if there[1] != name else ""
        yield OTHER, f"link {steady(name)}: moved to {there[0]}{called}"


def _of(space: Namespace | None, words: Words, *, there: bool) -> dict[str, Interface]:
    """The links worth telling; of a namespace that was not always there, lo only if it was switched on."""
    if space is None:
        return {}
    return {
        link.name: space.interfaces[link.name]
        for link in words.facts.links(space.name)
        if link.kind != "loopback" or link.up or there
    }


def _changes(place: Place, origin: End, link: Interface) -> Iterator[str]:
    """What is different about a link that was there before."""
    before = place.before.snapshot[origin[0]].interfaces[origin[1]]
    if place.pairs.spaces.get(origin[0]) != place.name:
        yield f"moved from {origin[0]}" + (f", where it was {steady(origin[1])}" if origin[1] != link.name else "")
    elif origin[1] != link.name:
        yield f"renamed from {steady(origin[1])}"
    states = place.before.state(origin[0], before), place.after.state(place.name, link)
    if states[0] != states[1]:
        yield arrow(*states)
    if before.mtu != link.mtu:
        yield f"MTU {arrow(str(before.mtu), str(link.mtu))}"
    yield from _mac(place, origin, before, link)
    masters = _master(place, origin, before.master), link.master
    if masters[0] != masters[1]:
        yield arrow(place.before.port(origin[0], before, masters[0]), place.after.port(place.name, link))
    peers = place.pairs.end(before.peer), link.peer
    if peers[0] != peers[1]:
        yield f"peer {arrow(*(place.after.peer(place.name, peer) for peer in peers))}"
    below = place.pairs.end(before.parent), link.parent
    if below[0] != below[1]:
        yield f"on {arrow(*(place.after.peer(place.name, parent) for parent in below))}"
    yield from _details(before, link)


def _mac(place: Place, origin: End, before: Interface, link: Interface) -> Iterator[str]:
    """Another MAC, if somebody chose it; a bridge takes over those of its ports by itself."""
    ends = (place.before, origin), (place.after, (place.name, link.name))
    chosen = [mac if (mac := words.facts.link(end).mac) != NO_MAC else None for words, end in ends]
    if chosen[0] != chosen[1]:
        yield f"MAC {arrow(*(mac or 'drawn at random' for mac in chosen))}"
    elif before.mac != link.mac and not _taken_over(place, link):
        yield f"another MAC, {link.mac if before.index == link.index else 'as if drawn at random'}"


def _taken_over(place: Place, link: Interface) -> bool:
    """Whether a bridge has its MAC from a port, or none since the last one left it (bridge(8))."""
    ports = place.new.ports(link.name) if link.kind == "bridge" and place.new else ()
    return link.kind == "bridge" and (link.mac == NO_MAC or link.mac in {port.mac for port in ports})


def _master(place: Place, origin: End, master: str | None) -> str | None:
    """What the bridge that it was a port of is called now."""
    return place.pairs.links.get((origin[0], master), ("", master))[1] if master else None


def _details(before: Interface, link: Interface) -> Iterator[str]:
    old, new = _by_key(before), _by_key(link)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            values = (found.get(key, usual(key, link.kind) or "none") for found in (old, new))
            yield f"{key.replace('_', ' ')} {arrow(*(setting(key, value) for value in values))}"


def _by_key(link: Interface) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, value in link.details:
        found[key].append(value)
    return {key: " ".join(values) for key, values in found.items()}
