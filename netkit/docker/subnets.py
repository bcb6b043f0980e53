"""Which subnet a network gets: the one that is asked for, or the next of 172.18 to 172.31.0.0/16 without overlap."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit import validation
from netkit.errors import Conflict, InvalidAddress
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.docker.drivers.bridge import Network
    from netkit.lab.namespaces import Namespace

DEFAULT = "172.17.0.0/16"
_LONGEST6 = 126
_POOL = tuple(f"172.{number}.0.0/16" for number in range(18, 32))
"""The networks that Docker takes one after the other where none is given."""


def subnet_of(value: object, others: Iterable[Network], busy: Iterable[ipaddress.IPv4Network]) -> ipaddress.IPv4Network:
    """The subnet of a new network: the one that is asked for, or the next one that nobody has.

    Args:
        value: the one that is asked for, or None.
        others: the networks that are there.
        busy: networks that are on the machine's links.

    Raises:
        Conflict: it overlaps with another one.
    """
    taken = {network.subnet: f"network '{network.name}'" for network in others}
    taken |= {network: "a link of the machine" for network in busy if network not in taken}
    if value is None:
        free = (ipaddress.IPv4Network(pool) for pool in _POOL)
        found = next((pool for pool in free if not any(pool.overlaps(other) for other in taken)), None)
        if found is None:
            raise Conflict("all of Docker's own subnets are in use", "there are 14", "Name one: subnet='10.1.0.0/24'")
        return found
    wanted = subnet(value)
    for other, owner in taken.items():
        if wanted.overlaps(other):
            raise Conflict(
                f"subnet {wanted} overlaps with {other} of {owner}",
                "an address belongs to one network",
                "Choose another, or leave it out: Docker takes the next one",
            )
    return wanted


def linked(machine: Namespace) -> list[ipaddress.IPv4Network]:
    """The networks that a machine reaches without a router: Docker takes none of these, and any other."""
    destinations = (validation.network(route.destination) for route in machine.routes if route.scope == "link")
    return [found for found in destinations if isinstance(found, ipaddress.IPv4Network)]


def subnet(value: object) -> ipaddress.IPv4Network:
    """A network for containers.

    Args:
        value: "172.30.0.0/16".

    Raises:
        InvalidAddress: it is no IPv4 network with room for containers.
    """
    wanted = validation.network(value)
    if not isinstance(wanted, ipaddress.IPv4Network) or not 8 <= wanted.prefixlen <= 30 or _special(wanted):
        raise InvalidAddress(
            f"{shown(value)} is no subnet for containers",
            "it is an IPv4 network for machines with 8 to 30 bits in front",
            "Try '172.30.0.0/16'",
        )
    return wanted


def both(value: object) -> tuple[ipaddress.IPv4Network | None, ipaddress.IPv6Network | None]:
    """The subnets of a network, one of each family at most.

    Args:
        value: "172.30.0.0/16", "fd00:30::/64", or a list of both.

    Raises:
        InvalidAddress: one is no network with room for containers, or there are two of one family.
    """
    several = list(value) if isinstance(value, list | tuple) else [value]
    of_six = [isinstance(each, str | ipaddress.IPv6Network) and ":" in str(each) for each in several]
    pairs = zip(several, of_six, strict=True)
    found = {6 if six else 4: subnet6(each) if six else subnet(each) for each, six in pairs}
    if len(found) != len(several):
        rule, remedy = "a network has one of IPv4, and one of IPv6", "Try ['172.30.0.0/16', 'fd00:30::/64']"
        raise InvalidAddress(f"{shown(value)} are not the subnets of a network", rule, remedy)
    return found.get(4), found.get(6)  # type: ignore[return-value]


def subnet6(value: object) -> ipaddress.IPv6Network:
    """A network for containers.

    Args:
        value: "fd00:30::/64".

    Raises:
        InvalidAddress: it is no IPv6 network with room for containers.
    """
    wanted = validation.network(value)
    if not isinstance(wanted, ipaddress.IPv6Network) or wanted.prefixlen > _LONGEST6 or _special(wanted):
        raise InvalidAddress(
            f"{shown(value)} is no subnet for containers",
            f"it is an IPv6 network for machines with at most {_LONGEST6} bits in front, usually 64",
            "Try 'fd00:30::/64'",
        )
    return wanted


def _special(subnet: validation.IPNetwork) -> bool:
    nothing = subnet.version == 4 and subnet[0] in ipaddress.ip_network("0.0.0.0/8")
    unused = subnet.is_reserved or nothing
    return subnet.is_multicast or subnet.is_loopback or subnet.is_link_local or unused
