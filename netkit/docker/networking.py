"""The networks of a Docker: network_create, _ls, _inspect, _remove, connect, disconnect, and the default one."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from netkit.docker import creating, naming, subnets
from netkit.docker.drivers.bridge import Network
from netkit.docker.kinds import (
    Aliases,
    ContainerThere,
    GatewayPriority,
    NetworkDriver,
    NetworkName,
    NetworkOptions,
    NetworkThere,
    Subnet,
    Subnets,
)
from netkit.docker.options import USUAL, Options
from netkit.docker.pool import Pool
from netkit.docker.wishes import Wishes
from netkit.errors import AlreadyExists, Conflict, InvalidName, NotFound
from netkit.face import face
from netkit.handles import Several
from netkit.kinds import Address, Flag, InterfaceName, Mac, Router, Word
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
    _undo: ExitStack
    _has_six: bool
    _containers: dict[str, Container]
    _networks: dict[str, tuple[Network, ExitStack]]
    """Each network, and what takes it away."""

    @face
    def network_create(  # noqa: PLR0913  (what `docker network create` is told, by its own names)
        self,
        name: NetworkName,
        subnet: Subnets | None = None,
        *,
        internal: Flag = False,
        ipv6: Flag = False,
        driver: NetworkDriver = creating.BRIDGE,
        parent: InterfaceName | None = None,
        mode: Word | None = None,
        gateway: Router | None = None,
        ip_range: Subnet | None = None,
        options: NetworkOptions | None = None,
    ) -> Network:
        """Make a network: `docker network create --driver DRIVER --subnet SUBNET NAME`.

        Args:
            name: of the new network.
            subnet: "172.30.0.0/16", with IPv6 also ["172.30.0.0/16", "fd00:30::/64"]; without one the next of Docker's
                own that is free, and that no interface of the machine is in.
            internal: whether it has no way out.
            ipv6: whether its containers have addresses of IPv6 too; since release 27 Docker has subnets for that.
            driver: "bridge"; or "macvlan" or "ipvlan", whose containers stand on an interface of the machine.
            parent: that interface; "eth0.50" is made for VLAN 50 of eth0, and a dummy where none is named.
            mode: of macvlan bridge, private, vepa or passthru; of ipvlan l2, l3 or l3s.
            gateway: its router; the subnet's first address by default.
            ip_range: the part of the subnet that addresses are taken from.
            options: of its bridge, as behind -o, {"enable_icc": "false"}; what nobody knows is refused with the list.

        Raises:
            NetkitError: as Docker refuses it: a name or a subnet that is taken, a parent that is not there …

        Example:
            >>> docker.network_create("lan", "192.168.1.0/24", driver="macvlan", parent="eth0")  # doctest: +SKIP
        """
        self._refuse_network(name)
        pair = subnet or (None, None)
        wanted = creating.Wanted(name, pair, internal, ipv6, driver, parent, mode, gateway, ip_range, options or USUAL)
        return self._add_network(creating.network(self.rulebook, wanted, self.network_ls()))

    def _refuse_network(self, name: str) -> None:
        if name in self._networks:
            raise AlreadyExists(f"there is a network '{name}' already", "names are unique", "Choose another name")
        if name in naming.RESERVED:
            raise InvalidName(f"'{name}' is no name for a network", "it means a mode of its own", "Try 'my-net'")

    def _add_default_network(self, pool6: Pool | None) -> None:
        own, pool = Options(icc=self.rulebook.how.icc), Pool(IPv4Network(subnets.DEFAULT))
        self._add_network(Network(naming.DEFAULT, pool, self.rulebook, pool6=pool6, options=own))

    def _add_network(self, net: Network) -> Network:
        if net.bridge:
            self.rulebook.insist_on_forwarding(ipv6=net.subnet6 is not None)
        if net.bridge and net.subnet6 is not None and not self._has_six:
            with ExitStack() as failed:
                self.rulebook.begin_six(failed)
                self._undo.push(failed.pop_all())
            self._has_six = True
        with ExitStack() as undo:
            net.make(undo)
            self._networks[net.name] = net, undo.pop_all()
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
    def connect(  # noqa: PLR0913  (what `docker network connect` is told, by its own names)
        self,
        network: NetworkThere,
        container: ContainerThere,
        *,
        ip: Address | None = None,
        ip6: Address | None = None,
        mac_address: Mac | None = None,
        aliases: Aliases | None = None,
        gw_priority: GatewayPriority = 0,
    ) -> None:
        """Join a container that runs to one more network: `docker network connect NETWORK CONTAINER`.

        Its default route and its published ports go by the network with the highest priority, among equals the one
        whose name comes first, as with the Engine; an internal one comes last.

        Args:
            network: its name, or the network.
            container: its name, or the container.
            ip: the IPv4 address that it wants there; the network's subnet has to be of one's own choice.
            ip6: the IPv6 address that it wants there.
            mac_address: of its interface there.
            aliases: further names of it there.
            gw_priority: the network with the highest one leads out; since release 28.

        Raises:
            NetkitError: as Docker refuses it: it is there already, does not run, or what it wants cannot be had.
        """
        joining = self._joinable(container)
        if network in joining.ways:
            problem, rule = f"'{joining.name}' is on network '{network}'", "a container is on a network once"
            raise AlreadyExists(problem, rule, f"See docker.network_inspect('{network}')")
        self._network(network).join(joining, Wishes(ip, ip6, mac_address, aliases or (), gw_priority))

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
