"""Routes, and which of them the kernel takes for an address: the longest prefix, then the lowest metric."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from netkit.handles import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.validation import IPNetwork


@guarded()
@dataclass(frozen=True)
class Route:
    """One route (ip-route(8)).

    Attributes:
        destination: "default" or a prefix, "10.0.0.0/24".
        via: the next router's address; None when the destination is on the link.
        device: the interface it leaves by.
        source: the address that packets get when their sender did not choose one.
        scope: "link", "global" or "host".
        protocol: who made it: "kernel", "boot", "static" …
        kind: "unicast", "blackhole", "unreachable", "prohibit" …
        metric: the lower the better.
        table: "main", or another table's number.
        version: of IP, 4 or 6; a default route without `via` has nothing else that tells.
        details: further facts, in `ip`'s words: (("mtu", "900"), ("onlink", ""), ("weight", "2"), ("nhid", "5")).
    """

    destination: str
    via: str | None = None
    device: str | None = None
    source: str | None = None
    scope: str = "global"
    protocol: str = "boot"
    kind: str = "unicast"
    metric: int = 0
    table: str = "main"
    version: int = field(default=4, repr=False)
    details: tuple[tuple[str, str], ...] = ()

    def detail(self, name: str) -> str | None:
        """A further fact of it ("mtu", "nhid" …), None where it has none of that name."""
        return next((value for key, value in self.details if key == name), None)

    def is_default(self, version: int) -> bool:
        """Whether it is the default route of IPv4 or of IPv6.

        Args:
            version: 4 or 6.
        """
        own = (6 if ":" in self.via else 4) if self.via else self.version
        return self.destination == "default" and own == version

    @cached_property
    def network(self) -> IPNetwork:
        """Its destination as an `ipaddress` value; 0.0.0.0/0 or ::/0 for "default"."""
        everywhere = "::/0" if self.is_default(6) else "0.0.0.0/0"
        return ipaddress.ip_network(everywhere if self.destination == "default" else self.destination, strict=False)


PER_HOP = ("weight", "onlink", "encap")
"""The details that each hop of a route has for itself."""


def together(routes: Iterable[Route]) -> list[tuple[Route, ...]]:
    """The hops of each route: one, or several of a route that has them.

    Args:
        routes: of one namespace.
    """
    found: dict[Route, list[Route]] = {}
    for each in routes:
        shared = tuple(detail for detail in each.details if detail[0] not in PER_HOP)
        alone = each.version == 6 and each.via is None  # such a one is a route by itself
        one = replace(each, via=None, device=each.device if alone else None, details=shared)
        found.setdefault(one, []).append(each)
    return [tuple(hops) for hops in found.values()]


_PREFERENCES = ("high", "medium", "low")
"""What routers say of themselves, of IPv6 (RFC 4191); among routes of one metric the kernel heeds it."""


def matching(routes: Iterable[Route], address: str) -> list[Route]:
    """The routes that an address falls under: the main table first, in it the longest prefix, then the lowest metric.

    Of equals one that a router prefers comes first.

    Args:
        routes: of one namespace.
        address: without a prefix length.
    """
    goal = ipaddress.ip_address(address)
    found = [route for route in routes if route.network.version == goal.version and goal in route.network]
    return sorted(found, key=_rank)


def equal(one: Route, other: Route) -> bool:
    """Whether neither of two routes to an address beats the other by its prefix and metric.

    Args:
        one: of `matching`.
        other: of the same.
    """
    return _rank(one)[:-1] == _rank(other)[:-1]


def _rank(route: Route) -> tuple[bool, int, int, int]:
    preference = route.detail("pref") or "medium"
    return route.table != "main", -route.network.prefixlen, route.metric, _PREFERENCES.index(preference)
