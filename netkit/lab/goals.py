"""Whom a destination of nk.why means: an address (a link-local one with %INTERFACE), a name, or a handle."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netkit import spelling, validation
from netkit.diagnosis import Finding, World, addressless, gateways, naming
from netkit.diagnosis.packet import on_one_link
from netkit.errors import InvalidAddress, InvalidValue, NotFound
from netkit.lab import looking_up
from netkit.lab.interfaces import Interface
from netkit.lab.place import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.linux.namespaces import Place as Found_place


@dataclass(frozen=True)
class Goal:
    """Whom a destination means: an address, perhaps the namespace that should have it, or why nobody knows.

    Attributes:
        address: "" where nobody knows; a link-local one with the source's interface that leads to it, "fe80::2%eth1".
        namespace: "" where nobody said which.
        finding: what is wrong, None if nothing is.
    """

    address: str
    namespace: str = ""
    finding: Finding | None = None


def resolved(world: World, places: dict[str, Found_place], source: str, destination: Any) -> Goal:
    """Whom a destination means, as the source sees it.

    Args:
        world: the networks.
        places: where the namespaces are, by name.
        source: who asks.
        destination: an address, a name that the source knows, or a handle.

    Raises:
        InvalidValue: it is none of these.
        InvalidAddress: it is a link-local address, and several interfaces may lead to it.
        NotFound: it is the handle of something that is gone, or names an interface that is not there.
    """
    goal = _meant(world, places, source, destination)
    return goal if goal.finding is not None else _with_interface(world, source, goal)


def _meant(world: World, places: dict[str, Found_place], source: str, destination: Any) -> Goal:
    """Whom a destination means; a link-local address as it was given."""
    if not isinstance(destination, str):
        return _of_handle(world, source, destination)
    try:
        found = ipaddress.ip_address(validation.text(destination, "an address or a name", InvalidValue))
    except InvalidValue:
        raise
    except ValueError:
        pass_by_name = destination
    else:
        if found.is_unspecified:  # which the kernel takes for the namespace itself
            return Goal("127.0.0.1" if found.version == 4 else "::1")
        if not found.is_multicast:
            validation.machine(str(found).partition("%")[0], here=True)
        return Goal(str(found))
    numbers = not pass_by_name.strip("0123456789.")  # an address with a slip
    if numbers or any(sign.isspace() or sign in "/:%\0" for sign in pass_by_name):
        return Goal(str(validation.address(destination)))  # which says what is wrong with it
    address, finding = looking_up.of(world, places[source], source, pass_by_name)
    return Goal(address, "", finding)


def _with_interface(world: World, source: str, goal: Goal) -> Goal:
    """The goal with the source's interface that leads to it, if it is valid on one link only (RFC 4007)."""
    address, _, scope = goal.address.partition("%")
    if not on_one_link(address):
        if scope:
            rule = "only a link-local address (fe80::/10) needs the interface that leads to it"
            raise InvalidAddress(f"'{goal.address}' names an interface", rule, f"Try '{address}'")
        return goal
    name = _interface(world, source, address, scope) if scope else _leading(world, source, goal)
    return replace(goal, address=f"{address}%{name}") if name else goal


def _interface(world: World, source: str, address: str, scope: str) -> str:
    """The interface that a scope means, a name or a number."""
    links = world.space(source).interfaces
    found = next((link.name for link in links.values() if scope in (link.name, str(link.index))), None)
    if found is None:
        problem, known = f"there is no interface '{scope}' in {source}", ", ".join(links)
        raise NotFound(problem, f"there are: {known}", f"Try '{address}%{list(links)[-1]}'")
    return found


def _leading(world: World, source: str, goal: Goal) -> str:
    """The interface that leads to a link-local address, where there is no doubt; "" where none leads anywhere."""
    own = [name for place, name in world.topology.bearers(goal.address) if place == source]
    names = own or [name for _, name in world.topology.leaving(source)]
    near = gateways.towards(world, source, goal.address)
    if len(names) < 2:
        return names[0] if names else ""
    if near is not None and goal.namespace:
        return near[1]
    raise InvalidAddress(
        f"'{goal.address}' is valid on one link only, and {source} has several: {', '.join(names)}",
        "a link-local address needs the interface that leads to it",
        f"Try '{goal.address}%{near[1] if near else names[0]}'",
    )


def _of_handle(world: World, source: str, destination: Any) -> Goal:
    end = destination if isinstance(destination, Interface) else None
    place = place_of(destination)
    if place is None:
        raise InvalidValue(
            f"{spelling.shown(destination)} is no destination",
            "packets are for an address, a name, a namespace, an interface or a container",
            "Try '172.17.1.2'",
        )
    name = place.name
    _insist(name, world.snapshot.namespaces, "namespace")
    if end is not None:
        _insist(end.name, world.space(name).interfaces, "interface", f" in {name}")
        address = next(iter(world.link((name, end.name)).bare_addresses), None)
    else:
        address = getattr(destination, "address", None) or naming.address_of(world, source, name)
    if name == source and not address:
        address = "127.0.0.1"
    return Goal(address, name) if address else Goal("", name, addressless.finding(world, source, name))


def _insist(name: str, there: Iterable[str], kind: str, where: str = "") -> None:
    """Refuse the handle of something that is gone."""
    if name not in there:
        problem = f"there is no {kind} '{name}'{where} any more"
        raise NotFound(problem, f"there are: {', '.join(there)}", "Take one of these")


def shown(destination: Any, goal: Goal) -> str:
    """A destination in words: as it was given, and the address that it means.

    Args:
        destination: as it was given.
        goal: what it means.
    """
    if isinstance(destination, str):
        return destination if destination == goal.address or not goal.address else f"{destination} ({goal.address})"
    name = f"{destination.name} in {goal.namespace}" if isinstance(destination, Interface) else destination.name
    return f"{name} ({goal.address})" if goal.address else name
