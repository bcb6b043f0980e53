"""The driver `bridge`: a bridge with an address, the addresses that it hands out, and the rules that belong to it."""

from __future__ import annotations

import ipaddress
import shlex
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from netkit import validation
from netkit.docker import chains, dns, etc, naming, publishing
from netkit.errors import Conflict, InvalidAddress, NotFound
from netkit.handles import guarded, keep
from netkit.lab import journal
from netkit.lab.bridges import Bridge, veth
from netkit.linux.acts import links, nat
from netkit.shell import joined
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import ExitStack

    from netkit.docker.container import Container
    from netkit.lab.interfaces import Interface
    from netkit.lab.namespaces import Namespace

DEFAULT_SUBNET = "172.17.0.0/16"
_POOL = tuple(f"172.{number}.0.0/16" for number in range(18, 32))
"""The networks that Docker takes one after the other where none is given."""


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
    """

    isolated, shared = True, None
    machine: Namespace
    name: str
    id: str
    subnet: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address
    internal: bool
    bridge: str
    addresses: dict[str, ipaddress.IPv4Address]

    def __init__(self, machine: Namespace, name: str, subnet: ipaddress.IPv4Network, *, internal: bool = False) -> None:
        id_ = naming.identity(machine.name, f"network {name}")
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

    def make(self, undo: ExitStack) -> None:
        """Make the bridge and the rules; what removes each is put on `undo`."""
        bridge = Bridge(self.bridge, namespace=self.machine)
        undo.callback(_delete, bridge)
        bridge.set_mac(_mac(self.id))
        bridge.add_address(f"{self.gateway}/{self.subnet.prefixlen}")
        # With it on, the bridge takes packets from and to 127.0.0.1: so the host reaches published ports there.
        self.machine.sysctl(f"net.ipv4.conf.{self.bridge}.route_localnet", 1)
        rules = chains.internal if self.internal else chains.network
        add_rules(self.machine, rules(str(self.subnet), self.bridge), undo)
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

    def plan(self, container: Container) -> etc.Files:
        """Take an address and the published ports; where there is no DNS, the hosts file tells the links."""
        keep(container, ip=self.take(container.name, container.undo))
        publishing.reserve(self.machine, container.ports, container.undo)
        own = etc.line(str(container.ip), container.hostname)
        if self.knows_names:
            return etc.Files(etc.hosts(own), etc.EMBEDDED_DNS)
        links = (etc.line(str(one.ip), alias, one.hostname, one.name) for alias, one in container.linked.items())
        return etc.Files(etc.hosts(*links, own), etc.machines().resolv)

    def build(self, container: Container) -> None:
        """Lay a cable, serve the names, and lead the published ports there."""
        container.switch_lo_on()
        self.plug(container)
        if self.knows_names:
            aliases = {alias.lower(): other.address for alias, other in container.linked.items()}
            look_up = lambda name: aliases.get(name) or self.address_of(name)  # noqa: E731  (two places to look)
            container.undo.callback(dns.serve(container.namespace.path, look_up, self.name_of).close)
        rules = (chains.port(one, str(container.ip), self.bridge) for one in container.ports)
        # Two ports of the machine may lead to the same one of the container: what both need is written once.
        add_rules(self.machine, dict.fromkeys(rule for group in rules for rule in group), container.undo)

    def plug(self, container: Container) -> None:
        """Lay a cable from the bridge into a container, and give its end there address, MAC and routes."""
        bridge, room = self.machine[self.bridge], container.namespace
        outer, eth0 = veth(naming.veth(container.id), "eth0", namespace=self.machine, peer_namespace=room)
        container.undo.callback(_delete, outer)
        eth0.set_mac(validation.mac_of(str(container.ip)))
        eth0.add_address(f"{container.ip}/{self.subnet.prefixlen}")
        bridge.attach(outer)  # type: ignore[attr-defined]  (it is a Bridge)
        # A container that calls its own published port gets its packets back by the port they came in by.
        journal.perform(
            self.machine.typed(f"ip link set dev {outer.name} type bridge_slave hairpin on"),
            lambda: links.set_hairpin(self.machine.path, outer.name),
        )
        outer.up()
        eth0.up()
        # On an internal network, too, as the Engine does: there it is the rules that let nothing out.
        room.add_route("default", via=str(self.gateway))

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
                    "MacAddress": validation.mac_of(str(address)),
                    "IPv4Address": f"{address}/{self.subnet.prefixlen}",
                }
                for name, address in self.here.items()
            },
            "Options": {"com.docker.network.bridge.name": self.bridge},
        }

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} {address}" for name, address in self.addresses.items()) or "no container"
        return f"{self.name}: {self.subnet} at {self.bridge}{', internal' if self.internal else ''}: {inside}"


def subnet_of(value: object, others: Iterable[Network], busy: Iterable[ipaddress.IPv4Network]) -> ipaddress.IPv4Network:
    """The subnet of a new network: the one that is asked for, or the next one that nobody has.

    Args:
        value: "172.30.0.0/16", or None.
        others: the networks that are there.
        busy: networks that the machine has routes to.

    Raises:
        InvalidAddress: it is no IPv4 network with room for containers.
        Conflict: it overlaps with another one.
    """
    taken = {network.subnet: f"network '{network.name}'" for network in others}
    taken |= {network: "a route of the machine" for network in busy if network not in taken}
    if value is None:
        free = (ipaddress.IPv4Network(pool) for pool in _POOL)
        found = next((pool for pool in free if not any(pool.overlaps(other) for other in taken)), None)
        if found is None:
            raise Conflict("all of Docker's own subnets are in use", "there are 14", "Name one: subnet='10.1.0.0/24'")
        return found
    wanted = subnet(value)
    for other, owner in taken.items():
        if wanted.overlaps(other):
            raise Conflict(
                f"subnet {wanted} overlaps with {other} of {owner}",
                "an address belongs to one network",
                "Choose another, or leave it out: Docker takes the next one",
            )
    return wanted


def routed(machine: Namespace) -> list[ipaddress.IPv4Network]:
    """The networks that a machine has routes to: Docker takes none of these."""
    destinations = (validation.network(route.destination) for route in machine.routes)
    return [found for found in destinations if isinstance(found, ipaddress.IPv4Network)]


def subnet(value: object) -> ipaddress.IPv4Network:
    """A network for containers.

    Args:
        value: "172.30.0.0/16".

    Raises:
        InvalidAddress: it is no IPv4 network with room for containers.
    """
    wanted = validation.network(value)
    if not isinstance(wanted, ipaddress.IPv4Network) or not 8 <= wanted.prefixlen <= 30 or _special(wanted):
        raise InvalidAddress(
            f"{shown(value)} is no subnet for containers",
            "it is an IPv4 network for machines with 8 to 30 bits in front",
            "Try '172.30.0.0/16'",
        )
    return wanted


def add_rules(machine: Namespace, rules: Iterable[chains.Rule], undo: ExitStack) -> None:
    """Carry rules out, all at once; what removes them is put on `undo`."""
    if own := list(rules):
        change(machine, [rule.add for rule in own], [rule.delete for rule in own], undo)


def change(machine: Namespace, lines: list[str], opposite: list[str], undo: ExitStack) -> None:
    """Carry out what stands behind `iptables` in some lines; the opposite, last line first, is put on `undo`.

    What the learner took away meanwhile, or uses, is left as it is then.
    """

    def act() -> list[bool]:
        nat.change(machine.path, lines)
        return [True] * len(lines)

    backwards = opposite[::-1]
    journal.perform_all(_typed(machine, lines), act)
    undo.callback(journal.perform_all, _typed(machine, backwards), lambda: nat.take_away(machine.path, backwards))


def _typed(machine: Namespace, lines: list[str]) -> list[str]:
    return [machine.typed(joined(["iptables", *shlex.split(line)])) for line in lines]


def _special(subnet: ipaddress.IPv4Network) -> bool:
    unused = subnet.is_reserved or subnet[0] in ipaddress.ip_network("0.0.0.0/8")
    return subnet.is_multicast or subnet.is_loopback or subnet.is_link_local or unused


def _mac(id_: str) -> str:
    """A bridge's MAC: 02:42 and four bytes that Docker draws at random."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *zlib.crc32(id_.encode()).to_bytes(4, "big")))


def _delete(link: Interface) -> None:
    """Remove a link, unless somebody was quicker: the aim is that it is gone."""
    with suppress(NotFound):
        link.delete()
