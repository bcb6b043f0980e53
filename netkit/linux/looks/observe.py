"""Look at the kernel's networks: read every namespace into a frozen Snapshot, changing nothing."""

from __future__ import annotations

import dataclasses
import os
import socket
import struct
from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netkit import model
from netkit.errors import NotFound
from netkit.linux import entering, namespaces, sysctls
from netkit.linux.looks import hosts, records, rules
from netkit.linux.looks.conntrack import connections_here
from netkit.linux.netlink import sockets
from netkit.linux.netlink.protocol import Talk, attributes, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.validation import IPAddress

_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE, _RTM_GETNEIGH, _RTM_GETNSID = 18, 22, 26, 30, 90
_NETNSA_NSID, _NETNSA_FD, _NDA_MASTER = 1, 3, 9
_IFLA_EXT_MASK, _SKIP_STATISTICS = 29, 8
_MAKE_IT = "Make it: nk.Namespace('ns1')"
_NO_STATISTICS = struct.pack("=HHI", 8, _IFLA_EXT_MASK, _SKIP_STATISTICS)
_ALL_LINKS = bytes(16) + _NO_STATISTICS


def snapshot(known: Mapping[int, str] = MappingProxyType({})) -> model.Snapshot:
    """The state of every network namespace, named and nameless.

    Args:
        known: names that namespaces keep, see `namespaces.find`.

    Returns:
        A Snapshot; a namespace that ends while it is read is left out.
    """
    places = namespaces.find(known)
    readings = entering.apart(lambda: _read_all(places))
    peers = _Peers(readings, {place.name: place.path for place in places})
    return model.Snapshot(
        {name: model.Namespace(name, _interfaces(name, each, peers), *each.rest) for name, each in readings.items()}
    )


def namespace(name: str) -> model.Namespace:
    """The state of one namespace; its veths' other ends are looked for everywhere.

    Args:
        name: as a snapshot names it.

    Raises:
        NotFound: there is none of that name.
    """
    seen = snapshot()
    found = seen.namespaces.get(name)
    if found is None:
        raise NotFound(f"there is no namespace '{name}'", f"there are: {', '.join(seen.namespaces)}", _MAKE_IT)
    return found


def interface(path: str, name: str) -> model.Interface:
    """One interface, quickly: the kernel is asked for it alone, so its peer stays None.

    Args:
        path: the namespace.
        name: the interface.

    Raises:
        NotFound: there is no such interface; the error lists those that are there.
    """

    def read(talk: Talk) -> model.Interface:
        index = talk.index_of(name)
        own = talk.dump(_RTM_GETADDR, struct.pack("=4xi", index))
        addresses = [records.address(body)[1] for body in own]
        [body] = talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", index) + _NO_STATISTICS)
        link = records.link(body)
        return records.interface(link, {link.master: talk.name_of(link.master)} if link.master else {}, addresses)

    return sockets.use(path, read)


def kind_and_master(path: str, name: str) -> tuple[str, str | None]:
    """An interface's kind and the bridge that it is a port of, still quicker than `interface`.

    Args:
        path: the namespace.
        name: the interface.

    Raises:
        NotFound: there is no such interface; the error lists those that are there.
    """

    def read(talk: Talk) -> tuple[str, str | None]:
        [body] = talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", talk.index_of(name)) + _NO_STATISTICS)
        kind, master = records.kind_and_master(body)
        return kind, talk.name_of(master) if master else None

    return sockets.use(path, read)


def names(path: str) -> list[str]:
    """The names of a namespace's interfaces, in index order."""
    return sockets.use(path, Talk.names)


def forwarding(path: str, name: str) -> tuple[model.ForwardingEntry, ...]:
    """The entries of a VXLAN device's own forwarding database, sorted; those of a bridge that it is a port of are not.

    Args:
        path: the namespace.
        name: the device.

    Raises:
        NotFound: there is no such interface; the error lists those that are there.
    """

    def read(talk: Talk) -> list[model.ForwardingEntry]:
        index = talk.index_of(name)
        [body] = talk.ask(_RTM_GETLINK, struct.pack("=4xi8x", index) + _NO_STATISTICS)
        own = {index: records.link(body)}
        answers = talk.dump(_RTM_GETNEIGH, struct.pack("=B3xi4x", socket.AF_BRIDGE, index))
        found = [records.forwarding_entry(each, own) for each in answers if _NDA_MASTER not in attributes(each[12:])]
        return [entry for entry in found if entry is not None]

    return tuple(sorted(sockets.use(path, read), key=lambda entry: (entry.mac, entry.destination or "")))


def bearer(path: str, address: IPAddress) -> str | None:
    """The interface of a namespace that bears an address, None if none does.

    Args:
        path: the namespace.
        address: without prefix length.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6

    def read(talk: Talk) -> str | None:
        found = [records.address(body) for body in talk.dump(_RTM_GETADDR, bytes([family]) + bytes(7))]
        owners = (index for index, text in found if text.partition("/")[0] == str(address))
        return next((talk.name_of(index) for index in owners), None)

    return sockets.use(path, read)


@dataclasses.dataclass(frozen=True)
class _Reading:
    """A namespace as read: its links, their addresses by index, and what a `model.Namespace` holds beside them."""

    links: list[records.Link]
    addresses: dict[int, list[str]]
    rest: tuple[Any, ...]


def _read_all(places: list[namespaces.Place]) -> dict[str, _Reading]:
    """Read each namespace; called in the thread that enters namespaces, which then need not be waited for each time."""
    readings, legacy = {}, rules.legacy_families()
    for place in places:
        try:
            readings[place.name] = entering.inside(place.path, lambda place=place: _read(place, legacy))
        except NotFound:
            continue  # it ended between being found and being read
    return readings


def _read(place: namespaces.Place, legacy: frozenset[str]) -> _Reading:
    """Read the namespace that the calling thread is in."""
    with Talk() as talk:
        links, addresses = _links(talk), _addresses(talk)
        names = {link.index: link.name for link in links}
        routes = _routes(talk, names)
        neighbours = _neighbours(talk, names)
        fdb = _fdb(talk, links) if any(link.kind in ("bridge", "vxlan") for link in links) else ()
    switches = {name: value for name in sysctls.THAT_MATTER if (value := sysctls.read_here(name)) is not None}
    rest = (
        routes,
        neighbours,
        fdb,
        rules.read_here(legacy),
        switches,
        place.processes,
        place.named,
        connections_here(),
        hosts.of(place),
        place.containers,
    )
    return _Reading(links, addresses, rest)


def _links(talk: Talk) -> list[records.Link]:
    """The links, in index order."""
    return sorted(map(records.link, talk.dump(_RTM_GETLINK, _ALL_LINKS)), key=lambda link: link.index)


def _addresses(talk: Talk) -> dict[int, list[str]]:
    """The addresses of all links, by index."""
    found: dict[int, list[str]] = defaultdict(list)
    for index, address in map(records.address, talk.dump(_RTM_GETADDR, bytes(8))):
        found[index].append(address)
    return found


def _routes(talk: Talk, names: dict[int, str]) -> tuple[model.Route, ...]:
    bodies = talk.dump(_RTM_GETROUTE, bytes(12))
    return tuple(route for body in bodies for route in records.routes(body, names))


def _neighbours(talk: Talk, names: dict[int, str]) -> tuple[model.Neighbour, ...]:
    found = (records.neighbour(body, names) for body in talk.dump(_RTM_GETNEIGH, bytes(12)))
    return tuple(entry for entry in found if entry is not None)


def _fdb(talk: Talk, links: Iterable[records.Link]) -> tuple[model.ForwardingEntry, ...]:
    names = {link.index: link for link in links}
    request = bytes([socket.AF_BRIDGE]) + bytes(11)
    found = (records.forwarding_entry(body, names) for body in talk.dump(_RTM_GETNEIGH, request))
    return tuple(entry for entry in found if entry is not None)


class _Peers:
    """Finds the other end of a veth: an interface whose own other end is the first.

    The kernel gives the other end's index and a number that only its own namespace knows the other
    one by (network_namespaces(7), IFLA_LINK_NETNSID).  Mostly one interface fits; where several do,
    the kernel is asked for the number of each candidate's namespace (RTM_GETNSID).
    """

    def __init__(self, readings: dict[str, _Reading], paths: dict[str, str]) -> None:
        self._paths = paths
        self._ends: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
        for place, reading in readings.items():
            for link in reading.links:
                if link.end:
                    self._ends[link.index, link.end[0]].append((place, link.name))

    def of(self, place: str, link: records.Link) -> tuple[str, str] | None:
        """(namespace, interface) of a link's other end, None if it has none, or in a namespace out of sight."""
        if link.end is None:
            return None
        index, nsid = link.end
        candidates = [end for end in self._ends.get((index, link.index), ()) if end != (place, link.name)]
        if nsid is None:
            return next((end for end in candidates if end[0] == place), None)
        candidates = [end for end in candidates if end[0] != place]
        if len(candidates) > 1:
            candidates = [end for end in candidates if self._number(place, end[0]) == nsid]
        return candidates[0] if candidates else None

    def _number(self, place: str, other: str) -> int:
        """The number by which one namespace knows another; -1 if it does not, or if one has ended meanwhile."""

        def ask() -> int:
            there = entering.opened(self._paths[other])
            try:
                with Talk() as talk:
                    [answer] = talk.ask(_RTM_GETNSID, struct.pack("=B3xHHi", 0, 8, _NETNSA_FD, there))
            finally:
                os.close(there)
            return number(attributes(answer[4:])[_NETNSA_NSID], signed=True)

        try:
            return entering.inside(self._paths[place], ask)
        except NotFound:
            return -1


def _interfaces(place: str, reading: _Reading, peers: _Peers) -> dict[str, model.Interface]:
    """A namespace's interfaces by name, in index order."""
    names = {link.index: link.name for link in reading.links}
    return {
        link.name: records.interface(link, names, reading.addresses.get(link.index, ()), peers.of(place, link))
        for link in reading.links
    }
