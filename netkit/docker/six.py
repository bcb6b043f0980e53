"""IPv6 on a Docker's networks: the next /64 of a fd… prefix, its forwarding switch, addresses without waiting.

Addresses are given without duplicate address detection (RFC 4862, 5.4): nobody else gives any there, and a container
that had to wait a second for its own could not answer meanwhile.  The Engine lets its bridges try their link-local
address out, and until that is over, one or two seconds later, nobody outside is led to a container; here they have
it at once.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import TYPE_CHECKING

from netkit.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from netkit.docker.generations.releases import Generation
    from netkit.lab.interfaces import Interface
    from netkit.lab.namespaces import Namespace
    from netkit.validation import IPAddress, IPNetwork

OWN_SUBNETS = (27, 0, 0)
"""The release since when a network gets a subnet of IPv6 where none is named."""

OWN_RULES = (27, 0, 0)
"""The release since when Docker filters and translates IPv6 as well, unless it is told not to."""

COUNTED = (28, 0, 0)
"""A release that gives one address of IPv6 after the other on the default network; 26.1 makes each of the MAC there."""

LINK_LOCAL_LENGTH, _LONGEST_WITH_A_MAC = 64, 80

FORWARDING = "net.ipv6.conf.all.forwarding"
FORWARDINGS = (FORWARDING, "net.ipv6.conf.default.forwarding")
"""Both follow who sets the first."""


def prefix(machine: str) -> ipaddress.IPv6Network:
    """The unique local prefix of a machine, fd and 40 bits drawn at random, here from its name (RFC 4193, 3.2).

    Example:
        >>> prefix("host").prefixlen, str(prefix("host"))[:2]
        (48, 'fd')
    """
    drawn = hashlib.sha256(f"ula {machine}".encode()).digest()[:5]
    return ipaddress.IPv6Network((b"\xfd" + drawn + bytes(10), 48))


def subnet_of(
    wanted: ipaddress.IPv6Network | None, machine: str, taken: Mapping[IPNetwork, str], generation: Generation
) -> ipaddress.IPv6Network:
    """The subnet of IPv6 of a new network: the one that is asked for, or the machine's next /64.

    Args:
        wanted: that is asked for, if any.
        machine: its name.
        taken: the subnets of the networks that are there, with their names.
        generation: of the docker.

    Raises:
        Conflict: it overlaps with another one; or none is named, and the release has none of its own.
    """
    if wanted is None:
        if not generation.has(OWN_SUBNETS):
            raise Conflict(
                f"Docker {generation} has no subnet of IPv6 of its own",
                "Docker says: could not find an available, non-overlapping IPv6 address pool among the defaults",
                "Name one: subnet=['172.30.0.0/16', 'fd00:30::/64'], or fixed_cidr_v6 for the default network",
            )
        return next(each for each in prefix(machine).subnets(new_prefix=64) if not any(map(each.overlaps, taken)))
    for other, name in taken.items():
        if wanted.overlaps(other):
            rule, remedy = "an address belongs to one network", "Choose another, or leave it out"
            raise Conflict(f"subnet {wanted} overlaps with {other} of network '{name}'", rule, remedy)
    return wanted


def of_mac(subnet: IPNetwork, mac: str | None, generation: Generation) -> IPAddress | None:
    """The address that earlier releases make of a MAC on the default network; None where addresses are counted.

    Example:
        >>> from netkit.docker.generations.releases import GENERATIONS
        >>> str(of_mac(ipaddress.ip_network("fd00:17::/64"), "02:42:ac:11:00:02", GENERATIONS["20.10"]))
        'fd00:17::242:ac11:2'
    """
    if mac is None or generation.has(COUNTED) or subnet.prefixlen > _LONGEST_WITH_A_MAC:
        return None
    return subnet[int(mac.replace(":", ""), 16)]


def forward(machine: Namespace, undo: ExitStack) -> None:
    """Let a machine hand on packets of IPv6; what restores its switch is put on `undo`."""
    if machine.sysctl(FORWARDING) == "0":
        undo.callback(machine.sysctl, FORWARDING, 0)
        machine.sysctl(FORWARDING, 1)


def switch_on(interface: Interface) -> None:
    """Switch IPv6 on at an interface, if it is off."""
    switch = f"net.ipv6.conf.{interface.name}.disable_ipv6"
    if interface.namespace.sysctl(switch) == "1":  # type: ignore[attr-defined]  (it is a Namespace)
        interface.namespace.sysctl(switch, 0)  # type: ignore[attr-defined]


def link_local(mac: str) -> IPAddress:
    """The link-local address that the kernel makes of a MAC (RFC 4291, appendix A).

    Example:
        >>> str(link_local("02:42:ac:11:00:02"))
        'fe80::42:acff:fe11:2'
    """
    own = bytes.fromhex(mac.replace(":", ""))
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([own[0] ^ 2]) + own[1:3] + b"\xff\xfe" + own[3:])


def give(interface: Interface, address: IPAddress, length: int) -> None:
    """Switch IPv6 on at an interface, and give it an address at once.

    Args:
        interface: it.
        address: of IPv6.
        length: of its prefix, in bits.
    """
    switch_on(interface)
    interface.add_address(f"{address}/{length}", dad=False)
