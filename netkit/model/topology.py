"""Who is joined to whom by cables, bridges and tunnels, whether or not anything works: the intended network."""

from __future__ import annotations

import ipaddress
from collections import defaultdict, deque
from functools import cached_property
from typing import TYPE_CHECKING

from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import End, Interface, Namespace, Snapshot
    from netkit.validation import IPInterface


SHARING = frozenset({"macvlan", "macvtap", "ipvlan", "ipvtap"})
"""Kinds of devices that share another interface's cable."""

TUNNELS = frozenset({"vxlan", "gre", "gretap", "ipip", "sit", "ip6tnl", "ip6gre", "ip6gretap"})
"""Kinds of devices whose frames or packets travel in packets."""

BONDS = frozenset({"bond", "team"})
"""Kinds of devices that send by one or several ports, and are no switch between them."""


class Topology:
    """How the interfaces of a snapshot are joined."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def space(self, namespace: str) -> Namespace:
        """The namespace of that name."""
        return self.snapshot.namespaces[namespace]

    def link(self, end: End) -> Interface:
        """The interface at this end."""
        return self.snapshot.namespaces[end[0]].interfaces[end[1]]

    def has(self, end: End) -> bool:
        """Whether there is such an interface."""
        return end[0] in self.snapshot.namespaces and end[1] in self.snapshot.namespaces[end[0]].interfaces

    @cached_property
    def ends(self) -> dict[End, Interface]:
        """Every interface, by its end."""
        return {(space.name, link.name): link for space in self.snapshot for link in space.interfaces.values()}

    @cached_property
    def peers(self) -> dict[End, End]:
        """The other end of each cable whose two ends are both in sight."""
        found: dict[End, End] = {}
        for end, link in self.ends.items():
            other = link.peer
            if other and other != end and self.has(other) and not {end, other} & found.keys():
                found[end], found[other] = other, end
        return found

    @cached_property
    def owners(self) -> dict[str, list[End]]:
        """The interfaces that bear each MAC address."""
        found: dict[str, list[End]] = defaultdict(list)
        for end, link in self.ends.items():
            if link.mac is not None:
                found[link.mac].append(end)
        return dict(found)

    @cached_property
    def _bearers(self) -> dict[str, list[End]]:
        found: dict[str, list[End]] = defaultdict(list)
        for end, link in self.ends.items():
            for address in dict.fromkeys(link.bare_addresses):
                found[address].append(end)
        return dict(found)

    def bearers(self, address: str | None) -> list[End]:
        """The interfaces that bear an address.

        Args:
            address: without a prefix length.
        """
        return list(self._bearers.get(address or "", ()))

    def ports(self, bridge: End) -> list[End]:
        """The ports of a bridge."""
        return [(bridge[0], port.name) for port in self.space(bridge[0]).ports(bridge[1])]

    def master(self, end: End) -> str | None:
        """The bridge or bond that an interface is a port of; None for nobody's, also in a VRF: that only routes."""
        name, links = self.link(end).master, self.space(end[0]).interfaces
        return None if name in links and links[name].kind == "vrf" else name

    def neighbours(self, end: End) -> Iterator[End]:
        """The ends that an interface is joined to: cable's other end, bridge, ports, tunnel's other ends.

        A macvlan or ipvlan device is joined to what its parent is joined to, and to those of the others that stand on
        that parent with which its mode lets it talk; never to the parent itself.
        """
        space, link = self.space(end[0]), self.link(end)
        if link.peer is not None:
            yield from self._taking_in(link.peer)
        master = self.master(end)
        if master is not None and master in space.interfaces:
            yield from self._taking_in((end[0], master))
        if link.kind in ("bridge", *BONDS):
            yield from self.ports(end)
        if link.kind in TUNNELS:
            yield from self.others_of_tunnel(end)
        if link.parent is not None and self.has(link.parent):
            yield from self._tagged(end) if link.kind == "vlan" else self._beside(end) if link.kind in SHARING else ()

    @cached_property
    def standing(self) -> dict[End, list[End]]:
        """The macvlan and ipvlan devices that stand on each interface."""
        found: dict[End, list[End]] = defaultdict(list)
        for end, link in self.ends.items():
            if link.parent is not None and link.kind in SHARING:
                found[link.parent].append(end)
        return dict(found)

    def _taking_in(self, end: End) -> list[End]:
        """Who takes in what arrives at an interface: itself, and the devices that stand on it."""
        return [end, *self.standing.get(end, ())]

    def _beside(self, end: End) -> Iterator[End]:
        """What a macvlan or ipvlan device is joined to."""
        parent = self.link(end).parent
        if parent is not None and self.has(parent):
            yield from (other for other in self.standing[parent] if other != end and self.sharing(end, other))
            yield from self.neighbours(parent)

    def sharing(self, end: End, other: End) -> bool:
        """Whether two devices that stand on one interface hear one another: macvlan's mode "private" keeps them apart.

        So does "vepa", unless the switch outside sends back what it got.
        """
        return not {self.link(end).detail("mode"), self.link(other).detail("mode")} & {"private", "vepa", "passthru"}

    def _tagged(self, end: End) -> Iterator[End]:
        """The VLAN devices of the same number beyond a VLAN device's parent."""
        own = self.link(end)
        near = self._cabled(own.parent) if own.parent is not None else set()
        for other, link in self.ends.items():
            same = link.kind == "vlan" and link.detail("vlan") == own.detail("vlan")
            if same and other != end and link.parent in near:
                yield other

    def unseen(self, start: End) -> list[End]:
        """The interfaces joined to one behind which there may be more than a snapshot shows.

        A cable whose other end is out of sight, a card of the machine, a device that a program reads, a tunnel of a
        kind that is not known here.
        """
        return [end for end in self.reach(start) if self._leads_out_of_sight(end)]

    def _leads_out_of_sight(self, end: End) -> bool:
        link = self.link(end)
        if link.kind == "veth":
            return link.peer is None
        if link.kind in SHARING or link.kind == "vlan":
            return link.parent is None or self._leads_out_of_sight(link.parent)
        if link.kind in TUNNELS:
            return not self.others_of_tunnel(end)
        return link.kind not in ("loopback", "bridge", "dummy", "ifb", "vrf")

    def others_of_tunnel(self, end: End) -> list[End]:
        """The other ends that a tunnel may be meant for: VXLAN's of its VNI, else those that share a fact with it.

        Where some of them can be reached by cables and bridges, only these.
        """
        there, kind = self.home(end), self.link(end).kind
        devices = [other for other, link in self.ends.items() if link.kind == kind and other != end]
        apart = [other for other in devices if self.home(other) != there]
        same = [other for other in apart if kind == "vxlan" and self.link(other).vni == self.link(end).vni]
        found = same or [other for other in apart if self._points_at(end, other) or self._points_at(other, end)]
        near = {place for start in self.leaving(there) for place, _ in self._cabled(start)}
        return [other for other in found if self.home(other) in near] or found

    def _cabled(self, start: End) -> set[End]:
        """The interfaces that one is joined to by cables and bridges alone."""
        found, waiting = {start}, [start]
        while waiting:
            end = waiting.pop()
            others = self.neighbours(end) if self.link(end).kind not in (*TUNNELS, "vlan") else ()
            new = {each for each in others if self.has(each)} - found
            found |= new
            waiting += new
        return found

    def _points_at(self, end: End, other: End) -> bool:
        """Whether a device sends frames to another one's address: all of them (group), or some (an FDB entry)."""
        told = {e.destination for e in self.space(end[0]).fdb if e.device == end[1] and e.destination}
        told |= {self.link(end).detail("group"), self.link(end).detail("remote")} - {None}
        return self.link(other).detail("local") in told

    def home(self, end: End) -> str:
        """The namespace in which a tunnel's outer packets travel: that which bears its local address.

        The kernel keeps a tunnel's socket in the namespace in which the device was made (ip-netns(8), Docker's overlay
        networks).
        """
        places = [place for place, _ in self.bearers(self.link(end).detail("local"))]
        return end[0] if end[0] in places or not places else places[0]

    def reach(self, start: End) -> dict[End, End | None]:
        """Every interface that one is joined to, each with the one before it on the shortest way."""
        before: dict[End, End | None] = {start: None}
        waiting = deque([start])
        while waiting:
            end = waiting.popleft()
            for other in self.neighbours(end) if end == start else self._onward(end, before[end]):
                if other not in before and self.has(other):
                    before[other] = end
                    waiting.append(other)
        return before

    def _onward(self, end: End, previous: End | None) -> list[End]:
        """Where a frame goes on from an interface: what nobody's port is keeps it, and no port sends it back."""
        link = self.link(end)
        if link.kind == "bridge":
            return [other for other in self.neighbours(end) if other != previous]
        master = self.master(end)
        if master is None:
            return []
        inside = self._taking_in((end[0], master))
        return [other for other in self.neighbours(end) if (other in inside) is (previous not in inside)]

    def stations(self, start: End) -> list[End]:
        """The interfaces joined to one that can bear addresses, itself excluded: bridges, and what is nobody's port."""
        return [end for end in self.reach(start) if end != start and self.master(end) is None]

    def prefixes(self, end: End, version: int = 4) -> list[IPInterface]:
        """An interface's addresses of a version, without IPv6's link-local ones."""
        found = [ipaddress.ip_interface(text) for text in self.link(end).addresses]
        return [each for each in found if each.version == version and not (version == 6 and each.ip.is_link_local)]

    def nearby(self, start: End, version: int = 4) -> list[IPInterface]:
        """The addresses of a version that the stations of its link have, without IPv6's link-local ones."""
        return [prefix for station in self.stations(start) for prefix in self.prefixes(station, version)]

    def leaving(self, namespace: str) -> list[End]:
        """The interfaces of a namespace by which packets can leave it: not lo, and nobody's port."""
        links = self.space(namespace).interfaces.values()
        ends = [(namespace, link.name) for link in links if link.kind not in ("loopback", "vrf")]
        return [end for end in ends if self.master(end) is None]

    def behind(self, namespace: str) -> list[str]:
        """The other namespaces that are joined to one's interfaces, the host last."""
        found = {end[0] for start in self.leaving(namespace) for end in self.reach(start)}
        return sorted(found - {namespace}, key=lambda name: (name == HOST, name))

    @staticmethod
    def way(before: dict[End, End | None], end: End) -> list[End]:
        """The interfaces from the start to an end, both included.

        Args:
            before: what `reach` gave.
            end: one of its interfaces.
        """
        found: list[End] = []
        here: End | None = end
        while here is not None:
            found.append(here)
            here = before[here]
        return found[::-1]
