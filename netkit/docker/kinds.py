"""Kinds of docker's arguments: they call checks of `naming`, `subnets`, `publishing`; own: dns, aliases, add_host."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from netkit import names, validation
from netkit.docker import naming, publishing, subnets
from netkit.docker.container import Container
from netkit.docker.drivers.bridge import Network
from netkit.docker.generations.releases import Generation, generation
from netkit.docker.options import options
from netkit.errors import InvalidName, InvalidValue
from netkit.kinds import choice, number, seconds
from netkit.spelling import shown

GATEWAY = "host-gateway"
"""What stands for the address by which a container reaches its machine: docker0's."""


def _there(value: Any, kind: type[Container | Network], what: str) -> str:
    """The name of a container or a network that is there, also from its handle."""
    name = value.name if isinstance(value, kind) else value
    return validation.text(name, f"the name of a {what}", InvalidName)


def _mode(value: Any) -> str:
    """The network of a container: its name, its handle, or a mode."""
    name = value.name if isinstance(value, Network) else value
    if not isinstance(name, str):
        raise InvalidValue(f"{shown(value)} is no network", "its name is needed", "Try network='bridge'")
    kind, colon, container = name.partition(":")
    if colon and kind == naming.SHARED:
        naming.checked(container, "container")
        return name
    return naming.checked(name, "network")


def _servers(value: Any) -> tuple[str, ...]:
    """Name servers, by their IPv4 addresses."""
    if not isinstance(value, list | tuple):
        raise InvalidValue(
            f"{shown(value)} are no name servers", "a list of addresses is needed", "Try dns=['10.0.0.53']"
        )
    found = tuple(validation.address(each) for each in value)
    if any(each.version != 4 for each in found):
        raise InvalidValue(f"{shown(value)} are not all of IPv4", "containers here have IPv4", "Try dns=['10.0.0.53']")
    return tuple(map(str, found))


def _aliases(value: Any) -> tuple[str, ...]:
    """Further names of a container on a network."""
    if not isinstance(value, list | tuple):
        raise InvalidValue(f"{shown(value)} are no names", "a list of names is needed", "Try aliases=['db']")
    return tuple(naming.checked(each, "container") for each in value)


def _extra_hosts(value: Any) -> dict[str, str]:
    """Lines of a container's /etc/hosts: names and addresses, or what stands behind --add-host."""
    rule, remedy = "a table says which name has which address", "Try add_host={'host.docker.internal': 'host-gateway'}"
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        pairs = [each.partition(":") for each in value]
        if bad := [each for each, pair in zip(value, pairs, strict=True) if not pair[1] or not pair[0]]:
            raise InvalidValue(f"Docker says: bad format for add-host: {shown(bad[0])}", rule, remedy)
        value = {name: address for name, _, address in pairs}
    if not isinstance(value, dict):
        raise InvalidValue(f"{shown(value)} are no lines of a hosts file", rule, remedy)
    return {naming.checked(name, "host"): _host_address(address) for name, address in value.items()}


def _host_address(value: Any) -> str:
    return GATEWAY if value == GATEWAY else str(validation.address(value))


def _switches(value: Any) -> tuple[tuple[str, Any], ...]:
    """Switches of a container's network namespace."""
    if not isinstance(value, dict):
        rule, remedy = "a table says which switch has which value", "Try sysctl={'net.ipv4.ip_forward': 1}"
        raise InvalidValue(f"{shown(value)} are no switches", rule, remedy)
    for name in value:
        if not isinstance(name, str) or not name.startswith("net."):
            rule = (
                f"Docker says: sysctl {shown(name)} is not whitelisted; a container's own here are those of its network"
            )
            raise InvalidValue(f"{shown(name)} is no switch of a container", rule, "Try 'net.ipv4.ip_forward'")
    return tuple((names.sysctl(name), setting) for name, setting in value.items())


ContainerName = Annotated[str, partial(naming.checked, what="container")]
NetworkName = Annotated[str, partial(naming.checked, what="network")]
ContainerThere = Annotated["Container | str", partial(_there, kind=Container, what="container")]
NetworkDriver = Annotated[str, choice("driver of networks", "bridge", "macvlan", "ipvlan")]
Aliases = Annotated["list[str]", _aliases]
GatewayPriority = Annotated[int, partial(number, what="a priority", low=-(2**31), high=2**31 - 1, example=10)]
ExtraHosts = Annotated["dict[str, str] | list[str]", _extra_hosts]
Switches = Annotated["dict[str, int | str]", _switches]
Subnet, Subnets = Annotated[Any, subnets.subnet], Annotated[Any, subnets.both]
Subnet6 = Annotated[Any, subnets.subnet6]
NetworkThere = Annotated["Network | str", partial(_there, kind=Network, what="network")]
NetworkMode = Annotated["Network | str", _mode]
Image = Annotated[str, naming.image]
Ports = Annotated["dict[int, int | str] | list[str]", publishing.ports]
NetworkOptions = Annotated["dict[str, str]", options]
Like = Annotated["Generation | str", generation]
Servers = Annotated["list[str]", _servers]
Links = Annotated["list[str] | dict[str, str]", naming.links]
Grace = Annotated[float, partial(seconds, what="a time of grace")]
