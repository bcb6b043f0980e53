"""The networks of a Docker: made, looked at and removed; and the chains that they have in common."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from netkit.docker import chains, naming
from netkit.docker.drivers import bridge as networks
from netkit.docker.drivers.bridge import Network
from netkit.docker.kinds import NetworkName, NetworkThere
from netkit.errors import AlreadyExists, Conflict, InvalidName, NotFound
from netkit.face import face
from netkit.handles import Several
from netkit.kinds import Flag
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit.docker.container import Container
    from netkit.lab.namespaces import Namespace


class Networking:
    """What a Docker knows of networks.

    Attributes:
        host: the machine that it serves.
    """

    host: Namespace
    _containers: dict[str, Container]
    _networks: dict[str, tuple[Network, ExitStack]]
    """Each network, and what takes it away."""

    def _make_chains(self, undo: ExitStack) -> None:
        """The chains, what leads into them, and the policy that nothing is forwarded unless a rule allows it."""
        own = [chain.rpartition(" ")[::2] for chain in chains.CHAINS]
        left = {(rule.table, rule.chain) for rule in self.host.state.rules if rule.kind == "chain"}
        new = [f"{table} -N {name}".lstrip() for table, name in own if (table[3:] or "filter", name) not in left]
        networks.change(self.host, new, [f"{table} -X {name}".lstrip() for table, name in own], undo)
        networks.add_rules(self.host, chains.skeleton(), undo)
        self.host.set_policy("FORWARD", "DROP")
        undo.callback(self.host.set_policy, "FORWARD", "ACCEPT")

    @face
    def network_create(self, name: NetworkName, subnet: str | None = None, *, internal: Flag = False) -> Network:
        """Make a network of its own bridge: `docker network create --subnet SUBNET NAME`.

        Args:
            name: of the new network.
            subnet: "172.30.0.0/16"; without one the next that is free of Docker's own.
            internal: whether it has no way out.

        Raises:
            AlreadyExists: the name is taken.
            Conflict: the subnet overlaps with another one.
            InvalidAddress: it is no subnet.
            InvalidName: it is no name.
        """
        if name in self._networks:
            raise AlreadyExists(f"there is a network '{name}' already", "names are unique", "Choose another name")
        if name in naming.RESERVED:
            raise InvalidName(f"'{name}' is no name for a network", "it means a mode of its own", "Try 'my-net'")
        there = self.network_ls()
        found = networks.subnet_of(subnet, there, networks.routed(self.host))
        return self._add_network(name, found, internal=internal)

    def _add_default_network(self) -> None:
        self._add_network(naming.DEFAULT, IPv4Network(networks.DEFAULT_SUBNET), internal=False)

    def _add_network(self, name: str, subnet: IPv4Network, *, internal: bool) -> Network:
        net = Network(self.host, name, subnet, internal=internal)
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

    def _network(self, name: str) -> Network:
        if name not in self._networks:
            raise NotFound(
                f"there is no network {shown(name)}",
                f"there are: {', '.join([*self._networks, naming.HOST, naming.NONE])}",
                "Make it: docker.network_create('my-net')",
            )
        return self._networks[name][0]
