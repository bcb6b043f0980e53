"""Knows the networks around a packet, by snapshots and earlier frames: routes, neighbours, FDBs, owners, carriers."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from functools import cached_property, wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from netkit.journey.telling.claims import PortState, Switch
from netkit.journey.telling.meanwhile import Meanwhile
from netkit.model import Namespace
from netkit.model.routing import equal, matching
from netkit.packets.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from netkit.journey.values import Seen
    from netkit.model import ForwardingEntry, Interface, Neighbour, Route, Snapshot
    from netkit.netfilter import Connection

_LOOPBACK = 127
_GROUPS = 224  # IPv4 addresses from 224.0.0.0 on are those of groups, and 255.255.255.255 is everybody's
_KEPT = ("reachable", "stale", "delay", "probe", "permanent")


Look = TypeVar("Look", bound="Callable[..., Any]")


def remembered(method: Look) -> Look:
    """A look-up that is done once for the same question: thousands of packets ask it."""

    @wraps(method)
    def look(self: Around, *question: Any) -> Any:
        key = method.__name__, *question
        if key not in self.known:
            self.known[key] = method(self, *question)
        return self.known[key]

    return look  # type: ignore[return-value]


def without_signal(link: Interface) -> str:
    """Why nothing passes an interface: "is down", "has no carrier" (ip-link(8))."""
    return "has no carrier" if link.up else "is down"


class Around:
    """What is known of the networks in which packets were seen.

    Args:
        seen: what was recorded.

    Attributes:
        seen: as given.
        known: what was looked up already, by question.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.known: dict[Hashable, Any] = {}

    def spaces(self, name: str) -> list[Namespace]:
        """The namespace before the recording and after it, as far as it was there."""
        shots = (self.seen.before, self.seen.after)
        return [snapshot.namespaces[name] for snapshot in shots if name in snapshot.namespaces]

    def last(self, name: str) -> Namespace:
        """A namespace at the end, or before if it has gone; an empty one if it was there for a while only."""
        return next(reversed(self.spaces(name)), Namespace(name))

    def links(self, namespace: str) -> list[Interface]:
        """The interfaces of a namespace as before the recording, and as after it."""
        return [link for space in self.spaces(namespace) for link in space.interfaces.values()]

    @remembered
    def interface(self, namespace: str, name: str) -> Interface | None:
        """An interface as before the recording, else as after it; up, or a port, if it was that at either moment."""
        links = [space.interfaces[name] for space in self.spaces(namespace) if name in space.interfaces]
        if not links:
            return None
        first, last = links[0], links[-1]
        up, carrier = first.up or last.up, first.carrier or last.carrier
        return replace(first, up=up, carrier=carrier, master=first.master or last.master)

    @remembered
    def record(self, namespace: str, name: str) -> Interface | None:
        """An interface as a snapshot has it, that of the end first; None where neither has it."""
        spaces = reversed(self.spaces(namespace))
        return next((space.interfaces[name] for space in spaces if name in space.interfaces), None)

    def blocked(self, namespace: str, name: str) -> PortState | None:
        """That a bridge's port did not forward at one moment at least (IEEE 802.1D)."""
        states = dict(self.seen.blocked.get(namespace, ()))
        return PortState(namespace, name, states[name]) if name in states else None

    def searched(self, namespace: str) -> Namespace | Snapshot:
        """Where something was looked for that is not there: the namespace at the end; all of them, if it was not."""
        return next(reversed(self.spaces(namespace)), self.seen.after)

    def passing(self, namespace: str, name: str) -> bool:
        """Whether an interface was made and taken away during the recording: nothing else is known of it."""
        return bool(self.spaces(namespace)) and self.interface(namespace, name) is None

    def is_watched(self, namespace: str, name: str) -> bool:
        """Whether frames were recorded at an interface."""
        return not self.seen.watched or name in self.seen.watched.get(namespace, ())

    @remembered
    def master(self, namespace: str, name: str) -> str | None:
        """The bridge that an interface is a port of."""
        link = self.interface(namespace, name)
        return next((space.bridge_of(link) for space in self.spaces(namespace)), None) if link else None

    def ports(self, namespace: str, bridge: str) -> list[Interface]:
        """The ports of a bridge."""
        names = dict.fromkeys(link.name for link in self.links(namespace))
        links = (self.interface(namespace, name) for name in names)
        return [link for link in links if link is not None and link.master == bridge]

    @remembered
    def sysctl(self, namespace: str, name: str) -> Switch | None:
        """A switch, None if it is unknown or was changed meanwhile."""
        values = {space.sysctls[name] for space in self.spaces(namespace) if name in space.sysctls}
        return Switch(namespace, name, values.pop()) if len(values) == 1 else None

    @cached_property
    def meanwhile(self) -> Meanwhile:
        """What happened while the x-ray recorded."""
        return Meanwhile(self.seen, self.master)

    @cached_property
    def wording(self) -> Wording:
        """How to write addresses so that they are the same in each run."""
        owners: dict[str, tuple[bool, str]] = {}
        for snapshot in (self.seen.before, self.seen.after):
            for space in snapshot:
                for link in space.interfaces.values():
                    if link.mac is not None:
                        claim = link.master is not None, f"{space.name}:{link.name}"
                        owners[link.mac] = min(claim, owners.get(link.mac, claim))
        return Wording({mac: owner for mac, (_, owner) in owners.items()})

    def _addresses(self, namespace: str) -> Iterator[str]:
        """The addresses of a namespace's interfaces: "10.0.0.1/24"."""
        for link in self.links(namespace):
            yield from link.addresses

    @remembered
    def addresses(self, namespace: str) -> list[bytes]:
        """The addresses of a namespace's interfaces, as packets have them."""
        return [ipaddress.ip_interface(each).ip.packed for each in dict.fromkeys(self._addresses(namespace))]

    @remembered
    def own(self, namespace: str, address: bytes) -> bool:
        """Whether an address is one of the namespace's own."""
        text = str(ipaddress.ip_address(address))
        borne = (borne.partition("/")[0] for borne in self._addresses(namespace))
        return (len(address) == 4 and address[0] == _LOOPBACK) or text in borne

    @remembered
    def bearer(self, namespace: str, address: bytes) -> Interface | Route | None:
        """What makes an address the namespace's own: the interface that bears it, or a route of the table local."""
        text = str(ipaddress.ip_address(address))
        links = [link for space in reversed(self.spaces(namespace)) for link in space.interfaces.values()]
        bearing = next((link for link in links if text in link.bare_addresses), None)
        if bearing is None and len(address) == 4 and address[0] == _LOOPBACK:
            bearing = next((link for link in links if link.kind == "loopback"), None)
        return bearing or next(self._local(namespace, text), None)

    def _local(self, namespace: str, text: str) -> Iterator[Route]:
        for space in self.spaces(namespace):
            routes = [*space.local_routes, *(route for route in space.routes if route.kind == "local")]
            yield from matching(routes, text)

    @remembered
    def everyone(self, namespace: str, address: bytes) -> bool:
        """Whether an address is a group's, or the broadcast address of one of the namespace's networks."""
        if len(address) != 4:
            return address[0] == 0xFF
        value = ipaddress.IPv4Address(address)
        networks = (ipaddress.IPv4Interface(borne).network for borne in self._addresses(namespace) if ":" not in borne)
        return address[0] >= _GROUPS or any(n.prefixlen < 31 and value == n.broadcast_address for n in networks)

    @remembered
    def routes(self, namespace: str, address: bytes) -> list[Route]:
        """The routes that match an address: the main table first, in it the longest prefix, then the lowest metric."""
        return next(filter(None, self._routes(namespace, address)), [])

    def _routes(self, namespace: str, address: bytes) -> Iterator[list[Route]]:
        """Those of the beginning, then those of the end."""
        for space in self.spaces(namespace):
            yield matching(space.routes, str(ipaddress.ip_address(address)))

    @remembered
    def route(self, namespace: str, target: bytes, device: str | None, mac: bytes = b"") -> Route | None:
        """The best of them that leads to the device by which the packet really left; of equals the one to that MAC."""
        every = chain.from_iterable(self._routes(namespace, target))
        found = [route for route in every if device in (None, route.device)]
        equals = [route for route in found if route.via and equal(route, found[0])] if mac else []
        macs = [self.neighbour(namespace, route.device or "", route.via or "") for route in equals]
        taken = (route for route, entry in zip(equals, macs, strict=True) if entry and entry.mac == mac.hex(":"))
        return next(taken, next(iter(found), None))

    @remembered
    def neighbour(self, namespace: str, device: str, address: str) -> Neighbour | None:
        """The entry of the neighbour table that has an address's MAC, at the end of the recording if there is one."""
        for space in reversed(self.spaces(namespace)):
            for entry in space.neighbours:
                if (entry.address, entry.device) == (address, device) and entry.mac and entry.state in _KEPT:
                    return entry
        return None

    @remembered
    def forwarding(self, namespace: str, device: str) -> list[ForwardingEntry]:
        """A VXLAN device's own forwarding entries, those of the end of the recording first."""
        return [e for space in reversed(self.spaces(namespace)) for e in space.fdb
                if e.device == device and e.master is None]  # fmt: skip

    @remembered
    def translated(self, namespace: str) -> list[Connection]:
        """The namespace's tracked connections with NAT, those of the end of the recording first."""
        spaces = reversed(self.spaces(namespace))
        tracked = dict.fromkeys(connection for space in spaces for connection in space.connections)
        return [connection for connection in tracked if connection.translated]
