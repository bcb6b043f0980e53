"""The kinds of what a docker is told: names, networks, published ports, links (see `netkit.face`)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from netkit import validation
from netkit.docker import naming, publishing
from netkit.docker.container import Container
from netkit.docker.drivers.bridge import Network
from netkit.docker.generations.releases import Generation, generation
from netkit.errors import InvalidName, InvalidValue
from netkit.kinds import seconds
from netkit.spelling import shown


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


ContainerName = Annotated[str, partial(naming.checked, what="container")]
NetworkName = Annotated[str, partial(naming.checked, what="network")]
ContainerThere = Annotated["Container | str", partial(_there, kind=Container, what="container")]
NetworkThere = Annotated["Network | str", partial(_there, kind=Network, what="network")]
NetworkMode = Annotated["Network | str", _mode]
Image = Annotated[str, naming.image]
Ports = Annotated["dict[int, int | str] | list[str]", publishing.ports]
Like = Annotated["Generation | str", generation]
Servers = Annotated["list[str]", _servers]
Links = Annotated["list[str] | dict[str, str]", naming.links]
Grace = Annotated[float, partial(seconds, what="a time of grace")]
