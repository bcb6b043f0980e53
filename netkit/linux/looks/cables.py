"""Find a veth's other end (peer), and the interface that a macvlan or a VLAN lies on: in any namespace."""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.errors import NotFound
from netkit.linux import entering
from netkit.linux.netlink.protocol import Talk, attributes, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit import model
    from netkit.linux.looks.records import Link

_RTM_GETNSID = 90
_NETNSA_NSID, _NETNSA_FD = 1, 3


class Cables:
    """Finds the other end of a veth, and the interface that a macvlan or a VLAN lies on.

    The kernel gives the other interface's index and a number that only its own namespace knows the other
    one by (network_namespaces(7), IFLA_LINK_NETNSID).  Mostly one interface fits; where several do,
    the kernel is asked for the number of each candidate's namespace (RTM_GETNSID).

    Args:
        links: of each namespace.
        paths: the file that opens each.
    """

    def __init__(self, links: Mapping[str, Iterable[Link]], paths: Mapping[str, str]) -> None:
        self._paths = paths
        self._ends: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
        self._all: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for place, own in links.items():
            for link in own:
                self._all[link.index].append((place, link.name))
                if link.end:
                    self._ends[link.index, link.end[0]].append((place, link.name))

    def peer(self, place: str, link: Link) -> model.End | None:
        """(namespace, interface) of a veth's other end, None if it has none, or in a namespace out of sight."""
        if link.end is None:
            return None
        candidates = self._ends.get((link.end[0], link.index), ())
        return self._chosen(place, [end for end in candidates if end != (place, link.name)], link.end[1])

    def parent(self, place: str, link: Link) -> model.End | None:
        """(namespace, interface) that it lies on, None if there is none in sight."""
        if link.below is None:
            return None
        return self._chosen(place, self._all.get(link.below[0], ()), link.below[1], sure=True)

    def _chosen(
        self, place: str, ends: Iterable[model.End], nsid: int | None, *, sure: bool = False
    ) -> model.End | None:
        if nsid is None:
            return next((end for end in ends if end[0] == place), None)
        candidates = [end for end in ends if end[0] != place]
        if len(candidates) > 1 or (sure and candidates):
            candidates = [end for end in candidates if self._number(place, end[0]) == nsid]
        return candidates[0] if candidates else None

    def _number(self, place: str, other: str) -> int:
        """The number by which one namespace knows another; -1 if it does not, or if one has ended meanwhile."""

        def ask() -> int:
            with entering.opened(self._paths[other]) as there, Talk() as talk:
                answer = talk.ask(_RTM_GETNSID, struct.pack("=B3xHHi", 0, 8, _NETNSA_FD, there.fileno()))
            return number(attributes(answer[4:])[_NETNSA_NSID], signed=True)

        try:
            return entering.inside(self._paths[place], ask)
        except NotFound:
            return -1
