"""How `docker ps`, `docker inspect` and `docker network inspect` look: without times, the same in each run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from netkit.docker import naming, publishing
from netkit.docker.options import PREFIX
from netkit.errors import NotFound
from netkit.handles import Several
from netkit.markup import aligned
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.docker.container import Container
    from netkit.docker.drivers.laying import Laid
    from netkit.docker.endpoint import Endpoint

_HEAD = ("CONTAINER ID", "IMAGE", "COMMAND", "STATUS", "PORTS", "NAMES")
_LONGEST_COMMAND = 22


class Containers(Several["Container"]):
    """Containers; the repr is the table that `docker ps` prints, without its times."""

    def __getitem__(self, place: Any) -> Any:
        try:
            return super().__getitem__(place)
        except (IndexError, TypeError):
            problem, rule = f"there is no container {shown(place)} in this list", f"it has {len(self)}, counted from 0"
            raise NotFound(problem, rule, "Try docker.find('web') for one by its name") from None

    def __repr__(self) -> str:
        return "\n".join(aligned([_HEAD, *map(_row, self)], gap="   "))


def _row(container: Container) -> tuple[str, ...]:
    command = shlex.join(container.settings.words)
    if len(command) > _LONGEST_COMMAND - 2:
        command = command[: _LONGEST_COMMAND - 3] + "…"
    published = ", ".join(map(str, container.ports)) if container.running else ""
    state = container.state.capitalize()
    return container.id[:12], container.settings.image, f'"{command}"', state, published, container.name


def of_network(net: Laid, containers: dict[str, Container]) -> dict[str, Any]:
    """What `docker network inspect` says, as far as there is such a thing here.

    Args:
        net: the network.
        containers: by name; those of this network are told of.
    """
    six = net.pool6
    return {
        "Name": net.name,
        "Id": net.id,
        "Driver": "bridge",
        "EnableIPv6": six is not None,
        "IPAM": {"Config": [{"Subnet": str(each.subnet), "Gateway": str(each.gateway)} for each in net.pools]},
        "Internal": net.internal,
        "Containers": {
            containers[name].id: {
                "Name": name,
                "MacAddress": net.mac_of(name, address) or "",
                "IPv4Address": f"{address}/{net.subnet.prefixlen}",
                "IPv6Address": f"{six.addresses[name]}/{six.length}" if six is not None else "",
            }
            for name, address in net.here.items()
        },
        "Options": {**net.options.typed(), f"{PREFIX}bridge.name": net.bridge},
    }


def details(container: Container, *, twice: bool) -> dict[str, Any]:
    """What `docker inspect` says, as far as there is such a thing here.

    Args:
        container: it.
        twice: whether its addresses on the default network stand outside of the list of networks, too.
    """
    own = container.settings
    modes = [container.network] if container.network in (naming.HOST, naming.NONE) else []
    networks = {name: _place(None) for name in modes} | {name: _place(one) for name, one in container.ways.items()}
    published = publishing.table(container.ports)
    notes = [] if container.own_proc else ["It sees the sandbox's /proc: the kernel refuses it one of its own here"]
    return {
        "Id": container.id,
        "Name": f"/{container.name}",
        "State": {
            "Status": container.state.partition(" ")[0].replace("up", "running"),
            "Running": container.running,
            "Pid": container.pid,
            "ExitCode": container.status or 0,
        },
        "Config": {
            "Hostname": container.hostname,
            "Cmd": own.words,
            "Image": own.image,
        },
        "HostConfig": {
            "NetworkMode": container.network,
            "PortBindings": published,
            "Links": [f"/{name}:/{container.name}/{alias}" for name, alias in container.links.items()],
            "Privileged": own.privileged,
        },
        "NetworkSettings": {
            "Ports": published if container.running else {},
            **(networks.get(naming.DEFAULT, _place(None)) if twice else {}),
            "Networks": networks,
        },
        "Notes": notes,
    }


def _place(endpoint: Endpoint | None) -> dict[str, Any]:
    """A container's place on a network, by Docker's own keys; empty where it has no address there."""
    found: dict[str, Any] = {"Gateway": "", "IPAddress": "", "IPPrefixLen": 0, "MacAddress": ""}
    if endpoint is None:
        return found
    net = endpoint.network
    found |= {"Gateway": str(net.gateway), "IPAddress": str(endpoint.address), "IPPrefixLen": net.subnet.prefixlen}
    if endpoint.address6 is not None and net.pool6 is not None:
        six = {"IPv6Gateway": str(net.pool6.gateway), "GlobalIPv6Address": str(endpoint.address6)}
        found |= {**six, "GlobalIPv6PrefixLen": net.pool6.length}
    return {**found, "MacAddress": endpoint.mac or ""}
