"""Knows what has changed in `ip rule`, next hops, tc's queues, groups and switches (sysctl), and what is told once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from netkit.changes.place import Entry, against, arrow
from netkit.changes.result import GONE, MADE, OTHER
from netkit.changes.words import steady
from netkit.model import switches
from netkit.model.facts import natural
from netkit.model.further import beside_usual, has_vlan_lines, heeds_vlans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.changes.place import Place
    from netkit.model import Interface, Namespace


def groups(place: Place) -> Iterator[tuple[str, str]]:
    """Groups that somebody made an interface listen to."""
    sides = (space.groups if space else () for space in (place.old, place.new))
    return against(*([Entry(pair, pair, f"group {pair[1]} on {steady(pair[0])}", "") for pair in s] for s in sides))


def further(place: Place) -> Iterator[tuple[str, str]]:
    """What else the programs of iproute2 list; the VLAN that a bridge gives each of its ports stands for itself."""
    spaces = [space for space in (place.old, place.new) if space]
    whole = any(map(has_vlan_lines, spaces)) and not any(map(heeds_vlans, spaces))  # one of them may have lost all
    sides = (beside_usual(space, with_vlans=whole) if space else () for space in (place.old, place.new))
    return against(*([Entry((one,), one, f"{one.command}: {steady(str(one))}", "") for one in s] for s in sides))


def policies(place: Place) -> Iterator[tuple[str, str]]:
    """Rules that choose a routing table."""
    return against(_policies(place.was), _policies(place.new))


def _policies(space: Namespace | None) -> list[Entry]:
    """One that every namespace has and this one lost is told as gone, or as back."""
    return [
        Entry(
            (str(one.version), str(one.priority), str(one)),
            one,
            f"ip{' -6' if one.version == 6 else ''} rule {one.priority}:",
            str(one) if one.action != "missing" else f"from all lookup {one.table} is missing",
        )
        for one in (space.policies if space else ())
    ]


def next_hops(place: Place) -> Iterator[tuple[str, str]]:
    """Next hops that routes share."""
    sides = (space.next_hops if space else () for space in (place.was, place.new))
    return against(
        *([Entry((str(one.number),), one, f"nexthop id {one.number}", str(one)) for one in s] for s in sides)
    )


def queues(place: Place) -> Iterator[tuple[str, str]]:
    """Queueing disciplines, classes and filters that somebody set."""
    sides = (space.queues if space else () for space in (place.was, place.new))
    return against(*([_queue(one.device, one.what, one.text) for one in side] for side in sides))


def _queue(device: str, what: str, text: str) -> Entry:
    kind, _, rest = text.partition(" ")
    place = next((word for word in rest.split() if word in ("root", "ingress", "clsact")), text)
    return Entry((device, what, place), (device, what, text), f"{what} on {steady(device)}", f"{kind} {rest}".rstrip())


def sysctls(place: Place) -> Iterator[tuple[str, str]]:
    """Switches; of a new namespace only those that matter in it, since it copies the others from the machine."""
    if place.old is not None and place.new is not None:
        yield from against(*_switches(place.old, place.new))
        yield from _of_interfaces(place, place.old, place.new)
        return
    space, words = (place.new, place.after) if place.new else (place.old, place.before)
    sign = MADE if place.new else GONE
    values = words.facts.switches(space.name)  # type: ignore[union-attr]  (one of them is there)
    yield from ((sign, f"sysctl {name} = {value}") for name, value in values.items())


def _switches(old: Namespace, new: Namespace) -> list[list[Entry]]:
    """Those that both looks have read; one that follows from another, as the kernel hands it on, is not told twice."""
    both = old.sysctls.keys() & new.sysctls.keys()
    changed = {name: new.sysctls[name] for name in both if old.sysctls[name] != new.sysctls[name]}
    told = [name for name, value in changed.items() if not _follows(name, value, changed)]
    return [
        [Entry((name,), (name, side[name]), f"sysctl {name}", side[name]) for name in told]
        for side in (old.sysctls, new.sysctls)
    ]


_HANDED_ON = re.compile(r"(net\.ipv[46]\.(conf|neigh)\.)(.+)(\.\w+)")


def _follows(name: str, value: str, changed: Mapping[str, str]) -> bool:
    """Whether the switch of all interfaces, or for a single one that of new ones, has been set to the same.

    A router takes no redirects: the kernel switches that off and on with net.ipv4.ip_forward.
    """
    if name.startswith("net.ipv4.conf.") and name.endswith(".accept_redirects") and "net.ipv4.ip_forward" in changed:
        return changed["net.ipv4.ip_forward"] != value
    if not (match := _HANDED_ON.fullmatch(name)) or match[3] == "all":
        return False
    begin, _, whose, end = match.groups()
    makers = [f"{begin}all{end}"] + ([f"{begin}default{end}"] if whose != "default" else [])
    makers += ["net.ipv4.ip_forward"] if (begin, end) == ("net.ipv4.conf.", ".forwarding") else []
    return any(changed.get(maker) == value for maker in makers)


def _of_interfaces(place: Place, old: Namespace, new: Namespace) -> Iterator[tuple[str, str]]:
    """The switches of interfaces that were there before; one that all of them got at once is told once, or by "all"."""
    pairs = [
        (old.interfaces[before], new.interfaces[after])
        for (space, before), (there, after) in place.pairs.links.items()
        if space == old.name and there == new.name
    ]
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for before, after in pairs:
        for name, was, now in _changed(before, after):
            found[name, was, now].append(after.name)
    for (name, was, now), links in sorted(found.items(), key=lambda item: (item[0], item[1])):
        family, _, switch = name.partition(".")
        if _is_told_by_all(family, switch, now, old, new):
            continue
        if len(links) == len(pairs) > 1:
            yield OTHER, f"sysctl net.{family}.conf.*.{switch}, of all interfaces: {arrow(was, now)}"
            continue
        for link in sorted(links, key=natural):
            yield OTHER, f"sysctl net.{family}.conf.{steady(link)}.{switch}: {arrow(was, now)}"
    yield from _of_new_ones(new, {after.name for _, after in pairs})


def _changed(before: Interface, after: Interface) -> Iterator[tuple[str, str, str]]:
    if before.switches == after.switches:
        return
    old, new = dict(before.switches), dict(after.switches)
    for name in sorted(old.keys() | new.keys()):
        was, now = (side.get(name, switches.usual(name)) for side in (old, new))
        if was != now:
            yield name, was, now


def _is_told_by_all(family: str, switch: str, now: str, old: Namespace, new: Namespace) -> bool:
    """Whether the switch of all interfaces, or that of new ones, has been set so as well; the kernel hands it on."""
    names = [f"net.{family}.conf.{whose}.{switch}" for whose in ("all", "default")]
    names += ["net.ipv4.ip_forward"] if (family, switch) == ("ipv4", "forwarding") else []
    return any(old.sysctls.get(name) != new.sysctls.get(name) == now for name in names)


def _of_new_ones(space: Namespace, known: set[str]) -> Iterator[tuple[str, str]]:
    """What a new interface has that most of those before it have not: it begins with the namespace's usual ones."""
    usual = Counter(pair for name in known for pair in space.interfaces[name].switches)
    for name, link in space.interfaces.items():
        if name in known:
            continue
        for switch, value in link.switches:
            family, _, word = switch.partition(".")
            born_with = space.sysctls.get(f"net.{family}.conf.default.{word}") == value
            if not born_with and 2 * usual[switch, value] < len(known):
                yield MADE, f"sysctl net.{family}.conf.{steady(name)}.{word} = {value}"
