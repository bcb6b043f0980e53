"""Knows which changes are told of addresses, routes, neighbours, FDB and conntrack: not what the kernel does alone."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from typing import TYPE_CHECKING

from netkit.changes import words
from netkit.changes.place import Entry, against
from netkit.changes.result import GONE, MADE, OTHER
from netkit.changes.words import Words, follows_from_a_mac, steady
from netkit.configured import is_random_mac, lasting
from netkit.model.facts import own_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from netkit.changes.place import Place
    from netkit.model import ForwardingEntry, Namespace, Neighbour, Route
    from netkit.netfilter import Connection

_BY_ITSELF = (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("ff00::/8"))


def addresses(place: Place) -> Iterator[tuple[str, str]]:
    """Addresses, and what else they have; not those that lo and IPv6 give themselves."""
    old, new = _addresses(place, old=True), _addresses(place, old=False)
    both = old.keys() & new.keys()
    return against(*([_address(key, words, key in both) for key, words in side.items()] for side in (old, new)))


def _addresses(place: Place, *, old: bool) -> dict[tuple[str, str], str]:
    """(interface as it is called now, address) of each, and what else it has in `ip`'s words."""
    space, other = (place.old, place.new) if old else (place.new, place.old)
    found = {}
    for link in space.interfaces.values() if space else ():
        there = (other.interfaces.get(link.name) if other else None) if link.kind == "loopback" else None
        # 127.0.0.1 comes and goes with lo's state; only where that is the same did somebody do it.
        kept = link.addresses if there and there.up == link.up else own_addresses(link)
        name, labels = link.name, dict(link.labels)
        if old and place.old and (now := place.pairs.links.get((place.old.name, name))) and now[0] == place.name:
            name = now[1]
        found |= {(name, one): lasting(labels.get(one, "")) for one in kept if not follows_from_a_mac(one)}
    return found


def _address(key: tuple[str, str], words: str, kept: bool) -> Entry:  # noqa: FBT001  (a fact)
    """An entry; of an address that is new or gone, the usual broadcast and for how long it is go without saying."""
    usual = str(ipaddress.ip_interface(key[1]).network.broadcast_address)
    says = words if kept else re.sub(rf"(broadcast {re.escape(usual)}(?!\S)|for a time)\s*", "", words).strip()
    return Entry(key, (*key, words), f"address {key[1]} on {steady(key[0])}", says or ("" if not kept else "plain"))


def routes(place: Place) -> Iterator[tuple[str, str]]:
    """Routes of all tables; of the table "local" those that do not follow from an address that came or went."""
    old, new = ([_route(one) for one in _of(space).routes if not _own(one)] for space in (place.was, place.new))
    yield from against(old, new)
    yield from against(*_local_routes(place))


def _local_routes(place: Place) -> tuple[list[Entry], list[Entry]]:
    """What somebody changed in the table "local"; the kernel keeps it by itself with addresses and states of links."""
    old, new = (dict.fromkeys(_of(space).local_routes) for space in (place.was, place.new))
    moved = _moved(place)
    told = [
        [_route(one) for one in side if one not in other and (one.protocol != "kernel" or one.device not in moved)]
        for side, other in ((old, new), (new, old))
    ]
    return told[0], told[1]


def _moved(place: Place) -> set[str | None]:
    """The interfaces whose addresses or states are other ones, by the names that they have now."""
    if place.old is None or place.new is None:
        return {one.device for space in (place.was, place.new) for one in _of(space).local_routes}
    same = set()
    for (space, name), (there, now) in place.pairs.links.items():
        if space == place.old.name and there == place.name:
            before, after = place.old.interfaces[name], place.new.interfaces[now]
            kept = before.addresses == after.addresses and before.labels == after.labels
            if kept and (before.up, before.carrier) == (after.up, after.carrier):
                same.add(now)
    return {one.device for space in (place.was, place.new) for one in _of(space).local_routes} - same


def _own(one: Route) -> bool:
    """Whether it comes with IPv6 itself."""
    if ":" not in one.destination:
        return False
    address = ipaddress.ip_interface(one.destination).ip
    return one.protocol == "kernel" and any(address in net for net in _BY_ITSELF)


def _route(one: Route) -> Entry:
    kind = f"{one.kind} " if one.kind != "unicast" else ""
    key = (one.destination, one.table, str(one.metric), one.kind)
    return Entry(key, one, f"route {kind}{one.destination}", words.route(one))


def neighbours(place: Place) -> Iterator[tuple[str, str]]:
    """Neighbour entries; not the moods of a known one, nor those of link-local addresses."""
    old, new = list(_neighbours(place.was, place.before)), list(_neighbours(place.new, place.after))
    forgetful, kept = _forgetful(place), {entry.key for entry in new}
    return against((entry for entry in old if entry.key in kept or entry.key[0] not in forgetful), new)


def _forgetful(place: Place) -> set[str]:
    """The bridges that took over a MAC drawn at random, the lowest of their ports', and so forgot their neighbours."""
    if place.old is None or place.new is None:
        return set()
    pairs = ((name, link, place.new.interfaces.get(name)) for name, link in place.old.interfaces.items())
    return {
        name
        for name, link, now in pairs
        if now and now.kind == "bridge" and link.mac != now.mac and is_random_mac(now.mac) and is_random_mac(link.mac)
    }


_BY_HAND = ("permanent", "noarp", "proxy")


def _neighbours(space: Namespace | None, say: Words) -> Iterator[Entry]:
    for one in _of(space).neighbours:
        if one.state in _BY_HAND or not _link_local(one.address):
            about = f"neighbour {one.address} on {steady(one.device)}"
            key = one.device, one.address, "proxy" if one.state == "proxy" else ""
            yield Entry(key, (one.device, one.address, *_mood(one)), about, say.neighbour(one))


def _mood(one: Neighbour) -> tuple[str | None, str]:
    if one.state in ("failed", "incomplete"):
        return None, "failed"
    return one.mac, f"{one.state if one.state in _BY_HAND else 'learned'} {one.details}"


def _link_local(address: str) -> bool:
    return ":" in address and ipaddress.ip_address(address) in words.LINK_LOCAL


def forwarding(place: Place) -> Iterator[tuple[str, str]]:
    """FDB entries; not a port's own MAC, nor what only IPv6's housekeeping taught.

    Such an entry counts as new when somebody is known to have talked, and as gone only when it is gone.
    """
    old, new = _news(place.was, place.before), _news(place.new, place.after)
    new |= dict.fromkeys(one for one in _of(place.new).fdb if one in old)
    return against(_entries(old, place.before), _entries(new, place.after))


def _entries(listed: Iterable[ForwardingEntry], say: Words) -> Iterator[Entry]:
    for one in listed:
        yield Entry(
            (one.master or one.device, one.mac),
            one,
            f"fdb {say.mac(one.mac, by_hand=one.state == 'static')}",
            say.forwarding(one),
        )


def _news(space: Namespace | None, say: Words) -> dict[ForwardingEntry, None]:
    """The entries that somebody made, or that real traffic taught, each once."""
    listed = [one for one in _of(space).fdb if one.state != "permanent"]
    silent = _silent(say) if any(one.state == "learned" for one in listed) else lambda _: False
    return dict.fromkeys(one for one in listed if one.state == "static" or not silent(one.mac))


def _silent(say: Words) -> Callable[[str], bool]:
    """Whether a MAC is that of a link which speaks IPv6, or which is gone, and nobody knows it as a neighbour.

    Every such link reports its multicast groups and asks for routers, at random moments (RFC 3810, RFC 4861), which
    teaches bridges where it is.  Whoever really talked is in somebody's neighbour table.
    """
    links = [link for seen in (say.snapshot, say.other) for space in seen for link in space.interfaces.values()]
    speaking = {link.mac for link in links if any(map(follows_from_a_mac, link.addresses))}
    bearers = {link.mac for link in links}
    known = {one.mac for space in say.snapshot for one in space.neighbours if not _link_local(one.address)}
    return lambda mac: mac not in known and (mac in speaking or (mac not in bearers and is_random_mac(mac)))


def connections(place: Place) -> Iterator[tuple[str, str]]:
    """Tracked connections: new ones, other states; gone only where none but somebody's act can have ended it."""
    told = ([one for one in _of(space).connections if not _to_a_group(one)] for space in (place.was, place.new))
    old, new = ({_identity(one): one for one in listed} for listed in told)
    found: Counter[tuple[str, str]] = Counter()
    for key, one in old.items():
        if key not in new and one.state == "ESTABLISHED":
            found[GONE, _told(one)] += 1
    for key, one in new.items():
        before = old.get(key)
        if before is None:
            found[MADE, _told(one)] += 1
        elif (past := _progress(before)) != (now := _progress(one)):
            found[OTHER, f"{Words.connection(one)}: {past} → {now}"] += 1
    for (sign, text), count in sorted(found.items(), key=lambda item: item[0][1]):
        yield sign, text + (f" ({count} times)" if count > 1 else "")


def _to_a_group(one: Connection) -> bool:
    """Whether it is multicast, which the kernel sends by itself to report its groups (RFC 3376)."""
    return ipaddress.ip_address(one.destination).is_multicast


def _identity(one: Connection) -> tuple[object, ...]:
    there = one.protocol, one.source, one.source_port, one.destination, one.destination_port
    return *there, one.reply_source, one.reply_source_port, one.reply_destination, one.reply_destination_port


def _progress(one: Connection) -> str:
    """How far it has come: of TCP's state, which passes through a dozen, only what matters."""
    if "seen reply" not in one.status:
        return "unanswered"
    if not one.state:
        return "answered"
    return "open" if one.state in ("ESTABLISHED", "SYN_RECV") else "closed"


def _told(one: Connection) -> str:
    progress = _progress(one)
    return Words.connection(one) + (f", {progress}" if progress in ("open", "closed") else "")


def _of(space: Namespace | None) -> Namespace:
    from netkit.model import Namespace

    return space or Namespace("")
