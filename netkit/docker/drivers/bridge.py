"""The driver `bridge`: a bridge with an address, the addresses that it hands out, and the rules that belong to it."""

from __future__ import annotations

import zlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from netkit import validation
from netkit.docker import etc, leading, naming, publishing
from netkit.docker.endpoint import Endpoint
from netkit.docker.generations.values import Segment
from netkit.errors import Conflict, NotFound
from netkit.handles import guarded, keep
from netkit.lab import journal
from netkit.lab.bridges import Bridge, veth
from netkit.linux import sysctls
from netkit.linux.acts import links

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterable

    from netkit.docker.container import Container
    from netkit.docker.rulebook import Rulebook
    from netkit.lab.interfaces import Interface
    from netkit.lab.namespaces import Namespace


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
        rulebook: writes its rules.
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
    addresses: dict[str, ipaddress.IPv4Address]

    def __init__(
        self,
        machine: Namespace,
        name: str,
        subnet: ipaddress.IPv4Network,
        rulebook: Rulebook,
        *,
        internal: bool = False,
    ) -> None:
        id_ = naming.identity(machine.name, f"network {name}")
        keep(self, rulebook=rulebook)
        keep(self, machine=machine, name=name, id=id_, subnet=subnet, gateway=subnet.network_address + 1)
        keep(self, internal=internal, bridge="docker0" if self.is_default else naming.bridge(id_), addresses={})

    @property
    def is_default(self) -> bool:
        """Whether it is the one that containers get where none is named."""
        return self.name == naming.DEFAULT

    @property
    def here(self) -> dict[str, ipaddress.IPv4Address]:
        """Those of its containers that run on this machine: all, unless it spans several."""
        return self.addresses

    @property
    def knows_names(self) -> bool:
        """Whether its containers can ask for one another's names: those of user-defined networks can."""
        return not self.is_default

    def address_of(self, name: str) -> ipaddress.IPv4Address | None:
        """The address of a container on it, by its name or the first twelve digits of its id, in any case."""
        wanted = name.lower().removesuffix(f".{self.name.lower()}")
        known = {container.lower(): address for container, address in self.addresses.items()}
        ids = {naming.identity(self.machine.name, each)[:12]: each for each in self.addresses}
        return known.get(wanted) or self.addresses.get(ids.get(wanted, ""))

    def name_of(self, address: str) -> str | None:
        """The name of the container that has an address, with the network's behind it."""
        owners = {str(owned): name for name, owned in self.addresses.items()}
        return f"{owners[address]}.{self.name}" if address in owners else None

    @property
    def segment(self) -> Segment:
        """It as its rules see it."""
        return Segment(self.bridge, str(self.subnet), self.internal)

    def mac_of(self, container: str, address: ipaddress.IPv4Address) -> str:
        """The MAC address of a container on it: 02:42 and the bytes of its address, or one that Docker draws."""
        random = self.rulebook.generation.random_macs
        return naming.mac(f"{self.id} {container}") if random else validation.mac_of(str(address))

    def _mac(self) -> str:
        """Its bridge's: drawn at random, the first two bytes are 02:42 in earlier generations."""
        if self.rulebook.generation.random_macs:
            return naming.mac(self.id)
        return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *zlib.crc32(self.id.encode()).to_bytes(4, "big")))

    def publish(self, ports: Iterable[publishing.Published], address: str, undo: ExitStack) -> None:
        """Lead published ports of the machine to an address on it; what takes the rules away is put on `undo`."""
        self.rulebook.ports(ports, address, self.segment, undo)

    def make(self, undo: ExitStack) -> None:
        """Make the bridge and the rules; what removes each is put on `undo`."""
        bridge = Bridge(self.bridge, namespace=self.machine)
        undo.callback(_delete, bridge)
        bridge.set_mac(self._mac())
        bridge.add_address(f"{self.gateway}/{self.subnet.prefixlen}")
        # With it on, the bridge takes packets from and to 127.0.0.1: so the host reaches published ports there.
        self.machine.sysctl(f"net.ipv4.conf.{self.bridge}.route_localnet", 1)
        # The Engine's bridges take no router's word for IPv6 (libnetwork, setup_device.go); noted, since few have any.
        switch = f"net.ipv6.conf.{self.bridge}.accept_ra"
        if sysctls.value(self.machine.path, switch) is not None:
            sysctls.write(self.machine.path, switch, "0")
            journal.note(self.machine.typed(f"sysctl -w {switch}=0"))
        self.rulebook.network(self.segment, undo)
        bridge.up()

    def take(self, container: str, undo: ExitStack) -> ipaddress.IPv4Address:
        """The lowest address that is free.

        Raises:
            Conflict: there is none left.
        """
        used = {self.gateway, *self.addresses.values()}
        address = next((address for address in self.subnet.hosts() if address not in used), None)
        if address is None:
            raise Conflict(
                f"network '{self.name}' has no address left", f"{self.subnet} has but few", "Remove a container first"
            )
        self.addresses[container] = address
        undo.callback(self.addresses.pop, container)
        return address

    def admit(self, container: Container) -> Endpoint:
        """Take an address for a container, and the name of its interface.

        Raises:
            Conflict: there is no address left.
        """
        ways, held = container.ways, ExitStack()
        address = self.take(container.name, held)
        endpoint = Endpoint(self, address, ways.next_interface(), self.mac_of(container.name, address), held)
        ways[self.name] = endpoint
        container.undo.callback(held.close)
        container.undo.callback(ways.forget, endpoint)
        self.rulebook.container(self.segment, str(address), held)
        return endpoint

    def plan(self, container: Container) -> etc.Files:
        """Take an address and the published ports; where there is no DNS, the hosts file tells the links."""
        keep(container, ip=self.admit(container).address)
        publishing.reserve(self.machine, container.ports, container.undo)
        own = etc.line(str(container.ip), container.hostname)
        if self.knows_names:
            return etc.Files(etc.hosts(own), etc.EMBEDDED_DNS)
        links = (etc.line(str(one.ip), alias, one.hostname, one.name) for alias, one in container.linked.items())
        return etc.Files(etc.hosts(*links, own), etc.resolv(container.settings.dns))

    def build(self, container: Container) -> None:
        """Lay a cable, serve the names, and lead the way out and the published ports there."""
        container.namespace.switch_lo_on()  # type: ignore[attr-defined]  (its own)
        self.plug(container, container.ways[self.name])
        leading.settle(container)

    def join(self, container: Container) -> None:
        """Lay one more cable into a container that runs; this network may lead out from now on.

        Raises:
            NetkitError: as the kernel refuses it; the container is as it was then.
        """
        endpoint = self.admit(container)
        try:
            self.plug(container, endpoint)
            leading.settle(container)
        except BaseException:
            self.leave(container)
            raise
        leading.add_line(container, endpoint)

    def leave(self, container: Container) -> None:
        """Take the cable into a container away, and give its address back."""
        endpoint = container.ways[self.name]
        endpoint.cable.close()
        container.ways.forget(endpoint)
        endpoint.held.close()
        leading.settle(container)

    def plug(self, container: Container, endpoint: Endpoint) -> None:
        """Lay a cable from the bridge into a container, and give its end there address and MAC."""
        bridge = self.machine[self.bridge]
        outer, inner = self._cable(container, endpoint, self.machine)
        inner.set_mac(endpoint.mac)
        inner.add_address(f"{endpoint.address}/{self.subnet.prefixlen}")
        bridge.attach(outer)  # type: ignore[attr-defined]  (it is a Bridge)
        # A container that calls its own published port gets its packets back by the port they came in by.
        journal.perform(
            self.machine.typed(f"ip link set dev {outer.name} type bridge_slave hairpin on"),
            lambda: links.set_hairpin(self.machine.path, outer.name),
        )
        outer.up()
        inner.up()

    def _cable(self, container: Container, endpoint: Endpoint, place: Namespace) -> tuple[Interface, Interface]:
        """A cable from some namespace into a container; its end there is named, and what takes it away is noted."""
        first = endpoint.interface == "eth0"
        id_ = container.id if first else naming.identity(container.id, endpoint.interface)
        outer, inner = veth(naming.veth(id_), endpoint.interface, namespace=place, peer_namespace=container.namespace)
        endpoint.cable.callback(_delete, outer)
        container.undo.callback(endpoint.cable.close)
        return outer, inner

    def details(self, containers: dict[str, Container]) -> dict[str, Any]:
        """What `docker network inspect` says, as far as there is such a thing here.

        Args:
            containers: by name; those of this network are told of.
        """
        return {
            "Name": self.name,
            "Id": self.id,
            "Driver": "bridge",
            "IPAM": {"Config": [{"Subnet": str(self.subnet), "Gateway": str(self.gateway)}]},
            "Internal": self.internal,
            "Containers": {
                containers[name].id: {
                    "Name": name,
                    "MacAddress": self.mac_of(name, address),
                    "IPv4Address": f"{address}/{self.subnet.prefixlen}",
                }
                for name, address in self.here.items()
            },
            "Options": {"com.docker.network.bridge.name": self.bridge},
        }

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} {address}" for name, address in self.addresses.items()) or "no container"
        return f"{self.name}: {self.subnet} at {self.bridge}{', internal' if self.internal else ''}: {inside}"


def _delete(link: Interface) -> None:
    """Remove a link, unless somebody was quicker: the aim is that it is gone."""
    with suppress(NotFound):
        link.delete()
