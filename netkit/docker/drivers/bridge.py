"""The driver `bridge`: a bridge with an address, the addresses that it hands out, and the rules that belong to it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from netkit import validation
from netkit.docker import etc, leading, listing, naming, publishing, six
from netkit.docker.drivers import laying
from netkit.docker.endpoint import Endpoint
from netkit.docker.generations.values import Segment
from netkit.docker.options import USUAL, Options
from netkit.handles import guarded, keep
from netkit.lab.bridges import veth

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterable

    from netkit.docker.container import Container
    from netkit.docker.pool import Pool
    from netkit.docker.rulebook import Rulebook
    from netkit.docker.wishes import Wishes
    from netkit.lab.interfaces import Interface
    from netkit.lab.namespaces import Namespace
    from netkit.validation import IPAddress


@guarded({"remove": "docker.network_remove(…)", "delete": "docker.network_remove(…)", "containers": ".addresses"})
class Network:
    """A bridge on a machine, a subnet, and who has which address of it; made and removed by a Docker.

    Attributes:
        name: "bridge" or the name of a user-defined one.
        id: 64 hexadecimal digits.
        subnet: its addresses, an `ipaddress.IPv4Network`.
        gateway: the bridge's own address.
        internal: whether it has no way out.
        bridge: the name of its bridge.
        addresses: who has which address, by container.
        aliases: further names of containers, by container.
        subnet6: its addresses of IPv6, an `ipaddress.IPv6Network`; None where it has none.
        pool: the addresses that it gives, and those of IPv6: `pool6`.
        rulebook: writes its rules.
        options: as behind `-o`.
    """

    isolated, shared, leads_out = True, None, True
    machine: Namespace
    name: str
    id: str
    subnet: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address
    internal: bool
    bridge: str
    rulebook: Rulebook
    options: Options
    pool: Pool
    pool6: Pool | None
    subnet6: ipaddress.IPv6Network | None
    addresses: dict[str, ipaddress.IPv4Address]
    aliases: dict[str, tuple[str, ...]]

    def __init__(  # noqa: PLR0913  (what makes it up)
        self,
        name: str,
        pool: Pool,
        rulebook: Rulebook,
        *,
        pool6: Pool | None = None,
        internal: bool = False,
        options: Options = USUAL,
    ) -> None:
        machine = rulebook.machine
        id_ = naming.identity(machine.name, f"network {name}")
        keep(self, rulebook=rulebook, machine=machine, name=name, id=id_, internal=internal, pool=pool, pool6=pool6)
        keep(self, subnet=pool.subnet, gateway=pool.gateway, addresses=pool.addresses, aliases={})
        keep(self, subnet6=pool6.subnet if pool6 is not None else None)
        keep(self, bridge="docker0" if self.is_default else options.bridge or naming.bridge(id_), options=options)

    @property
    def is_default(self) -> bool:
        """Whether it is the one that containers get where none is named."""
        return self.name == naming.DEFAULT

    @property
    def pools(self) -> list[Pool]:
        """Its addresses, family by family."""
        return [self.pool, *([self.pool6] if self.pool6 is not None else [])]

    @property
    def here(self) -> dict[str, ipaddress.IPv4Address]:
        """Those of its containers that run on this machine: all, unless it spans several."""
        return self.addresses

    @property
    def knows_names(self) -> bool:
        """Whether its containers can ask for one another's names: those of user-defined networks can."""
        return not self.is_default

    def addresses_of(self, name: str) -> list[IPAddress]:
        """The addresses of a name: a container's, the first twelve digits of its id, or an alias; in any case."""
        wanted = name.lower().removesuffix(f".{self.name.lower()}")
        meant = [each for each in self.addresses if wanted in self._names(each)]
        return [pool.addresses[each] for pool in self.pools for each in meant if each in pool.addresses]

    def _names(self, container: str) -> set[str]:
        own = naming.identity(self.machine.name, container)[:12]
        return {container.lower(), own, *(alias.lower() for alias in self.aliases.get(container, ()))}

    def name_of(self, address: str) -> str | None:
        """The name of the container that has an address, with the network's behind it."""
        owners = {str(owned): name for pool in self.pools for name, owned in pool.addresses.items()}
        return f"{owners[address]}.{self.name}" if address in owners else None

    @property
    def segments(self) -> list[Segment]:
        """It as its rules see it, in each family of addresses that Docker writes rules for."""
        own = self.options
        families = (own.mode, own.source), (own.mode6, own.source6)
        subnets = [self.subnet, *([self.subnet6] if self.subnet6 is not None and self.rulebook.filters_six else [])]
        return [
            Segment(self.bridge, str(subnet), self.internal, own.icc, mode, own.masquerade, source, own.trusted)
            for subnet, (mode, source) in zip(subnets, families, strict=False)
            if self.bridge
        ]

    def mac_of(self, container: str, address: ipaddress.IPv4Address) -> str | None:
        """The MAC address of a container on it: 02:42 and the bytes of its address, or one that Docker draws."""
        random = self.rulebook.generation.random_macs
        return naming.mac(f"{self.id} {container}") if random else validation.mac_of(str(address))

    def published(self, ports: tuple[publishing.Published, ...]) -> tuple[publishing.Published, ...]:
        """Ports as they are published on it: everywhere means both families where it has both, or a program serves."""
        ports = publishing.at(ports, self.options.binding)
        return publishing.in_both(ports) if self.pool6 is not None or self.rulebook.how.proxy else ports

    def publish(self, ports: Iterable[publishing.Published], endpoint: Endpoint, undo: ExitStack) -> None:
        """Lead published ports of the machine to a place on it; what takes the rules away is put on `undo`."""
        known = list(ports)
        for segment, address in zip(self.segments, endpoint.all_addresses, strict=False):
            same = [one for one in known if one.of_six == (address.version == 6)]
            self.rulebook.ports(same, str(address), segment, undo)

    def make(self, undo: ExitStack) -> None:
        """Make the bridge and the rules; what removes each is put on `undo`."""
        laying.lay(self, undo)

    def take(self, container: str, undo: ExitStack, wanted: IPAddress | None = None) -> IPAddress:
        """The address that is asked for, or the lowest that is free.

        Raises:
            Conflict: there is none left, or somebody has it.
            InvalidAddress: it is not of this network.
        """
        return self.pool.take(container, self.name, undo, wanted)

    def admit(self, container: Container, wishes: Wishes) -> Endpoint:
        """Take addresses for a container, and the name of its interface.

        Raises:
            Conflict: there is no address left, or what is asked for cannot be had.
            InvalidAddress: an address that is asked for is not of this network.
        """
        wishes.insist_on(self)
        ways, held, name = container.ways, ExitStack(), container.name
        container.undo.callback(held.close)
        address = self.take(name, held, wishes.ip)
        mac = wishes.mac or self.mac_of(name, address)
        address6 = None
        if self.pool6 is not None:
            own = six.of_mac(self.pool6.subnet, mac, self.rulebook.generation) if self.is_default else None
            address6 = self.pool6.take(name, self.name, held, wishes.ip6 or own)
        endpoint = Endpoint(
            self, address, ways.next_interface(self.options.interface), mac, address6, wishes.priority, held
        )
        ways[self.name] = endpoint
        self.aliases[name] = wishes.aliases
        held.callback(self.aliases.pop, name)
        container.undo.callback(ways.forget, endpoint)
        return endpoint

    def plan(self, container: Container) -> etc.Files:
        """Take an address and the published ports; where there is no DNS, the hosts file tells the links."""
        keep(container, ip=self.admit(container, container.settings.extras.wishes).address)
        keep(container, ports=self.published(container.settings.ports))
        container.ways.taken = publishing.reserve(self.machine, container.ports, container.undo)
        endpoint = container.ways[self.name]
        own = [etc.line(str(each), container.hostname) for each in endpoint.all_addresses]
        if self.knows_names:
            return etc.Files(etc.hosts(*own), etc.EMBEDDED_DNS)
        links = (etc.line(str(one.ip), alias, one.hostname, one.name) for alias, one in container.linked.items())
        return etc.Files(etc.hosts(*links, *own), etc.resolv(container.settings.dns))

    def build(self, container: Container) -> None:
        """Lay a cable, serve the names, and lead the way out and the published ports there."""
        container.namespace.switch_lo_on(six=self.rulebook.generation.loops_six)  # type: ignore[attr-defined]  (its own)
        endpoint = container.ways[self.name]
        self.plug(container, endpoint)
        self.settle(container, endpoint)

    def join(self, container: Container, wishes: Wishes) -> None:
        """Lay one more cable into a container that runs; this network may lead out from now on.

        Raises:
            NetkitError: as the kernel refuses it; the container is as it was then.
        """
        endpoint = self.admit(container, wishes)
        try:
            self.plug(container, endpoint)
            self.settle(container, endpoint)
        except BaseException:
            self.leave(container)
            raise
        leading.add_line(container, endpoint)

    def settle(self, container: Container, endpoint: Endpoint) -> None:
        """Write the rules of a container's new place, and let the right network of its lead."""
        with self.rulebook.together():
            for segment, each in zip(self.segments, endpoint.all_addresses, strict=False):
                self.rulebook.container(segment, str(each), endpoint.held)
            if self.is_default and not self.options.icc:
                linked = {str(one.ip): one.ports for one in container.linked.values()}
                self.rulebook.links(self.segments[0], str(endpoint.address), linked, endpoint.held)
            leading.settle(container)

    def leave(self, container: Container) -> None:
        """Take the cable into a container away, and give its address back."""
        endpoint = container.ways[self.name]
        endpoint.cable.close()
        container.ways.forget(endpoint)
        with self.rulebook.together():
            endpoint.held.close()
            leading.settle(container)

    def plug(self, container: Container, endpoint: Endpoint) -> None:
        """Lay a cable from the bridge into a container, and give its end there address and MAC."""
        outer, inner = self._cable(container, endpoint, self.machine)
        if endpoint.mac is not None:
            inner.set_mac(endpoint.mac)
        laying.fit(self, inner, outer)
        laying.switch_cable(self, inner, outer)
        self.address(inner, endpoint)
        laying.attach(self, outer)
        outer.up()
        inner.up()

    def address(self, interface: Interface, endpoint: Endpoint) -> None:
        """Give a container's interface its addresses."""
        interface.add_address(f"{endpoint.address}/{self.subnet.prefixlen}")
        if endpoint.address6 is not None and self.pool6 is not None:
            six.switch_on(interface.namespace["lo"])  # type: ignore[index]  (it is a Namespace)
            six.give(interface, endpoint.address6, self.pool6.length)
        elif self.rulebook.generation.loops_six:
            interface.namespace.sysctl(f"net.ipv6.conf.{interface.name}.disable_ipv6", 1)  # type: ignore[attr-defined]

    def ways_out(self, _endpoint: Endpoint) -> list[dict[str, str]]:
        """What the default routes of a container need, one of each family, as `Namespace.add_route` takes it."""
        leads = not self.internal or self.rulebook.generation.leaves_internal
        return [{"via": str(pool.gateway)} for pool in self.pools] if leads else []

    def _cable(self, container: Container, endpoint: Endpoint, place: Namespace) -> tuple[Interface, Interface]:
        """A cable from some namespace into a container; its end there is named, and what takes it away is noted."""
        first = endpoint.interface == "eth0"
        id_ = container.id if first else naming.identity(container.id, endpoint.interface)
        outer, inner = veth(naming.veth(id_), endpoint.interface, namespace=place, peer_namespace=container.namespace)
        endpoint.cable.callback(laying.delete, outer)
        container.undo.callback(endpoint.cable.close)
        return outer, inner

    def details(self, containers: dict[str, Container]) -> dict[str, Any]:
        """What `docker network inspect` says, as far as there is such a thing here.

        Args:
            containers: by name; those of this network are told of.
        """
        return listing.of_network(self, containers)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} {address}" for name, address in self.addresses.items()) or "no container"
        subnets = " and ".join(str(each.subnet) for each in self.pools)
        return f"{self.name}: {subnets} at {self.bridge}{', internal' if self.internal else ''}: {inside}"
