"""Look at the kernel's networks: read every namespace into a frozen Snapshot, changing nothing."""

from __future__ import annotations

import dataclasses
import socket
import struct
from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netkit import model
from netkit.errors import KernelRefused, NotFound
from netkit.linux import entering, namespaces, sysctls
from netkit.linux.looks import cables, further, groups, hosts, netconf, policies, queues, records, rules, ways
from netkit.linux.looks.conntrack import connections_here
from netkit.linux.netlink import sockets
from netkit.linux.netlink.nftables import NETFILTER
from netkit.linux.netlink.protocol import Talk, attributes, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.validation import IPAddress

_RTM_GETLINK, _RTM_GETADDR, _RTM_GETROUTE, _RTM_GETNEIGH = 18, 22, 26, 30
_NDA_MASTER = 9
_IFLA_EXT_MASK, _SKIP_STATISTICS = 29, 8
_MAKE_IT = "Make it: nk.Namespace('ns1')"
_NO_STATISTICS = struct.pack("=HHI", 8, _IFLA_EXT_MASK, _SKIP_STATISTICS)
_PROXIES = bytes(10) + b"\x08\0"
"""Of struct ndmsg, the flag NTF_PROXY."""

_ALL_LINKS = bytes(16) + _NO_STATISTICS


def snapshot(known: Mapping[int, str] = MappingProxyType({}), *, everything: bool = False) -> model.Snapshot:
    """The state of every network namespace, named and nameless.

    Args:
        known: names that namespaces keep, see `namespaces.find`.
        everything: whether to read all switches of net.*, and groups, too, which takes several times as long.

    Returns:
        A Snapshot; a namespace that ends while it is read is left out.
    """
    places = namespaces.find(known)
    readings = entering.returning(lambda: _read_all(places, everything=everything))
    wires = cables.Cables({name: each.links for name, each in readings.items()}, {one.name: one.path for one in places})
    return model.Snapshot(
        {name: model.Namespace(name, _interfaces(name, each, wires), *each.rest) for name, each in readings.items()}
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
        link = records.link(_link_called(talk, name))
        addresses = [records.address(body) for body in talk.dump(_RTM_GETADDR, struct.pack("=4xi", link.index))]
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
        kind, master = records.kind_and_master(_link_called(talk, name))
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
        link = records.link(_link_called(talk, name))
        own = {link.index: link}
        answers = talk.dump(_RTM_GETNEIGH, struct.pack("=B3xi4x", socket.AF_BRIDGE, link.index))
        found = [ways.forwarding_entry(each, own) for each in answers if _NDA_MASTER not in attributes(each[12:])]
        return [entry for entry in found if entry is not None]

    return tuple(sorted(sockets.use(path, read), key=lambda entry: (entry.mac, entry.destination or "")))


def bearer(path: str, address: IPAddress) -> str | None:
    """The interface of a namespace that bears an address, None if none does.

    Args:
        path: the namespace.
        address: with or without its prefix length.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6

    def read(talk: Talk) -> str | None:
        found = [records.address(body) for body in talk.dump(_RTM_GETADDR, bytes([family]) + bytes(7))]
        for one in found:
            if one.text.partition("/")[0] == str(address).partition("/")[0]:
                return talk.name_of(one.index)
        return None

    return sockets.use(path, read)


def _link_called(talk: Talk, name: str) -> memoryview:
    """The record of a link, which is asked for by its name.

    Raises:
        NotFound: there is none of that name; the error lists those that are there.
    """
    try:
        return talk.ask(_RTM_GETLINK, bytes(16) + named(name) + _NO_STATISTICS)
    except (KernelRefused, ValueError):
        talk.index_of(name)
        raise


@dataclasses.dataclass(frozen=True)
class _Reading:
    """A namespace as read: its links, their addresses by index, and what a `model.Namespace` holds beside them."""

    links: list[records.Link]
    addresses: dict[int, list[records.Address]]
    rest: tuple[Any, ...]


@dataclasses.dataclass(frozen=True)
class _Known:
    """What is the same for all namespaces: who has older tables, and files of its own; how much is to be read."""

    legacy: frozenset[str]
    with_files: frozenset[str]
    everything: bool


def _read_all(places: list[namespaces.Place], *, everything: bool) -> dict[str, _Reading]:
    """Read each namespace."""
    readings, known = {}, _Known(rules.legacy_families(), hosts.with_files(), everything)
    for place in places:
        try:
            readings[place.name] = entering.inside(place.path, lambda place=place: _read(place, known))
        except NotFound:
            continue  # it ended between being found and being read
    return readings


def _read(place: namespaces.Place, known: _Known) -> _Reading:
    """Read the namespace that the calling thread is in."""
    with Talk() as talk:
        links, addresses = _links(talk), _addresses(talk)
        names = {link.index: link.name for link in links}
        routes, local = ways.routes(talk.dump(_RTM_GETROUTE, bytes(12)), names)
        neighbours = _neighbours(talk, links)
        fdb = _fdb(talk, links) if any(link.kind in ("bridge", "vxlan") for link in links) else ()
        steering = policies.policy_rules(talk), policies.next_hops(talk, names), local, queues.queues(talk, names)
        here = netconf.switches_here(talk)
        more = further.lines_here(talk, links, everything=known.everything)
    switches = here | (sysctls.everything_here() if known.everything else {})
    with Talk(NETFILTER) as talk:
        filters, connections = rules.read_here(talk, known.legacy), connections_here(talk)
    rest = (
        routes,
        neighbours,
        fdb,
        filters,
        switches,
        place.processes,
        place.named,
        connections,
        hosts.of(place),
        place.containers,
        *steering,
        hosts.files_of(place, known.with_files),
        groups.listened_to_here() if known.everything else (),
        more,
    )
    return _Reading(links, addresses, rest)


def _links(talk: Talk) -> list[records.Link]:
    """The links, in index order."""
    return sorted(map(records.link, talk.dump(_RTM_GETLINK, _ALL_LINKS)), key=lambda link: link.index)


def _addresses(talk: Talk) -> dict[int, list[records.Address]]:
    """The addresses of all links, by index."""
    found: dict[int, list[records.Address]] = defaultdict(list)
    for address in map(records.address, talk.dump(_RTM_GETADDR, bytes(8))):
        found[address.index].append(address)
    return found


def _neighbours(talk: Talk, links: Iterable[records.Link]) -> tuple[model.Neighbour, ...]:
    """The entries of the table, then the addresses that the namespace answers for others (proxies)."""
    by_index = {link.index: link for link in links}
    requests = bytes(12), _PROXIES
    found = (ways.neighbour(body, by_index) for request in requests for body in talk.dump(_RTM_GETNEIGH, request))
    return tuple(entry for entry in found if entry is not None)


def _fdb(talk: Talk, links: Iterable[records.Link]) -> tuple[model.ForwardingEntry, ...]:
    names = {link.index: link for link in links}
    request = bytes([socket.AF_BRIDGE]) + bytes(11)
    found = (ways.forwarding_entry(body, names) for body in talk.dump(_RTM_GETNEIGH, request))
    return tuple(entry for entry in found if entry is not None)


def _interfaces(place: str, reading: _Reading, wires: cables.Cables) -> dict[str, model.Interface]:
    """A namespace's interfaces by name, in index order."""
    names = {link.index: link.name for link in reading.links}
    spanning = {link.index for link in reading.links if ("stp", "1") in link.details}
    return {
        link.name: records.interface(
            link if link.master in spanning else records.with_state(link),
            names,
            reading.addresses.get(link.index, ()),
            wires.peer(place, link),
            wires.parent(place, link),
        )
        for link in reading.links
    }
