"""The networks of a Docker: made, looked at and removed; and the chains that they have in common."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from netkit.docker import naming, subnets
from netkit.docker.drivers.bridge import Network
from netkit.docker.kinds import ContainerThere, NetworkName, NetworkThere
from netkit.errors import AlreadyExists, Conflict, InvalidName, NotFound
from netkit.face import face
from netkit.handles import Several
from netkit.kinds import Flag
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.docker.container import Container
    from netkit.docker.rulebook import Rulebook
    from netkit.lab.namespaces import Namespace


INSTEAD = {
    "networks": ".network_ls()",
    "network_connect": ".connect(…)",
    "network_disconnect": ".disconnect(…)",
}
"""What a Docker answers to other names of what it can do with networks."""


class Networking:
    """What a Docker knows of networks.

    Attributes:
        host: the machine that it serves.
        rulebook: writes its rules.
    """

    host: Namespace
    rulebook: Rulebook
    _containers: dict[str, Container]
    _networks: dict[str, tuple[Network, ExitStack]]
    """Each network, and what takes it away."""

    @face
    def network_create(self, name: NetworkName, subnet: str | None = None, *, internal: Flag = False) -> Network:
        """Make a network of its own bridge: `docker network create --subnet SUBNET NAME`.

        Args:
            name: of the new network.
            subnet: "172.30.0.0/16"; without one the next of Docker's own that is free, and that the machine has no
                route to.
            internal: whether it has no way out.

        Raises:
            AlreadyExists: the name is taken.
            Conflict: the subnet overlaps with another network's.
            InvalidAddress: it is no subnet.
            InvalidName: it is no name.
        """
        if name in self._networks:
            raise AlreadyExists(f"there is a network '{name}' already", "names are unique", "Choose another name")
        if name in naming.RESERVED:
            raise InvalidName(f"'{name}' is no name for a network", "it means a mode of its own", "Try 'my-net'")
        # As the Engine: of its own choice it takes none that the machine has a route to; what is asked for, it takes.
        busy = subnets.routed(self.host) if subnet is None else ()
        found = subnets.subnet_of(subnet, self.network_ls(), busy)
        return self._add_network(name, found, internal=internal)

    def _add_default_network(self) -> None:
        self._add_network(naming.DEFAULT, IPv4Network(subnets.DEFAULT), internal=False)

    def _add_network(self, name: str, subnet: IPv4Network, *, internal: bool) -> Network:
        net = Network(self.host, name, subnet, self.rulebook, internal=internal)
        with ExitStack() as undo:
            net.make(undo)
            self._networks[name] = net, undo.pop_all()
        return net

    @face
    def network_ls(self) -> tuple[Network, ...]:
        """The networks with a bridge of their own: `docker network ls`."""
        nets = (net for net, _ in self._networks.values())
        made, removed = "docker.network_create(…)", "docker.network_remove(…)"
        return Several(nets, "docker.network_ls()", add=made, delete=removed)

    @face
    def network_inspect(self, name: NetworkThere) -> dict[str, Any]:
        """What there is to know of a network, by Docker's own keys: `docker network inspect NAME`."""
        return self._network(name).details(self._containers)

    @face
    def network_remove(self, name: NetworkThere) -> None:
        """Remove a network: `docker network rm NAME`.

        Raises:
            NotFound: there is none of that name.
            Conflict: containers are on it, or it is Docker's own.
        """
        net = self._network(name)
        if net.is_default:
            raise Conflict("'bridge' is Docker's own network", "it stays", "Remove networks that you made")
        if net.here:
            inside = ", ".join(net.here)
            raise Conflict(f"network '{net.name}' is in use by {inside}", "only an empty one goes", "Remove them first")
        self._networks.pop(net.name)[1].close()

    @face
    def connect(self, network: NetworkThere, container: ContainerThere) -> None:
        """Join a container that runs to one more network: `docker network connect NETWORK CONTAINER`.

        It gets one more interface there.  Its default route and its published ports go by the network whose name
        comes first, as with the Engine; an internal one comes last.

        Args:
            network: its name, or the network.
            container: its name, or the container.

        Raises:
            NotFound: there is no such network or container.
            AlreadyExists: it is on that network.
            Conflict: it does not run, or has no network of its own; or there is no address left.
        """
        joining = self._joinable(container)
        if network in joining.ways:
            problem, rule = f"'{joining.name}' is on network '{network}'", "a container is on a network once"
            raise AlreadyExists(problem, rule, f"See docker.network_inspect('{network}')")
        self._network(network).join(joining)

    @face
    def disconnect(self, network: NetworkThere, container: ContainerThere) -> None:
        """Take a container that runs off a network: `docker network disconnect NETWORK CONTAINER`.

        Args:
            network: its name, or the network.
            container: its name, or the container.

        Raises:
            NotFound: there is no such network or container, or it is not on that network.
            Conflict: it does not run, or has no network of its own.
        """
        leaving = self._joinable(container)
        left = self._network(network)
        if left.name not in leaving.ways:
            there = ", ".join(leaving.ways) or "none"
            problem, rule = f"'{leaving.name}' is not on network '{network}'", f"it is on: {there}"
            raise NotFound(problem, rule, "Take one of these")
        left.leave(leaving)

    def _joinable(self, name: str) -> Container:
        """A container that runs and whose networks can change."""
        found = self._running(name)
        if not found.driver.isolated or found.network == naming.NONE:
            raise Conflict(
                f"'{name}' has --network {found.network}",
                "Docker joins a container to further networks only if it has a network of its own that Docker made",
                f"Start it on a network: docker.run('{name}', network='bridge')",
            )
        return found

    def _running(self, name: str) -> Container:
        """The container of that name, which has to run."""
        raise NotImplementedError

    def _network(self, name: str) -> Network:
        if name not in self._networks:
            raise NotFound(
                f"there is no network {shown(name)}",
                f"there are: {', '.join([*self._networks, naming.HOST, naming.NONE])}",
                "Make it: docker.network_create('my-net')",
            )
        return self._networks[name][0]
