"""`docker network create`: subnet, gateway, range, driver, parent, options, and what of it excludes each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.docker import six, subnets
from netkit.docker.drivers.bridge import Network
from netkit.docker.drivers.stacked import NO_GATEWAY, Stacked
from netkit.docker.generations.values import ISOLATED
from netkit.docker.options import USUAL
from netkit.docker.pool import Pool
from netkit.errors import Conflict, InvalidAddress, InvalidValue
from netkit.linux.acts.stacked import MODES, Standing
from netkit.spelling import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from netkit.docker.options import Options
    from netkit.docker.rulebook import Rulebook
    from netkit.validation import IPAddress, IPNetwork

BRIDGE = "bridge"
SHARED_PARENTS = (28, 0, 0)
"""A release that lets several networks stand on one interface; 20.10 does not."""

INTERNAL_WITHOUT_GATEWAY = (28, 0, 0)
"""A release that keeps no address for a router of an internal macvlan or ipvlan; 26.1 does."""


@dataclass(frozen=True)
class Wanted:
    """What `docker network create` was told.

    Attributes:
        name: of the network.
        subnets: of IPv4 and of IPv6, None where none is named.
        internal: whether it has no way out.
        ipv6: whether its containers have addresses of IPv6 too.
        driver: "bridge", "macvlan" or "ipvlan".
        parent: the machine's interface that its containers stand on, None for a bridge.
        mode: of macvlan or ipvlan, None for the usual one.
        gateway: its router's address, None for the first one of the subnet.
        ip_range: the part of the subnet that addresses are taken from, None for all of it.
        options: of its bridge.
    """

    name: str
    subnets: tuple[IPv4Network | None, IPv6Network | None]
    internal: bool
    ipv6: bool
    driver: str
    parent: str | None
    mode: str | None
    gateway: IPAddress | None
    ip_range: IPv4Network | None
    options: Options


def network(rulebook: Rulebook, wanted: Wanted, others: Sequence[Network]) -> Network:
    """A network that is not made yet.

    Args:
        rulebook: of the machine's docker.
        wanted: what was asked for.
        others: the networks that are there.

    Raises:
        Conflict: a subnet overlaps with another one, or the parent belongs to another network of the kind.
        InvalidAddress: the router or the range is not in the subnet.
        InvalidValue: a setting is not one of its driver's.
    """
    pool, pool6 = _pool(rulebook, wanted, others), _pool6(rulebook, wanted, others)
    if wanted.driver == BRIDGE:
        for name in ("parent", "mode"):
            if getattr(wanted, name) is not None:
                problem = f"a bridge has no {name}={shown(getattr(wanted, name))}"
                raise InvalidValue(problem, "macvlan and ipvlan stand on an interface", "Add driver='macvlan'")
        wanted.options.insist(rulebook.generation, internal=wanted.internal)
        return Network(wanted.name, pool, rulebook, pool6=pool6, internal=wanted.internal, options=wanted.options)
    if wanted.options != USUAL:
        rule = f"they are a bridge's; Docker takes them for {wanted.driver} without a word, and nothing follows"
        raise InvalidValue(f"a network of {wanted.driver} has none of these options", rule, "Leave them out")
    modes = tuple(MODES[wanted.driver])
    mode = wanted.mode or modes[0]
    if mode not in modes:
        rule = f"{wanted.driver} has the modes {', '.join(modes)}"
        raise InvalidValue(f"{shown(mode)} is no mode", rule, f"Try mode='{nearest(mode, modes) or modes[0]}'")
    standing = Standing(wanted.parent or "", wanted.driver, mode)
    made = Stacked(wanted.name, pool, rulebook, standing=standing, pool6=pool6, internal=wanted.internal)
    _refuse_shared_parent(made, others)
    return made


def default_pool(wanted: IPv6Network | None, rulebook: Rulebook, *, ipv6: bool) -> Pool | None:
    """The addresses of IPv6 of the default network, None where it has none: `dockerd --ipv6 --fixed-cidr-v6 …`.

    Args:
        wanted: the subnet that is asked for, if any.
        rulebook: of the docker.
        ipv6: whether IPv6 is asked for.

    Raises:
        Conflict: a subnet is named, and no IPv6; or none is named, and the release has none of its own.
    """
    if not ipv6 and wanted is not None:
        raise Conflict(
            f"{wanted} is of IPv6", "the default network has IPv6 only where it is asked for", "Add ipv6=True"
        )
    return Pool(six.subnet_of(wanted, rulebook.machine.name, {}, rulebook.generation), chosen=True) if ipv6 else None


def _pool(rulebook: Rulebook, wanted: Wanted, others: Sequence[Network]) -> Pool:
    """The addresses of IPv4 of a new network."""
    asked, gateway, part = wanted.subnets[0], wanted.gateway, wanted.ip_range
    # As the Engine: of its own choice it takes none that is on a link of the machine; what is asked for, it takes.
    busy = subnets.linked(rulebook.machine) if asked is None else ()
    subnet = subnets.subnet_of(asked, others, busy)
    if part is not None and not part.subnet_of(subnet):
        rule, remedy = "a range is a part of the subnet", f"Try '{next(subnet.subnets())}'"
        raise InvalidAddress(f"{part} is not in {subnet}", rule, remedy)
    if gateway is not None and (gateway not in subnet or gateway in (subnet[0], subnet[-1])):
        rule, remedy = "the router is a machine of the subnet", f"Try gateway='{subnet[1]}'"
        raise InvalidAddress(f"{gateway} is no address of a machine in {subnet}", rule, remedy)
    # Where there is no router, no address is kept for one.
    generation = rulebook.generation
    bare = generation.has(INTERNAL_WITHOUT_GATEWAY) if wanted.internal else generation.since(NO_GATEWAY)
    stands = wanted.driver != BRIDGE and gateway is None and bare
    routed = not stands and wanted.options.mode != ISOLATED
    return Pool(subnet, gateway, part, chosen=asked is not None, routed=routed)


def _pool6(rulebook: Rulebook, wanted: Wanted, others: Sequence[Network]) -> Pool | None:
    """Its addresses of IPv6."""
    asked = wanted.subnets[1]
    if asked is not None and not wanted.ipv6:
        rule = "a network has IPv6 only where it is asked for; Docker ignores such a subnet without a word"
        raise InvalidAddress(f"{asked} is of IPv6", rule, "Add ipv6=True")
    if not wanted.ipv6:
        return None
    taken: dict[IPNetwork, str] = {other.subnet6: other.name for other in others if other.subnet6 is not None}
    return Pool(six.subnet_of(asked, rulebook.machine.name, taken, rulebook.generation), chosen=asked is not None)


def _refuse_shared_parent(made: Stacked, others: Sequence[Network]) -> None:
    shares = made.rulebook.generation.has(SHARED_PARENTS) and made.mode != "passthru"
    for other in others if not shares else ():
        if isinstance(other, Stacked) and (other.kind, other.parent) == (made.kind, made.parent):
            raise Conflict(
                f"network '{other.name}' has '{made.parent}' as its parent already",
                f"Docker says: network {other.name} is already using parent interface {made.parent}",
                f"Remove that one first: docker.network_remove('{other.name}')",
            )
