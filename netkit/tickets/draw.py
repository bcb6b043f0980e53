"""What a seed draws: names of people and services, interfaces, subnets, ports; the same seed draws the same."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_PEOPLE = ("anna", "ben", "carla", "dora", "emil", "fritz", "greta", "hanna", "ida", "jonas", "karl", "lena")
_SERVICES = ("web", "shop", "blog", "wiki", "mail", "api", "cache", "files", "forum", "stats", "print", "photos")
_ROUTERS = ("gate", "hub", "north", "south", "east", "west", "edge", "core")
_NODES = ("node1", "node2", "tokyo", "oslo", "lima", "quito", "delhi", "cairo")
_BRIDGES = ("br0", "lan0", "br-lan", "br-office", "br-home", "switch0", "br-7f3a", "br-c041")
_INTERFACES = ("eth0", "eth1", "lan", "up0", "net0", "nic0", "wire0", "link0")
_PORTS = (80, 3000, 5000, 8000, 8080, 8081, 8090, 8888, 9000, 9090)
_OPENINGS = ("Since this morning", "Since last night", "After lunch", "Since the last change", "Since I came back")


class Draw:
    """Draws, each thing once.

    Args:
        chance: whose seed decides.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._left = {
            what: chance.sample(names, len(names))
            for what, names in (
                ("people", _PEOPLE),
                ("services", _SERVICES),
                ("routers", _ROUTERS),
                ("nodes", _NODES),
                ("bridges", _BRIDGES),
            )
        }
        self._nets: set[ipaddress.IPv4Network | ipaddress.IPv6Network] = set()

    def one(self, what: str) -> str:
        """A name that was not drawn yet.

        Args:
            what: "people", "services", "routers", "nodes", "bridges".
        """
        return self._left[what].pop()

    def interface(self) -> str:
        """An interface's name."""
        return self._chance.choice(_INTERFACES)

    def port(self) -> int:
        """A TCP port."""
        return self._chance.choice(_PORTS)

    def other_port(self, *taken: int) -> int:
        """A TCP port that is none of these."""
        return self._chance.choice([port for port in _PORTS if port not in taken])

    def distinct(self, count: int) -> list[int]:
        """Numbers of hosts in a subnet, neither the router's nor 250, which stays free."""
        return self._chance.sample(range(2, 250), count)

    def vni(self) -> int:
        """A VXLAN's network identifier."""
        return self._chance.randint(10, 4000)

    def opening(self) -> str:
        """How a user begins."""
        return self._chance.choice(_OPENINGS)

    def net(self) -> ipaddress.IPv4Network:
        """A private subnet with 254 addresses that was not drawn yet (RFC 1918)."""
        while True:
            first = self._chance.choice(("10.{}.{}.0/24", "172.{}.{}.0/24", "192.168.{1}.0/24"))
            high = self._chance.randint(20, 31)
            found = ipaddress.ip_network(first.format(high, self._chance.randint(1, 250)))
            if found not in self._nets:
                self._nets.add(found)
                return found  # type: ignore[return-value]  (the texts are of IPv4)

    def net6(self) -> ipaddress.IPv6Network:
        """A unique local subnet that was not drawn yet (RFC 4193, with fewer bits than there, to be read by people)."""
        while True:
            found = ipaddress.IPv6Network(f"fd{self._chance.randrange(256):02x}:{self._chance.randrange(1, 999)}::/64")
            if found not in self._nets:
                self._nets.add(found)
                return found
