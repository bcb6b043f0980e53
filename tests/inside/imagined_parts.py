"""Interfaces, routes and namespaces of an imagined network."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass, field

Address = ipaddress.IPv4Interface | ipaddress.IPv6Interface
ALL = ipaddress.ip_network("0.0.0.0/0")
IPV6_LEAST_MTU = 1280


class Refused(Exception):
    """The kernel or netkit would not do it."""


def check(condition: object) -> None:
    if not condition:
        raise Refused


@dataclass(eq=False)
class Link:
    """An interface; `addresses` has the IPv4 ones in the kernel's order, primaries before their secondaries."""

    name: str
    kind: str
    space: Space
    up: bool = False
    mtu: int = 1500
    mac: str | None = None
    addresses: list[Address] = field(default_factory=list)
    master: Link | None = None
    peer: Link | None = None
    mtu_chosen: bool = False

    def primaries(self) -> list[Address]:
        """The IPv4 addresses that are the first of their network here."""
        first: dict[object, Address] = {}
        for address in self.addresses:
            if address.version == 4:
                first.setdefault(address.network, address)
        return list(first.values())


@dataclass(eq=False)
class Way:
    """A route of the main table."""

    destination: ipaddress.IPv4Network | ipaddress.IPv6Network
    link: Link
    via: ipaddress.IPv4Address | None = None
    source: ipaddress.IPv4Address | None = None
    protocol: str = "boot"
    metric: int = 0

    @property
    def on_link(self) -> bool:
        """Whether it says who can be reached without a router."""
        return self.via is None and self.destination.version == 4


@dataclass(eq=False)
class Space:
    """A namespace."""

    name: str
    forward: str
    links: dict[str, Link] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    rules: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    policies: dict[str, str] = field(default_factory=dict)

    def add_way(self, way: Way) -> None:
        """Behind those of the same network and metric."""
        self.ways.append(way)
        self.ways.sort(key=lambda each: each.metric)  # stable

    def drop_ways(self, link: Link, version: int | None = None) -> None:
        """Those that leave by a link."""
        self.ways = [w for w in self.ways if w.link is not link or version not in (None, w.destination.version)]
